/** `oppidum replay FILE.csv`: a device for each series of a file, and its values as signed readings of grade "imported". */

import { readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { FIRST_KEY_NUMBER, type NewDevice } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { Device } from '@oppidum/device/device';
import { enrolDevices } from '@oppidum/device/enrol';
import { type Outbox, openOutbox } from '@oppidum/device/outbox';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { openShardKeys, type ShardKeys } from '@oppidum/device/shard-keys';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import {
  addExamples,
  type Cli,
  COMMAND,
  counted,
  formatTime,
  noPolicyAtHand,
  openCli,
  placeOptions,
  policyAtHand,
  quoteWord,
  wholeNumber,
} from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { Progress } from '../progress.ts';
import { ensureManufacturer, type Importer, readImporter } from '../replay/importer.ts';
import { type Mapping, type MappingOptions, readMappingFile } from '../replay/mapping.ts';
import { digestFile, openReplayFolder, readSeriesKey } from '../replay/replay-folder.ts';
import { type SeriesOutcome, sendFile } from '../replay/send.ts';
import { openMapping, type Window } from '../replay/series.ts';
import { type Survey, surveyFile } from '../replay/survey.ts';
import { timeReader } from '../replay/time-text.ts';

type ReplayOptions = MappingOptions & {
  readonly map?: string;
  readonly name?: string;
  readonly type: string;
  readonly personal?: boolean;
  readonly speed: string;
  readonly limit?: number;
  readonly from?: string;
  readonly to?: string;
  readonly pack: number;
  readonly state?: string;
  readonly policy?: string;
  readonly manufacturer?: string;
  readonly model?: string;
  readonly account?: string;
  readonly keyNumber: number;
  readonly key?: string;
  readonly dryRun?: boolean;
};

const LABEL_SIZE_MAX = 64;
const ROWS_MAX = 1_000_000_000;

const list = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** Builds `oppidum replay`. */
export function buildReplay(command: Command): void {
  command
    .argument('<file>', 'CSV with a header')
    .option('--map <file>', 'mapping as YAML: the keys are the long names below, as timeFormat')
    .option('--time <column>', 'column of the time')
    .option('--time-format <pattern>', 'iso, epoch-s, epoch-ms, or a pattern such as "DD/MM/YY HH"')
    .option('--zone <zone>', 'of times without an offset: UTC, +02:00 or Europe/Tallinn')
    .option('--start <time>', 'time of the first row, where the file has no times')
    .option('--step <duration>', 'from row to row, where the file has no times: 30s, 5m, 1h')
    .option('--format <form>', 'wide: a column for each series; long: a column names the series')
    .option('--series <column>', 'column that names the series (long)')
    .option('--value <column>', 'column of values; may be repeated (default: all numeric ones)', list)
    .option('--skip <column>', 'column to leave out; may be repeated', list)
    .option('--sensor <name>', 'name of the sensor within each device (wide; default: value)')
    .option('--unit <unit>', 'SenML unit of all values, or COLUMN=UNIT; may be repeated', list)
    .option('--missing <text>', 'what stands where a value is missing, e.g. 0; may be repeated', list)
    .option('--delimiter <character>', 'between cells (default: whichever stands most often in the header)')
    .option('--decimal <mark>', 'in numbers: . or , (default: ".")')
    .option('--name <name>', 'name of this replay, the beginning of its devices’ labels (default: the name of the file)')
    .option('--type <type>', 'device type on the ledger', 'imported-series')
    .option('--personal', 'the values are about people: kept encrypted')
    .option('--speed <factor>', '1x, 60x, … the pace of the file, or max', 'max')
    .option('--limit <rows>', 'send no more rows than this', wholeNumber('--limit', 1, ROWS_MAX))
    .option('--from <time>', 'leave out what is before')
    .option('--to <time>', 'leave out what is at this time or after')
    .option('--pack <count>', 'values in one signed reading, at most', wholeNumber('--pack', 1, 4_000), 500)
    .option('--state <dir>', 'folder of keys and outbox (default: replay/NAME in the data folder)')
    .option('--policy <file>', 'policy to trust (default: city.policy here or in the data folder)')
    .option('--manufacturer <id>', 'manufacturer on the ledger that registers the devices')
    .option('--model <id>', 'model of the devices (default: a new one)')
    .option('--account <id>', 'account of the manufacturer')
    .option('--key <file>', 'seed file of that account')
    .option('--key-number <number>', 'number of that key', wholeNumber('--key-number', 0, 0xffffffff), 0)
    .option('--dry-run', 'look at the file and say what would be sent')
    .action((file: string, _options: unknown, self: Command) => replay(openCli(self), file, self.opts<ReplayOptions>()));
  command.addHelpText('after', '\nWith --json: one JSON document a line, first what the file holds, last what became of it.');
  addExamples(command, [
    ['a road sensor into the city that runs here', 'replay speed_6005.csv --unit km/h'],
    [
      '207 sensors in columns, no times in the file, 0 where a value is missing',
      'replay los_speed.csv --start 2012-03-01T00:00:00 --step 5m --missing 0',
    ],
    ['look first', 'replay dataset03.csv --time-format "DD/MM/YY HH" --dry-run'],
  ]);
}

async function replay(cli: Cli, file: string, options: ReplayOptions): Promise<void> {
  if (file === '-') throw usageFailure('A replay reads its file twice, and standard input comes once', 'Save it to a file first');
  const mappingOptions = pickMapping(options);
  const mapping = await openMapping(file, mappingOptions);
  const window = readWindow(options);
  const delimiter = mappingOptions.delimiter ?? null;
  const speed = readSpeed(options.speed);
  const survey = await surveyFile(file, mapping, delimiter, window);
  tellSurvey(cli, file, mapping, survey);
  if (options.dryRun === true) return tellSeries(cli, survey);

  const name = options.name ?? basename(file, extname(file));
  const folder = options.state ?? join(cli.data, 'replay', name.replaceAll(/[^A-Za-z0-9._-]+/g, '-'));
  const policyPath = findPolicyFile(cli, options.policy);
  const api = new CityApi(cli.api);
  const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(policyPath)), api);
  const importer = await readImporter(cli.data, options);
  const identity = { city: records.audience, fileDigest: await digestFile(file), mapping: JSON.stringify(mappingOptions) };
  const { manufacturer, model } = await openReplayFolder(folder, identity, importer);
  await ensureManufacturer(api, records, { ...importer, manufacturer });
  const drafts = await makeDrafts(folder, name, [...survey.series.keys()], model);
  await enrol(cli, { api, records, importer: { ...importer, manufacturer, model }, drafts, name, options });
  const outbox = openOutbox({ path: join(folder, 'outbox.sqlite'), crypto: nativeCrypto, audience: records.audience });
  const shardKeys = await openShardKeys(records, join(folder, 'shard-keys'));
  const devices = new Map(drafts.map(({ series, entry }) => [series, makeDevice(entry, outbox, shardKeys)]));
  const progress = new Progress(cli.output, 'values', survey.valueCount);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  try {
    const packCountMax = options.pack;
    const outcomes = await sendFile({
      ...{ file, mapping, delimiter, window, api, shardKeys, devices, packCountMax, speed, progress },
      signal: stop.signal,
    });
    await tellOutcome(cli, drafts, outcomes, options.personal === true ? null : policyPath);
    if (stop.signal.aborted) cli.output.note('Stopped early; the same command goes on where this one ended.');
    if (stop.signal.aborted || [...outcomes.values()].some(({ refusedCount }) => refusedCount > 0)) process.exitCode = 1;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, onSignal);
    outbox.close();
    api.close();
  }
}

