/** `oppidum reading …`: signed readings and their values as the city's read model has them; `evidence` proves one, `reading prove` all of a span. */

import type { ReadingDetailJson, ReadingJson, RecordJson } from '@oppidum/gateway/api/readings';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, COMMAND, formatTime, idArgument, openCli, shortId } from '../cli.ts';
import { addListOptions, type ListOptions, printList, timeOption } from '../lists.ts';
import type { Column } from '../output.ts';
import { addReadingProve } from './reading-prove.ts';
import { addReadingSeries, formatMeasured } from './reading-series.ts';

type Filter = ListOptions & { readonly device?: string; readonly from?: number; readonly to?: number };

const COLUMNS: readonly Column<ReadingJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'time', text: ({ timeMs }) => formatTime(timeMs) },
  { heading: 'clock', text: ({ clockErrorMs }) => describeClock(clockErrorMs) },
  { heading: 'device', text: ({ label, device }) => label ?? shortId(device) },
  { heading: 'signed by', text: ({ grade }) => grade ?? '' },
  { heading: 'anchored', text: ({ anchored }) => (anchored ? 'yes' : 'not yet') },
  { heading: 'values', text: describeValues },
];

/** Adds subcommands and their work to the command. */
export function buildReading(command: Command): void {
  const list = addListOptions(command.command('list').description('list readings, newest first'))
    .option('--device <id>', 'of this device', idArgument('--device'))
    .option('--from <time>', 'signed at this time or later (RFC 3339)', timeOption)
    .option('--to <time>', 'signed before this time (RFC 3339)', timeOption)
    .action(async (options: Filter, self: Command) => {
      const { device, from, to } = options;
      await printList(openCli(self), '/api/v1/readings', options, COLUMNS, { device, from, to });
    });
  addExamples(list, [
    ['the newest five', 'reading list --limit 5'],
    ['ids only', 'reading list --plain | cut -f 1'],
  ]);
  const show = command
    .command('show')
    .description('show one reading with all its records')
    .argument('<id>', 'id of the reading', idArgument('the id'))
    .action(showReading);
  addExamples(show, [['one reading', 'reading show <id>']]);
  addReadingSeries(command);
  addReadingProve(command);
}

async function showReading(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const reading = await new CityCalls(cli.api).get<ReadingDetailJson>(`/api/v1/readings/${id}`);
  if (cli.json) {
    cli.output.json(reading);
    return;
  }
  cli.output.fields([
    ['reading', reading.id],
    ['device', reading.label === null ? reading.device : `${reading.label}  ${reading.device}`],
    ['sequence', reading.sequence],
    ['signed by', reading.grade === null ? null : SIGNER_WORDS[reading.grade]],
    ['clock', reading.clockErrorMs === null ? 'its error is not stated' : `${describeClock(reading.clockErrorMs)} of UTC`],
    ['received', formatTime(reading.receivedMs)],
    ['place', `entry ${reading.index} of shard ${shortId(reading.shard)}`],
    ['anchored', reading.anchored ? 'yes' : 'not yet'],
    ...reading.records.map((record) => ['value', `${formatTime(record.timeMs)}  ${describeRecord(record)}`] as const),
  ]);
  if (reading.recordCount > reading.records.length)
    cli.output.note(`${reading.recordCount - reading.records.length} more records are in its evidence.`);
  cli.output.note(`This is what the city says. What proves it: ${COMMAND} evidence ${reading.id}`);
}

const SIGNER_WORDS = {
  device: 'the device itself',
  bridge: 'a bridge, not by the device',
  imported: 'whoever imported it, not by a device',
} as const;

function describeClock(errorMs: number | null): string {
  return errorMs === null ? '' : `±${errorMs / 1_000} s`;
}

function describeValues({ records, recordCount, personal }: ReadingJson): string {
  if (personal) return 'about a person: not shown';
  const shown = records.slice(0, 3).map(describeRecord).join(', ');
  return recordCount > 3 ? `${shown}, … (${recordCount})` : shown;
}

function describeRecord({ name, unit, value, data, sum }: RecordJson): string {
  const shown =
    typeof value === 'number'
      ? formatMeasured(value, unit)
      : (value ?? (data === null ? '' : `${data.length} characters of data`));
  return `${name} ${shown}${unit === null ? '' : ` ${unit}`}${sum === null ? '' : ` sum ${sum}`}`;
}
