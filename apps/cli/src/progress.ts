/**
 * How far a long job is: a bar on a terminal, a line every few seconds otherwise, JSON lines on standard output with --json.
 * Everything but JSON goes to standard error.
 */

import type { Output } from './output.ts';

const BAR_MS = 100;
const LINE_MS = 5_000;
const BAR_WIDTH = 24;
/** Span over which the rate is measured. */
const RATE_MS = 10_000;

type Mark = { readonly timeMs: number; readonly done: number };

/** One job of `total` units; `unit` names them in the plural. */
export class Progress {
  readonly #output: Output;
  readonly #unit: string;
  readonly #total: number;
  readonly #isTerminal: boolean;
  #marks: Mark[] = [];
  #shownMs = 0;
  #isDrawn = false;

  /** `done`: what was there before this run. */
  constructor(output: Output, unit: string, total: number, done = 0) {
    this.#output = output;
    this.#unit = unit;
    this.#total = total;
    this.#isTerminal = process.stderr.isTTY === true && !output.options.json && !output.options.plain;
    this.#marks.push({ timeMs: performance.now(), done });
    this.#shownMs = performance.now();
  }

  /** Says that `done` units are done; shows it when it is time to. */
  set(done: number): void {
    const now = performance.now();
    const everyMs = this.#isTerminal ? BAR_MS : LINE_MS;
    if (now - this.#shownMs < everyMs) return;
    this.#shownMs = now;
    this.#show(done, now);
  }

  /** True once something of it was shown. */
  get wasShown(): boolean {
    return this.#marks.length > 1;
  }

  /** Takes the bar away, so that a line of data can follow. */
  clear(): void {
    if (this.#isDrawn) process.stderr.write('\r\u001b[K');
  }

  /** Shows the last state and ends the line. */
  end(done: number): void {
    this.#show(done, performance.now());
    if (this.#isDrawn) process.stderr.write('\n');
    this.#isDrawn = false;
  }

  /** Writes a note without tearing the bar. */
  note(text: string): void {
    this.clear();
    this.#output.note(text);
  }

  #show(done: number, timeMs: number): void {
    this.#marks.push({ timeMs, done });
    while (this.#marks.length > 2 && timeMs - (this.#marks[1] as Mark).timeMs > RATE_MS) this.#marks.shift();
    const first = this.#marks[0] as Mark;
    const perSecond = timeMs > first.timeMs ? (1_000 * (done - first.done)) / (timeMs - first.timeMs) : 0;
    const leftS = perSecond > 0 ? (this.#total - done) / perSecond : null;
    const { json, quiet } = this.#output.options;
    if (json) {
      const rounded = { perSecond: Math.round(perSecond), etaS: leftS === null ? null : Math.round(leftS) };
      process.stdout.write(`${JSON.stringify({ progress: { unit: this.#unit, done, total: this.#total, ...rounded } })}\n`);
    } else if (this.#isTerminal && !quiet) {
      process.stderr.write(`\r\u001b[K${this.#bar(done)} ${this.#words(done, perSecond, leftS)}`);
      this.#isDrawn = true;
    } else this.#output.note(this.#words(done, perSecond, leftS));
  }

  #bar(done: number): string {
    const filled = this.#total === 0 ? BAR_WIDTH : Math.min(BAR_WIDTH, Math.floor((BAR_WIDTH * done) / this.#total));
    return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`;
  }

  #words(done: number, perSecond: number, leftS: number | null): string {
    const share = this.#total === 0 ? 100 : Math.floor((100 * done) / this.#total);
    const eta = done >= this.#total ? '' : leftS === null ? ', waiting' : `, ${describeDuration(leftS)} left`;
    return `${done}/${this.#total} ${this.#unit} (${share} %), ${Math.round(perSecond)}/s${eta}`;
  }
}

function describeDuration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3_600)} h ${Math.floor((whole % 3_600) / 60)} min`;
}
