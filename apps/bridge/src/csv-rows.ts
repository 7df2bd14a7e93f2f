/** From a line of a CSV file to the values of a device, by the header and the settings. */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { formatError } from '@oppidum/formats/errors';
import { parse } from 'csv-parse/sync';
import type { CsvSettings } from './csv-settings.ts';
import { makeValue } from './values.ts';

/** `timeMs` is null where the file tells no time. */
export type CsvRow = { readonly device: string; readonly timeMs: number | null; readonly values: readonly SensorValue[] };

/** RFC 3339 with an offset: a local time alone is two times in autumn. */
const TIME_FORM = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;
const NUMBER_FORM = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** Reads lines under one header. Throws CSV_COLUMN_MISSING for a header without a declared column. */
export function csvReader(headerLine: string, settings: CsvSettings): (line: string) => CsvRow {
  const header = readCells(headerLine, settings);
  const columnOf = (name: string): number => {
    const index = header.indexOf(name);
    if (index < 0) throw formatError('CSV_COLUMN_MISSING', { column: name, columns: header.join(' ').slice(0, 200) });
    return index;
  };
  const deviceAt = settings.deviceColumn === undefined ? null : columnOf(settings.deviceColumn);
  const timeAt = settings.time === undefined ? null : columnOf(settings.time.column);
  const columns = settings.columns.map((column) => ({ ...column, at: columnOf(column.column) }));
  const names = new Set(settings.devices.map(({ name }) => name));
  const [only] = names;
  return (line) => {
    const cells = readCells(line, settings);
    if (cells.length !== header.length)
      throw formatError('CSV_ROW_INVALID', { want: `${header.length} cells`, got: cells.length });
    const device = deviceAt === null ? (only as string) : (cells[deviceAt] as string);
    if (!names.has(device)) throw formatError('CSV_ROW_INVALID', { want: 'a device of the settings' });
    const timeMs = timeAt === null ? null : readTime(cells[timeAt] as string);
    const filled = columns.filter((column) => cells[column.at] !== '');
    const values = filled.map((column) => {
      const value = makeValue(column, readCell(cells[column.at] as string));
      if (value === null)
        throw formatError('CSV_ROW_INVALID', { want: 'a number, or a short text where there is no unit', at: column.column });
      return value;
    });
    return { device, timeMs, values };
  };
}

function readCells(line: string, { delimiter = ',' }: CsvSettings): readonly string[] {
  try {
    const rows = parse(line, { delimiter, bom: true, trim: true, relax_column_count: true }) as string[][];
    if (rows.length === 1 && rows[0] !== undefined) return rows[0];
  } catch {
    // Told below, as every other line that is none.
  }
  throw formatError('CSV_ROW_INVALID', { want: 'one record of CSV' });
}

/** One that is no number is a text. */
function readCell(cell: string): number | string {
  return NUMBER_FORM.test(cell) ? Number(cell) : cell;
}

function readTime(cell: string): number {
  const timeMs = TIME_FORM.test(cell) ? Date.parse(cell.replace(' ', 'T')) : Number.NaN;
  if (!Number.isFinite(timeMs)) throw formatError('CSV_ROW_INVALID', { want: 'a time with its offset, as 2026-11-25T10:00:00Z' });
  return timeMs;
}
