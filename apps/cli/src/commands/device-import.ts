/**
 * `oppidum device import FILE.csv`: registers the devices of a file, hundreds in one signed transaction. Every row has its outcome;
 * rows that failed are written to a file of their own; begun again it goes on, because what is registered is seen on the ledger.
 */

import { existsSync, realpathSync, writeFileSync } from 'node:fs';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Grade } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import { describeError, formatError } from '@oppidum/formats/errors';
import type { ManufacturerJson, ModelJson } from '@oppidum/gateway/api-types';
import { type CsvTable, DELIMITERS, readCsvTable } from '@oppidum/onboarding/csv-table';
import { type Columns, FIELDS, type Field, guessColumns } from '@oppidum/onboarding/device-columns';
import { type DeviceRow, type FailedRow, failedFile, GRADES, readDeviceRows } from '@oppidum/onboarding/device-rows';
import { CHECK_PATH, checkRows, NDJSON_TYPE } from '@oppidum/onboarding/ledger-check';
import { registerRows } from '@oppidum/onboarding/registration';
import { describeProblem, type RowProblem } from '@oppidum/onboarding/row-problems';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, COMMAND, openCli, readInput } from '../cli.ts';
import { CliFailure, EXIT, exitCodeOf, isErrorCode, usageFailure } from '../failure.ts';
import { Progress } from '../progress.ts';
import { accountToSign, addSignOptions, type SignOptions, submit } from '../transactions.ts';

type Named = Readonly<Partial<Record<Field, string>>>;

type ImportOptions = SignOptions & {
  readonly column: Named;
  readonly delimiter?: string;
  readonly model?: string;
  readonly grade: Grade;
  readonly failed?: string;
};

type State = 'registered' | 'would register' | 'known' | 'failed' | 'left';

const STATE_WORDS: readonly (readonly [state: State, words: string])[] = [
  ['registered', 'registered'],
  ['would register', 'would register'],
  ['known', 'registered before'],
  ['left', 'not reached'],
  ['failed', 'failed'],
];
const PAGE_COUNT = 1_000;
/** Models and makers of a city; one that lists more, or pages without anything, is not listened to for ever. */
const LISTED_COUNT_MAX = 100_000;
/** Problems that are told one by one; the rest is in the file of `--failed` and in `--json`. */
const TOLD_COUNT = 20;

