/** What a vault remembers of the ledger: anchors that took effect, erasures that were recorded. */

import { ANCHOR_ACTION, anchorBody } from '@oppidum/formats/action-bodies';
import { parseLeaf } from '@oppidum/formats/block-log';
import { type Bytes, concatBytes, encodeUint32, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { parseSign } from '@oppidum/formats/cose';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeErasureLeaf } from '@oppidum/formats/erasure-leaf';
import { ID_SIZE } from '@oppidum/formats/ids';
import { erasureKind } from '@oppidum/formats/state-erasure';
import { at } from '@oppidum/formats/state-layout';
import { parsePayload } from '@oppidum/formats/transaction';
import { TileDeriver } from '@oppidum/proofs/derive-tiles';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { type Environment, NODE_TABLES, VAULT_TABLES } from './environment.ts';
import { attempt, type Findings } from './findings.ts';
import type { LedgerView } from './ledger-view.ts';
import { type BlockRow, parseBlockRow } from './node-rows.ts';
import {
  type AnchorRow,
  type EntryRow,
  type ErasureRow,
  parseAnchorRow,
  parseErasureLeafRow,
  parseErasureRow,
} from './vault-rows.ts';

export type ShardRecordsOptions = {
  readonly crypto: Crypto;
  readonly findings: Findings;
  readonly vault: Environment;
  readonly node: Environment;
  /** Name in findings: `shards/0/vault`. */
  readonly name: string;
  readonly shard: Bytes;
  readonly ledger: LedgerView;
  /** Anchors of the newest state: size and height. */
  readonly anchored: readonly { readonly size: number; readonly height: number }[];
  readonly entry: (index: number) => EntryRow | null;
  /** Entries of the vault that are erased. */
  readonly erasedCount: number;
};

/** Compares `anchors` with the transactions that made them. */
export function checkAnchors(options: ShardRecordsOptions): void {
  const { findings, vault, name } = options;
  const file = `${name}/anchors`;
  const sizes = new Set<number>();
  let newest = 0;
  for (const { key: size, value } of vault.table<number, Bytes>(VAULT_TABLES.anchors).rows()) {
    newest = size;
    sizes.add(size);
    findings.checked('anchors');
    const parsed = attempt(() => parseAnchorRow(value));
    const why = 'why' in parsed ? parsed.why : compareAnchor(options, size, parsed.value);
    if (why !== null) findings.damage('ANCHOR_DAMAGED', file, `size ${size}: ${why}`);
  }
  // What is newer was anchored while the shard stopped: it is found again at the next start.
  for (const { size, height } of options.anchored) {
    if (size < newest && !sizes.has(size) && readBlock(options, height) !== null)
      findings.damage('ANCHOR_DAMAGED', file, `size ${size}: missing`);
  }
}

function compareAnchor(options: ShardRecordsOptions, size: number, anchor: AnchorRow): string | null {
  const block = readBlock(options, anchor.height);
  if (block === null) {
    options.findings.skip('anchors', 'in blocks that are older than what is stored');
    return null;
  }
  if (block.timeMs !== anchor.timeMs) return `not the time of block ${anchor.height}`;
  const envelope = findEnvelope(block, anchor.transaction);
  if (envelope === null) return `block ${anchor.height} did not execute the transaction ${toHex(anchor.transaction)}`;
  const { payload } = parseSign(envelope);
  const action = payload === null ? undefined : parsePayload(payload).actions[anchor.action];
  if (action?.kind !== ANCHOR_ACTION) return `action ${anchor.action} of its transaction is no anchor`;
  const body = anchorBody.parse(action.body, '');
  const isIt = equalBytes(body.shard, options.shard) && parseCheckpointNote(body.checkpoint).checkpoint.size === size;
  return isIt ? null : 'its action anchors another head';
}

function readBlock({ node }: ShardRecordsOptions, height: number): BlockRow | null {
  const row = node.table<number, Bytes>(NODE_TABLES.blocks).get(height);
  return row === null ? null : parseBlockRow(row);
}

