/** `oppidum order …`: what machines are told to do, by whose keys, and what they signed about it. */

import { parseBase64 } from '@oppidum/formats/bytes';
import { parseEnvelope } from '@oppidum/formats/envelope';
import { parseOrder } from '@oppidum/formats/order-statement';
import { describeCommand, describeOrder } from '@oppidum/formats/order-words';
import type { LocalActJson, OrderDetailJson, OrderDeviceJson, OrderJson, ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, idArgument, openCli, shortId } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import { addOrderKeyOption, addOrderKeyOptions } from '../order-keys.ts';
import { type Column, printable } from '../output.ts';
import { actionOf, addSignOptions, carryOut, idBytes, type SignOptions } from '../transactions.ts';
import { approveOne, breakGlass, durationOption, integerArguments, issueOne, reportFile } from './order-acts.ts';
import { watchOrders } from './order-watch.ts';

const timeOf = (ms: number): string => new Date(ms).toISOString();
const answersOf = ({ appliedCount, rejectedCount, deviceCount }: OrderJson): string =>
  rejectedCount === 0 ? `${appliedCount}/${deviceCount}` : `${appliedCount}/${deviceCount}, ${rejectedCount} rejected`;

const COLUMNS: readonly Column<OrderJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'time', text: ({ atMs }) => timeOf(atMs) },
  { heading: 'zone', text: ({ zone, zoneName }) => zoneName ?? shortId(zone) },
  { heading: 'device', text: ({ device, deviceCount }) => (device === null ? `${deviceCount} at once` : shortId(device)) },
  { heading: 'command', text: (order) => describeCommand(order) },
  { heading: 'signed', text: ({ signers, needed }) => `${signers.length}/${needed}` },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'applied', text: answersOf },
];
const LOCAL_COLUMNS: readonly Column<LocalActJson>[] = [
  { heading: 'time', text: ({ timeMs }) => timeOf(timeMs) },
  { heading: 'device', text: ({ device }) => device },
  { heading: 'what', text: ({ what }) => what },
  { heading: 'reading', text: ({ reading }) => shortId(reading) },
];
const DEVICE_COLUMNS: readonly Column<OrderDeviceJson>[] = [
  { heading: 'device', text: ({ device }) => device },
  { heading: 'state', text: ({ state }) => state },
  { heading: 'codes', text: ({ answers }) => answers.flatMap(({ code }) => code ?? []).join(' ') },
];

type Filter = ListOptions & { readonly zone?: string; readonly device?: string; readonly status?: string; readonly local?: true };

/** Adds subcommands and their work to the command. */
export function buildOrder(command: Command): void {
  const list = addListOptions(command.command('list').description('list orders, newest first'))
    .option('--zone <id>', 'of this zone', idArgument('--zone'))
    .option('--device <id>', 'to this device', idArgument('--device'))
    .option('--status <status>', 'awaiting, issued, cancelled, superseded or reported')
    .option('--local', 'instead, what was done by hand or by break-glass, as devices signed it')
    .action(listOrders);
  addExamples(list, [
    ['what waits for further keys', 'order list --status awaiting'],
    ['what was done without the ledger', 'order list --local'],
  ]);
  const show = command
    .command('show')
    .description('show an order: what was signed, by whom, and what its devices signed')
    .argument('<id>', 'id of the order', idArgument('the id'))
    .option('--devices', 'of an order to many, each device that answered')
    .action(showOrder);
  addExamples(show, [['who signed what', 'order show <id>']]);
  buildActs(command);
  const watch = addOrderKeyOptions(command.command('watch').description('show what becomes of orders, as it happens'))
    .option('--zone <id>', 'of this zone alone', idArgument('--zone'))
    .option('--approve-with <file>', 'ask about each order that waits, and approve it with this order key')
    .option('--key <file>', 'key of the account that hands an approval in (default: keys/operator.seed of the data folder)')
    .option('--account <id>', 'that account', idArgument('--account'))
    .action(watchOrders);
  addExamples(watch, [['approve as they come', 'order watch --approve-with second.seed']]);
}

