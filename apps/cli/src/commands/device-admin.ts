/** `oppidum device erase`, `oppidum device clones`: what only the owner of a running city's data folder may do, through its admin door. */

import { LEGAL_BASES } from '@oppidum/formats/action-bodies';
import { parseBase64 } from '@oppidum/formats/bytes';
import { parseActions } from '@oppidum/formats/transaction';
import type { CloneJson, ErasureJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { callAdmin } from '../admin-calls.ts';
import { addExamples, type Cli, idArgument, openCli, shortId } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import type { Column } from '../output.ts';
import { addSignOptions, confirm, refusal, type SignOptions, submit } from '../transactions.ts';

type EraseOptions = { readonly basis: string; readonly yes?: true; readonly dryRun?: true };
type ClonesOptions = SignOptions & { readonly report?: true };

/** What an erasure does, for whoever is asked for a yes. */
const DESTROYED =
  'the key under which every reading of this device until now is stored: its values, names and times can be read by nobody any more, nor from a copy of the vault without that key';
const KEPT =
  'the digests of these readings in the log of the shard (so every other proof holds), the device and its keys on the ledger, and for ever a record that something was erased: when, how many entries, and the basis, naming no device';

/** Adds `device erase`. */
export function buildErase(command: Command): void {
  const bases: readonly string[] = LEGAL_BASES;
  const chooseBasis = (text: string): string => {
    if (bases.includes(text)) return text;
    throw usageFailure(`--basis is ${bases.join(', ')}, not ${text}`);
  };
  const erase = command
    .command('erase')
    .description('destroy what a device of a personal model sent until now (on the machine of the city, as its user)')
    .argument('<id>', 'id of the device', idArgument('the id'))
    .requiredOption('--basis <basis>', `why it is owed, on the ledger for everybody to read: ${bases.join(', ')}`, chooseBasis)
    .option('--dry-run', 'say what would be destroyed; destroy nothing')
    .option('-y, --yes', 'do not ask, although it cannot be undone')
    .action(eraseDevice);
  erase.addHelpText(
    'after',
    `\nDestroyed: ${DESTROYED}.\nStays: ${KEPT}.\n\nBackups of shards/<n>/subject-keys bring the readings back: keep none, or destroy them too. Where the ledger refuses the\nrecord, it is erased all the same, and recorded at the next start. Evidence of an erased reading verifies to ERASED.`,
  );
  addExamples(erase, [
    ['what would be destroyed', 'device erase <id> --basis request --dry-run'],
    ['a person withdrew consent', 'device erase <id> --basis consent-withdrawn'],
  ]);
}

async function eraseDevice(id: string, { basis, ...options }: EraseOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  cli.output.note(`Destroyed: ${DESTROYED}.`);
  cli.output.note(`Stays: ${KEPT}.`);
  if (options.dryRun === true) {
    cli.output.note('Dry run: nothing was destroyed.');
    return;
  }
  await confirm(cli, { sentence: `Erase what device ${id} sent until now (${basis})`, isDangerous: true }, options);
  const { erasures } = await callAdmin<ErasureJson>(cli, '/erase', { device: id, legalBasis: basis });
  if (cli.json) {
    cli.output.json({ erasures });
    return;
  }
  for (const { shard, id: erasure, count } of erasures)
    cli.output.fields([
      ['erased', `${count} reading${count === 1 ? '' : 's'}`],
      ['shard', shard],
      ['erasure', erasure],
    ]);
}

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