function pickMapping(options: ReplayOptions): MappingOptions {
  const { time, timeFormat, zone, start, step, format, series, value, skip, sensor, unit, missing, delimiter, decimal } = options;
  const given = { time, timeFormat, zone, start, step, format, series, value, skip, sensor, unit, missing, delimiter, decimal };
  const flags = Object.fromEntries(Object.entries(given).filter(([, entry]) => entry !== undefined)) as MappingOptions;
  return options.map === undefined ? flags : readMappingFile(readFileSync(options.map, 'utf8'), flags);
}

function readWindow(options: ReplayOptions): Window {
  const read = timeReader('iso', options.zone ?? 'UTC');
  const bound = (flag: string, text: string | undefined): number | null => {
    const timeMs = text === undefined ? null : read(text);
    if (text !== undefined && timeMs === null) throw usageFailure(`${flag} is a time such as 2012-03-01T00:00:00, not ${text}`);
    return timeMs;
  };
  return { fromMs: bound('--from', options.from), toMs: bound('--to', options.to), rowCountMax: options.limit ?? null };
}

/** Seconds of the file in one second, or null for as fast as it goes. */
function readSpeed(text: string): number | null {
  if (text === 'max') return null;
  const factor = /^\d+(\.\d+)?x?$/.test(text) ? Number(text.replace('x', '')) : 0;
  if (factor <= 0) throw usageFailure(`--speed is 1x, 60x, … or max, not ${text}`);
  return factor;
}

