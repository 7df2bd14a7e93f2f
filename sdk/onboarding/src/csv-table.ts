/**
 * A CSV file as people really send them (RFC 4180 and its cousins): with or without a mark of its encoding, commas or semicolons, cells in
 * quotes. The same in Node and in a browser; a file is read whole, for whoever has it has all of it.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { parse } from 'csv-parse/browser/esm/sync';

export type CsvRow = { readonly line: number; readonly cells: readonly string[] };

/** Lines that cannot be read. `quote`: one is opened there and never closed, so nothing behind it was read. */
export type UnreadLine = { readonly line: number; readonly kind: 'quote' | 'unreadable' };

export type CsvTable = {
  readonly delimiter: string;
  readonly header: readonly string[];
  /** Without the header, in the order of the file. */
  readonly rows: readonly CsvRow[];
  readonly unread: readonly UnreadLine[];
};

/** Which a file may use, the likeliest first. */
export const DELIMITERS = [',', ';', '\t', '|'] as const;

const FILE_SIZE_MAX = 32 * 1024 * 1024;
const ROW_COUNT_MAX = 100_000;
/** Rows that are too short are filled up to the width of the header when they are written back. */
const COLUMN_COUNT_MAX = 256;
/** How any file is read: what one record has wrong spoils no other. */
export const CSV_FORM = {
  info: true,
  relax_column_count: true,
  // A stray quote must not swallow the rest of the file: its cell is then judged like any other.
  relax_quotes: true,
  skip_empty_lines: true,
  skip_records_with_error: true,
  /** One record of a file cannot be larger. */
  max_record_size: 1024 * 1024,
} as const;

/** Marks of an encoding at the beginning of a file (RFC 3629 §6, RFC 2781 §3.2). */
const MARKS: readonly (readonly [encoding: string, mark: readonly number[]])[] = [
  ['utf-8', [0xef, 0xbb, 0xbf]],
  ['utf-16le', [0xff, 0xfe]],
  ['utf-16be', [0xfe, 0xff]],
];

/** What spreadsheets take for the beginning of a formula (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/**
 * Reads a file. `delimiter` null: whichever stands most often in the first line.
 * Throws CSV_INVALID for bytes that are no text, a file without a header or with too many rows or columns; TOO_LARGE.
 */
export function readCsvTable(file: Bytes, delimiter: string | null = null): CsvTable {
  if (file.length > FILE_SIZE_MAX) throw formatError('TOO_LARGE', { size: file.length, sizeMax: FILE_SIZE_MAX });
  const text = decodeText(file);
  const used = delimiter ?? guessDelimiter(text);
  const { rows, unread } = parseRows(text, used);
  const [header, ...others] = rows;
  if (header === undefined) throw formatError('CSV_INVALID', { want: 'a header' });
  return { delimiter: used, header: header.cells, rows: others, unread };
}

/** The text of a file. Throws CSV_INVALID where it is neither UTF-8 nor marked as UTF-16: guessing would spoil names. */
function decodeText(file: Bytes): string {
  const [encoding, mark] = MARKS.find(([, bytes]) => bytes.every((byte, i) => file[i] === byte)) ?? ['utf-8', []];
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(file.subarray(mark.length));
  } catch {
    throw formatError('CSV_INVALID', { want: 'UTF-8' });
  }
}

/** Whichever delimiter stands most often in the first line. */
export function guessDelimiter(text: string): string {
  const first = /[^\r\n]+/.exec(text)?.[0] ?? '';
  const counts = DELIMITERS.map((delimiter) => first.split(delimiter).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))] as string;
}

function parseRows(
  text: string,
  delimiter: string,
): { readonly rows: readonly CsvRow[]; readonly unread: readonly UnreadLine[] } {
  const unread: UnreadLine[] = [];
  const rows: CsvRow[] = [];
  parse(text, {
    delimiter,
    ...CSV_FORM,
    on_skip: (error) => {
      const { code, lines = 0 } = (error ?? {}) as { readonly code?: string; readonly lines?: number };
      unread.push({ line: lines, kind: code === 'CSV_QUOTE_NOT_CLOSED' ? 'quote' : 'unreadable' });
      return undefined;
    },
    // Kept as they come, and ended at the first too many: a file of nothing but lines has millions.
    on_record: (parsed: unknown) => {
      const { record, info } = parsed as { readonly record: readonly string[]; readonly info: { readonly lines: number } };
      addRow(rows, { line: info.lines, cells: record.map(plainCell) });
      return null;
    },
  });
  return { rows, unread };
}

/** Throws CSV_INVALID. */
function addRow(rows: CsvRow[], row: CsvRow): void {
  // Cells of spaces alone, as spreadsheets leave them below a table, are no row.
  if (row.cells.every((cell) => cell === '')) return;
  if (rows.length > ROW_COUNT_MAX) throw formatError('CSV_INVALID', { want: 'fewer rows', countMax: ROW_COUNT_MAX });
  if (rows.length === 0 && row.cells.length > COLUMN_COUNT_MAX)
    throw formatError('CSV_INVALID', { want: 'fewer columns', countMax: COLUMN_COUNT_MAX });
  rows.push(row);
}

/** Without the spaces around it, and without the apostrophe by which `writeCsv` keeps a spreadsheet from computing it. */
function plainCell(cell: string): string {
  const text = cell.trim();
  return text.startsWith("'") && FORMULA.test(text.slice(1)) ? text.slice(1) : text;
}

/** The file of these rows, to be opened in a spreadsheet, mended and read again; what would be a formula there is not one here. */
export function writeCsv(rows: readonly (readonly string[])[], delimiter: string): string {
  return rows.map((cells) => `${cells.map((cell) => writeCell(cell, delimiter)).join(delimiter)}\r\n`).join('');
}

/** RFC 4180 §2. */
function writeCell(cell: string, delimiter: string): string {
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /["\r\n]/.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}
