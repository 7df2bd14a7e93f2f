/**
 * One stored block against what executing its envelopes again comes to. Where they differ, the leaf of the block, which the log and its
 * checkpoints vouch for, says which side is the damaged one, so that one bad byte is one finding and not one per later block.
 */

import { parseLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Genesis } from '@oppidum/formats/genesis';
import { encodeEvents } from '@oppidum/formats/result';
import type { Registry } from '@oppidum/ledger/action';
import { type BlockOutcome, executeBlock, executeGenesis, type LedgerState, type Outcome } from '@oppidum/ledger/block';
import type { StateChange } from '@oppidum/ledger/city';
import type { Findings } from './findings.ts';
import type { BlockRow, StoredFate } from './node-rows.ts';
import type { Scratch } from './scratch.ts';

export type ReplayRules = {
  readonly crypto: Crypto;
  readonly registry: Registry;
  readonly genesis: Genesis;
  readonly genesisHash: Bytes;
};

/** What a block truly did. */
export type ReplayedBlock = {
  readonly leaves: readonly Bytes[];
  readonly changes: readonly StateChange[];
  readonly hasBlockLeaf: boolean;
  /** Ids of executed transactions, in order. */
  readonly ids: readonly Bytes[];
};

/** Executes a block on the scratch state, compares, and makes the scratch state the one after it. */
export function replayBlock(
  rules: ReplayRules,
  scratch: Scratch,
  findings: Findings,
  block: { readonly height: number; readonly row: BlockRow; readonly logSize: number },
): ReplayedBlock {
  const { height, row, logSize } = block;
  const outcome = execute(rules, scratch, height, row, logSize);
  // `rootAfter` was asked exactly where there is a block leaf; its preview is still open.
  const hasPreview = outcome.blockLeaf !== null;
  const differences = compareBlock(outcome, row);
  for (const what of differences) findings.damage('BLOCK_DAMAGED', 'node/blocks', `block ${height}: ${what}`);
  findings.checked('blocks');
  findings.checked('transactions', row.fates.length);
  const stored = differences.length > 0 ? storedTruth(scratch, row, outcome) : null;
  const truth = stored ?? {
    leaves: outcome.leaves,
    changes: outcome.changes,
    hasBlockLeaf: hasPreview,
    ids: outcome.outcomes.flatMap((one) => ('executed' in one ? [one.executed.id] : [])),
  };
  if (truth.hasBlockLeaf) scratch.accept(height, truth.changes);
  scratch.addBlock(height, row.timeMs, truth.ids);
  return truth;
}

function execute(rules: ReplayRules, scratch: Scratch, height: number, row: BlockRow, logSize: number): BlockOutcome {
  const { crypto, registry, genesis, genesisHash } = rules;
  const state: LedgerState = {
    read: scratch.read,
    scan: scratch.scan,
    logSize,
    rootAfter: (changes) => scratch.preview(changes),
    hasTransaction: scratch.hasId,
  };
  const ledger = { crypto, registry, genesis: genesisHash };
  if (height === 0) return executeGenesis(ledger, state, genesis);
  const transactions = row.fates.map(({ envelope }) => envelope);
  return executeBlock(ledger, state, { height, timeMs: row.timeMs, transactions, misbehaviour: row.misbehaviour });
}

/** What is stored, when it alone has the root that its leaf names: then an envelope was altered and not what came of it. */
function storedTruth(scratch: Scratch, row: BlockRow, outcome: BlockOutcome): ReplayedBlock | null {
  const want = row.blockLeaf === null ? null : rootOf(row.blockLeaf);
  const hasPreview = outcome.blockLeaf !== null;
  if (row.blockLeaf === null || want === null || (hasPreview && equalBytes(scratch.root, want))) return null;
  // Two witnesses against the leaf: it is the damaged one.
  if (hasPreview && isSameList(outcome.changes, row.changes)) return null;
  if (hasPreview) scratch.takeBack();
  const executed = row.fates.flatMap((fate) => ('leaf' in fate ? [fate.leaf] : []));
  const ids = executed.flatMap((leaf) => idOf(leaf) ?? []);
  const root = previewIfPossible(scratch, row.changes);
  if (root !== null && equalBytes(root, want))
    return { leaves: [...executed, row.blockLeaf], changes: row.changes, hasBlockLeaf: true, ids };
  if (root !== null) scratch.takeBack();
  throw new UnknownState();
}

/** Neither what is stored nor what is executed has the root that the leaf names: nothing later can be judged. */
export class UnknownState extends Error {}

/** Altered keys may be no keys of one map. */
function previewIfPossible(scratch: Scratch, changes: readonly StateChange[]): Bytes | null {
  try {
    return scratch.preview(changes);
  } catch {
    return null;
  }
}

function rootOf(leaf: Bytes): Bytes | null {
  const parsed = readLeaf(leaf);
  return parsed !== null && 'block' in parsed ? parsed.block.stateRoot : null;
}

function idOf(leaf: Bytes): Bytes | null {
  const parsed = readLeaf(leaf);
  return parsed !== null && 'transaction' in parsed ? parsed.transaction.id : null;
}

function readLeaf(leaf: Bytes): ReturnType<typeof parseLeaf> | null {
  try {
    return parseLeaf(leaf);
  } catch {
    return null;
  }
}

/** In words, everything in which a stored block is not what executing it gives. */
function compareBlock({ outcomes, changes, leaves, blockLeaf }: BlockOutcome, row: BlockRow): string[] {
  const differences = outcomes.flatMap((outcome, i) => {
    const what = compareFate(outcome, row.fates[i] as StoredFate, leaves);
    return what === null ? [] : [`transaction ${i}: ${what}`];
  });
  if (outcomes.length === 0 && row.fates.length > 0) differences.push('genesis has no transactions');
  const leaf = blockLeaf === null ? null : (leaves.at(-1) as Bytes);
  if (!equalOrNull(leaf, row.blockLeaf)) differences.push('its leaf is not what executing it gives');
  if (!isSameList(changes, row.changes)) differences.push('its changes of the state are not what executing it gives');
  return differences;
}

function compareFate(outcome: Outcome, fate: StoredFate, leaves: readonly Bytes[]): string | null {
  if ('refused' in outcome) {
    if ('leaf' in fate) return `stored as executed, and refused when executed again: ${outcome.refused.code}`;
    const { code, details, id } = outcome.refused;
    if (code !== fate.code) return `stored as ${fate.code}, executed ${code}`;
    if (JSON.stringify(details) !== fate.details) return 'the details of its refusal are altered';
    return equalOrNull(id, fate.id) ? null : 'its id is altered';
  }
  const { position, code, events, rejection } = outcome.executed;
  if (!('leaf' in fate)) return `stored as refused with ${fate.code}, executed ${code}`;
  if (!equalBytes(leaves[position] as Bytes, fate.leaf)) return `its leaf is not that of the result, ${code}`;
  if (!equalBytes(encodeEvents(events), fate.events)) return 'its events are altered';
  const details = rejection === null ? null : JSON.stringify(rejection.details);
  return details === fate.details ? null : 'the details of its result are altered';
}

function isSameList(a: readonly StateChange[], b: readonly StateChange[]): boolean {
  return a.length === b.length && a.every((change, i) => isSameChange(change, b[i]));
}

function isSameChange(a: StateChange, b: StateChange | undefined): boolean {
  return b !== undefined && equalBytes(a.key, b.key) && equalOrNull(a.value, b.value);
}

function equalOrNull(a: Bytes | null, b: Bytes | null): boolean {
  return a === null || b === null ? a === b : equalBytes(a, b);
}
