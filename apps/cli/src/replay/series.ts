/** The values of a file, series by series: what the survey counts and the sender sends are the same, decided here. */

import { usageFailure } from '../failure.ts';
import { type CsvRecord, type Issue, readCsv } from './csv-records.ts';
import { type Mapping, type MappingOptions, makeMapping } from './mapping.ts';

/** One value of one series. `sensor`: its name within the device. */
export type SeriesValue = {
  readonly series: string;
  readonly sensor: string;
  readonly unit: string | null;
  readonly value: number;
};
export type SeriesRow = { readonly line: number; readonly timeMs: number; readonly values: readonly SeriesValue[] };

/** Part of the file to read. */
export type Window = { readonly fromMs: number | null; readonly toMs: number | null; readonly rowCountMax: number | null };

/** Records looked at before anything is guessed. */
const SAMPLE_COUNT = 2_000;
/** Series are devices: more than this in one file is a mistake in the mapping. */
export const SERIES_COUNT_MAX = 10_000;

/** Reads the header and the first records and completes the mapping. Throws exit code 2. */
export async function openMapping(file: string, options: MappingOptions): Promise<Mapping> {
  const records = readCsv(file, options.delimiter ?? null, () => undefined);
  const header = await records.next();
  if (header.done === true) throw usageFailure(`${file} is empty`);
  const sample: CsvRecord[] = [];
  for await (const record of records) {
    sample.push(record);
    if (sample.length >= SAMPLE_COUNT) break;
  }
  if (sample.length === 0) throw usageFailure(`${file} has no record after its header`);
  return makeMapping(header.value.cells, sample, options);
}

/**
 * The rows of a file in their order. Left out and told as issues: what is no CSV, rows of another width, times that cannot be read,
 * cells that are no numbers, and a time that a series had already.
 */
export async function* readSeries(
  file: string,
  mapping: Mapping,
  delimiter: string | null,
  window: Window,
  onIssue: (issue: Issue) => void,
): AsyncGenerator<SeriesRow> {
  const seen = new SeenTimes();
  let index = -1;
  let count = 0;
  for await (const { line, cells } of readCsv(file, delimiter, onIssue)) {
    index++;
    if (index === 0) continue;
    if (cells.length !== mapping.columns.length) {
      onIssue({ line, what: `has ${cells.length} cells, the header has ${mapping.columns.length}` });
      continue;
    }
    const timeMs = mapping.timeOf(cells, index - 1);
    if (timeMs === null) {
      onIssue({ line, what: 'has no readable time' });
      continue;
    }
    if ((window.fromMs !== null && timeMs < window.fromMs) || (window.toMs !== null && timeMs >= window.toMs)) continue;
    const series = mapping.seriesIndex === null ? '' : (cells[mapping.seriesIndex] as string);
    if (!seen.add(series, timeMs)) {
      onIssue({ line, what: `repeats the time of an earlier row${series === '' ? '' : ` of ${series}`}` });
      continue;
    }
    if (window.rowCountMax !== null && count >= window.rowCountMax) return;
    count++;
    const values = readValues(cells, mapping, line, onIssue);
    if (values.length > 0) yield { line, timeMs, values };
  }
}

function readValues(cells: readonly string[], mapping: Mapping, line: number, onIssue: (issue: Issue) => void): SeriesValue[] {
  const named = mapping.seriesIndex === null ? null : (cells[mapping.seriesIndex] as string);
  if (named === '') {
    onIssue({ line, what: 'names no series' });
    return [];
  }
  const values: SeriesValue[] = [];
  for (const { index, name, unit } of mapping.values) {
    const cell = cells[index] as string;
    if (mapping.isMissing(cell)) continue;
    const value = mapping.numberOf(cell);
    if (value === null) {
      onIssue({ line, what: `column ${name} holds ${JSON.stringify(cell.slice(0, 40))}, which is no number` });
      continue;
    }
    const isWide = mapping.format === 'wide';
    values.push({ series: isWide ? name : (named ?? ''), sensor: isWide ? mapping.sensor : sensorName(name), unit, value });
  }
  return values;
}

/** A column's heading as a SenML name (RFC 8428 §4.5.1). */
function sensorName(heading: string): string {
  const name = heading.replaceAll(/[^A-Za-z0-9\-:./_]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return name === '' ? 'value' : name;
}

/** Which times each series had. Times mostly ascend, so only those that do not are looked up among the last ones. */
class SeenTimes {
  readonly #latest = new Map<string, number>();
  readonly #all = new Map<string, Set<number>>();

  /** False when the series had this time already. */
  add(series: string, timeMs: number): boolean {
    const latest = this.#latest.get(series);
    const times = this.#timesOf(series);
    if (latest !== undefined && timeMs <= latest && times.has(timeMs)) return false;
    if (latest === undefined || timeMs > latest) this.#latest.set(series, timeMs);
    times.add(timeMs);
    // Far enough back nobody looks: the oldest leave, in the order in which they came.
    if (times.size > SEEN_COUNT_MAX) times.delete(times.values().next().value as number);
    return true;
  }

  #timesOf(series: string): Set<number> {
    const known = this.#all.get(series);
    if (known !== undefined) return known;
    const fresh = new Set<number>();
    this.#all.set(series, fresh);
    return fresh;
  }
}

const SEEN_COUNT_MAX = 4_096;
