/** `oppidum node snapshot|restore`: the state of a city as files under its checkpoint, and a data folder made from them. */

import type { Command } from 'commander';
import { addExamples, openCli } from '../cli.ts';
import { runEntry } from '../entries.ts';

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
}
