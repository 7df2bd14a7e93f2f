/**
 * How many alarms are open, acknowledged and escalated. All of them have to be looked at, since what is escalated follows from the time, and
 * there may be hundreds of thousands: they are counted once for all who ask meanwhile, some in each turn, and no more than a tenth of the time.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { ALARM_RULES, escalationOf, type Severity } from '@oppidum/formats/alarm';
import type { AlarmCountsJson } from '../api/alarms.ts';
import { findUnclosed, type UnclosedAlarm } from '../read-model/alarm-queries.ts';
import { isCause } from '../read-model/alarm-rows.ts';
import type { ReadModel } from '../read-model/read-model.ts';

const ALARMS_OF_ONE_TURN = 256;
/** Counting that took so long is done again after so many times as long. */
const LONG_MS = 50;
const REST_SHARE = 9;

/** Counts the alarms of one read model. */
export class AlarmCounts {
  readonly #readModel: Pick<ReadModel, 'database'>;
  readonly #nowMs: () => number;
  #counting: Promise<AlarmCountsJson> | null = null;
  #known: { readonly counts: AlarmCountsJson; readonly untilMs: number } | null = null;

  /** `nowMs`: milliseconds since 1970. */
  constructor(readModel: Pick<ReadModel, 'database'>, nowMs: () => number) {
    this.#readModel = readModel;
    this.#nowMs = nowMs;
  }

  /** Those of now; where counting takes long, those that were counted last. */
  async counts(): Promise<AlarmCountsJson> {
    if (this.#known !== null && performance.now() < this.#known.untilMs) return this.#known.counts;
    this.#counting ??= this.#count().finally(() => {
      this.#counting = null;
    });
    return this.#counting;
  }

  async #count(): Promise<AlarmCountsJson> {
    const begunMs = performance.now();
    const bySeverity: Record<Severity, number> = { critical: 0, major: 0, minor: 0 };
    const [counts, nowMs] = [{ open: 0, acknowledged: 0, escalated: 0 }, this.#nowMs()];
    let last: UnclosedAlarm | null = null;
    do {
      const found: readonly UnclosedAlarm[] = await findUnclosed(this.#readModel.database, last, ALARMS_OF_ONE_TURN);
      for (const { cause, openedMs, state } of found) {
        if (!isCause(cause) || state === 'closed') continue;
        counts[state] += 1;
        if (state === 'acknowledged') continue;
        const { severity } = ALARM_RULES[cause];
        bySeverity[severity] += 1;
        if (escalationOf(severity, openedMs, nowMs).step > 0) counts.escalated += 1;
      }
      last = found.length < ALARMS_OF_ONE_TURN ? null : (found.at(-1) ?? null);
      if (last !== null) await nextTurn();
    } while (last !== null);
    const tookMs = performance.now() - begunMs;
    const answer = { ...counts, bySeverity };
    this.#known = tookMs < LONG_MS ? null : { counts: answer, untilMs: performance.now() + REST_SHARE * tookMs };
    return answer;
  }
}
