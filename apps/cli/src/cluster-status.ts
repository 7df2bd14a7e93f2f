/** How the validators of a cluster are: asked by the entry point of the node, and said in one sentence. */

import type { ClusterStatus } from '@oppidum/node/cluster-status-main';
import { outputOf } from './start/children.ts';

const STATUS = import.meta.resolve('@oppidum/node/cluster-status-main');

/** Asks; an exit code where that went wrong, which was said. */
export async function askClusterStatus(folders: readonly string[]): Promise<ClusterStatus | number> {
  const { code, output } = await outputOf(
    STATUS,
    folders.flatMap((folder) => ['--data', folder]),
  );
  return code === 0 ? (JSON.parse(output) as ClusterStatus) : code;
}

/** How many validators there are, how many may fail, and whether those that are there suffice. */
export function describeWhole({ validators, faults, isDeciding }: ClusterStatus): string {
  const voting = validators.filter(({ isValidator }) => isValidator);
  const count = voting.length;
  const there = voting.filter(({ isHeard }) => isHeard).length;
  const away = voting.filter(({ isHeard }) => !isHeard);
  const isPlanned = away.length > 0 && away.every(({ troubles }) => troubles.includes('upgrade'));
  const stands = isPlanned
    ? 'the city has stopped for its upgrade, and goes on when more than two thirds run the new version'
    : 'TOO FEW: the city decides nothing until more are back';
  const decides = isDeciding ? 'the city decides' : stands;
  return `${there} of ${count} validators are there, ${count - faults} must be: ${decides}.`;
}
