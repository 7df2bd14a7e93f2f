/** What a file holds, before anything is sent: its series, how many values, what is left out and where time jumps. */

import { usageFailure } from '../failure.ts';
import type { Issue } from './csv-records.ts';
import type { Mapping } from './mapping.ts';
import { readSeries, SERIES_COUNT_MAX, type Window } from './series.ts';

/** A stretch without values. `line`: where it ends. */
export type Gap = { readonly series: string; readonly line: number; readonly fromMs: number; readonly toMs: number };

export type Survey = {
  /** Values of each series, in the order in which the series appear. */
  readonly series: ReadonlyMap<string, number>;
  readonly valueCount: number;
  readonly rowCount: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** The first issues, and how many there are. */
  readonly issues: readonly Issue[];
  readonly issueCount: number;
  /** Typical step between values of one series. */
  readonly stepMs: number | null;
  /** The longest gaps, and how many there are. */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
};

const ISSUES_KEPT = 20;
const GAPS_KEPT = 5;
/** Longer than this many steps is a gap. */
const GAP_STEPS = 1.5;
/** Steps from which the typical one is taken. */
const STEP_SAMPLE_COUNT = 10_000;

/** Reads the whole file once. Throws exit code 2 when it holds no value, or more series than any city has devices of one kind. */
export async function surveyFile(file: string, mapping: Mapping, delimiter: string | null, window: Window): Promise<Survey> {
  const issues: Issue[] = [];
  let issueCount = 0;
  const onIssue = (issue: Issue): void => {
    issueCount++;
    if (issues.length < ISSUES_KEPT) issues.push(issue);
  };
  const series = new Map<string, number>();
  const pauses = new Pauses();
  let [rowCount, valueCount] = [0, 0];
  let [firstMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for await (const { line, timeMs, values } of readSeries(file, mapping, delimiter, window, onIssue)) {
    rowCount++;
    valueCount += values.length;
    firstMs = Math.min(firstMs, timeMs);
    lastMs = Math.max(lastMs, timeMs);
    for (const { series: name } of values) {
      series.set(name, (series.get(name) ?? 0) + 1);
      pauses.add(name, line, timeMs);
    }
    if (series.size > SERIES_COUNT_MAX) throw usageFailure(`More than ${SERIES_COUNT_MAX} series: is --series the right column?`);
  }
  if (valueCount === 0) {
    const [first] = issues;
    const why =
      first === undefined ? '' : `: line ${first.line} ${first.what}${issueCount > 1 ? `, and ${issueCount - 1} more` : ''}`;
    throw usageFailure(`Nothing in this file can be sent${why}`, 'Check --time, --value, --decimal, --from and --to');
  }
  return { series, valueCount, rowCount, firstMs, lastMs, issues, issueCount, ...pauses.gaps() };
}

/** Finds the typical step in the first ones, then the gaps. */
class Pauses {
  readonly #last = new Map<string, number>();
  #steps: Gap[] = [];
  #stepMs: number | null = null;
  #gapCount = 0;
  #longest: Gap[] = [];

  add(series: string, line: number, timeMs: number): void {
    const last = this.#last.get(series);
    this.#last.set(series, timeMs);
    if (last === undefined || timeMs <= last) return;
    const gap = { series, line, fromMs: last, toMs: timeMs };
    if (this.#stepMs !== null) this.#judge(gap, this.#stepMs);
    else if (this.#steps.push(gap) >= STEP_SAMPLE_COUNT) this.#settle();
  }

  /** The typical step is the median of the first ones. */
  #settle(): void {
    const sorted = this.#steps.map(lengthOf).sort((a, b) => a - b);
    const stepMs = sorted[Math.floor(sorted.length / 2)];
    if (stepMs === undefined) return;
    this.#stepMs = stepMs;
    for (const step of this.#steps) this.#judge(step, stepMs);
    this.#steps = [];
  }

  #judge(gap: Gap, stepMs: number): void {
    if (lengthOf(gap) <= GAP_STEPS * stepMs) return;
    this.#gapCount++;
    this.#longest = [...this.#longest, gap].sort((a, b) => lengthOf(b) - lengthOf(a)).slice(0, GAPS_KEPT);
  }

  gaps(): { readonly stepMs: number | null; readonly gaps: readonly Gap[]; readonly gapCount: number } {
    if (this.#stepMs === null) this.#settle();
    return { stepMs: this.#stepMs, gaps: this.#longest, gapCount: this.#gapCount };
  }
}

function lengthOf({ fromMs, toMs }: Gap): number {
  return toMs - fromMs;
}
