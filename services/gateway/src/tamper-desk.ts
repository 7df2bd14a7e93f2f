/**
 * The tamper desk of a demo city: one game at a time, in processes of their own, on a copy of the city below `demo/tamper` of its data
 * folder. The city goes on beside it and nothing of it is written. The copy has the city's keys, so the folder is closed to others, and
 * it goes when it is put back, when the city starts or stops, when something is erased, and when nobody came for it.
 */

import type { ChildProcess } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { lstat, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError, type ErrorCode, type ErrorDetails, formatError } from '@oppidum/formats/errors';
import type { FsckEvent } from '@oppidum/telemetry/fsck/findings';
import type { Logger } from 'pino';
import type { FsckJson, PlayedJson, TamperDeskJson, TamperRequestJson } from './api/tamper.ts';
import { endOf, startProgram } from './desk-program.ts';

export type TamperDeskOptions = { readonly data: string; readonly logger: Logger };

type Refusal = { readonly code: ErrorCode; readonly details: ErrorDetails };
/** A line of `tamper-main.ts`. */
type PlayLine =
  | { readonly stage: NonNullable<TamperDeskJson['stage']> }
  | { readonly played: PlayedJson }
  | { readonly refused: Refusal };

const PLAY = fileURLToPath(import.meta.resolve('@oppidum/telemetry/tamper-main'));
const FSCK = fileURLToPath(import.meta.resolve('@oppidum/telemetry/fsck-main'));
/** Damages that are shown; `damaged` counts all. */
const DAMAGE_COUNT_MAX = 50;
/** Longer than any copy that is allowed needs. */
const PLAY_MS_MAX = 5 * 60_000;
/** A copy that nobody puts back goes after so long. */
const KEEP_MS = 30 * 60_000;

const EMPTY: TamperDeskJson = {
  ...{ state: 'empty', stage: null, progress: null, request: null },
  ...{ refusal: null, folder: null, played: null, fsck: null },
};

/** Where the copy lies in a data folder. */
const deskFolder = (data: string): string => resolve(data, 'demo', 'tamper');

/** Removes what a run that was killed left on its desk; also a city without a desk does, or the copy's keys would lie there for good. */
export function clearDesk(data: string): Promise<void> {
  return removeCopy(deskFolder(data));
}

/** The desk of one city. */
export class TamperDesk {
  readonly #options: TamperDeskOptions;
  readonly #folder: string;
  #state: TamperDeskJson = EMPTY;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Counts games: what is left of a former one says nothing about the next. */
  #game = 0;
  /** Why this game is over. */
  #refusal: Refusal | null = null;
  /** Removals, one after the other; settles when nothing is left of the games before. */
  #removed: Promise<void> = Promise.resolve();

  private constructor(options: TamperDeskOptions) {
    this.#options = options;
    this.#folder = deskFolder(options.data);
  }

  /** Clears what a former run left. */
  static async open(options: TamperDeskOptions): Promise<TamperDesk> {
    await clearDesk(options.data);
    return new TamperDesk(options);
  }

  state(): TamperDeskJson {
    return this.#state;
  }

