/** The rows of a file of devices: which column says what, and what each row is or lacks. Nothing here asks the city. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Grade, Registrant } from '@oppidum/device/actions';
import { encodeUtf8, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { checkEd25519PublicKey } from '@oppidum/formats/ed25519';
import { FormatError } from '@oppidum/formats/errors';
import { deviceIdOf, EDDSA, ID_SIZE } from '@oppidum/formats/ids';
import { usageFailure } from '../failure.ts';
import { readCsv } from '../replay/csv-records.ts';

/** What a column can say. */
export const FIELDS = ['public-key', 'label', 'grade', 'model'] as const;
export type Field = (typeof FIELDS)[number];

/** Which column of the header holds which field, from 0. */
export type Columns = Readonly<Partial<Record<Field, number>>> & { readonly 'public-key': number };

/** For rows that do not say it themselves. */
export type RowDefaults = { readonly grade: Grade; readonly model: string | null };

/** One row: a device, or why it is none. `cells` as they stand in the file. */
export type DeviceRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly device: Registrant | null;
  readonly problem: string | null;
};

export type DeviceFile = { readonly header: readonly string[]; readonly columns: Columns; readonly rows: readonly DeviceRow[] };

const LABEL_SIZE_MAX = 64;
const KEY_SIZE = 32;
const ROW_COUNT_MAX = 100_000;
const GRADES: readonly Grade[] = ['device', 'bridge', 'imported'];
/** Names by which columns are known without being told, letters alone. */
const KNOWN_NAMES: Readonly<Record<Field, readonly string[]>> = {
  'public-key': ['publickey', 'key', 'pubkey', 'ed25519'],
  label: ['label', 'name', 'devicename'],
  grade: ['grade'],
  model: ['model', 'modelid', 'modelname'],
};

/**
 * Reads a file. `named`: columns by field, as the user says. `modelOf`: the id of a model by its id or its name, or null.
 * Throws exit code 2 for columns that are not there.
 */
export async function readDeviceFile(
  file: string,
  named: Readonly<Partial<Record<Field, string>>>,
  defaults: RowDefaults,
  modelOf: (text: string) => Uint8Array | null,
): Promise<DeviceFile> {
  let header: readonly string[] | null = null;
  let columns: Columns | null = null;
  const rows: DeviceRow[] = [];
  const seen = new Map<string, number>();
  const onIssue = ({ line, what }: { readonly line: number; readonly what: string }): void => {
    rows.push({ line, cells: [], device: null, problem: what });
  };
  for await (const { line, cells } of readCsv(file, null, onIssue)) {
    if (header === null || columns === null) {
      header = cells;
      columns = findColumns(cells, named);
      continue;
    }
    if (rows.length >= ROW_COUNT_MAX) throw usageFailure(`${file} has more than ${ROW_COUNT_MAX} rows`, 'Split it');
    rows.push(readRow({ line, cells, header, columns }, defaults, modelOf, seen));
  }
  if (header === null || columns === null) throw usageFailure(`${file} has no header`, 'The first line names the columns');
  return { header, columns, rows };
}

function findColumns(header: readonly string[], named: Readonly<Partial<Record<Field, string>>>): Columns {
  const found: Partial<Record<Field, number>> = {};
  for (const field of FIELDS) {
    const name = named[field];
    const at = name === undefined ? header.findIndex((cell) => KNOWN_NAMES[field].includes(letters(cell))) : header.indexOf(name);
    if (name !== undefined && at < 0)
      throw usageFailure(`There is no column "${name}" for ${field}`, `The header has: ${header.join(', ')}`);
    if (at >= 0) found[field] = at;
  }
  const key = found['public-key'];
  if (key === undefined)
    throw usageFailure(
      'No column holds the public keys',
      `Name it with --column public-key=NAME; the header has: ${header.join(', ')}`,
    );
  return { ...found, 'public-key': key };
}

function letters(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

type RawRow = {
  readonly line: number;
  readonly cells: readonly string[];
  readonly header: readonly string[];
  readonly columns: Columns;
};

function readRow(
  { line, cells, header, columns }: RawRow,
  defaults: RowDefaults,
  modelOf: (text: string) => Uint8Array | null,
  seen: Map<string, number>,
): DeviceRow {
  const bad = (problem: string): DeviceRow => ({ line, cells, device: null, problem });
  const cell = (field: Field): string => {
    const at = columns[field];
    return at === undefined ? '' : (cells[at] ?? '');
  };
  if (cells.length !== header.length) return bad(`has ${cells.length} cells, the header has ${header.length}`);
  const publicKey = readKey(cell('public-key'));
  if (publicKey === null) return bad('its public key is no Ed25519 key in hex or base64');
  const label = cell('label');
  if (encodeUtf8(label).length > LABEL_SIZE_MAX) return bad(`its label is longer than ${LABEL_SIZE_MAX} bytes`);
  const grade = GRADES.find((each) => each === (cell('grade') || defaults.grade));
  if (grade === undefined) return bad(`its grade is none of ${GRADES.join(', ')}`);
  const modelText = cell('model') || defaults.model;
  if (modelText === null) return bad('no model is named');
  const model = modelOf(modelText);
  if (model === null) return bad(`its model "${modelText}" is not on the ledger, or revoked, or its name is not unique`);
  const id = deviceIdOf(nativeCrypto, publicKey);
  const first = seen.get(toHex(id));
  if (first !== undefined) return bad(`the same key stands in line ${first}`);
  seen.set(toHex(id), line);
  const signer = { algorithm: EDDSA, publicKey } as const;
  return { line, cells, device: { id, model, signer, grade, ...(label === '' ? {} : { label }) }, problem: null };
}

function readKey(text: string): Uint8Array | null {
  for (const parse of [(hex: string) => parseHex(hex.toLowerCase(), KEY_SIZE), parseBase64]) {
    try {
      const key = parse(text);
      return key.length === KEY_SIZE && checkEd25519PublicKey(key) ? key : null;
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
    }
  }
  return null;
}

/** True for 64 hex digits. */
export function isId(text: string): boolean {
  return new RegExp(`^[0-9a-f]{${2 * ID_SIZE}}$`).test(text);
}
