/**
 * What a check of a data folder finds, told at once, one event after the other: damage with its code, what could not be checked and
 * why, what is odd but harmless, and how far the work is.
 */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, type ErrorCode, FormatError } from '@oppidum/formats/errors';

/** One event; each is one line of JSON on the way to whoever shows it. `file` is relative to the data folder. */
export type FsckEvent =
  | { readonly stage: { readonly name: string; readonly unit: string; readonly total: number } }
  | { readonly done: number }
  | { readonly damage: { readonly code: ErrorCode; readonly file: string; readonly what: string; readonly action: string } }
  | { readonly skip: { readonly what: string; readonly count: number; readonly why: string } }
  | { readonly note: { readonly file: string; readonly what: string } }
  | { readonly summary: FsckSummary };

/** `checked`: how many of each kind were derived again and compared; `damaged` counts also what was too much to tell one by one. */
export type FsckSummary = {
  readonly checked: Readonly<Record<string, number>>;
  readonly damaged: number;
  readonly byCode: Readonly<Record<string, number>>;
  readonly skipped: number;
  readonly notes: number;
};

/** Of one code in one file so many are told; the others only count. */
const TOLD_COUNT_MAX = 100;
/** Progress is told each so many units. */
const STEP_COUNT = 64;

/** Collects the findings of one run. */
export class Findings {
  readonly #emit: (event: FsckEvent) => void;
  readonly #checked = new Map<string, number>();
  readonly #byCode = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #skips = new Map<string, { count: number; readonly what: string; readonly why: string }>();
  #damaged = 0;
  #notes = 0;
  #done = 0;

  constructor(emit: (event: FsckEvent) => void) {
    this.#emit = emit;
  }

  /** Damage found so far. */
  get damaged(): number {
    return this.#damaged;
  }

  /** A file, or a key in it, is not what it must be. */
  damage(code: ErrorCode, file: string, what: string): void {
    this.#damaged++;
    add(this.#byCode, code, 1);
    const told = add(this.#told, `${code} ${file}`, 1);
    if (told > TOLD_COUNT_MAX) return;
    const more = told === TOLD_COUNT_MAX ? ' (more of these are counted, not told)' : '';
    this.#emit({ damage: { code, file, what: `${what}${more}`, action: ERRORS[code].action } });
  }

  /** Something odd that harms nothing. */
  note(file: string, what: string): void {
    this.#notes++;
    if (add(this.#told, `note ${what}`, 1) <= TOLD_COUNT_MAX) this.#emit({ note: { file, what } });
  }

  /** Something that could not be checked; told at the end, counted by reason. */
  skip(what: string, why: string, count = 1): void {
    const key = `${what}: ${why}`;
    const known = this.#skips.get(key);
    if (known === undefined) this.#skips.set(key, { what, why, count });
    else known.count += count;
  }

  /** So many of a kind were compared with what they must be. */
  checked(kind: string, count = 1): void {
    add(this.#checked, kind, count);
  }

  /** Begins a part of the work. */
  stage(name: string, unit: string, total: number): void {
    this.#done = 0;
    this.#emit({ stage: { name, unit, total } });
  }

  /** One more unit of this part is done. */
  advance(): void {
    this.#done++;
    if (this.#done % STEP_COUNT === 0) this.#emit({ done: this.#done });
  }

  /** Ends this part. */
  endStage(): void {
    this.#emit({ done: this.#done });
  }

  /** Tells what was skipped, and the counts of everything. */
  summarize(): FsckSummary {
    let skipped = 0;
    for (const skip of this.#skips.values()) {
      skipped += skip.count;
      this.#emit({ skip });
    }
    const summary = {
      checked: Object.fromEntries(this.#checked),
      damaged: this.#damaged,
      byCode: Object.fromEntries(this.#byCode),
      skipped,
      notes: this.#notes,
    };
    this.#emit({ summary });
    return summary;
  }
}

function add(counts: Map<string, number>, key: string, count: number): number {
  const sum = (counts.get(key) ?? 0) + count;
  counts.set(key, sum);
  return sum;
}

/** What `read` gives, or in words why the bytes mean nothing. Anything but bad bytes is a fault of ours and is thrown. */
export function attempt<T>(read: () => T): { readonly value: T } | { readonly why: string } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof FormatError) return { why: describeError(error.code, error.details) };
    // A decoder of foreign shape: a tuple that is none, a text that is no JSON.
    if (error instanceof TypeError || error instanceof SyntaxError || error instanceof RangeError) return { why: error.message };
    throw error;
  }
}