function findPolicyFile(cli: Cli, given: string | undefined): string {
  const path = given ?? policyAtHand(cli);
  if (path === undefined) throw noPolicyAtHand(', so no receipt could be proven');
  return path;
}

function tellSurvey({ output, json }: Cli, file: string, mapping: Mapping, survey: Survey): void {
  const { series, valueCount, rowCount, firstMs, lastMs, issues, issueCount, stepMs, gaps, gapCount } = survey;
  if (json) {
    const facts = {
      file,
      series: series.size,
      values: valueCount,
      rows: rowCount,
      firstMs,
      lastMs,
      stepMs,
      issueCount,
      issues,
      gapCount,
      gaps,
    };
    output.jsonLine({
      survey: { ...facts, timeColumn: mapping.timeColumn, timeFormat: mapping.timeFormat, format: mapping.format },
    });
    return;
  }
  const time = mapping.timeColumn === null ? mapping.timeFormat : `time in "${mapping.timeColumn}" as ${mapping.timeFormat}`;
  output.note(
    `${file}: ${counted(valueCount, 'value')} of ${series.size} series in ${counted(rowCount, 'row')}, ${mapping.format}, ${time}.`,
  );
  output.note(
    `From ${formatTime(firstMs)} to ${formatTime(lastMs)}${stepMs === null ? '' : `, typically every ${stepMs / 1_000} s`}.`,
  );
  if (gapCount > 0) {
    const [longest] = gaps;
    const where =
      longest === undefined ? '' : `; the longest, ${(longest.toMs - longest.fromMs) / 1_000} s, ends at line ${longest.line}`;
    output.note(`${counted(gapCount, 'gap')}${where}.`);
  }
  if (issueCount > 0) output.note(`${issueCount} left out:`);
  for (const { line, what } of issues) output.note(`  line ${line} ${what}`);
  if (issueCount > issues.length) output.note(`  … and ${issueCount - issues.length} more`);
}

function tellSeries({ output, json }: Cli, { series }: Survey): void {
  const rows = [...series];
  if (json) output.jsonLine({ series: rows.map(([name, values]) => ({ name, values })) });
  else
    output.table(rows, [
      { heading: 'series', text: ([name]) => name },
      { heading: 'values', text: ([, count]) => String(count) },
    ]);
}

type Draft = { readonly series: string; readonly entry: NewDevice };

