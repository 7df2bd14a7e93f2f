/**
 * A year of street lighting: the lamps of the device SDK, driven by real traffic and the sky of the simulated town, second by second where
 * anything moves. What they take is counted against lamps that are never dimmed and against switching off every second one at night.
 */

import { Lamp, type LampSenses } from '@oppidum/device/lighting/lamp';
import { levelForClass } from '@oppidum/formats/lighting-level';
import { lampPowerMw } from '@oppidum/formats/lighting-power';
import type { LightingSection } from '@oppidum/formats/lighting-programme';
import type { Assumptions } from './assumptions.ts';
import { isTooDark, localMinute, type Observed } from './independent-check.ts';
import { buildStreet, type Street } from './street.ts';
import { SLOT_MS, SLOTS_A_DAY, type TrafficDays } from './traffic-days.ts';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
/** Between looks when nothing moves: hours and twilights begin on whole minutes, and lamps begin 30 s before. */
const STEP_MS = 30_000;
const FULL = 1_000;
/** Sine of the sun's height above which the sky is light whatever the clouds. */
const HIGH_SUN = 0.1;
/** Every second lamp is off from 23:00 to 05:00, as is done where lamps cannot be dimmed. */
const HALF_FROM = 1_380;
const HALF_TO = 300;
const MWS_PER_KWH = 3.6e9;

/** Sums over all lamps; `…LampS`: lamp-seconds. */
export type YearTotals = {
  adaptiveMws: number;
  fullMws: number;
  normalMws: number;
  halfNightMws: number;
  litLampS: number;
  /** Darker than the class by what the lamps could know. */
  darkLampS: number;
  /** Darker than the class by the traffic of the very moment, which nobody knew before its five minutes were over. */
  hindsightLampS: number;
  /** Half-night switching, below the class that the street had. */
  halfDarkLampS: number;
  /** Lit while the sky was light and no twilight. */
  dayLampS: number;
  lostLampS: number;
  /** Of each section, which has a cabinet of its own. */
  readonly cabinets: { readonly name: string; adaptiveMws: number; fullMws: number }[];
  /** Moments at which lamps were driven and checked. */
  steps: number;
};

/** What a lamp really gives when it is told a level: all of it, unless a test plants a lamp that cheats. */
export type Plant = (level: number, timeMs: number) => number;
const HONEST: Plant = (level) => level;

/** Runs all sections, one after the other. */
export function runYear(assumed: Assumptions, traffic: TrafficDays, plant: Plant = HONEST): YearTotals {
  const street = buildStreet(assumed);
  const grid = new Grid(assumed, street);
  const totals: YearTotals = {
    ...{ adaptiveMws: 0, fullMws: 0, normalMws: 0, halfNightMws: 0, litLampS: 0, darkLampS: 0 },
    ...{ hindsightLampS: 0, halfDarkLampS: 0, dayLampS: 0, lostLampS: 0, steps: 0 },
    cabinets: street.programme.sections.map(({ name }) => ({ name, adaptiveMws: 0, fullMws: 0 })),
  };
  for (const number of street.programme.sections.keys()) new SectionYear({ street, number, grid, traffic, totals, plant }).run();
  return totals;
}

/** What is the same for all sections, looked up by the half minute. */
class Grid {
  readonly startMs: number;
  readonly endMs: number;
  readonly #lux: Float64Array;
  readonly #minutes: Int16Array;

  constructor({ year, days }: Assumptions, street: Street) {
    this.startMs = Date.UTC(year, 0, 1);
    this.endMs = this.startMs + days * DAY_MS;
    const count = (days * DAY_MS) / STEP_MS;
    this.#lux = Float64Array.from({ length: count }, (_, i) => street.sky.lux(this.startMs + i * STEP_MS));
    this.#minutes = Int16Array.from({ length: count / 2 }, (_, i) => localMinute(this.startMs + 2 * i * STEP_MS));
  }

  lux(timeMs: number): number {
    return this.#lux[Math.floor((timeMs - this.startMs) / STEP_MS)] ?? 0;
  }

  localMinute(timeMs: number): number {
    return this.#minutes[Math.floor((timeMs - this.startMs) / (2 * STEP_MS))] ?? 0;
  }
}

type SectionOptions = {
  readonly street: Street;
  readonly number: number;
  readonly grid: Grid;
  readonly traffic: TrafficDays;
  readonly totals: YearTotals;
  readonly plant: Plant;
};

