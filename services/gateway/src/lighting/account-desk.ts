/**
 * Accounts of cabinets and of lamps for whoever asks. One may cost seconds, more where lamps are set at odds with each other to make it dear,
 * so it is made beside the event loop, one at a time, within a time, and given again for a while. Nobody has more than a share of those that wait.
 */

import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { formatError } from '@oppidum/formats/errors';
import type { LightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { startSideThread } from '@oppidum/node/side-thread';
// Starts nothing here: the thread finds it compiled.
import { ACCOUNT_THREAD, type Accounts, type AccountTasks, type AccountThread } from './account-worker.ts';

/** Lamps of one answer: as many cabinets as have no more, and one in any case. */
const LAMP_COUNT_MAX = 2_048;
const WAITING_COUNT_MAX = 8;
const WAITING_OF_ONE_MAX = 2;
const TIME_MS_MAX = 20_000;
/** So long an account is given again, whoever asks, and so many of them. */
const KEPT_MS = 5_000;
const KEPT_COUNT_MAX = 64;
const WORKER_YOUNG_MB = 4;

/** `by`: the caller, as budgets are counted; `name`: the same for what is the same account. */
export type AccountQuestion<Kind extends keyof AccountTasks> = {
  readonly by: string;
  readonly name: string;
  readonly task: { readonly kind: Kind } & AccountTasks[Kind];
};

type Kept = { untilMs: number; readonly made: Promise<Accounts[keyof Accounts]> };

/** Where the run of cabinets from `first` on ends that one answer holds. */
export function endOfAnswer(
  { cabinets }: Pick<LightingCabinets, 'cabinets'>,
  first: number,
  lampCountMax = LAMP_COUNT_MAX,
): number {
  let lamps = 0;
  let end = first;
  for (const { lamps: hung } of cabinets.slice(first)) {
    lamps += hung.length;
    if (end > first && lamps > lampCountMax) break;
    end++;
  }
  return end;
}

/** The accounts of one gateway. `file`: the read model's. */
export class AccountDesk {
  readonly #file: string;
  readonly #timeMsMax: number;
  readonly #kept = new Map<string, Kept>();
  /** Callers of those that are not made yet. */
  readonly #waiting: string[] = [];
  #queue: Promise<unknown> = Promise.resolve();
  #worker: Worker | null = null;
  #isClosed = false;

  constructor(file: string, timeMsMax = TIME_MS_MAX) {
    this.#file = file;
    this.#timeMsMax = timeMsMax;
  }

  /** Rejects with OVERLOADED where too many wait, also of this caller alone, and where it takes too long. */
  ask<Kind extends keyof AccountTasks>({ by, name, task }: AccountQuestion<Kind>): Promise<Accounts[Kind]> {
    const known = this.#kept.get(name);
    if (known !== undefined && performance.now() < known.untilMs) return known.made as Promise<Accounts[Kind]>;
    const own = this.#waiting.filter((other) => other === by).length;
    if (this.#isClosed || own >= WAITING_OF_ONE_MAX || this.#waiting.length >= WAITING_COUNT_MAX)
      return Promise.reject(formatError('OVERLOADED', { waiting: 'accounts' }));
    this.#waiting.push(by);
    const made = this.#queue.then(() => this.#make(task)) as Promise<Accounts[Kind]>;
    const kept: Kept = { untilMs: Number.POSITIVE_INFINITY, made };
    if (this.#kept.size >= KEPT_COUNT_MAX) this.#dropOld();
    this.#kept.set(name, kept);
    this.#queue = made.then(
      () => {
        kept.untilMs = performance.now() + KEPT_MS;
        this.#leave(by);
      },
      () => {
        this.#kept.delete(name);
        this.#leave(by);
      },
    );
    return made;
  }

  /** Makes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker?.terminate();
  }

  #leave(by: string): void {
    this.#waiting.splice(this.#waiting.indexOf(by), 1);
  }

  #dropOld(): void {
    for (const [name, { untilMs }] of this.#kept) if (untilMs <= performance.now()) this.#kept.delete(name);
    for (const [name, { untilMs }] of this.#kept) {
      if (this.#kept.size < KEPT_COUNT_MAX) return;
      if (untilMs !== Number.POSITIVE_INFINITY) this.#kept.delete(name);
    }
  }

  async #make(task: AccountThread['task']): Kept['made'] {
    if (this.#isClosed) throw formatError('OVERLOADED', { waiting: 'accounts' });
    const workerData = { thread: ACCOUNT_THREAD, file: this.#file, task } satisfies AccountThread;
    const worker = startSideThread(new URL('./account-worker.ts', import.meta.url), { youngMb: WORKER_YOUNG_MB, workerData });
    this.#worker = worker;
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#timeMsMax);
    worker.once('exit', () => limit.abort());
    // Whoever waits below hears it; what comes after that is nobody's.
    worker.on('error', () => undefined);
    try {
      const [account] = await once(worker, 'message', { signal: limit.signal });
      return account as Accounts[keyof Accounts];
    } catch (error) {
      if (limit.signal.aborted) throw formatError('OVERLOADED', { waiting: 'accounts' });
      throw error;
    } finally {
      clearTimeout(timer);
      await worker.terminate();
      this.#worker = null;
    }
  }
}
