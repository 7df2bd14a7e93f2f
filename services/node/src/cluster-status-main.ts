/** `oppidum cluster status`: how the validators in these data folders are, as one line of JSON (`ClusterStatus`). */

import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { clusterStatus } from './cluster-status.ts';
import { runEntry } from './run-entry.ts';

/** What is wrong with a validator. `upgrade`: it has stopped before a block that needs rules it does not know; `behind`: three blocks or more; `differs`: another app hash than most at its height. */
export type Trouble = 'away' | 'upgrade' | 'engine-away' | 'behind' | 'differs' | 'alone';

/** One validator. Of one elsewhere only `name`, `isHere`, `isHeard`, `height` and `votes` are known. */
export type ValidatorStatus = {
  readonly name: string;
  readonly isHere: boolean;
  /** Its vote counts; else it reads. */
  readonly isValidator: boolean;
  /** It answers here, a node here is its peer or, where it would be none, its vote is in one of the three newest commits. */
  readonly isHeard: boolean;
  readonly height: number | null;
  /** As its application has it, hex. */
  readonly appHash: string | null;
  /** Entries under its newest checkpoint with a quorum, and who cosigned that. */
  readonly cosignedSize: number | null;
  readonly cosigners: readonly string[];
  readonly peerCount: number | null;
  /** In how many commits of the newest blocks that a node here has its vote stands, and of how many; a commit needs no more than two thirds. */
  readonly votes: { readonly count: number; readonly of: number } | null;
  /** By how much its clock is ahead of those of the others, from the times of its votes; one that is behind does not show there. */
  readonly clockAheadMs: number | null;
  readonly engineVersion: string | null;
  /** Bytes in memory of the node and of its CometBFT. */
  readonly memorySize: number | null;
  readonly engineMemorySize: number | null;
  readonly troubles: readonly Trouble[];
};

/** `faults`: how many validators may fail while the city goes on; `isDeciding`: more than two thirds are there. */
export type ClusterStatus = {
  readonly validators: readonly ValidatorStatus[];
  readonly faults: number;
  readonly isDeciding: boolean;
  readonly ok: boolean;
};

const USAGE = 'cluster-status-main.ts --data DIR [--data DIR …]';

type Options = { readonly folders: readonly string[] };

function readOptions(): Options | string {
  const { data = [] } = parseArgs({ options: { data: { type: 'string', multiple: true } } }).values;
  return data.length === 0 ? '--data is needed' : { folders: data };
}

async function print({ folders }: Options): Promise<void> {
  process.stdout.write(`${JSON.stringify(await clusterStatus(folders, nativeCrypto))}\n`);
}

await runEntry({ usage: USAGE, readOptions, run: print });