/** Adds `import` to the command `device`. */
export function buildDeviceImport(command: Command): void {
  const imported = addSignOptions(
    command.command('import').description('register the devices of a CSV file (the account of their manufacturer signs)'),
  )
    .argument('<file>', 'CSV with a header and a column of public keys (hex, base64 or PEM); `-` reads standard input')
    .option(
      '--column <field=name>',
      `which column holds ${FIELDS.join(', ')}; may be repeated (default: by their names)`,
      collectColumn,
      {},
    )
    .option('--delimiter <character>', 'between cells (default: guessed from the first line; "tab" for a tab)', chooseDelimiter)
    .option('--model <id or name>', 'model of rows that name none')
    .option('--grade <grade>', 'grade of rows that name none: device, bridge or imported', chooseGrade, 'device')
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

function collectColumn(text: string, before: Named): Named {
  const at = text.indexOf('=');
  const field = FIELDS.find((each) => each === text.slice(0, at));
  if (field === undefined || at === text.length - 1)
    throw usageFailure(`--column is FIELD=NAME, with FIELD one of ${FIELDS.join(', ')}`);
  return { ...before, [field]: text.slice(at + 1) };
}

function chooseDelimiter(text: string): string {
  const found = DELIMITERS.find((each) => each === text || (each === '\t' && text === 'tab'));
  if (found === undefined) throw usageFailure('--delimiter is one of , ; | tab');
  return found;
}

function chooseGrade(text: string): Grade {
  const found = GRADES.find((each) => each === text);
  if (found === undefined) throw usageFailure(`--grade is device, bridge or imported, not ${text}`);
  return found;
}

async function importDevices(file: string, options: ImportOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  if (options.failed !== undefined && isSameFile(file, options.failed))
    throw usageFailure('--failed is the file that is imported', 'Name another file: this one has the rows that are good, too');
  const table = readCsvTable(await readInput(file), options.delimiter ?? null);
  const columns = chooseColumns(table, options.column);
  const city = new CityCalls(cli.api);
  const models = await readAll<ModelJson>(city, '/api/v1/models');
  const read = readDeviceRows(nativeCrypto, table, columns, { grade: options.grade, model: options.model ?? null }, models);
  const run = new Run(cli, table, options);
  run.add('failed', read.failed);
  const checked = await checkRows(read.rows, async (body) =>
    new TextDecoder().decode(await city.bytesFor(CHECK_PATH, NDJSON_TYPE, { type: NDJSON_TYPE, body })),
  );
  run.add('failed', checked.failed);
  run.add('known', checked.known);
  const makers = await makersOf(city, checked.fresh, models);
  if (options.dryRun === true) {
    run.add('would register', checked.fresh);
    run.tell();
    run.tellMakers(makers);
  } else {
    assertMaker(makers, cli, options);
    await run.register(checked.fresh);
  }
}

function isSameFile(a: string, b: string): boolean {
  return a !== '-' && existsSync(a) && existsSync(b) && realpathSync(a) === realpathSync(b);
}

/** As they are guessed, but for what the user says. Throws exit code 2 for what is not there. */
function chooseColumns({ header, rows }: CsvTable, named: Named): Columns {
  const said: Partial<Record<Field, number>> = {};
  for (const field of FIELDS) {
    const name = named[field];
    if (name === undefined) continue;
    const at = header.indexOf(name);
    if (at < 0) throw usageFailure(`There is no column "${name}" for ${field}`, `The header has: ${header.join(', ')}`);
    said[field] = at;
  }
  const columns = { ...guessColumns(header, rows), ...said };
  if (columns['public-key'] === undefined)
    throw usageFailure(
      'No column holds the public keys',
      `Name it with --column public-key=NAME; the header has: ${header.join(', ')}`,
    );
  return columns;
}

/** Throws CITY_ANSWER_INVALID. */
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
    if (cursor !== null && (page.items.length === 0 || found.length > LISTED_COUNT_MAX))
      throw formatError('CITY_ANSWER_INVALID', { path, want: 'a list with an end' });
  } while (cursor !== null);
  return found;
}

/** The makers whose accounts have to sign for these rows. */
async function makersOf(
  city: CityCalls,
  rows: readonly DeviceRow[],
  models: readonly ModelJson[],
): Promise<readonly ManufacturerJson[]> {
  const used = new Set(rows.map(({ device }) => toHex(device.model)));
  const ids = new Set(models.filter(({ id }) => used.has(id)).map(({ manufacturer }) => manufacturer));
  if (ids.size === 0) return [];
  return (await readAll<ManufacturerJson>(city, '/api/v1/manufacturers')).filter(({ id }) => ids.has(id));
}

/** Somebody else's devices are not tried at all: each attempt would stand on the ledger. Throws exit code 4. */
function assertMaker(makers: readonly ManufacturerJson[], cli: Cli, options: ImportOptions): void {
  if (makers.length === 0) return;
  const account = accountToSign(cli, options);
  const foreign = makers.find((maker) => maker.account !== account);
  if (foreign === undefined) return;
  throw new CliFailure(`The account of ${foreign.name} registers its devices, and that is ${foreign.account}`, {
    exitCode: exitCodeOf('NOT_AUTHORIZED'),
    code: 'NOT_AUTHORIZED',
    action:
      makers.length === 1
        ? 'Sign with its key: --key FILE --account ID'
        : 'The file has devices of several makers: each imports its own, with --key FILE --account ID',
  });
}

type Outcome = { readonly line: number; readonly id: string | null; readonly state: State; readonly problem: RowProblem | null };

/** One run over a file: what became of each row, and how it is told. */
class Run {
  readonly #cli: Cli;
  readonly #table: CsvTable;
  readonly #options: ImportOptions;
  readonly #outcomes: Outcome[] = [];
  readonly #failed: FailedRow[] = [];

  constructor(cli: Cli, table: CsvTable, options: ImportOptions) {
    this.#cli = cli;
    this.#table = table;
    this.#options = options;
  }

  add(state: 'failed', rows: readonly FailedRow[]): void;
  add(state: Exclude<State, 'failed'>, rows: readonly DeviceRow[]): void;
  add(state: State, rows: readonly (DeviceRow | FailedRow)[]): void {
    for (const row of rows) {
      const problem = 'problem' in row ? row.problem : null;
      if ('problem' in row) this.#failed.push(row);
      this.#outcomes.push({ line: row.line, id: row.id, state, problem });
    }
  }

