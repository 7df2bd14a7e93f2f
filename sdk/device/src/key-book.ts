/**
 * The receipt keys that a device believes: those that the ledger proves for shards that are active. Evidence once verified is kept, so that
 * a device which starts without network still knows whom to believe; it is verified again each time it is read.
 * So is the proof that a shard ended: evidence from before it, replayed by whoever is in between, brings nothing back.
 */

import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { parseEvidence } from '@oppidum/formats/evidence';
import { ID_SIZE } from '@oppidum/formats/ids';
import { type ShardRecord, shardKind } from '@oppidum/formats/state-telemetry';
import type { ReceiptIssuer } from '@oppidum/proofs/verify-receipt';
import type { IssuerBook } from './device.ts';
import type { ProvenRecords } from './proven-records.ts';

/** Shards that one device will ever hear of, so that forged receipts cannot fill its memory. */
const SHARD_COUNT_MAX = 1_000;
/** An active shard may be frozen or retired: what was proven is proven again after this time. */
const RENEW_MS = 3_600_000;
/** A shard that could not be proven is not asked for again before this time. */
const RETRY_MS = 10_000;

/** `size`: of the newest block log that said so; 0 before any did. */
type Entry = { readonly issuer: ReceiptIssuer | null; readonly askedMs: number; readonly size: number };

/** Where evidence is kept for starts without network: a file or row for each name (64 hex digits), replaced whole. */
export type EvidenceStore = {
  /** Everything that is kept. */
  readonly list: () => Promise<readonly { readonly name: string; readonly evidence: Bytes }[]>;
  /** Resolves when it is durable. */
  readonly write: (name: string, evidence: Bytes) => Promise<void>;
};

/** Proven receipt keys; `store` null keeps nothing. Call `load` first. */
export class KeyBook implements IssuerBook {
  readonly #records: ProvenRecords;
  readonly #store: EvidenceStore | null;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Rejection | null>>();

  constructor(records: ProvenRecords, store: EvidenceStore | null) {
    this.#records = records;
    this.#store = store;
  }

  /** The proven issuer, or null; never waits. */
  issuerOf(shard: Bytes): ReceiptIssuer | null {
    const name = toHex(shard);
    const entry = this.#entries.get(name);
    if (entry !== undefined && entry.issuer !== null && Date.now() - entry.askedMs > RENEW_MS) void this.learn(shard);
    return entry?.issuer ?? null;
  }

  /** Asks the city for evidence of the shard and keeps its key when proven; null, or why it is not. Never rejects for what the city says. */
  learn(shard: Bytes): Promise<Rejection | null> {
    const name = toHex(shard);
    const running = this.#asking.get(name);
    if (running !== undefined) return running;
    const entry = this.#entries.get(name);
    const isTooSoon = entry !== undefined && entry.issuer === null && Date.now() - entry.askedMs < RETRY_MS;
    if (isTooSoon || (entry === undefined && this.#entries.size >= SHARD_COUNT_MAX))
      return Promise.resolve(reject('SHARD_UNPROVEN', { shard: name }));
    const asking = this.#ask(shard, name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asking);
    return asking;
  }

  async #ask(shard: Bytes, name: string): Promise<Rejection | null> {
    try {
      const file = await this.#records.fetch(shardKind, [shard]);
      const status = this.#judge(shard, file);
      // Of a shard that is proven absent anybody could invent any number.
      if (status !== 'absent') await this.#store?.write(name, file);
      return status === 'active' ? null : reject('SHARD_UNPROVEN', { shard: name, status });
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      // Without an answer the old proof stands.
      const former = this.#entries.get(name) ?? { issuer: null, size: 0 };
      this.#entries.set(name, { ...former, askedMs: Date.now() });
      return reject(error.code, error.details);
    }
  }

  /** Verifies evidence of a shard and remembers what it says. Throws EVIDENCE_REFUSED, also for less than the book has seen of it. */
  #judge(shard: Bytes, file: Bytes, askedMs = Date.now()): ShardRecord['status'] | 'absent' {
    const record = this.#records.open(shardKind, [shard], file);
    const name = toHex(shard);
    const { size } = parseCheckpointNote(parseEvidence(file).checkpoint).checkpoint;
    if (size < (this.#entries.get(name)?.size ?? 0))
      throw formatError('EVIDENCE_REFUSED', { kind: shardKind.name, verdict: 'older than what is known' });
    const issuer = record?.status === 'active' ? { shard, receiptKey: record.receiptKey } : null;
    this.#entries.set(name, { issuer, askedMs, size });
    return record?.status ?? 'absent';
  }

  /** Reads what was kept; evidence that no longer verifies is left out. */
  async load(): Promise<void> {
    const kept = (await this.#store?.list()) ?? [];
    for (const { name, evidence } of kept.slice(0, SHARD_COUNT_MAX)) {
      try {
        // Asked at time 0: due to be proven again as soon as the city can be reached.
        this.#judge(parseHex(name, ID_SIZE), evidence, 0);
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
      }
    }
  }
}
