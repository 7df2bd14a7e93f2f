/**
 * `oppidum device import FILE.csv`: registers the devices of a file, a thousand in one signed transaction. Every row has its outcome;
 * rows that failed are written to a file of their own; begun again it goes on, because what is registered is seen on the ledger.
 */

import { writeFileSync } from 'node:fs';
import { type Registrant, registerDevices } from '@oppidum/device/actions';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { describeError } from '@oppidum/formats/errors';
import type { DeviceJson, ModelJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, COMMAND, openCli } from '../cli.ts';
import { EXIT, isErrorCode, usageFailure } from '../failure.ts';
import { type DeviceFile, type DeviceRow, FIELDS, type Field, isId, readDeviceFile } from '../import/device-rows.ts';
import { Progress } from '../progress.ts';
import { addSignOptions, type SignOptions, submit } from '../transactions.ts';

type ImportOptions = SignOptions & {
  readonly column: Readonly<Partial<Record<Field, string>>>;
  readonly model?: string;
  readonly grade: string;
  readonly failed?: string;
};

type Outcome = {
  readonly row: DeviceRow;
  readonly state: 'registered' | 'known' | 'would register' | 'failed';
  readonly why: string;
};

/** Devices in one transaction; the ledger takes 1,000. */
const BATCH_COUNT = 500;
const PAGE_COUNT = 1_000;

/** Adds `import` to the command `device`. */
export function buildDeviceImport(command: Command): void {
  const collect = (text: string, before: Readonly<Partial<Record<Field, string>>>): Readonly<Partial<Record<Field, string>>> => {
    const at = text.indexOf('=');
    const field = FIELDS.find((each) => each === text.slice(0, at));
    if (field === undefined || at === text.length - 1)
      throw usageFailure(`--column is FIELD=NAME, with FIELD one of ${FIELDS.join(', ')}`);
    return { ...before, [field]: text.slice(at + 1) };
  };
  const imported = addSignOptions(
    command.command('import').description('register the devices of a CSV file (the account of their manufacturer signs)'),
  )
    .argument('<file>', 'CSV with a header and a column of public keys (hex or base64)')
    .option(
      '--column <field=name>',
      `which column holds ${FIELDS.join(', ')}; may be repeated (default: by their names)`,
      collect,
      {},
    )
    .option('--model <id or name>', 'model of rows that name none')
    .option('--grade <grade>', 'grade of rows that name none: device, bridge or imported', 'device')
    .option('--failed <file>', 'write the rows that failed there, with why, to mend and import again')
    .action(importDevices);
  addExamples(imported, [
    ['look first: what each row is, nothing is sent', 'device import lamps.csv --model "Lamp 3" --dry-run'],
    [
      'by the key of their maker, with what failed in a file',
      'device import lamps.csv --column public-key=KEY --failed failed.csv --key works.seed --account <id>',
    ],
  ]);
}

async function importDevices(file: string, options: ImportOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { grade } = options;
  if (grade !== 'device' && grade !== 'bridge' && grade !== 'imported')
    throw usageFailure(`--grade is device, bridge or imported, not ${grade}`);
  const city = new CityCalls(cli.api);
  const models = await readAll<ModelJson>(city, '/api/v1/models');
  const read = await readDeviceFile(file, options.column, { grade, model: options.model ?? null }, finderOf(models));
  const known = new Set((await readAll<DeviceJson>(city, '/api/v1/devices')).map(({ id }) => id));
  const outcomes = read.rows.flatMap((row): Outcome[] => {
    if (row.problem !== null) return [{ row, state: 'failed', why: row.problem }];
    return known.has(idOf(row)) ? [{ row, state: 'known', why: '' }] : [];
  });
  const fresh = read.rows.filter((row) => row.device !== null && !known.has(idOf(row)));
  if (options.dryRun === true) outcomes.push(...fresh.map((row): Outcome => ({ row, state: 'would register', why: '' })));
  else outcomes.push(...(await register(cli, fresh, outcomes.length, options)));
  tell(cli, read, outcomes, options);
}