  /** Registers rows until all are done, somebody presses Ctrl-C, or the city cannot go on; whichever it is, what was done is told. */
  async register(rows: readonly DeviceRow[]): Promise<void> {
    const before = this.#outcomes.length;
    const progress = new Progress(this.#cli.output, 'rows', rows.length + before, before);
    let isStopped = false;
    const stop = (): void => {
      isStopped = true;
      progress.note('Stopping after this transaction… (again to stop at once)');
    };
    process.once('SIGINT', stop);
    const reached = new Set<number>();
    const count = (done: readonly { readonly line: number }[]): void => {
      for (const { line } of done) reached.add(line);
      progress.set(before + reached.size);
    };
    try {
      await registerRows(rows, {
        submit: (actions) => submit(this.#cli, actions, this.#options),
        onRegistered: (done) => {
          this.add('registered', done);
          count(done);
        },
        onFailed: (failed) => {
          this.add('failed', failed);
          count(failed);
        },
        isStopped: () => isStopped,
      });
    } finally {
      process.off('SIGINT', stop);
      progress.end(before + reached.size);
      this.add(
        'left',
        rows.filter(({ line }) => !reached.has(line)),
      );
      this.tell();
    }
  }

  /** Every row, and how many there are of each kind; writes the file of those that failed. */
  tell(): void {
    const { output, json } = this.#cli;
    const sorted = [...this.#outcomes].sort((a, b) => a.line - b.line);
    if (json)
      for (const { line, id, state, problem } of sorted)
        output.jsonLine({ line, id, state, ...(problem === null ? {} : { why: say(problem), problem: problem.kind }) });
    else {
      this.#tellProblems(sorted);
      const counts = STATE_WORDS.map(([state, words]) => [words, sorted.filter((row) => row.state === state).length] as const);
      output.table(
        counts.filter(([words, rows]) => rows > 0 || words === 'failed'),
        [
          { heading: 'rows', text: ([words]) => words },
          { heading: 'count', text: ([, rows]) => String(rows) },
        ],
      );
    }
    this.#writeFailed();
    this.#tellNext(sorted);
  }

  #tellProblems(sorted: readonly Outcome[]): void {
    const bad = sorted.filter(({ problem }) => problem !== null);
    for (const { line, problem } of bad.slice(0, TOLD_COUNT))
      this.#cli.output.note(`line ${line}: ${say(problem as RowProblem)}`);
    if (bad.length > TOLD_COUNT)
      this.#cli.output.note(`… and ${bad.length - TOLD_COUNT} more: --failed FILE writes them all, --json tells them all`);
  }

  #writeFailed(): void {
    const { failed: file } = this.#options;
    // A file of an earlier run would tell of rows that are mended by now.
    if (file === undefined || (this.#failed.length === 0 && !existsSync(file))) return;
    const rows = [...this.#failed].sort((a, b) => a.line - b.line);
    writeFileSync(file, failedFile(this.#table, rows, say));
    this.#cli.output.note(`${rows.length} rows with their problems are in ${file}; mended, it is imported like any other.`);
  }

  #tellNext(sorted: readonly Outcome[]): void {
    const { output } = this.#cli;
    const count = (state: State): number => sorted.filter((row) => row.state === state).length;
    if (this.#options.dryRun === true) output.note('Dry run: nothing was signed or sent.');
    if (count('left') > 0) output.note('The same command goes on from there: what is registered is not registered again.');
    else if (count('registered') > 0)
      output.note(`Each device now proves that it holds its key: see ${COMMAND} device activate --help`);
    if (count('failed') + count('left') > 0) process.exitCode = EXIT.failed;
  }

  /** Who will have to sign. */
  tellMakers(makers: readonly ManufacturerJson[]): void {
    for (const { name, account } of makers) this.#cli.output.note(`Signed by the account of ${name}: --account ${account}`);
  }
}

/** With the words of the catalogue where the ledger refuses. */
function say(problem: RowProblem): string {
  const { code } = problem.values;
  return problem.kind === 'refused' && isErrorCode(code) ? `${code}: ${describeError(code)}` : describeProblem(problem);
}