/** A year of the lamps of one section, which all do the same. */
class SectionYear {
  readonly #street: Street;
  readonly #section: LightingSection;
  readonly #number: number;
  readonly #grid: Grid;
  readonly #traffic: TrafficDays;
  readonly #totals: YearTotals;
  readonly #cabinet: YearTotals['cabinets'][0];
  readonly #lamp: Lamp;
  readonly #plant: Plant;
  /** Newest reading of the detector. */
  #heard: { readonly value: number; readonly uptimeMs: number } | null = null;
  /** What the checker saw, the newest last: all that was so within the time that lamps have to settle. */
  #seen: Observed[];
  #darkSinceMs: number | null = null;
  #slot: { readonly atMs: number; readonly share: number | null } = { atMs: -1, share: null };
  #isSwitchedOn = false;

  constructor({ street, number, grid, traffic, totals, plant }: SectionOptions) {
    this.#plant = plant;
    this.#street = street;
    this.#section = street.programme.sections[number] as LightingSection;
    this.#number = number;
    this.#grid = grid;
    this.#traffic = traffic;
    this.#totals = totals;
    this.#cabinet = totals.cabinets[number] as YearTotals['cabinets'][0];
    this.#lamp = new Lamp(street.programme, number);
    this.#seen = [{ sinceMs: 0, vehiclesPermille: null, isLost: true, weather: 0, ambientLx: 0 }];
  }

  run(): void {
    const { startMs, endMs } = this.#grid;
    for (let slotMs = startMs; slotMs < endMs; slotMs += SLOT_MS) {
      const reading = this.#shareIn(slotMs - SLOT_MS);
      if (reading !== null) this.#heard = { value: reading, uptimeMs: slotMs };
      // With the sun high nothing begins within a slot.
      const isHigh = this.#street.sky.sun(slotMs) > HIGH_SUN && this.#street.sky.sun(slotMs + SLOT_MS) > HIGH_SUN;
      for (let timeMs = slotMs; timeMs < slotMs + SLOT_MS; ) timeMs += this.#step(timeMs, isHigh ? SLOT_MS : STEP_MS);
    }
  }

