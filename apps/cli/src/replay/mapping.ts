/**
 * Which cells of a file are times and values, of which series and in which unit. Said by flags, by a YAML file (flags win), and for the
 * rest guessed from the first records; what is guessed is told.
 */

import { parse as parseYaml } from 'yaml';
import { usageFailure } from '../failure.ts';
import type { CsvRecord } from './csv-records.ts';
import { readDuration, resolutionOf, TIME_FORMATS, type TimeReader, timeReader } from './time-text.ts';

/** What the caller says; everything may be left out. */
export type MappingOptions = {
  readonly time?: string;
  readonly timeFormat?: string;
  readonly zone?: string;
  readonly start?: string;
  readonly step?: string;
  readonly format?: string;
  readonly series?: string;
  readonly value?: readonly string[];
  readonly skip?: readonly string[];
  readonly sensor?: string;
  readonly unit?: readonly string[];
  readonly missing?: readonly string[];
  readonly delimiter?: string;
  readonly decimal?: string;
};

/** A column of values: wide files have one for each series, long files one for each sensor of a series. */
type ValueColumn = { readonly index: number; readonly name: string; readonly unit: string | null };

export type Mapping = {
  readonly columns: readonly string[];
  readonly timeFormat: string;
  /** The time of a record by its cells and its number, from 0. */
  readonly timeOf: (cells: readonly string[], index: number) => number | null;
  readonly timeColumn: string | null;
  /** How finely the file tells the time; every reading says so. */
  readonly resolutionMs: number;
  readonly format: 'wide' | 'long';
  readonly seriesIndex: number | null;
  readonly values: readonly ValueColumn[];
  readonly sensor: string;
  readonly isMissing: (cell: string) => boolean;
  readonly numberOf: NumberReader;
};

/** The number in a cell, or null. */
type NumberReader = (cell: string) => number | null;

const KEYS: readonly (keyof MappingOptions)[] = [
  'time',
  'timeFormat',
  'zone',
  'start',
  'step',
  'format',
  'series',
  'value',
  'skip',
  'sensor',
  'unit',
  'missing',
  'delimiter',
  'decimal',
];
const LISTS: ReadonlySet<string> = new Set(['value', 'skip', 'unit', 'missing']);
const ALWAYS_MISSING: ReadonlySet<string> = new Set(['', 'nan', 'na', 'n/a', 'null', 'none', '-']);
const NUMBER_FORM = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** A mapping from YAML, overridden by flags. Throws exit code 2 for a key nobody knows or a value of the wrong kind. */
export function readMappingFile(text: string, flags: MappingOptions): MappingOptions {
  const document = parseYaml(text) as unknown;
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw usageFailure('The mapping file is no YAML map');
  const found: Record<string, string | string[]> = {};
  for (const [key, value] of Object.entries(document)) {
    const name = KEYS.find((known) => known === key);
    if (name === undefined) throw usageFailure(`The mapping file has the unknown key ${key}`, `Known keys: ${KEYS.join(', ')}`);
    found[name] = LISTS.has(name) ? listOf(name, value) : textOf(name, value);
  }
  return { ...(found as MappingOptions), ...flags };
}

function textOf(key: string, value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  throw usageFailure(`The key ${key} of the mapping file takes one text`);
}

function listOf(key: string, value: unknown): string[] {
  if (key === 'unit' && typeof value === 'object' && value !== null && !Array.isArray(value))
    return Object.entries(value).map(([column, unit]) => `${column}=${textOf(key, unit)}`);
  return (Array.isArray(value) ? value : [value]).map((entry) => textOf(key, entry));
}

function readNumber(cell: string): number | null {
  return NUMBER_FORM.test(cell) && Number.isFinite(Number(cell)) ? Number(cell) : null;
}

const readCommaNumber: NumberReader = (cell) => (cell.includes('.') ? null : readNumber(cell.replace(',', '.')));

function numberReader(decimal: string): NumberReader {
  if (decimal !== '.' && decimal !== ',') throw usageFailure(`--decimal is a point or a comma, not ${decimal}`);
  return decimal === ',' ? readCommaNumber : readNumber;
}

/** Completes a mapping from the header and the first records of the file. Throws exit code 2 where a guess would be a gamble. */
export function makeMapping(header: readonly string[], sample: readonly CsvRecord[], options: MappingOptions): Mapping {
  const numberOf = numberReader(options.decimal ?? '.');
  const isMissing = missingReader(options.missing ?? [], numberOf);
  const column = (name: string): number => columnOf(header, name);
  const time = findTime(header, sample, options);
  const seriesIndex = options.series === undefined ? null : column(options.series);
  const format = checkFormat(options.format, seriesIndex);
  const taken = new Set([time.index, seriesIndex, ...(options.skip ?? []).map(column)]);
  const indexes =
    options.value === undefined
      ? header.map((_, i) => i).filter((i) => !taken.has(i) && isNumeric(sample, i, isMissing, numberOf))
      : options.value.map(column);
  if (indexes.length === 0) {
    const hasCommas = header.some((_, i) => !taken.has(i) && isNumeric(sample, i, isMissing, readCommaNumber));
    if (hasCommas) throw usageFailure('The numbers here are written with a comma', 'Say so with --decimal ","');
    throw usageFailure('No column holds numbers', 'Name the columns of values with --value COLUMN');
  }
  const unitOf = unitReader(header, options.unit ?? []);
  return {
    columns: header,
    timeFormat: time.format,
    timeOf: time.read,
    timeColumn: time.index === null ? null : (header[time.index] as string),
    resolutionMs: time.resolutionMs,
    format,
    seriesIndex,
    values: indexes.map((index) => ({ index, name: header[index] as string, unit: unitOf(header[index] as string) })),
    sensor: options.sensor ?? 'value',
    isMissing,
    numberOf,
  };
}