  /** Begins a game in the place of the one before. Throws DESK_BUSY. */
  begin(request: TamperRequestJson): TamperDeskJson {
    if (this.#state.state === 'working') throw formatError('DESK_BUSY');
    const removed = this.#putAway();
    const game = this.#game;
    this.#state = { ...EMPTY, state: 'working', stage: 'copy', request };
    this.#timer = setTimeout(() => this.#fail(game, 'it took too long'), PLAY_MS_MAX).unref();
    removed.then(() => this.#play(game, request)).catch((error: Error) => this.#fail(game, error.message));
    return this.#state;
  }

  /** Puts everything back: ends what runs and removes the copy. Resolves when it is gone. */
  async clear(): Promise<TamperDeskJson> {
    const removed = this.#putAway();
    this.#state = EMPTY;
    await removed;
    return EMPTY;
  }

  /** From now on no game is played; resolves when nothing is left of the one that was. */
  #putAway(): Promise<void> {
    this.#game++;
    this.#refusal = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    return this.#remove();
  }

  /** Ends what runs, and only then removes the copy: whoever still writes would leave some of it. */
  #remove(): Promise<void> {
    const ended = endOf(this.#child);
    this.#child = null;
    this.#removed = Promise.allSettled([this.#removed, ended]).then(() => removeCopy(this.#folder));
    return this.#removed;
  }

  async #play(game: number, { reading, what, depth, value }: TamperRequestJson): Promise<void> {
    if (game !== this.#game) return;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const { data } = this.#options;
    const args = ['--data', data, '--desk', this.#folder, '--reading', reading, '--what', what, '--depth', depth];
    // With `=`, for a number below zero is no flag.
    const flags = value === undefined ? args : [...args, `--value=${value}`];
    await this.#run(game, [PLAY, ...flags], (line: PlayLine) => {
      if ('stage' in line) this.#say({ stage: line.stage });
      else if ('played' in line) this.#say({ played: line.played, stage: 'fsck', folder: join(this.#folder, 'city') });
      else this.#refusal = line.refused;
    });
    if (game !== this.#game) return;
    if (this.#refusal !== null) return this.#refuse(game, this.#refusal);
    if (this.#state.played === null) return this.#fail(game, 'the game ended without a word');
    const fsck = { damages: [], checked: {}, damaged: 0, skipped: 0 };
    this.#say({ fsck: await this.#check(game, fsck) });
    if (game !== this.#game) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#forget(), KEEP_MS).unref();
    this.#say({ state: 'done', stage: null, progress: null });
  }

  async #check(game: number, found: FsckJson): Promise<FsckJson> {
    const damages = [...found.damages];
    let result = found;
    let hasSummary = false;
    await this.#run(game, [FSCK, '--data', join(this.#folder, 'city')], (event: FsckEvent) => {
      if ('stage' in event) this.#say({ progress: { name: event.stage.name, total: event.stage.total, done: 0 } });
      else if ('done' in event && this.#state.progress !== null)
        this.#say({ progress: { ...this.#state.progress, done: event.done } });
      else if ('damage' in event && damages.length < DAMAGE_COUNT_MAX) damages.push(event.damage);
      else if ('summary' in event) {
        const { checked, damaged, skipped } = event.summary;
        result = { damages, checked: { ...checked }, damaged, skipped };
        hasSummary = true;
      }
    });
    if (!hasSummary && game === this.#game) throw new Error('fsck did not come to its end');
    return result;
  }

  /** Runs a program of ours to its end; `hear` gets each line of JSON while the game is the one that is played. */
  async #run<T>(game: number, args: readonly string[], hear: (line: T) => void): Promise<void> {
    const { child, ended } = startProgram(args, (line) => {
      if (game === this.#game) hear(JSON.parse(line) as T);
    });
    this.#child = child;
    const { code, complaint } = await ended;
    // 3: fsck found damage, which is what it was asked for.
    if (code !== 0 && code !== 3 && game === this.#game && this.#refusal === null)
      throw new Error(`a process of the tamper desk ended with ${code ?? 'a signal'}: ${complaint}`);
  }

  #say(news: Partial<TamperDeskJson>): void {
    this.#state = { ...this.#state, ...news };
  }

  async #refuse(game: number, refusal: Refusal): Promise<void> {
    this.#refusal = refusal;
    await this.#remove();
    const { code, details } = refusal;
    const why = { code, detail: describeError(code, details) };
    if (game === this.#game) this.#say({ state: 'failed', stage: null, progress: null, refusal: why });
  }

  #fail(game: number, reason: string): void {
    if (game !== this.#game) return;
    this.#options.logger.error({ reason }, 'the tamper desk failed; the city is not touched by it');
    this.#refuse(game, { code: 'INTERNAL_FAULT', details: {} }).catch((error: Error) => this.#complain(error));
  }

  #forget(): void {
    this.clear().catch((error: Error) => this.#complain(error));
  }

  #complain({ message }: Error): void {
    this.#options.logger.error({ reason: message }, 'a copy on the tamper desk, with keys of the city, could not be removed');
  }
}

/** Keys in the copy are written over before they go. A link in its place goes alone: what it names is no copy of ours. */
async function removeCopy(folder: string): Promise<void> {
  const found = await lstat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found === null) return;
  const files = found.isDirectory() ? await readdir(folder, { recursive: true, withFileTypes: true }) : [];
  for (const file of files) {
    if (!file.isFile() || !/\.(seed|key)$/.test(file.name)) continue;
    const path = join(file.parentPath, file.name);
    await writeFile(path, Buffer.alloc((await stat(path)).size), { flag: 'r+' });
  }
  await rm(folder, { recursive: true, force: true });
}