  /** What the detector counts in a slot, by local time; null without one, or when it says nothing. */
  #shareIn(slotMs: number): number | null {
    if (this.#section.traffic === undefined) return null;
    if (this.#slot.atMs === slotMs) return this.#slot.share;
    this.#slot = { atMs: slotMs, share: this.#readShare(slotMs) };
    return this.#slot.share;
  }

  #readShare(slotMs: number): number | null {
    const slot = Math.floor(this.#grid.localMinute(Math.max(slotMs, this.#grid.startMs)) / 5);
    const day = Math.floor(slotMs / DAY_MS);
    return this.#traffic.shareOf(this.#number, { weekday: new Date(slotMs).getUTCDay(), number: day }, slot % SLOTS_A_DAY);
  }

  /** Drives the lamp at a moment and accounts for the time until the next one; answers how long that is. */
  #step(timeMs: number, longestMs: number): number {
    const lux = this.#grid.lux(timeMs);
    const heard = (value: number) => ({ value, uptimeMs: timeMs });
    const [weather, ambientMlx] = [this.#street.weatherAt(timeMs), this.#street.ambientAt(timeMs)];
    const senses: LampSenses = {
      ...{ uptimeMs: timeMs, timeMs, photocellMlx: Math.round(lux * 1_000), linkUptimeMs: timeMs },
      ...{ traffic: this.#heard, weather: heard(weather), ambient: heard(ambientMlx) },
    };
    const { level, aim } = this.#lamp.step(senses);
    const restMs = longestMs - (timeMs % longestMs);
    const spanMs = level === aim ? restMs : Math.min(restMs, SECOND_MS);
    this.#observe(timeMs, { weather, ambientLx: ambientMlx / 1_000 }, lux);
    this.#account(timeMs, this.#plant(level, timeMs), spanMs / SECOND_MS);
    this.#totals.steps++;
    return spanMs;
  }

  /** The checker's own memory of what was heard and of how dark the sky is. */
  #observe(timeMs: number, seen: Pick<Observed, 'weather' | 'ambientLx'>, lux: number): void {
    const { photocell, freshS } = this.#street.programme;
    if (lux * 1_000 < photocell.on) this.#isSwitchedOn = true;
    if (lux * 1_000 > photocell.off) this.#isSwitchedOn = false;
    if (lux * 1_000 >= photocell.on) this.#darkSinceMs = null;
    else this.#darkSinceMs ??= timeMs;
    const isLost =
      this.#section.traffic !== undefined && (this.#heard === null || timeMs - this.#heard.uptimeMs > freshS * SECOND_MS);
    const next = { ...seen, vehiclesPermille: this.#heard?.value ?? null, isLost };
    const last = this.#seen.at(-1) as Observed;
    const isSame = last.vehiclesPermille === next.vehiclesPermille && last.isLost === isLost;
    if (!isSame || last.weather !== seen.weather || last.ambientLx !== seen.ambientLx)
      this.#seen.push({ ...next, sinceMs: timeMs });
    // What was followed by something else before that time counts no more.
    const settledMs = timeMs - this.#street.programme.settleS * SECOND_MS;
    while ((this.#seen[1]?.sinceMs ?? timeMs) <= settledMs) this.#seen.shift();
  }

  #account(timeMs: number, level: number, seconds: number): void {
    const { programme, curves } = this.#street;
    const section = this.#section;
    const { lampCount } = section;
    const curve = curves[this.#number] as Street['curves'][0];
    const minute = this.#grid.localMinute(timeMs);
    const lampS = lampCount * seconds;
    const totals = this.#totals;
    totals.adaptiveMws += lampPowerMw(curve, level) * lampS;
    this.#cabinet.adaptiveMws += lampPowerMw(curve, level) * lampS;
    if (this.#isSwitchedOn) this.#accountRivals(curve, minute, lampS);
    if (level > 0) totals.litLampS += lampS;
    if (level > 0 && !this.#isSwitchedOn && this.#street.sky.sun(timeMs) > HIGH_SUN) totals.dayLampS += lampS;
    const settledMs = timeMs - programme.settleS * SECOND_MS;
    if (this.#darkSinceMs === null || this.#darkSinceMs > settledMs) return;
    const last = this.#seen.at(-1) as Observed;
    if (last.isLost) totals.lostLampS += lampS;
    const isDark = (seen: Observed): boolean => isTooDark(section, programme, seen, minute, level);
    if (this.#seen.every(isDark)) totals.darkLampS += lampS;
    const vehiclesPermille = this.#shareIn(timeMs - (timeMs % SLOT_MS));
    if (vehiclesPermille !== null && isDark({ ...last, vehiclesPermille })) totals.hindsightLampS += lampS;
    const isHalf = minute >= HALF_FROM || minute < HALF_TO;
    if (isHalf && isTooDark(section, programme, { ...last, isLost: false }, minute, FULL / 2)) totals.halfDarkLampS += lampS;
  }

  /** Lamps that a photocell switches and nobody dims; the same, with every second one off for some hours; and always at the normal class. */
  #accountRivals(curve: Street['curves'][0], minute: number, lampS: number): void {
    const full = lampPowerMw(curve, FULL) * lampS;
    const isHalf = minute >= HALF_FROM || minute < HALF_TO;
    this.#totals.fullMws += full;
    this.#cabinet.fullMws += full;
    this.#totals.halfNightMws += isHalf ? full / 2 : full;
    this.#totals.normalMws += lampPowerMw(curve, levelForClass(this.#section, this.#section.class)) * lampS;
  }
}

/** A sum of mW·s. */
export function toKwh(mws: number): number {
  return mws / MWS_PER_KWH;
}

export type YearFigures = Readonly<Record<string, number>>;

/** kWh, money and CO₂ of a year's sums. */
export function yearFigures(totals: YearTotals, { eurPerKwh, gramsCo2PerKwh, lamps }: Assumptions): YearFigures {
  const [adaptive, full, half, normal] = [totals.adaptiveMws, totals.fullMws, totals.halfNightMws, totals.normalMws].map(
    toKwh,
  ) as [number, number, number, number];
  const hours = (lampS: number): number => lampS / 3_600 / lamps;
  return {
    adaptiveKwh: adaptive,
    noDimmingKwh: full,
    halfNightKwh: half,
    savedPercent: (1 - adaptive / full) * 100,
    savedAgainstHalfNightPercent: (1 - adaptive / half) * 100,
    savedAgainstNormalClassPercent: (1 - adaptive / normal) * 100,
    savedKwh: full - adaptive,
    savedEur: (full - adaptive) * eurPerKwh,
    savedCo2Kg: ((full - adaptive) * gramsCo2PerKwh) / 1_000,
    litHoursPerLamp: hours(totals.litLampS),
    secondsBelowClass: totals.darkLampS,
    litByDayLampS: totals.dayLampS,
    fullForLostDetectorHoursPerLamp: hours(totals.lostLampS),
    hindsightBelowPercent: (totals.hindsightLampS / totals.litLampS) * 100,
    halfNightBelowClassHoursPerLamp: hours(totals.halfDarkLampS),
  };
}
