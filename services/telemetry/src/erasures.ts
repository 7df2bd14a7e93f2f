/**
 * Erasing everything a device sent about somebody. The order: note in the vault what goes, with the salts that prove it later; destroy
 * the key; record the erasure on the ledger. A crash in between is taken up again at the next start. Digests stay: the log's tree and
 * every other proof are untouched.
 *
 *   erasures       id → root, count, legal basis, device (until its key is destroyed), transaction (once recorded)
 *   erasedEntries  index → id ‖ position        erasureLeaves  id ‖ position:u32 → index, salt
 */

import { ERASURE_ACTION, erasureBody, type LEGAL_BASES } from '@oppidum/formats/action-bodies';
import { type Bytes, concatBytes, encodeUint32, equalBytes, readUint32, toHex } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { Crypto } from '@oppidum/formats/crypto';
import { ERASURE_SALT_SIZE, encodeErasureLeaf } from '@oppidum/formats/erasure-leaf';
import { formatError } from '@oppidum/formats/errors';
import { ID_SIZE } from '@oppidum/formats/ids';
import type { LedgerEvent } from '@oppidum/formats/result';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { at } from '@oppidum/formats/state-layout';
import type { NodeLink } from '@oppidum/node/client';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { proveInclusion, treeRoot } from '@oppidum/proofs/merkle-tree';
import { subtreeReader } from '@oppidum/proofs/subtree-reader';
import type { Database } from 'lmdb';
import type { SubjectKeys } from './subject-keys.ts';
import { type Submission, submitAction } from './transactions.ts';
import type { Vault } from './vault.ts';

export type LegalBasis = (typeof LEGAL_BASES)[number];

export type ErasuresOptions = Omit<Submission, 'signer' | 'client'> & {
  readonly client: NodeLink;
  /** An account with the role data-protection; without it nothing can be erased here. */
  readonly signer: Submission['signer'] | null;
  readonly crypto: Crypto;
  readonly shard: Bytes;
  readonly vault: Vault;
  readonly keys: SubjectKeys;
};

type ErasureRow = {
  readonly root: Bytes;
  readonly count: number;
  readonly legalBasis: LegalBasis;
  readonly device: Bytes | null;
  readonly transaction: Bytes | null;
};

/** What a verdict ERASED opens of one entry; `transaction` null until the ledger has it. */
export type ErasureProof = {
  readonly transaction: Bytes | null;
  readonly salt: Bytes;
  readonly leaf: { readonly index: number; readonly path: Bytes[] };
};

/** The erasures of one shard. */
export class Erasures {
  readonly #options: ErasuresOptions;
  readonly #erasures: Database<Bytes, Bytes>;
  readonly #entries: Database<Bytes, number>;
  readonly #leaves: Database<Bytes, Bytes>;

  constructor(options: ErasuresOptions) {
    this.#options = options;
    const { environment } = options.vault;
    this.#erasures = environment.openDB('erasures', { encoding: 'binary', keyEncoding: 'binary' });
    this.#entries = environment.openDB('erasedEntries', { encoding: 'binary' });
    this.#leaves = environment.openDB('erasureLeaves', { encoding: 'binary', keyEncoding: 'binary' });
  }

  /**
   * Erases what a device sent until now; to be called while nothing else writes to the vault. Resolves with the erasure's id when it is
   * on the ledger. Throws NOT_AUTHORIZED (no account may record it), READING_UNKNOWN (nothing of it is kept under a subject's key; a key
   * that outlived its readings is destroyed first), and the ledger's refusal; in that last case it is erased, and recorded at the next
   * start.
   */
  async erase(device: Bytes, legalBasis: LegalBasis): Promise<{ readonly id: Bytes; readonly count: number }> {
    const { signer, vault, keys, randomBytes } = this.#options;
    if (signer === null) throw formatError('NOT_AUTHORIZED', { role: 'data-protection' });
    const entries = [...vault.indexesOf(device)].map((index) => vault.entry(index)).filter((entry) => entry?.form === 'sealed');
    const indexes = entries.flatMap((entry) => (entry === null ? [] : [entry.index])).sort((a, b) => a - b);
    if (indexes.length === 0) {
      // Past their retention envelopes are gone here, but older copies of the vault have them, and open under this key.
      await keys.destroy(device);
      throw formatError('READING_UNKNOWN', { device: toHex(device) });
    }
    const id = randomBytes(ID_SIZE);
    await this.#persist(id, device, legalBasis, indexes);
    await keys.destroy(device);
    await this.#record(id);
    return { id, count: indexes.length };
  }

