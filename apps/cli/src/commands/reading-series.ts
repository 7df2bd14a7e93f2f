/** `oppidum reading latest|series|export`: the newest values, one series over a span, all values as CSV. */

import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SampleJson, SeriesSpanJson } from '@oppidum/gateway/api/readings';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, formatTime, idArgument, openCli, shortId, wholeNumber } from '../cli.ts';
import { addListOptions, type ListOptions, printList, timeOption } from '../lists.ts';
import type { Column } from '../output.ts';
import { sparkline } from '../sparkline.ts';

type Named = { readonly name?: string; readonly unit?: string };
type LatestOptions = ListOptions & Named & { readonly device?: string; readonly type?: string };
type Span = { readonly from?: number; readonly to?: number };
type SeriesOptions = Span & { readonly device: string; readonly name: string; readonly unit?: string; readonly points: number };
type ExportOptions = Span & Named & { readonly device: string; readonly out?: string };

const POINTS_DEFAULT = 60;
const POINTS_MAX = 5_000;

const LATEST: readonly Column<SampleJson>[] = [
  { heading: 'device', text: ({ label, device }) => label ?? shortId(device) },
  { heading: 'name', text: ({ name }) => name },
  { heading: 'value', text: describeValue },
  { heading: 'unit', text: ({ unit }) => unit ?? '' },
  { heading: 'time', text: ({ timeMs }) => formatTime(timeMs) },
];

type Bucket = SeriesSpanJson['buckets'][number];
const BUCKETS: readonly Column<Bucket>[] = [
  { heading: 'from', text: ({ fromMs }) => formatTime(fromMs) },
  { heading: 'count', text: ({ count }) => String(count) },
  { heading: 'lowest', text: ({ min }) => short(min) },
  { heading: 'mean', text: ({ mean }) => short(mean) },
  { heading: 'highest', text: ({ max }) => short(max) },
  { heading: 'last', text: ({ last }) => short(last) },
];

/** Adds these commands beside `list` and `show`. */
export function addReadingSeries(command: Command): void {
  const latest = addListOptions(command.command('latest').description('show the newest value of each series'))
    .option('--device <id>', 'of this device', idArgument('--device'))
    .option('--type <type>', 'of devices of this type')
    .option('--name <name>', 'under this name')
    .option('--unit <unit>', 'in this unit')
    .action(async (options: LatestOptions, self: Command) => {
      const { device, type, name, unit } = options;
      await printList(openCli(self), '/api/v1/readings/latest', options, LATEST, { device, type, name, unit });
    });
  addExamples(latest, [['everything that pumps say now', 'reading latest --type pump']]);
  const series = command
    .command('series')
    .description('show one series over a span, in points that keep its spikes')
    .requiredOption('--device <id>', 'of this device', idArgument('--device'))
    .requiredOption('--name <name>', 'under this name')
    .option('--unit <unit>', 'in this unit')
    .option('--from <time>', 'from this time on (RFC 3339; default: a day before the end)', timeOption)
    .option('--to <time>', 'before this time (RFC 3339; default: the newest value)', timeOption)
    .option('--points <count>', 'in at most so many points', wholeNumber('--points', 1, POINTS_MAX), POINTS_DEFAULT)
    .action(async (options: SeriesOptions, self: Command) => showSeries(openCli(self), options));
  addExamples(series, [['the last day', 'reading series --device <id> --name power']]);
  const all = command
    .command('export')
    .description('write every value of a device in a span as CSV')
    .requiredOption('--device <id>', 'of this device', idArgument('--device'))
    .option('--name <name>', 'under this name')
    .option('--unit <unit>', 'in this unit')
    .option('--from <time>', 'from this time on (RFC 3339)', timeOption)
    .option('--to <time>', 'before this time (RFC 3339)', timeOption)
    .option('--out <file>', 'into this file (default: standard output)')
    .action(async (options: ExportOptions, self: Command) => exportValues(openCli(self), options));
  addExamples(all, [['a month into a file', 'reading export --device <id> --from 2026-11-01T00:00:00Z --out november.csv']]);
}

async function showSeries(cli: Cli, { device, name, unit, from, to, points }: SeriesOptions): Promise<void> {
  const query = { device, name, unit, from, to, points };
  const span = await new CityCalls(cli.api).get<SeriesSpanJson>('/api/v1/readings/series', query);
  if (cli.json) {
    cli.output.json(span);
    return;
  }
  if (cli.plain) {
    cli.output.table(span.buckets, BUCKETS);
    return;
  }
  const lows = span.buckets.flatMap(({ min }) => (min === null ? [] : [min]));
  const highs = span.buckets.flatMap(({ max }) => (max === null ? [] : [max]));
  const [low, high] = [Math.min(...lows), Math.max(...highs)];
  cli.output.fields([
    ['series', `${span.label ?? shortId(span.device)}  ${span.name}${span.unit === null ? '' : `, ${span.unit}`}`],
    ['from', formatTime(span.fromMs)],
    ['to', formatTime(span.toMs)],
    ['values', `${span.count}, in points of ${span.bucketMs / 1_000} s`],
  ]);
  if (lows.length === 0) return cli.output.note('No numbers in this span.');
  const slots = alongTime(span);
  cli.output.fields([
    [
      'highest',
      `${sparkline(
        slots.map((bucket) => bucket?.max ?? null),
        low,
        high,
      )}  up to ${short(high)}`,
    ],
    [
      'mean',
      sparkline(
        slots.map((bucket) => bucket?.mean ?? null),
        low,
        high,
      ),
    ],
    [
      'lowest',
      `${sparkline(
        slots.map((bucket) => bucket?.min ?? null),
        low,
        high,
      )}  down to ${short(low)}`,
    ],
  ]);
  for (const gap of span.gaps.slice(0, 5))
    cli.output.note(`Nothing was kept from ${formatTime(gap.fromMs)} to ${formatTime(gap.toMs)}.`);
  if (span.behindReadings > 0) cli.output.note(`${span.behindReadings} newer readings are not in it yet.`);
}

/** The buckets at their places: undefined where none is. */
function alongTime({ fromMs, toMs, bucketMs, buckets }: SeriesSpanJson): (Bucket | undefined)[] {
  const first = Math.floor(fromMs / bucketMs);
  const count = Math.floor((toMs - 1) / bucketMs) - first + 1;
  const slots: (Bucket | undefined)[] = Array.from({ length: count });
  for (const bucket of buckets) slots[Math.floor(bucket.fromMs / bucketMs) - first] = bucket;
  return slots;
}

async function exportValues(cli: Cli, { device, name, unit, from, to, out }: ExportOptions): Promise<void> {
  const body = await new CityCalls(cli.api).stream('/api/v1/readings/values', 'text/csv', { device, name, unit, from, to });
  const rows = Readable.fromWeb(body as never);
  if (out === undefined) await pipeline(rows, process.stdout, { end: false });
  else {
    await pipeline(rows, createWriteStream(out));
    cli.output.note(`Wrote ${out}.`);
  }
}

function describeValue({ value, unit, data }: SampleJson): string {
  if (typeof value === 'number') return formatMeasured(value, unit);
  return String(value ?? (data === null ? '' : `${data.length} characters of data`));
}

/** A measured number as it is, except degrees of a place (SenML `lat`, `lon`): seven decimals of them are a centimetre. */
export function formatMeasured(value: number, unit: string | null): string {
  return String(unit === 'lat' || unit === 'lon' ? Number(value.toFixed(7)) : value);
}

function short(value: number | null): string {
  return value === null ? '' : String(Number(value.toPrecision(6)));
}