function buildActs(command: Command): void {
  const issue = target(
    addSignOptions(
      addOrderKeyOption(command.command('issue').description('order something of a device, or of all devices of a zone')),
    ),
  )
    .option(
      '--lifetime <time>',
      'how long the machine may obey, e.g. 30s (default: as long as the envelope allows)',
      durationOption,
    )
    .option('--wait', 'wait until the devices signed what they did, or the time is over')
    .action(issueOne);
  issue.addHelpText('after', '\nThe order keys of the zone sign what is shown; the account of the operator only hands it in.');
  addExamples(issue, [
    ['one lamp to 60 percent', 'order issue light/level 60 --zone <id> --device <id> --order-key lamps.seed --wait'],
    ['all lamps of the zone', 'order issue light/full --zone <id> --all --order-key lamps.seed'],
  ]);
  const approve = addSignOptions(
    addOrderKeyOption(command.command('approve').description('sign an order that waits, with further order keys')),
  )
    .argument('<id>', 'id of the order', idArgument('the id'))
    .action(approveOne);
  addExamples(approve, [['with the key of a second engineer', 'order approve <id> --order-key second.seed']]);
  const cancel = addSignOptions(command.command('cancel').description('take an order back: no door hands it over any more'))
    .argument('<id>', 'id of the order', idArgument('the id'))
    .action(async (id: string, options: SignOptions, self: Command) => {
      const sentence = `Cancel order ${id}; a machine that has it already may obey until its lifetime ends`;
      await carryOut(
        openCli(self),
        { sentence, isDangerous: false, actions: [actionOf('order/cancel', { id: idBytes(id) })] },
        options,
      );
    });
  addExamples(cancel, [['see what would be signed', 'order cancel <id> --dry-run']]);
  const glass = target(
    addSignOptions(
      addOrderKeyOption(
        command.command('break-glass').description('order a safe direction without the ledger, when the city cannot agree'),
      ),
    ),
  )
    .option(
      '--lifetime <time>',
      'how long the machine may obey, e.g. 30s (default: as long as the envelope allows)',
      durationOption,
    )
    .option('--save <file>', 'keep the signed order here, for `order report`')
    .action(breakGlass);
  glass.addHelpText(
    'after',
    '\nOnly what the envelope of the zone declares safe is obeyed so. It is reported to the ledger at once where that works, else later.',
  );
  addExamples(glass, [
    ['all lamps to full', 'order break-glass light/full --zone <id> --all --order-key lamps.seed --save dark-city.json'],
  ]);
  const report = addSignOptions(command.command('report').description('put a break-glass order on the ledger afterwards'))
    .argument('<file>', 'as `order break-glass --save` wrote it')
    .action(reportFile);
  addExamples(report, [['once the city agrees again', 'order report dark-city.json']]);
}

/** What is ordered of whom. */
function target(command: Command): Command {
  return command
    .argument('<command>', 'name of the command, e.g. light/level')
    .argument('[arguments...]', 'its whole numbers', integerArguments)
    .requiredOption('--zone <id>', 'the zone', idArgument('--zone'))
    .option('--device <id>', 'one device of it', idArgument('--device'))
    .option('--all', 'all devices of it whose challenge is known');
}

async function listOrders({ local, zone, device, status, ...options }: Filter, self: Command): Promise<void> {
  const cli = openCli(self);
  if (local === true) await printList(cli, '/api/v1/orders/local', options, LOCAL_COLUMNS, { device });
  else await printList(cli, '/api/v1/orders', options, COLUMNS, { zone, device, status });
}

async function showOrder(id: string, { devices }: { readonly devices?: true }, self: Command): Promise<void> {
  const cli = openCli(self);
  if (devices === true) return printList(cli, `/api/v1/orders/${id}/devices`, { limit: 1_000 }, DEVICE_COLUMNS);
  const order = await new CityCalls(cli.api).get<OrderDetailJson>(`/api/v1/orders/${id}`);
  if (cli.json) return cli.output.json(order);
  printOrder(cli, order, await wordsOf(cli, order));
}

/** In words of this command line, not of the gateway. */
async function wordsOf(cli: Cli, { statement, zoneName }: OrderDetailJson): Promise<readonly string[]> {
  const order = parseOrder(parseBase64(statement));
  const zone = await new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${Buffer.from(order.zone).toString('hex')}`);
  return describeOrder(order, parseEnvelope(parseBase64(zone.envelopeInForce.statement)), { zone: zoneName });
}

function printOrder({ output, plain }: Cli, order: OrderDetailJson, words: readonly string[]): void {
  for (const sentence of words) output.line(printable(sentence));
  output.fields([
    ['order', order.id],
    ['state', order.state],
    ['on the ledger', order.status],
    ['since', timeOf(order.atMs)],
    ['signed by', `${order.signers.length} of ${order.needed} keys needed`],
    ['transaction', order.transaction],
    ['applied', answersOf(order)],
  ]);
  const gap = plain ? '\t' : '  ';
  for (const { key, publicKey } of order.signatures) output.line(`order key ${key}${gap}${publicKey}`);
  for (const { kind, code, timeMs, reading } of order.answers)
    output.line([kind, code ?? '', timeOf(timeMs), `reading ${reading}`].filter((text) => text !== '').join(gap));
}