/** The envelope of a transaction that took effect in this block, or null. */
function findEnvelope({ fates }: BlockRow, id: Bytes): Bytes | null {
  for (const fate of fates) {
    const leaf = 'leaf' in fate ? parseLeaf(fate.leaf) : null;
    if (leaf === null || !('transaction' in leaf)) continue;
    if (leaf.transaction.code === 'OK' && equalBytes(leaf.transaction.id, id)) return fate.envelope;
  }
  return null;
}

/** Compares what proves erasures with the entries that are gone and with the ledger. */
export function checkErasures(options: ShardRecordsOptions): void {
  const { findings, vault, name } = options;
  let leafCount = 0;
  for (const { key, value } of vault.table<Buffer, Bytes>(VAULT_TABLES.erasures).rows()) {
    const id = new Uint8Array(key);
    findings.checked('erasures');
    const parsed = attempt(() => parseErasureRow(value));
    if ('why' in parsed) {
      findings.damage('ERASURE_DAMAGED', `${name}/erasures`, `${toHex(id)}: ${parsed.why}`);
      continue;
    }
    leafCount += parsed.value.count;
    for (const why of [compareLeaves(options, id, parsed.value), compareRecord(options, id, parsed.value)])
      if (why !== null) findings.damage('ERASURE_DAMAGED', `${name}/erasures`, `${toHex(id)}: ${why}`);
  }
  const counts = [VAULT_TABLES.erasedEntries, VAULT_TABLES.erasureLeaves].map((form) => vault.table(form).count);
  if ([options.erasedCount, ...counts].some((count) => count !== leafCount))
    findings.damage(
      'ERASURE_DAMAGED',
      `${name}/erasedEntries`,
      `${leafCount} entries were erased, and ${counts.join(' and ')} are noted`,
    );
}

/** The leaves of an erasure have its root, and each stands for an entry that is gone. */
function compareLeaves(
  { crypto, vault, shard, entry }: ShardRecordsOptions,
  id: Bytes,
  { root, count }: ErasureRow,
): string | null {
  const leaves = vault.table<Buffer, Bytes>(VAULT_TABLES.erasureLeaves);
  const places = vault.table<number, Bytes>(VAULT_TABLES.erasedEntries);
  const deriver = new TileDeriver(crypto, () => undefined);
  for (let position = 0; position < count; position++) {
    const place = concatBytes(id, encodeUint32(position));
    const row = leaves.get(Buffer.from(place));
    const parsed = row === null ? { why: 'missing' } : attempt(() => parseErasureLeafRow(row));
    const encoded = 'why' in parsed ? parsed : attempt(() => encodeErasureLeaf({ ...parsed.value, shard }));
    if ('why' in parsed || 'why' in encoded) return `leaf ${position} cannot be read`;
    const { index } = parsed.value;
    // Past its retention nothing is left of it either.
    if (entry(index) !== null && entry(index)?.form !== 'erased') return `entry ${index} is not erased`;
    const noted = places.get(index);
    if (noted === null || noted.length !== ID_SIZE + 4 || !equalBytes(noted, place)) return `entry ${index} is noted elsewhere`;
    deriver.append(leafHash(crypto, encoded.value));
  }
  return equalBytes(deriver.root(), root) ? null : 'its leaves do not have its root';
}

function compareRecord(options: ShardRecordsOptions, id: Bytes, row: ErasureRow): string | null {
  const { ledger, findings, name } = options;
  const record = ledger.read(at(erasureKind, id));
  if (record === null) {
    if (row.transaction !== null) return 'the ledger has no such erasure';
    findings.note(`${name}/erasures`, 'an erasure is not on the ledger yet: the next start records it');
    return null;
  }
  if (!equalBytes(record.root, row.root) || record.count !== row.count || record.legalBasis !== row.legalBasis)
    return 'the ledger recorded another one';
  const block = row.transaction === null ? null : readBlock(options, record.at);
  if (block === null || row.transaction === null || findEnvelope(block, row.transaction) !== null) return null;
  return `block ${record.at} did not execute the transaction ${toHex(row.transaction)}`;
}
