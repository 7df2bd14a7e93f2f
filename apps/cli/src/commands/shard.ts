/** `oppidum shard list|declare|retire|start`: the telemetry shards of a city, each a log of readings with keys of its own. */

import type { CityJson, ShardDeclaredJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { callAdmin } from '../admin-calls.ts';
import { CityCalls } from '../api.ts';
import { addExamples, COMMAND, openCli, wholeNumber } from '../cli.ts';
import { runEntry } from '../entries.ts';
import { usageFailure } from '../failure.ts';
import type { Column } from '../output.ts';
import { actionOf, addSignOptions, carryOut, confirm, idBytes, type SignOptions } from '../transactions.ts';

type ShardJson = CityJson['shards'][number];

const COLUMNS: readonly Column<ShardJson>[] = [
  { heading: 'shard', text: ({ number }) => String(number) },
  { heading: 'id', text: ({ id }) => id },
  { heading: 'readings', text: ({ size }) => String(size) },
  { heading: 'anchored', text: ({ anchoredSize }) => String(anchoredSize) },
  { heading: 'state', text: ({ status, accepts }) => (status === 'active' && !accepts ? 'away' : status) },
];
/** What the admin door declares: the data folder of one machine holds so many. */
const NUMBER_MAX = 63;

const WHO_MOVES =
  'A device key is at home in one shard for as long as it is in force (specs/telemetry.md §1.1): the readings of keys that are at home here are refused from now on, until each of these devices has its next key; what such a device has no receipt for must be signed anew with that key';

/** Adds subcommands and their work to the command. */
export function buildShard(command: Command): void {
  const list = command.command('list').description('list the shards with how far each is').action(listShards);
  addExamples(list, [['who takes readings now', 'shard list']]);
  const declare = command
    .command('declare')
    .description('make the keys of one more shard and declare it (on the machine of the city, as its user)')
    .argument('<number>', 'the next free number', wholeNumber('the number', 1, NUMBER_MAX))
    .option('-y, --yes', 'do not ask')
    .action(declareShard);
  declare.addHelpText(
    'after',
    '\nThe key of the operator signs; it must lie in the data folder. Device keys that come into force from now on are spread over all\nshards in service; those of before stay where they are.',
  );
  addExamples(declare, [['a second one', 'shard declare 1']]);
  const retire = addSignOptions(command.command('retire').description('end a shard for good (the operator signs)'))
    .argument('<number>', 'its number', wholeNumber('the number', 0, 9_999))
    .requiredOption('--reason <text>', 'why, for everybody to read: name no person')
    .action(retireShard);
  retire.addHelpText('after', `\n${WHO_MOVES}.\nWhat it anchored stays provable.`);
  addExamples(retire, [['see what would be signed', 'shard retire 1 --reason "its disk failed" --dry-run']]);
  const start = command
    .command('start')
    .description('run a declared shard as a process of its own (beside a city started with --start-shards no)')
    .argument('<number>', 'its number', wholeNumber('the number', 1, 9_999))
    .action(startShard);
  start.addHelpText(
    'after',
    '\nIt waits for the node of the city in --data, and follows it wherever it comes and goes. Ctrl-C stops.',
  );
  addExamples(start, [['as a service of its own', 'shard start 1 --data /var/lib/oppidum']]);
}

async function listShards(_options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const { shards } = await new CityCalls(cli.api).get<CityJson>('/api/v1/city');
  if (cli.json) cli.output.json({ items: shards });
  else if (shards.length === 0) cli.output.note('None.');
  else cli.output.table(shards, COLUMNS);
}

async function declareShard(number: number, options: { readonly yes?: true }, self: Command): Promise<void> {
  const cli = openCli(self);
  await confirm(cli, { sentence: `Make the keys of shard ${number} and declare it`, isDangerous: false }, options);
  const declared = await callAdmin<ShardDeclaredJson>(cli, '/shards', { number });
  if (cli.json) {
    cli.output.json(declared);
    return;
  }
  cli.output.fields([
    ['shard', declared.number],
    ['id', declared.shard],
    ['origin', declared.origin],
  ]);
  cli.output.note(`It takes readings once its process runs: see \`${COMMAND} shard list\`.`);
}

async function retireShard(number: number, options: SignOptions & { readonly reason: string }, self: Command): Promise<void> {
  const cli = openCli(self);
  const { shards } = await new CityCalls(cli.api).get<CityJson>('/api/v1/city');
  const shard = shards.find((candidate) => candidate.number === number);
  if (shard === undefined) throw usageFailure(`There is no shard ${number}`, `See \`${COMMAND} shard list\``);
  cli.output.note(`${WHO_MOVES}.`);
  const actions = [actionOf('shard/retire', { id: idBytes(shard.id), reason: options.reason })];
  await carryOut(cli, { sentence: `Retire shard ${number} for good: ${options.reason}`, isDangerous: true, actions }, options);
}

async function startShard(number: number, _options: object, self: Command): Promise<void> {
  const { data } = openCli(self);
  await runEntry('telemetry', ['--data', data, '--shard', String(number)]);
}
