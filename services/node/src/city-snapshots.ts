/** Snapshots of a node of several validators: those that it keeps for others, and its own beginning from one of theirs. */

import type { Crypto } from '@oppidum/formats/crypto';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import type { Application } from './application.ts';
import type { DataPaths } from './data-folder.ts';
import type { NodeStore } from './node-store.ts';
import type { RestoredLog } from './restored-log.ts';
import { retainHeightOf } from './retain-height.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import { SyncRestore } from './sync-restore.ts';
import type { TileLog } from './tile-log.ts';

export type CitySnapshotsOptions = {
  readonly crypto: Crypto;
  readonly paths: Pick<DataPaths, 'snapshots' | 'node'>;
  readonly store: NodeStore;
  readonly log: TileLog;
  readonly application: Application;
  readonly restoredLog: RestoredLog;
  /** Heights between two; 0: none is taken. */
  readonly interval: number;
  /** CometBFT's blocks that are kept at least; 0: all. */
  readonly retainBlocks: number;
  /** Lets the rest of the node follow its store when that has begun. */
  readonly onRestored: () => Promise<void>;
  readonly onNews: (sentence: string) => void;
};

/** Both sides. */
export type CitySnapshots = {
  readonly kept: SnapshotKeeper;
  readonly restore: SyncRestore;
  /** See `retain-height.ts`. */
  readonly retainHeight: () => number;
};

/** Opens both. */
export function openSnapshots(options: CitySnapshotsOptions): CitySnapshots {
  const { crypto, paths, store, log, application, restoredLog, interval, retainBlocks, onRestored, onNews } = options;
  const kept = new SnapshotKeeper(
    {
      crypto,
      folder: paths.snapshots,
      node: paths.node,
      log,
      interval,
      hold: (height) => store.state.hold(height),
      height: () => application.height,
      startsTerm: (height) => application.read(at(policyEffectiveKind))?.from === height,
      onFailure: (error) => onNews(`no snapshot was taken: ${error.message}`),
    },
    lastHeightOf(store),
  );
  const begin = async (): Promise<void> => {
    kept.begin(lastHeightOf(store));
    await onRestored();
  };
  return {
    kept,
    restore: new SyncRestore({ crypto, application, restoredLog, onRestored: begin, onNews }),
    retainHeight: () => retainHeightOf({ store, retainBlocks, snapshotHeight: kept.oldestHeight }),
  };
}

/** Height of the newest block with a leaf, 0 before the first; of one that put a policy into force, whose turn the next has, the one before. */
function lastHeightOf(store: NodeStore): number {
  const height = store.newestBlockLeaf(store.head?.logSize ?? 0)?.leaf.height ?? 0;
  const value = store.state.read(at(policyEffectiveKind).key);
  const startsTerm = value !== null && parseState(policyEffectiveKind, value).from === height;
  return startsTerm ? Math.max(0, height - 1) : height;
}