/** A model by its id, or by its name where just one in use has it. */
function finderOf(models: readonly ModelJson[]): (text: string) => Uint8Array | null {
  const inUse = models.filter(({ to }) => to === null);
  return (text) => {
    const found = inUse.filter(({ id, name }) => (isId(text) ? id === text : name === text));
    const [one] = found;
    return one === undefined || found.length > 1 ? null : parseHex(one.id);
  };
}

async function readAll<T>(city: CityCalls, path: string): Promise<T[]> {
  const found: T[] = [];
  let cursor: string | null = null;
  do {
    const page: { readonly items: readonly T[]; readonly next: string | null } = await city.get(path, {
      limit: PAGE_COUNT,
      ...(cursor === null ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

/** Batch by batch; a batch that the ledger refuses is halved until the rows that it refuses stand alone. */
async function register(cli: Cli, rows: readonly DeviceRow[], doneBefore: number, options: SignOptions): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const progress = new Progress(cli.output, 'rows', rows.length + doneBefore, doneBefore);
  const send = async (batch: readonly DeviceRow[]): Promise<void> => {
    const [first] = batch;
    if (first === undefined) return;
    const devices = batch.map(({ device }) => device as Registrant);
    const { code, details } = await submit(cli, [registerDevices((first.device as Registrant).model, devices)], options);
    if (code === 'OK') outcomes.push(...batch.map((row): Outcome => ({ row, state: 'registered', why: '' })));
    else if (batch.length === 1) {
      const why = isErrorCode(code) ? `${code}: ${describeError(code, details)}` : code;
      outcomes.push({ row: first, state: 'failed', why });
    } else {
      const half = batch.length >> 1;
      await send(batch.slice(0, half));
      await send(batch.slice(half));
    }
    progress.set(doneBefore + outcomes.length);
  };
  for (const batch of batchesOf(rows)) await send(batch);
  progress.end(doneBefore + outcomes.length);
  return outcomes;
}

/** Rows of one model together, in the order of the file. */
function batchesOf(rows: readonly DeviceRow[]): readonly (readonly DeviceRow[])[] {
  const byModel = Map.groupBy(rows, ({ device }) => toHex((device as Registrant).model));
  return [...byModel.values()].flatMap((group) =>
    Array.from({ length: Math.ceil(group.length / BATCH_COUNT) }, (_, i) => group.slice(i * BATCH_COUNT, (i + 1) * BATCH_COUNT)),
  );
}

function idOf({ device }: DeviceRow): string {
  return device === null ? '' : toHex(device.id);
}

function tell(cli: Cli, file: DeviceFile, outcomes: readonly Outcome[], options: ImportOptions): void {
  const { output, json } = cli;
  const sorted = [...outcomes].sort((a, b) => a.row.line - b.row.line);
  const failed = sorted.filter(({ state }) => state === 'failed');
  if (json)
    for (const { row, state, why } of sorted)
      output.line(JSON.stringify({ line: row.line, id: idOf(row) || null, state, ...(why === '' ? {} : { why }) }));
  else {
    const count = (state: Outcome['state']): number => outcomes.filter((outcome) => outcome.state === state).length;
    for (const { row, why } of failed) output.note(`line ${row.line}: ${why}`);
    const states = ['registered', 'would register', 'known', 'failed'] as const;
    output.table(
      states.map((state) => [state, count(state)] as const).filter(([state, rows]) => rows > 0 || state === 'failed'),
      [
        { heading: 'rows', text: ([state]) => (state === 'known' ? 'registered before' : state) },
        { heading: 'count', text: ([, rows]) => String(rows) },
      ],
    );
    if (options.dryRun === true) output.note('Dry run: nothing was signed or sent.');
    else if (count('registered') > 0)
      output.note(`Each device now proves that it holds its key: see ${COMMAND} device activate --help`);
  }
  if (failed.length === 0) return;
  process.exitCode = EXIT.failed;
  if (options.failed === undefined) return;
  const lines = [[...file.header, 'problem'], ...failed.map(({ row, why }) => [...row.cells, why])];
  writeFileSync(options.failed, `${lines.map((cells) => cells.map(csvCell).join(',')).join('\n')}\n`);
  output.note(`${failed.length} rows with their problems are in ${options.failed}.`);
}

/** RFC 4180 §2. */
function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
