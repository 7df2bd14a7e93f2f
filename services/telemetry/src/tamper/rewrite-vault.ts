/**
 * A vault rewritten by somebody who holds the keys of its shard: a reading altered, dropped or exchanged with its neighbour, and then
 * every digest, receipt and signed head after it made anew, so that the vault contradicts nothing in itself.
 */

import { type Bytes, concatBytes, encodeUint64, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import { encodeReceiptLeaf, signReceiptHead } from '@oppidum/formats/receipt';
import { HASH_SIZE, leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { open, type RootDatabase } from 'lmdb';
import { DigestRuns } from '../digest-runs.ts';
import { parseSequenceKey } from '../late-places.ts';
import { type Decision, encodeGroup, StoredGroup } from '../stored-group.ts';
import { encodeClone, parseClone } from '../vault-records.ts';

/** A kept reading on its way to another place: what the group says of it, and its row of `envelopes`. */
export type Slot = { readonly decision: Decision; readonly row: Bytes };

export type RewriteVaultOptions = {
  /** Folder of the vault, which nobody uses. */
  readonly folder: string;
  readonly crypto: Crypto;
  readonly audience: Bytes;
  readonly shard: Bytes;
  readonly receiptSigner: Signer;
  /** Where what is rewritten begins: the lowest index whose reading changes. */
  readonly from: number;
  /** What the readings from there on become; as many, or one fewer when the first is dropped. */
  readonly change: (slots: readonly Slot[]) => readonly Slot[];
};

type Tables = {
  readonly groups: ReturnType<typeof openTable<Bytes, number>>;
  readonly firstIndexes: ReturnType<typeof openTable<number, number>>;
  readonly envelopes: ReturnType<typeof openTable<Bytes, number>>;
  readonly clones: ReturnType<typeof openTable<Bytes, Bytes>>;
  readonly places: ReturnType<typeof openTable<Bytes, Bytes>>;
  readonly digestRuns: ReturnType<typeof openTable<Bytes, number>>;
  readonly head: ReturnType<typeof openTable<Bytes, string>>;
};

/** Rewrites it, all or nothing. Answers the digests of all entries, in their order. */
export async function rewriteVault(options: RewriteVaultOptions): Promise<readonly Bytes[]> {
  const environment = open({ path: options.folder, overlappingSync: false, maxDbs: 32, noSubdir: false });
  try {
    const tables = openTables(environment);
    return environment.transactionSync(() => rewriteTables(options, environment, tables));
  } finally {
    await environment.close();
  }
}

function openTables(environment: RootDatabase): Tables {
  const ordered = { encoding: 'binary' } as const;
  const byBytes = { encoding: 'binary', keyEncoding: 'binary' } as const;
  return {
    groups: openTable(environment, 'groups', ordered),
    firstIndexes: openTable(environment, 'firstIndexes', { encoding: 'ordered-binary' }),
    envelopes: openTable(environment, 'envelopes', ordered),
    clones: openTable(environment, 'clones', byBytes),
    places: openTable(environment, 'places', byBytes),
    digestRuns: openTable(environment, 'digestRuns', ordered),
    head: openTable(environment, 'head', ordered),
  };
}

function openTable<V, K extends number | string | Bytes>(
  environment: RootDatabase,
  name: string,
  form: { readonly encoding: 'binary' | 'ordered-binary'; readonly keyEncoding?: 'binary' },
) {
  return environment.openDB<V, K>({ name, ...form });
}

function rewriteTables(options: RewriteVaultOptions, environment: RootDatabase, tables: Tables): readonly Bytes[] {
  const groups = readGroups(tables);
  const changed = groups.filter((group) => group.firstIndex + group.entryCount > options.from);
  const first = changed[0]?.firstIndex ?? 0;
  const slots = changed.flatMap((group) => keptOf(group, tables));
  const skipped = options.from - first;
  const next = [...slots.slice(0, skipped), ...options.change(slots.slice(skipped))];
  const dropped = next.length < slots.length ? options.from : null;
  moveClones(tables, slots.slice(skipped), next.slice(skipped), options.from);
  clearFrom(tables, changed[0]?.number ?? 0, first);
  writeGroups(options, tables, { groups: changed, slots: next, dropped, first });
  return writeLookups(options.crypto, environment, tables);
}

function readGroups({ groups }: Tables): StoredGroup[] {
  return [...groups.getRange()].map(({ key, value }) => new StoredGroup(key, new Uint8Array(value)));
}

function keptOf(group: StoredGroup, { envelopes }: Tables): Slot[] {
  return group.decisions().flatMap((decision) => {
    if (typeof decision.outcome !== 'number') return [];
    const row = envelopes.get(decision.outcome);
    return [{ decision, row: row === undefined ? new Uint8Array(0) : new Uint8Array(row) }];
  });
}

function clearFrom({ groups, firstIndexes, envelopes, places, digestRuns }: Tables, group: number, index: number): void {
  for (const key of [...groups.getKeys({ start: group })]) groups.removeSync(key);
  for (const key of [...firstIndexes.getKeys({ start: index })]) firstIndexes.removeSync(key);
  for (const key of [...envelopes.getKeys({ start: index })]) envelopes.removeSync(key);
  for (const key of [...places.getKeys()]) places.removeSync(Buffer.from(key));
  for (const key of [...digestRuns.getKeys()]) digestRuns.removeSync(key);
}

type Rest = {
  readonly groups: readonly StoredGroup[];
  readonly slots: readonly Slot[];
  readonly dropped: number | null;
  /** Index of the first slot. */
  readonly first: number;
};

/** Puts the slots into the groups in their order; a group that has nothing left is left out, and those behind it move up. */
function writeGroups(options: RewriteVaultOptions, tables: Tables, { groups, slots, dropped, first }: Rest): void {
  let [index, number] = [first, groups[0]?.number ?? 0];
  for (const group of groups) {
    const firstIndex = index;
    const gone = group.decisions().find(({ outcome }) => outcome === dropped && dropped !== null)?.position ?? null;
    const decisions: Decision[] = [];
    for (const old of group.decisions()) {
      if (old.position === gone) continue;
      const position = gone !== null && old.position > gone ? old.position - 1 : old.position;
      if (typeof old.outcome === 'string') decisions.push({ ...old, position });
      else {
        const { decision, row } = slots[index - first] as Slot;
        if (row.length > 0) tables.envelopes.putSync(index, Buffer.from(row));
        decisions.push({ ...decision, position, outcome: index++ });
      }
    }
    const hashes = leavesOf(group, gone);
    if (hashes.length === 0) continue;
    tables.groups.putSync(number, Buffer.from(signAgain(options, hashes, decisions, group.receivedMs, firstIndex)));
    if (index > firstIndex) tables.firstIndexes.putSync(firstIndex, number);
    number++;
  }
}

function leavesOf(group: StoredGroup, gone: number | null): Bytes[] {
  const joined = group.receipts.leafHashes;
  const hashes = Array.from({ length: joined.length / HASH_SIZE }, (_, i) => joined.slice(i * HASH_SIZE, (i + 1) * HASH_SIZE));
  return hashes.filter((_, position) => position !== gone);
}

/** The row of a group whose receipts say what it says now. */
function signAgain(
  { crypto, audience, shard, receiptSigner }: RewriteVaultOptions,
  hashes: readonly Bytes[],
  decisions: readonly Decision[],
  receivedMs: number,
  firstIndex: number,
): Bytes {
  const leaves = [...hashes];
  for (const { position, outcome, device, keyNumber, sequence, digest } of decisions) {
    const end = typeof outcome === 'number' ? { index: outcome } : { refusal: outcome };
    leaves[position] = leafHash(crypto, encodeReceiptLeaf({ audience, shard, device, keyNumber, sequence, digest, ...end }));
  }
  const tree = new CompactTree(crypto);
  for (const hash of leaves) tree.append(hash);
  const signedHead = signReceiptHead(receiptSigner, { shard, count: leaves.length, root: tree.root() });
  return encodeGroup({ signedHead, leafHashes: concatBytes(...leaves) }, { receivedMs, firstIndex, decisions });
}

/** What only finds what the groups hold is made anew from them: places late, as after a start; digests of full runs at once. */
function writeLookups(crypto: Crypto, environment: RootDatabase, tables: Tables): readonly Bytes[] {
  const digests = readGroups(tables).flatMap((group) =>
    group.decisions().flatMap(({ outcome, digest }) => (typeof outcome === 'number' ? [digest] : [])),
  );
  const tree = new CompactTree(crypto);
  const runs = new DigestRuns(environment);
  for (const digest of digests) {
    tree.append(leafHash(crypto, digest));
    runs.add(digest);
    if (!runs.isDue) continue;
    runs.put(runs.rows());
    runs.forget();
  }
  tables.head.putSync('tree', Buffer.from(tree.encode()));
  tables.head.putSync('placed', Buffer.from(encodeUint64(0)));
  return digests;
}

/** Clones name the first of two readings by its index. */
function moveClones({ clones }: Tables, before: readonly Slot[], after: readonly Slot[], from: number): void {
  for (const { key, value } of [...clones.getRange()]) {
    const place = parseSequenceKey(key);
    const clone = parseClone(place, new Uint8Array(value));
    if (clone.firstIndex < from) continue;
    const old = before[clone.firstIndex - from]?.decision;
    const index = after.findIndex(
      ({ decision }) => old !== undefined && decision.sequence === old.sequence && equalBytes(decision.device, old.device),
    );
    if (index < 0) clones.removeSync(Buffer.from(key));
    else clones.putSync(Buffer.from(key), Buffer.from(encodeClone({ ...clone, firstIndex: from + index })));
  }
}