  /** Ends what a crash or a silent node left behind. */
  async resume(): Promise<void> {
    for (const { key, value } of [...this.#erasures.getRange()]) {
      const { device, transaction } = parseRow(value);
      if (device !== null) await this.#options.keys.destroy(device);
      if (transaction === null) await this.#record(new Uint8Array(key));
    }
  }

  /** What opens the erasure of the entry at this index, or null when it was not erased. */
  prove(index: number): ErasureProof | null {
    const place = this.#entries.get(index);
    if (place === undefined) return null;
    const { crypto, shard } = this.#options;
    const id = new Uint8Array(place).slice(0, ID_SIZE);
    const position = readUint32(new Uint8Array(place), ID_SIZE);
    const leaves = this.#leavesOf(id);
    const hashes = leaves.map((leaf) => leafHash(crypto, encodeErasureLeaf({ ...leaf, shard })));
    const path = proveInclusion(crypto, subtreeReader(crypto, hashes), position, hashes.length);
    return { transaction: this.#row(id).transaction, salt: leaves[position]?.salt as Bytes, leaf: { index: position, path } };
  }

  async #persist(id: Bytes, device: Bytes, legalBasis: LegalBasis, indexes: readonly number[]): Promise<void> {
    const { crypto, shard, vault, randomBytes } = this.#options;
    const leaves = indexes.map((index) => ({ index, salt: randomBytes(ERASURE_SALT_SIZE) }));
    const hashes = leaves.map((leaf) => leafHash(crypto, encodeErasureLeaf({ ...leaf, shard })));
    const root = treeRoot(crypto, subtreeReader(crypto, hashes), hashes.length);
    const row = encodeRow({ root, count: leaves.length, legalBasis, device, transaction: null });
    const puts = leaves.map(({ index, salt }, position) => ({
      index,
      place: Buffer.from(concatBytes(id, encodeUint32(position))),
      leaf: encodeCbor([index, salt]),
    }));
    await vault.erase(device, indexes, () => {
      void this.#erasures.put(Buffer.from(id), row);
      for (const { index, place, leaf } of puts) {
        void this.#entries.put(index, place);
        void this.#leaves.put(place, leaf);
      }
    });
  }

  /** Records an erasure on the ledger, then forgets whose it was. */
  async #record(id: Bytes): Promise<void> {
    const { signer } = this.#options;
    if (signer === null) return;
    const row = this.#row(id);
    const { root, count, legalBasis } = row;
    const body = erasureBody.encode({ id, root, count, legalBasis });
    const transaction = (await this.#findRecorded(id)) ?? (await this.#submit(signer, body));
    await this.#erasures.put(Buffer.from(id), encodeRow({ ...row, device: null, transaction }));
  }

  async #submit(signer: Submission['signer'], body: CborValue): Promise<Bytes> {
    const outcome = await submitAction({ ...this.#options, signer }, { kind: ERASURE_ACTION, body });
    if ('refused' in outcome) throw formatError(outcome.refused.code, outcome.refused.details);
    return outcome.executed.id;
  }

  /** The transaction that recorded this erasure before a crash kept us from noting it. */
  async #findRecorded(id: Bytes): Promise<Bytes | null> {
    const { client } = this.#options;
    const recorded = client.read(at(erasureKind, id));
    const block = recorded === null ? null : await client.block(recorded.at);
    const transaction = block?.transactions.find(({ events }) =>
      events.some((event) => event.kind === 'erasure/recorded' && isAbout(event, id)),
    );
    return transaction?.id ?? null;
  }

  #row(id: Bytes): ErasureRow {
    const row = this.#erasures.get(Buffer.from(id));
    if (row === undefined) throw new Error('an erased entry has its erasure');
    return parseRow(row);
  }

  #leavesOf(id: Bytes): { readonly index: number; readonly salt: Bytes }[] {
    const range = { start: Buffer.from(id), end: Buffer.from(concatBytes(id, new Uint8Array(5).fill(0xff))) };
    return [...this.#leaves.getRange(range)].map(({ value }) => {
      const [index, salt] = parseCbor(new Uint8Array(value)) as [number, Bytes];
      return { index, salt };
    });
  }
}

function isAbout({ body }: LedgerEvent, erasure: Bytes): boolean {
  const named = body instanceof Map ? body.get('erasure') : null;
  return named instanceof Uint8Array && equalBytes(named, erasure);
}

function encodeRow({ root, count, legalBasis, device, transaction }: ErasureRow): Bytes {
  return encodeCbor([root, count, legalBasis, device, transaction]);
}

function parseRow(row: Bytes): ErasureRow {
  const [root, count, legalBasis, device, transaction] = parseCbor(new Uint8Array(row)) as [
    Bytes,
    number,
    LegalBasis,
    Bytes | null,
    Bytes | null,
  ];
  return { root, count, legalBasis, device, transaction };
}
