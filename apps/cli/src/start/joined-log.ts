/**
 * What several processes say, as one log for people: time, name, level, text; without colour and control characters. Structured lines
 * (pino's JSON) become text; what comes again and again is told once a minute.
 */

import { stripVTControlCharacters } from 'node:util';
import { printable } from '../output.ts';

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/** A line as it is told. `isOwn`: of our process, and not of the CometBFT beside it. */
export type LogLine = { readonly level: Level | null; readonly text: string; readonly isOwn: boolean };

/** pino's numbers. */
const LEVELS: Readonly<Record<number, Level>> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'engine']);
const ENGINE_PREFIX = 'cometbft: ';
const REPEAT_MS = 60_000;
/** What was said longer before an end is not its reason. */
const LAST_WORDS_MS = 2_000;
/** Texts remembered for a process; those of a longer story come again. */
const REMEMBERED_MAX = 200;

/** Of a line of a process: what it says. */
export function readLine(line: string): LogLine {
  const text = stripVTControlCharacters(line).trimEnd();
  if (text.startsWith('{')) {
    const structured = readStructured(text);
    if (structured !== null) return structured;
  }
  if (!text.startsWith(ENGINE_PREFIX)) return { level: null, text, isOwn: true };
  const [, level, said = ''] = /^(?:(error|warn|info|debug) )?(.*)$/s.exec(text.slice(ENGINE_PREFIX.length)) ?? [];
  return { level: (level as Level | undefined) ?? null, text: said, isOwn: false };
}

function readStructured(text: string): LogLine | null {
  try {
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { level, msg, engine } = fields;
    if (typeof level !== 'number') return null;
    const facts = Object.entries(fields).flatMap(([name, value]) => (HIDDEN.has(name) ? [] : [`${name}=${plain(value)}`]));
    const said = typeof engine === 'string' ? engine : [plain(msg ?? ''), ...facts].join(' ').trim();
    return { level: LEVELS[level] ?? null, text: said, isOwn: typeof engine !== 'string' };
  } catch {
    return null;
  }
}

/** Of an error what it says; its stack is for whoever asks with `--verbose` and reads the service's own log. */
function plain(value: unknown): string {
  if (typeof value === 'string') return value;
  const message = (value as { readonly message?: unknown } | null)?.message;
  return typeof message === 'string' ? message : JSON.stringify(value);
}

/** Writes the lines of several processes to one place. */
export class JoinedLog {
  readonly #write: (line: string) => void;
  readonly #nowMs: () => number;
  readonly #width: number;
  #isOpen = true;

  /** `names`: of all who will speak, so that what they say stands in one column. */
  constructor(names: readonly string[], write: (line: string) => void, nowMs: () => number = Date.now) {
    this.#write = write;
    this.#nowMs = nowMs;
    this.#width = Math.max(...names.map((name) => name.length)) + ' cometbft'.length;
  }

  /** From now on only what the supervisor itself says: the words of processes that end together say nothing. */
  close(): void {
    this.#isOpen = false;
  }

  /** Where one process speaks. `last`: what it said for itself just now. */
  voice(name: string): {
    readonly say: (line: string) => void;
    readonly note: (text: string) => void;
    readonly last: () => string | null;
  } {
    let last = { text: '', atMs: Number.NEGATIVE_INFINITY };
    const told = new Map<string, { readonly atMs: number; more: number }>();
    const say = (line: string): void => {
      const { level, text, isOwn } = readLine(line);
      if (text === '') return;
      if (isOwn) last = { text, atMs: this.#nowMs() };
      if (!this.#isOpen) return;
      const nowMs = this.#nowMs();
      const before = told.get(text);
      if (before !== undefined && nowMs - before.atMs < REPEAT_MS) {
        before.more += 1;
        return;
      }
      if (told.size >= REMEMBERED_MAX) told.clear();
      told.set(text, { atMs: nowMs, more: 0 });
      const more = before === undefined || before.more === 0 ? '' : ` (and ${before.more} times before)`;
      this.#tell(isOwn ? name : `${name} cometbft`, level ?? '', `${text}${more}`);
    };
    const note = (text: string): void => this.#tell(name, '', text);
    return { say, note, last: () => (this.#nowMs() - last.atMs < LAST_WORDS_MS ? last.text : null) };
  }

  #tell(name: string, level: string, text: string): void {
    const time = new Date(this.#nowMs()).toISOString().slice(11, 23);
    this.#write(`${time} ${name.padEnd(this.#width)} ${level === '' ? '' : `${level}: `}${printable(text)}`);
  }
}
