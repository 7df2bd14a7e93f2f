/** `oppidum cluster status`: how each validator is, which lag or differ, and whether the city can decide. */

import type { Trouble, ValidatorStatus } from '@oppidum/node/cluster-status-main';
import type { Command } from 'commander';
import { API_DEFAULT, addExamples, COMMAND, openCli, placeOptions, shortId } from '../cli.ts';
import { ownValidators } from '../cluster-folder.ts';
import { askClusterStatus, describeWhole } from '../cluster-status.ts';
import { formatSize } from '../doctor/operations-checks.ts';
import { EXIT } from '../failure.ts';

const TROUBLES: Readonly<Record<Trouble, string>> = {
  upgrade:
    'has stopped for an upgrade that was planned: install the version that knows the new rules and start it (see `upgrade`)',
  away: 'does not run, or cannot be reached',
  'engine-away': 'its CometBFT does not answer',
  behind: 'is behind the others',
  differs: 'HAS ANOTHER STATE THAN THE OTHERS at its height: stop it, keep its folder, and find out why',
  alone: 'is connected to no other: see addresses, firewall and `cluster peers`',
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
  const status = await askClusterStatus(ownValidators(place));
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
  const here = status.validators.filter(({ isHere }) => isHere);
  if (here.every(({ isHeard }) => !isHeard))
    output.note(`None here runs: ${COMMAND} cluster start${placeOptions({ api: API_DEFAULT, data: place })}`);
}

const COLUMNS = [
  { heading: 'validator', text: ({ name }: ValidatorStatus) => name },
  { heading: 'state', text: stateOf },
  { heading: 'height', text: ({ height }: ValidatorStatus) => text(height) },
  { heading: 'app hash', text: ({ appHash }: ValidatorStatus) => (appHash === null ? '-' : shortId(appHash)) },
  {
    heading: 'newest checkpoint',
    text: ({ cosignedSize, cosigners }: ValidatorStatus) =>
      cosignedSize === null ? '-' : `size ${cosignedSize}, by ${cosigners.length}`,
  },
  { heading: 'votes lately', text: ({ votes }: ValidatorStatus) => (votes === null ? '-' : `${votes.count} of ${votes.of}`) },
  { heading: 'peers', text: ({ peerCount }: ValidatorStatus) => text(peerCount) },
  { heading: 'CometBFT', text: ({ engineVersion }: ValidatorStatus) => text(engineVersion) },
  {
    heading: 'memory, of CometBFT',
    text: ({ memorySize, engineMemorySize }: ValidatorStatus) =>
      memorySize === null ? '-' : `${formatSize(memorySize)} + ${engineMemorySize === null ? '-' : formatSize(engineMemorySize)}`,
  },
];

function stateOf({ isHere, isHeard, isValidator, troubles }: ValidatorStatus): string {
  if (troubles.length > 0) return troubles.join(', ');
  return isHere ? (isValidator ? 'runs' : 'reads') : isHeard ? 'heard' : 'away';
}

function text(value: number | string | null): string {
  return value === null ? '-' : String(value);
}