function columnOf(header: readonly string[], name: string): number {
  const index = header.indexOf(name);
  if (index >= 0) return index;
  // Some files leave the first heading empty: a number counts columns from 1.
  const number = Number(name);
  if (Number.isInteger(number) && number >= 1 && number <= header.length) return number - 1;
  const known = header.slice(0, 12).join(', ');
  throw usageFailure(`There is no column ${name}`, `The columns are ${known}${header.length > 12 ? ', …' : ''}`);
}

function checkFormat(format: string | undefined, seriesIndex: number | null): 'wide' | 'long' {
  if (format !== undefined && format !== 'wide' && format !== 'long')
    throw usageFailure(`--format is wide (a column for each series) or long (a column that names the series), not ${format}`);
  if (format === 'wide' && seriesIndex !== null) throw usageFailure('--series belongs to --format long');
  return format ?? (seriesIndex === null ? 'wide' : 'long');
}

type Time = {
  readonly index: number | null;
  readonly resolutionMs: number;
  readonly format: string;
  readonly read: (cells: readonly string[], index: number) => number | null;
};

function findTime(header: readonly string[], sample: readonly CsvRecord[], options: MappingOptions): Time {
  const zone = options.zone ?? 'UTC';
  if (options.start !== undefined || options.step !== undefined) return countedTime(options, zone);
  const indexes = options.time === undefined ? header.map((_, i) => i) : [columnOf(header, options.time)];
  for (const index of indexes) {
    const format = options.timeFormat ?? guessFormat(sample, index, zone);
    if (format === null) continue;
    const read = timeReader(format, zone);
    if (options.time === undefined && !fits(sample, index, read)) continue;
    const texts = sample.map(({ cells }) => cells[index] ?? '').filter((text) => read(text) !== null);
    return { index, format, resolutionMs: resolutionOf(format, texts), read: (cells) => read(cells[index] ?? '') };
  }
  const name =
    options.time === undefined ? 'No column looks like a time' : `The times in ${options.time} have no form known here`;
  throw usageFailure(
    name,
    'Name it with --time COLUMN and --time-format PATTERN, or, where the file has none, give --start TIME and --step 5m',
  );
}

function countedTime({ start, step }: MappingOptions, zone: string): Time {
  const startMs = start === undefined ? null : timeReader('iso', zone)(start);
  if (startMs === null || step === undefined)
    throw usageFailure('A file without times needs --start TIME (as 2012-03-01T00:00:00) and --step DURATION (as 5m)');
  const stepMs = readDuration(step);
  return { index: null, resolutionMs: stepMs, format: `${start} + ${step} each`, read: (_, index) => startMs + index * stepMs };
}

/** The one format in which all times of the sample can be read; null when there is none. Throws exit code 2 when day and month are unclear. */
function guessFormat(sample: readonly CsvRecord[], index: number, zone: string): string | null {
  const fitting = TIME_FORMATS.filter((format) => fits(sample, index, timeReader(format, zone)));
  const [first, ...others] = fitting;
  const rival = others.find((format) => first?.startsWith('DD/MM') === true && format.startsWith('MM/DD'));
  if (rival !== undefined) throw usageFailure(`The times may be ${first} or ${rival}`, 'Say which with --time-format');
  return first ?? null;
}

/** True when nearly all records have such a time: bad rows are reported, they do not hide the format. */
function fits(sample: readonly CsvRecord[], index: number, read: TimeReader): boolean {
  const good = sample.filter(({ cells }) => read(cells[index] ?? '') !== null).length;
  return good > 0 && good >= 0.9 * sample.length;
}

function isNumeric(
  sample: readonly CsvRecord[],
  index: number,
  isMissing: (cell: string) => boolean,
  numberOf: NumberReader,
): boolean {
  const present = sample.map(({ cells }) => cells[index] ?? '').filter((cell) => !isMissing(cell));
  return present.length > 0 && present.filter((cell) => numberOf(cell) !== null).length >= 0.9 * present.length;
}

function missingReader(texts: readonly string[], numberOf: NumberReader): (cell: string) => boolean {
  const numbers = new Set(texts.map(numberOf).filter((number) => number !== null));
  const words = new Set([...ALWAYS_MISSING, ...texts.map((text) => text.toLowerCase())]);
  return (cell) => {
    if (words.has(cell.toLowerCase())) return true;
    const number = numbers.size === 0 ? null : numberOf(cell);
    return number !== null && numbers.has(number);
  };
}

/** `U` for all columns, `COLUMN=U` for one. */
function unitReader(header: readonly string[], units: readonly string[]): (name: string) => string | null {
  let all: string | null = null;
  const own = new Map<string, string>();
  for (const unit of units) {
    const at = unit.lastIndexOf('=');
    if (at < 1) all = unit;
    else own.set(header[columnOf(header, unit.slice(0, at))] as string, unit.slice(at + 1));
  }
  return (name) => own.get(name) ?? all;
}
