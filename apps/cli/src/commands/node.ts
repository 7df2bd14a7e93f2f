/**
 * `oppidum node …`: the state of a city as files under its checkpoint, and a data folder made from them; a node that joins a running
 * city, one that begins again, and what an operator decides about a node.
 */

import type { Command } from 'commander';
import { addExamples, COMMAND, openCli, wholeNumber } from '../cli.ts';
import { runEntry } from '../entries.ts';

const COUNT_MAX = 1_000_000_000;

/** Adds subcommands and their work to the command. */
export function buildNode(command: Command): void {
  const snapshot = command
    .command('snapshot')
    .description('write the state of a city that does not run, under its published checkpoint')
    .requiredOption('--out <dir>', 'folder for the snapshot')
    .action(async ({ out }: { readonly out: string }, self: Command) => {
      await runEntry('snapshot', ['snapshot', '--data', openCli(self).data, '--out', out]);
    });
  addExamples(snapshot, [['of a stopped city', 'node snapshot --data city-data --out snapshot']]);
  const restore = command
    .command('restore')
    .description('make a data folder from a snapshot, proven under a policy; its validator keys are new')
    .requiredOption('--from <dir>', 'folder of the snapshot')
    .requiredOption('--policy <file>', 'the policy to prove it under')
    .action(async ({ from, policy }: { readonly from: string; readonly policy: string }, self: Command) => {
      await runEntry('snapshot', ['restore', '--from', from, '--data', openCli(self).data, '--policy', policy]);
    });
  addExamples(restore, [['into a new folder', 'node restore --from snapshot --policy city.policy --data new-data']]);
  buildJoin(command);
  buildReset(command);
  buildSet(command);
}

type JoinOptions = { readonly from: readonly string[]; readonly policy: string; readonly p2p?: string; readonly name?: string };

function buildJoin(command: Command): void {
  const join = command
    .command('join')
    .description('make the folders of a node without vote of a running city of several validators; it begins with their state')
    .requiredOption('--from <url>', 'light door of a running node; two of them for state sync', gather)
    .requiredOption('--policy <file>', 'the policy of the city, from somebody you trust')
    .option('--p2p <host:port>', 'where its CometBFT listens (default: 127.0.0.1:26656)')
    .option('--name <name>', 'by which others see it (default: reader)')
    .action(async ({ from, policy, p2p, name }: JoinOptions, self: Command) => {
      await runEntry('join', ['join', ...flagsOf({ data: openCli(self).data, from, policy, p2p, name })]);
    });
  join.addHelpText('after', `\nThen: ${COMMAND} start --no-demo --data <dir>, for a node with its own doors.`);
  addExamples(join, [
    ['a reader', 'node join --from http://a.example:26700 --from http://b.example:26700 --policy city.policy --data reader'],
  ]);
}

function buildReset(command: Command): void {
  const reset = command
    .command('reset')
    .description('empty a node that is to begin again; keys, and what it signed and voted for last, are kept')
    .option(
      '--from <url>',
      'light doors of other nodes, two for state sync (default: it begins with the first block)',
      gather,
      [],
    )
    .action(async ({ from }: Partial<Pick<JoinOptions, 'from'>>, self: Command) => {
      await runEntry('join', ['reset', ...flagsOf({ data: openCli(self).data, from })]);
    });
  addExamples(reset, [
    ['a validator with a broken disk', 'node reset --from http://a.example:26700 --from http://b.example:26700 --data city-data'],
  ]);
}

type SetOptions = {
  readonly lightDoor?: string;
  readonly neighbour?: readonly string[];
  readonly snapshotInterval?: number;
  readonly retainBlocks?: number;
};

function buildSet(command: Command): void {
  const set = command
    .command('set')
    .description('say how a node behaves from its next start on; without options, how it does')
    .option('--light-door <host:port>', 'where light clients and nodes that join may ask, or off (default: off)')
    .option('--neighbour <url>', 'light doors of others, whose published checkpoints it takes', gather)
    .option(
      '--snapshot-interval <n>',
      'heights between two snapshots for others, 0 for none (default: 1000)',
      wholeNumber('--snapshot-interval', 0, COUNT_MAX),
    )
    .option(
      '--retain-blocks <n>',
      'blocks that CometBFT keeps at least, 0 for all (default: 0)',
      wholeNumber('--retain-blocks', 0, COUNT_MAX),
    )
    .action(async ({ lightDoor, neighbour, snapshotInterval, retainBlocks }: SetOptions, self: Command) => {
      const flags = {
        ...{ data: openCli(self).data, 'light-door': lightDoor, neighbour },
        ...{ 'snapshot-interval': snapshotInterval, 'retain-blocks': retainBlocks },
      };
      await runEntry('join', ['set', ...flagsOf(flags)]);
    });
  addExamples(set, [
    ['let others join', 'node set --light-door 127.0.0.1:26700 --data cluster/validator-1'],
    ['keep fewer blocks', 'node set --retain-blocks 200000 --data city-data'],
  ]);
}

function gather(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function flagsOf(values: Readonly<Record<string, string | number | readonly string[] | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [value].flat().flatMap((each) => [`--${name}`, String(each)]);
  });
}
