/** `oppidum cluster status`: how each validator is, which lag or differ, and whether the city can decide. */

import type { ClusterStatus, Trouble, ValidatorStatus } from '@oppidum/node/cluster-status-main';
import type { Command } from 'commander';
import { addExamples, openCli, shortId } from '../cli.ts';
import { ownValidators } from '../cluster-folder.ts';
import { formatSize } from '../doctor/operations-checks.ts';
import { EXIT } from '../failure.ts';
import { outputOf } from '../start/children.ts';

const STATUS = import.meta.resolve('@oppidum/node/cluster-status-main');
const TROUBLES: Readonly<Record<Trouble, string>> = {
  away: 'does not run, or cannot be reached',
  'engine-away': 'its CometBFT does not answer',
  behind: 'is behind the others',
  differs: 'HAS ANOTHER STATE THAN THE OTHERS at its height: stop it, keep its folder, and find out why',
  alone: 'has no peer: see addresses, firewall and `cluster peers`',
};

/** Adds the work to the command. */
export function buildClusterStatus(command: Command): void {
  command
    .description('each validator: height, app hash, cosigned size, peers, votes, engine, memory; who is away, behind, or differs')
    .addHelpText(
      'after',
      '\nEnds with 1 when something is wrong with a validator. Of validators on other machines it says what is heard here.',
    )
    .action(showStatus);
  addExamples(command, [
    ['of all validators on this machine', 'cluster status'],
    ['for a program', 'cluster status --json'],
    ['of one, and what it hears of the others', 'cluster status --data validator-3'],
  ]);
}

async function showStatus(_options: object, self: Command): Promise<void> {
  const { place, json, plain, output } = openCli(self);
  const status = await clusterStatus(ownValidators(place));
  if (typeof status === 'number') {
    process.exitCode = status;
    return;
  }
  if (!status.ok) process.exitCode = EXIT.failed;
  if (json) return output.json(status);
  output.table(status.validators, COLUMNS);
  if (plain) return;
  output.line();
  for (const { name, troubles } of status.validators)
    for (const trouble of troubles) output.line(`${output.paint('amber', name)} ${TROUBLES[trouble]}`);
  output.line(describeWhole(status));
}

/** Asks; an exit code where that went wrong, which was said. */
export async function clusterStatus(folders: readonly string[]): Promise<ClusterStatus | number> {
  const { code, output } = await outputOf(
    STATUS,
    folders.flatMap((folder) => ['--data', folder]),
  );
  return code === 0 ? (JSON.parse(output) as ClusterStatus) : code;
}

/** How many validators there are, how many may fail, and whether those that are there suffice. */
export function describeWhole({ validators, faults, isDeciding }: ClusterStatus): string {
  const count = validators.length;
  const there = validators.filter(({ isHeard }) => isHeard).length;
  const tolerates = faults === 0 ? 'tolerates no fault' : `tolerates ${faults} that fail${faults === 1 ? 's' : ''}`;
  const decides = isDeciding ? 'the city decides' : 'TOO FEW: the city decides nothing until more are back';
  return `${there} of ${count} validators are there; a city of ${count} ${tolerates}; ${decides}.`;
}

const COLUMNS = [
  { heading: 'validator', text: ({ name }: ValidatorStatus) => name },
  { heading: 'state', text: stateOf },
  { heading: 'height', text: ({ height }: ValidatorStatus) => text(height) },
  { heading: 'app hash', text: ({ appHash }: ValidatorStatus) => (appHash === null ? '-' : shortId(appHash)) },
  {
    heading: 'cosigned',
    text: ({ cosignedSize, cosigners }: ValidatorStatus) =>
      cosignedSize === null ? '-' : `${cosignedSize} by ${cosigners.length}`,
  },
  { heading: 'votes', text: ({ votes }: ValidatorStatus) => (votes === null ? '-' : `${votes.count} of ${votes.of}`) },
  { heading: 'peers', text: ({ peerCount }: ValidatorStatus) => text(peerCount) },
  { heading: 'CometBFT', text: ({ engineVersion }: ValidatorStatus) => text(engineVersion) },
  {
    heading: 'memory',
    text: ({ memorySize, engineMemorySize }: ValidatorStatus) =>
      memorySize === null ? '-' : `${formatSize(memorySize)} + ${engineMemorySize === null ? '-' : formatSize(engineMemorySize)}`,
  },
];

function stateOf({ isHere, isHeard, troubles }: ValidatorStatus): string {
  if (troubles.length > 0) return troubles.join(', ');
  return isHere ? 'runs' : isHeard ? 'heard' : 'away';
}

function text(value: number | string | null): string {
  return value === null ? '-' : String(value);
}
