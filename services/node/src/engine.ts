/** What agrees on blocks, as the rest of a node sees it. `embedded.ts` is one process alone; `comet-engine.ts` lets CometBFT decide. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Application, CommitAnswer } from './application.ts';
import type { CommittedTransaction, EngineName, SubmitAnswer } from './client.ts';
import type { SignatureVerifier } from './signature-verifier.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { SyncRestore } from './sync-restore.ts';
import type { Votes } from './votes.ts';

/** The snapshots that a node has for others, and its own beginning from one of theirs. */
export type EngineSnapshots = {
  readonly kept: Pick<SnapshotKeeper, 'list' | 'chunk'>;
  readonly restore: Pick<SyncRestore, 'offer' | 'apply'>;
  /** The lowest height whose block the engine must keep; 0: all of them. */
  readonly retainHeight: () => number;
};

/** A running engine. */
export type Engine = {
  readonly name: EngineName;
  /** False once it has ended. */
  readonly isAlive: boolean;
  /** True while what was handed in comes into no block: the others that must agree cannot be reached, or do not agree. */
  readonly isCutOff: boolean;
  /** See `NodeClient.submit`. */
  submit(envelope: Bytes): Promise<SubmitAnswer>;
  /** Ends; whoever still waits is refused. */
  close(): Promise<void>;
};

/** What a node gives its engine. */
export type EngineParts = {
  readonly application: Application;
  readonly verifier: SignatureVerifier;
  /** For engines of several validators. */
  readonly votes: Votes;
  readonly snapshots: EngineSnapshots;
  /** POSIX milliseconds. */
  readonly clock: () => number;
  /** Told of each block when it is durable, genesis included; the next block waits for what it returns. */
  readonly onCommit: (answer: CommitAnswer) => void | Promise<void>;
  /** An executed transaction of any age. */
  readonly findTransaction: (id: Bytes) => CommittedTransaction | null;
  /** Told once why no more blocks will be made; whoever waits is refused. */
  readonly onFailure: (error: Error) => void;
};

/** Resolves when there is at least a genesis block. */
export type StartEngine = (parts: EngineParts) => Promise<Engine>;
