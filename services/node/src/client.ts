/**
 * What telemetry, the gateway and the command line ask of a node, wherever it runs. Proofs are always made for a published checkpoint,
 * so whoever gets one can check it against the city's policy and needs to trust no node.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { ErrorDetails } from '@oppidum/formats/errors';
import type { StateHop } from '@oppidum/formats/evidence';
import type { LedgerEvent, ResultCode } from '@oppidum/formats/result';
import type { KeyRange, StateRef } from '@oppidum/formats/state-layout';
import type { AdmissionRefusal } from '@oppidum/ledger/admission';
import type { StateChange, StoredRecord } from '@oppidum/ledger/city';
import type { PublishedCheckpoint } from './publisher.ts';

/** A transaction that was executed, whatever its code: its leaf stands at `index` of the block log. */
export type CommittedTransaction = {
  readonly id: Bytes;
  readonly envelope: Bytes;
  readonly height: number;
  readonly position: number;
  readonly index: number;
  readonly code: ResultCode;
  /** Facts of the refusal; empty for OK. */
  readonly details: ErrorDetails;
  readonly events: readonly LedgerEvent[];
};

/** A durable block. `logSize`: leaves in the log after it. */
export type CommittedBlock = {
  readonly height: number;
  readonly timeMs: number;
  readonly firstIndex: number;
  readonly logSize: number;
  /** Null where the block wrote nothing and had no transaction leaf. */
  readonly stateRoot: Bytes | null;
  readonly appHash: Bytes;
  readonly transactions: readonly CommittedTransaction[];
  /**
   * Every record that this block wrote or removed, ascending by key: whoever follows the blocks has the state. Empty for the blocks that
   * a snapshot brought along: whoever begins on a restored node scans the state first.
   */
  readonly changes: readonly StateChange[];
};

/** What became of a submitted envelope: executed (with any code) and durable, or refused at admission without a trace. */
export type SubmitAnswer = { readonly executed: CommittedTransaction } | { readonly refused: AdmissionRefusal };

/** A leaf's place under a checkpoint. */
export type LeafProof = { readonly index: number; readonly path: readonly Bytes[] };

/** Who decides on blocks: this process alone, or validators together. */
export type EngineName = 'embedded' | 'cometbft';

/** A node as its neighbours see it. Nothing here waits except what returns a promise. */
export type NodeClient = {
  readonly engine: EngineName;
  readonly genesisHash: Bytes;
  /** Origin of the block log: `NAME/<genesis hash hex>`. */
  readonly origin: string;
  /** Bytes of `city.policy` in force. */
  policyFile(): Bytes;
  /** Bytes of the policy under which a published checkpoint of this size stands: after a change, an earlier one's is the former. */
  policyFileOf(size: number): Bytes;
  /** The last durable block. */
  head(): { readonly height: number; readonly timeMs: number; readonly logSize: number; readonly appHash: Bytes };
  /** False once the engine has stopped: whoever acknowledges on the node's word must then stop within a second. */
  isAlive(): boolean;
  /** True while the engine waits in vain for others to agree; what is acknowledged meanwhile may be in no history. `submit` refuses then. */
  isCutOff(): boolean;
  /** Resolves when the outcome is durable; a retry gets the first answer. Throws FormatErrors: OVERLOADED when too many wait, ENGINE_AWAY. */
  submit(envelope: Bytes): Promise<SubmitAnswer>;
  /** A record of the committed state, or null. */
  read<V>(ref: StateRef<V>): V | null;
  /** Committed records in a range of keys, ascending. */
  scan(range: KeyRange): Iterable<StoredRecord>;
  /** An executed transaction of any age, or null. */
  transaction(id: Bytes): CommittedTransaction | null;
  block(height: number): CommittedBlock | null;
  /** Stored blocks from a height on, ascending, at most `limit`. */
  blocks(fromHeight: number, limit: number): readonly CommittedBlock[];
  /** Calls after each block is durable; the answer ends that. */
  onBlock(listener: (block: CommittedBlock) => void): () => void;
  /** The newest cosigned checkpoint of the block log, or null before the first. */
  checkpoint(): PublishedCheckpoint | null;
  /** Resolves with a published checkpoint of at least this size. */
  checkpointOf(size: number): Promise<PublishedCheckpoint>;
  /** Inclusion of the leaf at `index` under a checkpoint of this size. */
  proveLeaf(index: number, size: number): Promise<LeafProof>;
  /** Consistency of two published sizes of the block log (RFC 9162 §2.1.4). */
  proveConsistency(size1: number, size2: number): Promise<readonly Bytes[]>;
  /**
   * All records in these ranges, proven under the newest block leaf that a checkpoint of this size covers. Throws STATE_PRUNED when that
   * height is no longer kept.
   */
  proveState(ranges: readonly KeyRange[], size: number): Promise<StateHop>;
};

/** At once where it is at hand, else later. */
export type Awaitable<T> = T | Promise<T>;

/** What a follower of blocks is told of each. */
export type BlockNews = Pick<CommittedBlock, 'height' | 'changes'>;

/**
 * What a telemetry shard asks of a node, in this process or in another: what it needs for every reading is at hand, the rest may be a
 * way off. Far calls refuse with NODE_SILENT while the node is away.
 */
export type NodeLink = Pick<
  NodeClient,
  'genesisHash' | 'origin' | 'isAlive' | 'isCutOff' | 'submit' | 'read' | 'scan' | 'checkpointOf' | 'proveLeaf' | 'proveState'
> & {
  head(): Pick<ReturnType<NodeClient['head']>, 'height' | 'timeMs'>;
  onBlock(listener: (block: BlockNews) => void): () => void;
  transaction(id: Bytes): Awaitable<CommittedTransaction | null>;
  block(height: number): Awaitable<CommittedBlock | null>;
  policyFileOf(size: number): Awaitable<Bytes>;
};
