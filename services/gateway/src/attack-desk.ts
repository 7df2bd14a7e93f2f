/**
 * The attack desk of a demo city: one run at a time of the program that carries out attacks, which founds a city of its own for them and
 * removes it. The program is handed in by whoever starts the city, for nothing here may know it. It is told nothing of this city: neither
 * its folder nor an address nor a setting. What it leaves lies below `demo/attacks` and goes when a run ends, and at every start and stop.
 */

import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { Logger } from 'pino';
import { z } from 'zod';
import { type AttackDeskJson, type AttackExhibitJson, type AttackJson, type AttackRequestJson, attack } from './api/attacks.ts';
import { askToEnd, startProgram } from './desk-program.ts';

/** `program`: its entry point, which understands `attack list` and `attack run` with `--json`. */
export type AttackDeskOptions = { readonly data: string; readonly program: string; readonly logger: Logger };

/** What `attack list --json` says. */
const listed = z.object({ attacks: z.array(attack.omit({ name: true }).extend({ attack: attack.shape.name })).max(256) });
/** A line of `attack run --json`. */
const carriedOut = z.object({
  attack: z.string(),
  ending: z.enum(['prevented', 'detected', 'succeeded']),
  by: z.string(),
  rule: z.string().nullable(),
  saw: z.string(),
  evidence: z.array(z.object({ file: z.string().nullable(), verdict: z.string() })).max(64),
});
type CarriedOut = z.infer<typeof carriedOut>;
/** What it says by its channel before each. */
const begun = z.object({ began: z.string() });
/** The last line of standard error where it failed. */
const failure = z.object({ error: z.object({ message: z.string() }) });

/** Longer than all of them need on a busy machine. */
const RUN_MS_MAX = 10 * 60_000;
/** Of one file, and of all that are kept of a run. */
const FILE_SIZE_MAX = 2 ** 20;
const FILES_SIZE_MAX = 16 * 2 ** 20;
const POLICY = 'city.policy';
const REASON_LENGTH_MAX = 500;
const REMOVE_COUNT = 5;

type Run = Omit<AttackDeskJson, 'attacks'>;
const RESTED: Run = { state: 'empty', asked: [], running: null, outcomes: [], policy: null, reason: null };

/** The desk of one city. */
export class AttackDesk {
  readonly #options: AttackDeskOptions;
  readonly #folder: string;
  #list: Promise<AttackJson[]> | null = null;
  #run: Run = RESTED;
  #files = new Map<string, Bytes>();
  #child: ChildProcess | null = null;
  /** Counts runs: what a former one says is heard no more. */
  #number = 0;
  /** Settles when nothing is left of the runs before. */
  #removed: Promise<void> = Promise.resolve();

  private constructor(options: AttackDeskOptions) {
    this.#options = options;
    this.#folder = attacksFolder(options.data);
  }

  /** Clears what a former start left. */
  static async open(options: AttackDeskOptions): Promise<AttackDesk> {
    await clearAttacks(options.data);
    return new AttackDesk(options);
  }

  async state(): Promise<AttackDeskJson> {
    return { attacks: await this.#attacks(), ...this.#run };
  }

  /** A file of the last run. */
  file(id: string): Bytes | null {
    return this.#files.get(id) ?? null;
  }

  /** Begins a run in the place of the one before. Throws DESK_BUSY, REQUEST_INVALID. */
  async begin({ attack: name }: AttackRequestJson): Promise<AttackDeskJson> {
    const attacks = await this.#attacks();
    const asked = attacks.map((each) => each.name).filter((each) => name === undefined || each === name);
    if (asked.length === 0) throw formatError('REQUEST_INVALID', { at: '/attack', want: 'the name of an attack' });
    if (this.#run.state === 'working') throw formatError('DESK_BUSY');
    const removed = this.#putAway();
    const number = this.#number;
    this.#run = { ...RESTED, state: 'working', asked };
    removed.then(() => this.#carryOut(number, name)).catch((error: Error) => this.#fail(number, error.message));
    return { attacks, ...this.#run };
  }

  /** Ends what runs and forgets what came of it; resolves when nothing is left. */
  async clear(): Promise<void> {
    const removed = this.#putAway();
    this.#run = RESTED;
    await removed;
  }

  #putAway(): Promise<void> {
    this.#number++;
    this.#files = new Map();
    return this.#remove();
  }

  /** Whoever is asked to end takes its city along; what is left after that goes here. */
  #remove(): Promise<void> {
    const ended = askToEnd(this.#child);
    this.#child = null;
    this.#removed = Promise.allSettled([this.#removed, ended]).then(() => clearAttacks(this.#options.data));
    return this.#removed;
  }

  /** As its program has them; asked once. */
  #attacks(): Promise<AttackJson[]> {
    this.#list ??= this.#ask().catch((error: Error) => {
      this.#list = null;
      throw error;
    });
    return this.#list;
  }

