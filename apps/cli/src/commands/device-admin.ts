/** `oppidum device clones`: device keys that were found in two places, through the admin door of the running city. */

import { parseBase64 } from '@oppidum/formats/bytes';
import { parseActions } from '@oppidum/formats/transaction';
import type { CloneJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { callAdmin } from '../admin-calls.ts';
import { addExamples, type Cli, openCli, shortId } from '../cli.ts';
import type { Column } from '../output.ts';
import { addSignOptions, confirm, refusal, type SignOptions, submit } from '../transactions.ts';

type ClonesOptions = SignOptions & { readonly report?: true };

const COLUMNS: readonly Column<CloneJson>[] = [
  { heading: 'device', text: ({ device }) => device },
  { heading: 'key', text: ({ keyNumber }) => String(keyNumber) },
  { heading: 'sequence', text: ({ sequence }) => String(sequence) },
  { heading: 'report', text: ({ report }) => (report === null ? 'none: about people, never on the ledger' : 'ready') },
];

/** Adds `device clones`. */
export function buildClones(command: Command): void {
  const clones = addSignOptions(
    command.command('clones').description('device keys found in two places: one key, one sequence number, two readings'),
  )
    .option('--report', 'prove them to the ledger, which suspends each device')
    .action(showClones);
  addExamples(clones, [
    ['what was found (on the machine of the city, as its user)', 'device clones'],
    ['report it; anybody may sign', 'device clones --report'],
  ]);
}

async function showClones(options: ClonesOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { items } = await callAdmin<{ readonly items: readonly CloneJson[] }>(cli, '/clones');
  if (options.report === true) return reportClones(cli, items, options);
  if (cli.json) cli.output.json({ items });
  else if (items.length === 0) cli.output.note('None.');
  else cli.output.table(items, COLUMNS);
}

/** Each in a transaction of its own, so that one refusal stops no other. Ends as the first refusal does, unless it was reported before. */
async function reportClones(cli: Cli, items: readonly CloneJson[], options: ClonesOptions): Promise<void> {
  const ready = items.filter(({ report }) => report !== null);
  const sentence = `Report ${ready.length} of ${items.length} clones, which suspends their devices`;
  if (ready.length === 0 || options.dryRun === true) {
    cli.output.note(ready.length === 0 ? 'There is nothing to report.' : `${sentence}. Dry run: nothing was signed or sent.`);
    if (cli.json) cli.output.json({ reports: [] });
    return;
  }
  await confirm(cli, { sentence, isDangerous: false }, options);
  const results: { readonly clone: CloneJson; readonly result: TransactionResultJson }[] = [];
  for (const clone of ready)
    results.push({ clone, result: await submit(cli, parseActions(parseBase64(clone.report as string)), options) });
  if (cli.json)
    cli.output.json({ reports: results.map(({ clone: { device, sequence }, result }) => ({ device, sequence, ...result })) });
  else
    for (const { clone, result } of results)
      cli.output.line(`${shortId(clone.device)}  sequence ${clone.sequence}  ${result.code}  transaction ${result.id}`);
  const refused = results.find(({ result }) => !SETTLED.has(result.code));
  if (refused !== undefined) throw refusal(refused.result);
}

/** Reported now or before, or the device is suspended already, which is what a report does. */
const SETTLED: ReadonlySet<string> = new Set(['OK', 'CLONE_KNOWN', 'DEVICE_SUSPENDED']);
