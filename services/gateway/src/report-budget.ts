/**
 * How many reports of devices the account that carries them pays for, and how devices share that. Whoever has stolen many keys, or has
 * spoiled an update of a whole fleet, can use up a share of a minute and no more, so that the ledger cannot be filled and nobody is kept
 * from saying what is due.
 */

import { type Rejection, reject } from '@oppidum/formats/errors';

/** Of one device within a minute: a boot, its attestation, and room for a few mishaps; and within an hour. */
const PER_MINUTE_MAX = 6;
const PER_HOUR_MAX = 12;
/** A device that was not heard for an hour attests, is activated and says what it runs: so many of its reports go before those of others. */
const FIRST_COUNT = 3;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SECOND_MS = 1_000;

/** `perMinute`: of all devices together; `now`: milliseconds of a clock that only rises. */
type BudgetOptions = { readonly perMinute: number; readonly now: () => number };

/** Ids of the device and of its model, in hex. */
export type ReportingDevice = { readonly device: string; readonly model: string };

/** The budget of one account here. */
export class ReportBudget {
  readonly #options: BudgetOptions;
  /** By device: when its reports of the last hour were taken. Those heard of last stand last: as many as an hour has reports at most. */
  readonly #recent = new Map<string, readonly number[]>();
  /** In this minute: of all, and by model. */
  readonly #ofModel = new Map<string, number>();
  #minuteMs: number;
  #taken = 0;

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#minuteMs = options.now();
  }

  /** Reports that are left in this minute, for whoever has not had a share. */
  left(): number {
    this.#turn(this.#options.now());
    return this.#options.perMinute - this.#taken;
  }

  /**
   * Takes one report. Refuses RATE_LIMITED for what one device has used up, then REPORTS_SPENT where the share of its model is: a model has
   * no more than it leaves for all others, and half of that for devices that were heard within the hour. So no model leaves nothing to
   * another, and no device to those of its model that were silent. The details say after how many seconds another would be taken.
   */
  take({ device, model }: ReportingDevice): Rejection | null {
    const nowMs = this.#options.now();
    this.#turn(nowMs);
    const recent = (this.#recent.get(device) ?? []).filter((at) => at > nowMs - HOUR_MS);
    const refused = checkPace(device, recent, nowMs) ?? this.#checkShare(model, recent.length < FIRST_COUNT, nowMs);
    if (refused !== null) return refused;
    this.#recent.delete(device);
    this.#recent.set(device, [...recent, nowMs]);
    this.#ofModel.set(model, (this.#ofModel.get(model) ?? 0) + 1);
    this.#taken++;
    return null;
  }

  #checkShare(model: string, isFirst: boolean, nowMs: number): Rejection | null {
    const { perMinute } = this.#options;
    const own = this.#ofModel.get(model) ?? 0;
    if ((isFirst ? own : 2 * own) < perMinute - this.#taken) return null;
    return reject('REPORTS_SPENT', { model, perMinute, retryAfterS: secondsUntil(this.#minuteMs + MINUTE_MS, nowMs) });
  }

  /** A new minute begins with the whole budget; who was not heard for an hour is forgotten. */
  #turn(nowMs: number): void {
    if (nowMs < this.#minuteMs + MINUTE_MS) return;
    this.#minuteMs = nowMs;
    this.#taken = 0;
    this.#ofModel.clear();
    for (const [device, times] of this.#recent) {
      if ((times.at(-1) ?? 0) > nowMs - HOUR_MS) break;
      this.#recent.delete(device);
    }
  }
}

/** `recent`: when reports of the device were taken within the hour. */
function checkPace(device: string, recent: readonly number[], nowMs: number): Rejection | null {
  const ofMinute = recent.filter((at) => at > nowMs - MINUTE_MS);
  const [first = nowMs] = recent;
  if (recent.length >= PER_HOUR_MAX)
    return reject('RATE_LIMITED', { device, perHour: PER_HOUR_MAX, retryAfterS: secondsUntil(first + HOUR_MS, nowMs) });
  if (ofMinute.length < PER_MINUTE_MAX) return null;
  const retryAfterS = secondsUntil((ofMinute[0] ?? nowMs) + MINUTE_MS, nowMs);
  return reject('RATE_LIMITED', { device, perMinute: PER_MINUTE_MAX, retryAfterS });
}

function secondsUntil(atMs: number, nowMs: number): number {
  return Math.max(1, Math.ceil((atMs - nowMs) / SECOND_MS));
}
