/** `oppidum cluster peers|allow|refuse`: which CometBFTs may be peers of the validators here. Strangers are refused. */

import type { Command } from 'commander';
import { addExamples, openCli } from '../cli.ts';
import { ownValidators } from '../cluster-folder.ts';
import { usageFailure } from '../failure.ts';
import { outputOf } from '../start/children.ts';

const PEERS = import.meta.resolve('@oppidum/node/peers-main');

/** What the entry point answers of one home. */
type Peers = {
  readonly id: string;
  readonly peers: readonly { readonly id: string; readonly note: string }[];
  readonly changed: boolean;
};

/** Adds the three commands. */
export function buildClusterPeers(command: Command): void {
  const peers = command
    .command('peers')
    .description('node ids of the validators here, and of whom each lets be a peer')
    .action(async (_options: object, self: Command) => {
      const { place, json, output } = openCli(self);
      const all = await ask(place, []);
      if (all === null) return;
      if (json) return output.json(all.map(({ folder, id, peers: allowed }) => ({ folder, id, peers: allowed })));
      for (const { folder, id, peers: allowed } of all) {
        output.line(`${folder}  ${id}`);
        for (const peer of allowed) output.line(`  ${peer.id}  ${peer.note}`.trimEnd());
      }
    });
  addExamples(peers, [['of all validators here', 'cluster peers']]);
  const allow = command
    .command('allow')
    .description('let a node be a peer of the validators here: a new validator, a reader')
    .argument('<node-id>', '40 digits, as `cluster peers` shows it on its machine', nodeId)
    .option('--note <text>', 'whose it is')
    .action(async (id: string, { note }: { readonly note?: string }, self: Command) => {
      const { place, output } = openCli(self);
      if ((await ask(place, ['--allow', id, ...(note === undefined ? [] : ['--note', note])])) === null) return;
      output.line(`${id} may be a peer, from its next connection on.`);
      output.note('Start it again if it was refused before: it may have given up dialling.');
    });
  addExamples(allow, [
    ['a reader node of the university', 'cluster allow 376d24f96275f91ce42104b7b7e6fd16311eb578 --note university'],
  ]);
  const refuse = command
    .command('refuse')
    .description('let a node be no peer any more, from its next connection on')
    .argument('<node-id>', '40 digits', nodeId)
    .action(async (id: string, _options: object, self: Command) => {
      const { place, output } = openCli(self);
      const all = await ask(place, ['--refuse', id]);
      if (all === null) return;
      const changed = all.some((each) => each.changed);
      output.line(changed ? `${id} is refused from its next connection on.` : `${id} was no peer before.`);
      if (changed) output.note('One that is connected now stays until either side starts again.');
    });
  addExamples(refuse, [['one that has left', 'cluster refuse 376d24f96275f91ce42104b7b7e6fd16311eb578']]);
}

/** Of each validator here; null where one could not be asked, which was said. */
async function ask(place: string, words: readonly string[]): Promise<readonly (Peers & { readonly folder: string })[] | null> {
  const answers: (Peers & { readonly folder: string })[] = [];
  for (const folder of ownValidators(place)) {
    const { code, output } = await outputOf(PEERS, ['--data', folder, ...words]);
    process.exitCode = code;
    if (code !== 0) return null;
    answers.push({ folder, ...(JSON.parse(output) as Peers) });
  }
  return answers;
}

function nodeId(text: string): string {
  if (/^[0-9a-f]{40}$/.test(text)) return text;
  throw usageFailure(`A node id has 40 digits 0-9 a-f, not ${text}`, 'See `oppidum cluster peers` on its machine');
}