  async #ask(): Promise<AttackJson[]> {
    const lines: string[] = [];
    const words = [this.#options.program, 'attack', 'list', '--json'];
    const { code, complaint } = await startProgram(words, (line) => lines.push(line), ownEnvironment()).ended;
    if (code !== 0) throw new Error(`attacks could not be listed: ${complaint}`);
    const { attacks } = listed.parse(JSON.parse(lines.join('\n')));
    return attacks.map(({ attack: name, tried, ending, by, rule }) => ({ name, tried, ending, by, rule }));
  }

  async #carryOut(number: number, name: string | undefined): Promise<void> {
    if (number !== this.#number) return;
    const out = join(this.#folder, 'files');
    mkdirSync(out, { recursive: true, mode: 0o700 });
    const args = [this.#options.program, 'attack', 'run', ...(name === undefined ? ['--all'] : [name]), '--json', '--out', out];
    let heard: Promise<void> = Promise.resolve();
    const then = (next: () => Promise<void>): void => {
      heard = heard.then(next);
      // Who awaits it below learns of it.
      heard.catch(() => undefined);
    };
    const hear = (line: string): void => then(async () => this.#take(number, out, carriedOut.parse(JSON.parse(line))));
    const { child, ended } = startProgram(args, hear, { ...ownEnvironment(), TMPDIR: this.#folder });
    this.#child = child;
    child.on('message', (message) => then(() => this.#meet(number, out, begun.parse(message).began)));
    const timer = setTimeout(() => this.#fail(number, `it took longer than ${RUN_MS_MAX / 60_000} minutes`), RUN_MS_MAX).unref();
    const { code, complaint } = await ended.finally(() => clearTimeout(timer));
    await heard;
    if (number !== this.#number) return;
    const missing = this.#run.asked.length - this.#run.outcomes.length;
    // 1 is also how a run ends in which an attack succeeded: whether all were carried out, the lines say.
    if (missing > 0) return this.#fail(number, reasonOf(complaint) ?? `it ended with ${code ?? 'a signal'}`);
    await this.#remove();
    if (number === this.#number) this.#run = { ...this.#run, state: 'done', running: null };
  }

  /** From the first attack on there is a city, and its policy. */
  async #meet(number: number, out: string, running: string): Promise<void> {
    if (number !== this.#number) return;
    this.#run = { ...this.#run, running };
    if (this.#run.policy !== null) return;
    const policy = await this.#keep(number, join(out, POLICY));
    if (number === this.#number) this.#run = { ...this.#run, policy };
  }

  async #take(number: number, out: string, { attack: name, ending, by, rule, saw, evidence }: CarriedOut): Promise<void> {
    const exhibits: AttackExhibitJson[] = [];
    for (const { file, verdict } of evidence) {
      const shown = file === null ? '' : basename(file);
      const path = join(out, shown);
      const size = file === null ? 0 : (await stat(path)).size;
      exhibits.push({ name: shown, verdict, file: file === null ? null : await this.#keep(number, path), size });
    }
    if (number !== this.#number) return;
    const outcomes = [...this.#run.outcomes, { attack: name, ending, by, rule, saw, evidence: exhibits }];
    this.#run = { ...this.#run, outcomes };
  }

  /** The digest under which a file can be fetched until the next run; null where it is too large. */
  async #keep(number: number, path: string): Promise<string | null> {
    const kept = [...this.#files.values()].reduce((sum, { length }) => sum + length, 0);
    const { size } = await stat(path);
    if (size > FILE_SIZE_MAX || kept + size > FILES_SIZE_MAX) return null;
    const bytes = new Uint8Array(await readFile(path));
    const id = toHex(new Uint8Array(createHash('sha256').update(bytes).digest()));
    if (number === this.#number) this.#files.set(id, bytes);
    return id;
  }

  #fail(number: number, reason: string): void {
    if (number !== this.#number) return;
    this.#options.logger.error({ reason }, 'a run of the attack desk came to no end; this city is not touched by it');
    this.#number++;
    this.#run = { ...this.#run, state: 'failed', running: null, reason: reason.slice(0, REASON_LENGTH_MAX) };
    this.#remove().catch((error: Error) =>
      this.#options.logger.error({ reason: error.message }, 'a city of attacks was not removed'),
    );
  }
}

/** Removes what a run that was killed left; also a city without a desk does. */
export function clearAttacks(data: string): Promise<void> {
  return rm(attacksFolder(data), { recursive: true, force: true, maxRetries: REMOVE_COUNT });
}

const attacksFolder = (data: string): string => resolve(data, 'demo', 'attacks');

/** Why it failed, in its own sentence; null where it gave none. */
function reasonOf(complaint: string): string | null {
  try {
    return failure.parse(JSON.parse(complaint.split('\n').at(-1) ?? '')).error.message;
  } catch {
    return null;
  }
}

/** Without any setting of this city. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OPPIDUM_')));
}
