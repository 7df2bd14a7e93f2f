/** What each row of a maker's file is: a device, or why it is none. Nothing here asks the city. */

import type { Grade, Registrant } from '@oppidum/device/actions';
import { encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { deviceIdOf, EDDSA, ID_SIZE } from '@oppidum/formats/ids';
import { type CsvRow, type CsvTable, writeCsv } from './csv-table.ts';
import { type Columns, type Field, parseDeviceKey } from './device-columns.ts';
import { describeProblem, type ProblemKind, type RowProblem, rowProblem } from './row-problems.ts';

/** For rows that do not say it themselves. */
export type RowDefaults = { readonly grade: Grade; readonly model: string | null };

/** A row with its device. */
export type DeviceRow = {
  readonly line: number;
  /** As they stand in the file. */
  readonly cells: readonly string[];
  readonly device: Registrant;
  /** Of the device, in hex. */
  readonly id: string;
};

/** A row without one, or whose device the city does not take. */
export type FailedRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly id: string | null;
  readonly problem: RowProblem;
};

export type DeviceFile = { readonly rows: readonly DeviceRow[]; readonly failed: readonly FailedRow[] };

/** A model as the city lists it. */
export type ListedModel = { readonly id: string; readonly name: string; readonly to: number | null };

/** Who really signs, as every verdict will say. */
export const GRADES: readonly Grade[] = ['device', 'bridge', 'imported'];

const LABEL_SIZE_MAX = 64;
/** The column that `failedFile` adds, and that is left out when the file comes back. */
const PROBLEM_COLUMN = 'problem';

/** Reads the rows of a table by its columns. `crypto`: for the ids of devices. */
export function readDeviceRows(
  crypto: Crypto,
  table: CsvTable,
  columns: Columns,
  defaults: RowDefaults,
  models: readonly ListedModel[],
): DeviceFile {
  const reader = { crypto, width: table.header.length, columns, defaults, findModel: modelFinder(models) };
  const lineOfId = new Map<string, number>();
  const rows: DeviceRow[] = [];
  const failed: FailedRow[] = table.unread.map(({ line, kind }) => ({ line, cells: [], id: null, problem: rowProblem(kind) }));
  for (const row of table.rows) {
    const read = readRow(row, reader);
    if ('problem' in read) {
      failed.push(read);
      continue;
    }
    const first = lineOfId.get(read.id);
    if (first !== undefined) failed.push({ ...row, id: read.id, problem: rowProblem('twice', { line: first }) });
    else {
      lineOfId.set(read.id, row.line);
      rows.push(read);
    }
  }
  return { rows, failed };
}

type Reader = {
  readonly crypto: Crypto;
  readonly width: number;
  readonly columns: Columns;
  readonly defaults: RowDefaults;
  readonly findModel: (text: string) => ListedModel | null;
};

function readRow({ line, cells }: CsvRow, { crypto, width, columns, defaults, findModel }: Reader): DeviceRow | FailedRow {
  const bad = (kind: ProblemKind, values: RowProblem['values'] = {}): FailedRow => ({
    line,
    cells,
    id: null,
    problem: rowProblem(kind, values),
  });
  const cell = (field: Field): string => {
    const at = columns[field];
    return at === undefined ? '' : (cells[at] ?? '');
  };
  if (cells.length !== width) return bad('cells', { got: cells.length, want: width });
  if (cell('public-key') === '') return bad('keyMissing');
  const publicKey = parseDeviceKey(cell('public-key'));
  if (publicKey === null) return bad('key');
  const label = cell('label');
  const size = encodeUtf8(label).length;
  if (size > LABEL_SIZE_MAX) return bad('labelLong', { got: size, max: LABEL_SIZE_MAX });
  if (hasControls(label)) return bad('labelControl');
  const gradeText = cell('grade').toLowerCase() || defaults.grade;
  const grade = GRADES.find((each) => each === gradeText);
  if (grade === undefined) return bad('grade', { got: gradeText });
  const modelText = cell('model') || defaults.model;
  if (modelText === null) return bad('modelMissing');
  const model = findModel(modelText);
  if (model === null) return bad('model', { got: modelText });
  const id = deviceIdOf(crypto, publicKey);
  const device = {
    id,
    model: parseHex(model.id),
    signer: { algorithm: EDDSA, publicKey } as const,
    grade,
    ...(label === '' ? {} : { label }),
  };
  return { line, cells, device, id: toHex(id) };
}

/** What the ledger takes for no text: C0 controls and DEL. */
function hasControls(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/** Finds a model by its id, or by its name where just one that is in use has it. */
function modelFinder(models: readonly ListedModel[]): (text: string) => ListedModel | null {
  const inUse = models.filter(({ to }) => to === null);
  const byId = new Map(inUse.map((model) => [model.id, model]));
  const byName = Map.groupBy(inUse, ({ name }) => name);
  return (text) => {
    const id = text.toLowerCase();
    if (id.length === 2 * ID_SIZE && /^[0-9a-f]+$/.test(id)) return byId.get(id) ?? null;
    const named = byName.get(text) ?? [];
    return named.length === 1 ? (named[0] as ListedModel) : null;
  };
}

/** The rows that failed as a file, each with why, to mend and import again. `say`: of a problem. */
export function failedFile(
  { header, delimiter }: Pick<CsvTable, 'header' | 'delimiter'>,
  failed: readonly FailedRow[],
  say: (problem: RowProblem) => string = describeProblem,
): string {
  const isOld = header.at(-1) === PROBLEM_COLUMN;
  const width = isOld ? header.length - 1 : header.length;
  const lines = failed.map(({ line, cells, problem }) => {
    const kept = cells.length === 0 ? [`(line ${line})`] : isOld && cells.length === header.length ? cells.slice(0, -1) : cells;
    // What has too few cells is filled up, so that its problem stands under its heading.
    return [...kept, ...Array.from({ length: Math.max(0, width - kept.length) }, () => ''), say(problem)];
  });
  return writeCsv([[...header.slice(0, width), PROBLEM_COLUMN], ...lines], delimiter);
}