async function makeDrafts(folder: string, name: string, series: readonly string[], model: Uint8Array): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const own of series) {
    const signer = await readSeriesKey(folder, own);
    const label = cut(series.length === 1 ? name : `${name}/${own}`);
    const entry: NewDevice = { id: deviceIdOf(nativeCrypto, signer.publicKey), model, signer, grade: 'imported', label };
    drafts.push({ series: own, entry });
  }
  return drafts;
}

/** A label of at most 64 bytes. */
function cut(text: string): string {
  let label = text.replaceAll(/\p{Cc}/gu, ' ');
  while (Buffer.byteLength(label) > LABEL_SIZE_MAX) label = label.slice(0, -1);
  return label;
}

type EnrolStep = {
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly importer: Importer & { readonly model: Uint8Array };
  readonly drafts: readonly Draft[];
  readonly name: string;
  readonly options: ReplayOptions;
};

async function enrol(cli: Cli, { api, records, importer, drafts, name, options }: EnrolStep): Promise<void> {
  const { manufacturer, by, model } = importer;
  const own = {
    id: model,
    name: cut(`Imported: ${name}`),
    deviceType: options.type,
    personal: options.personal === true,
    simulated: false,
  };
  // A model that was named must be there; one that was not is made.
  const models = options.model === undefined ? [own] : [];
  const progress = new Progress(cli.output, 'devices', drafts.length);
  const devices = drafts.map(({ entry }) => entry);
  let done = 0;
  await enrolDevices({
    api,
    records,
    manufacturer,
    maker: by,
    models,
    devices,
    onProgress: (count) => {
      done = count;
      progress.set(count);
    },
  });
  progress.end(done);
}

function makeDevice({ id, signer }: NewDevice, outbox: Outbox, issuers: ShardKeys): Device {
  return new Device({ crypto: nativeCrypto, id, keyNumber: FIRST_KEY_NUMBER, signer, outbox, issuers });
}

async function tellOutcome(
  cli: Cli,
  drafts: readonly Draft[],
  outcomes: ReadonlyMap<string, SeriesOutcome>,
  /** Null where nobody who asks is given evidence: the values are about people. */
  policyPath: string | null,
): Promise<void> {
  const { output, json } = cli;
  const rows = drafts.map(({ series, entry }) => ({
    id: toHex(entry.id),
    label: entry.label ?? '',
    ...(outcomes.get(series) as SeriesOutcome),
  }));
  const last = policyPath === null ? undefined : rows.findLast((row) => row.keptCount + row.skippedCount > 0);
  const digest = last === undefined ? null : (last.digest ?? (await newestReading(cli, last.id)));
  const verify =
    digest === null
      ? null
      : `${COMMAND} evidence ${digest} --out reading.evidence${placeOptions(cli)} && ${COMMAND} verify reading.evidence --policy ${quoteWord(policyPath ?? '')}`;
  if (json) {
    output.jsonLine({ devices: rows, verify });
    return;
  }
  output.table(rows, [
    { heading: 'device', text: ({ id }) => id },
    { heading: 'label', text: ({ label }) => label },
    { heading: 'kept', text: ({ keptCount }) => String(keptCount) },
    { heading: 'sent before', text: ({ skippedCount }) => String(skippedCount) },
    { heading: 'refused', text: ({ refusedCount }) => String(refusedCount) },
  ]);
  const [first] = rows;
  if (first !== undefined)
    output.note(`\nSee what is recorded:\n  ${COMMAND} reading list --device ${first.id}${placeOptions(cli)}`);
  if (verify !== null) output.note(`Verify the newest reading yourself:\n  ${verify}`);
}

/** The newest reading of a device, for a replay that had sent everything before. */
async function newestReading(cli: Cli, device: string): Promise<string | null> {
  const query = { device, limit: 1 };
  const { items } = await new CityCalls(cli.api).get<{ readonly items: readonly ReadingJson[] }>('/api/v1/readings', query);
  return items[0]?.id ?? null;
}
