/**
 * Traffic as it was: days of real detectors in slots of five minutes, with all their gaps. Occupancy and speed of two loops in Minnesota
 * (NAB, September 2015) give vehicles an hour; speeds of 207 detectors in Los Angeles (METR-LA, a week of March 2012) say when a road is
 * congested, which counts as heavy traffic however few get through.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dice } from '../dice.ts';

export const SLOT_MS = 300_000;
export const SLOTS_A_DAY = 288;
/** A day counts when its record reaches into its first hour and its last: the record of a loop begins and ends at some time of day. */
const HOUR_SLOTS = 12;
/** From the front of a vehicle to where a loop lets go of it (22 ft). */
const FEET_PER_VEHICLE = 22;
const FEET_PER_MILE = 5_280;
const LOOPS = ['t4013', '6005'] as const;
/** Below so much of a detector's usual speed the road is congested. */
const CONGESTED_SHARE = 0.6;
/** 2012-03-01, the first day of METR-LA, was a Thursday; 0 is Sunday. */
const METR_FIRST_WEEKDAY = 4;

/** One day of one loop: ‰ of the most that it ever counted, slot by slot; null where it said nothing. */
type LoopDay = { readonly weekday: number; readonly shares: readonly (number | null)[] };

/** What roads carried, by kind of day. */
export type TrafficDays = {
  readonly source: string;
  /** ‰ of a road's capacity in a slot of a day; null: the detector said nothing. */
  readonly shareOf: (road: number, day: { readonly weekday: number; readonly number: number }, slot: number) => number | null;
};

/** Of the folder `traffic` of the shared data. Pauses of the record of up to `gapMinutes` are bridged; in longer ones the loop said nothing. */
export function readTrafficDays(folder: string, gapMinutes: number): TrafficDays {
  const loops = LOOPS.map((name) => readLoop(join(folder, 'nab-realTraffic'), name, gapMinutes / 5));
  const speeds = readSpeeds(join(folder, 'metr-la-week', 'los_speed.csv'));
  return {
    source: 'NAB loops t4013 and 6005 (2015), METR-LA speeds (2012)',
    shareOf(road, { weekday, number }, slot) {
      const loop = loops[road % loops.length] as readonly LoopDay[];
      const alike = loop.filter((day) => day.weekday === weekday);
      const day = alike[new Dice(number * 31 + road).below(alike.length)] as LoopDay;
      const share = day.shares[slot] ?? null;
      if (share === null) return null;
      return speeds.isCongested(road, weekday, slot) ? 1_000 : share;
    },
  };
}

function readColumns(path: string): ReadonlyMap<string, number> {
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  return new Map(lines.map((line) => line.split(',') as [string, string]).map(([time, value]) => [time, Number(value)]));
}

function readLoop(folder: string, name: string, gapSlots: number): readonly LoopDay[] {
  const occupancy = readColumns(join(folder, `occupancy_${name}.csv`));
  const speed = readColumns(join(folder, `speed_${name}.csv`));
  const flows = [...occupancy].flatMap(([time, percent]) => {
    const mph = speed.get(time);
    return mph === undefined ? [] : [{ time, flow: (percent / 100) * mph * (FEET_PER_MILE / FEET_PER_VEHICLE) }];
  });
  const sorted = flows.map(({ flow }) => flow).sort((a, b) => a - b);
  const most = sorted[Math.floor(sorted.length * 0.99)] ?? 1;
  const days = new Map<string, (number | null)[]>();
  for (const { time, flow } of flows) {
    const [date = '', clock = ''] = time.split(' ');
    const [hour = 0, minute = 0] = clock.split(':').map(Number);
    if (!days.has(date)) days.set(date, Array<number | null>(SLOTS_A_DAY).fill(null));
    (days.get(date) as (number | null)[])[hour * 12 + Math.floor(minute / 5)] = Math.min(
      1_000,
      Math.round((flow / most) * 1_000),
    );
  }
  const isWhole = (shares: readonly (number | null)[]): boolean =>
    shares.slice(0, HOUR_SLOTS).some(isRead) && shares.slice(-HOUR_SLOTS).some(isRead);
  const whole = [...days].filter(([, shares]) => isWhole(shares));
  return whole.map(([date, shares]) => ({
    weekday: new Date(`${date}T00:00:00Z`).getUTCDay(),
    shares: bridge(shares, gapSlots),
  }));
}

function isRead(share: number | null): boolean {
  return share !== null;
}

/** Straight lines over at most so many slots that are missing. */
function bridge(shares: readonly (number | null)[], gapSlots: number): readonly (number | null)[] {
  const bridged = [...shares];
  let last = -1;
  for (const [slot, share] of shares.entries()) {
    if (share === null) continue;
    const from = shares[last] ?? share;
    const missing = slot - last - 1;
    for (let i = 1; i <= missing && missing <= gapSlots && last >= 0; i++)
      bridged[last + i] = Math.round(from + ((share - from) * i) / (missing + 1));
    last = slot;
  }
  return bridged;
}

function readSpeeds(path: string): { isCongested(road: number, weekday: number, slot: number): boolean } {
  const [, ...lines] = readFileSync(path, 'utf8').trim().split('\n');
  const rows = lines.map((line) => line.split(',').map(Number));
  const width = rows[0]?.length ?? 0;
  const usual = Array.from(
    { length: width },
    (_, at) => rows.map((row) => row[at] ?? 0).sort((a, b) => a - b)[Math.floor(rows.length / 2)] ?? 0,
  );
  return {
    isCongested(road, weekday, slot) {
      const at = (road * 17) % width;
      const row = ((weekday - METR_FIRST_WEEKDAY + 7) % 7) * SLOTS_A_DAY + slot;
      const mph = rows[row]?.[at] ?? 0;
      return mph > 0 && mph < CONGESTED_SHARE * (usual[at] ?? 0);
    },
  };
}

/** A week that nobody counted, for machines without the shared data: it is said to be made up wherever its figures stand. */
export function madeUpDays(): TrafficDays {
  const bell = (hour: number, at: number, width: number): number => Math.exp(-(((hour - at) / width) ** 2));
  return {
    source: 'made up: the shared traffic data is not here (OPPIDUM_SHARED)',
    shareOf(road, { weekday, number }, slot) {
      const dice = new Dice(number * 1_000_003 + road * 10_007 + slot);
      if (dice.once(400)) return null;
      const hour = slot / 12;
      const isWeekend = weekday === 0 || weekday === 6;
      const usual = isWeekend
        ? 80 + 420 * bell(hour, 15, 5)
        : 80 + 600 * bell(hour, 8, 1.5) + 650 * bell(hour, 17, 2) + 250 * bell(hour, 13, 4);
      return Math.min(1_000, Math.round(usual * (0.8 + dice.below(400) / 1_000)));
    },
  };
}
