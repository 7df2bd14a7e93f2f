/**
 * Vehicles at junctions with signals. Each approach has a loop in the road before it and a stop line with a head; whoever passes the loop
 * drives on, waits while it is red, and passes the line. Nobody appears or is lost in between.
 */

import type { SensorValue } from '@oppidum/device/reading-pack';
import { congestion } from './events.ts';
import { bell, localDay, MINUTE_MS, timeOfDay } from './local-time.ts';
import { uniform } from './noise.ts';
import { Flow, Week } from './week.ts';

/** Seconds of a signal's cycle, and where its parts end: green and yellow of one approach, then all red, then of the other. */
const CYCLE_S = 90;
const NS_GREEN_S = 40;
const NS_YELLOW_S = 44;
const EW_STARTS_S = 46;
const EW_GREEN_S = 84;
const EW_YELLOW_S = 88;
const GREEN_S = { ns: [0, NS_GREEN_S], ew: [EW_STARTS_S, EW_GREEN_S] } as const;

/** Vehicles a second that pass the line while it is green and some wait, on two lanes. */
const SATURATION = 1;
/** Of it, when something stands in the way. */
const CONGESTED_SHARE = 0.5;
/** Vehicles a second on the busiest road at the busiest minute. */
const BUSIEST = 0.34;
/** From the loop to the stop line. */
const APPROACH_MS = 13;
/** At this hour of the night no queue outlives a green: counting begins anew there. */
const QUIET_HOUR = 3;
const PERIOD_MS = 300_000;
/** How much more or less there is than usual, over some minutes. */
const SWING = 0.25;
const STARTS_KEPT = 6;
/** 2026-01-01: where counters begin. */
export const COUNTED_SINCE_MS = 1_767_225_600_000;

/** Traffic of a week, its highest about 1: to work and back on working days, out in the afternoon on others. */
const TRAFFIC_WEEK = new Week((hour, isWeekend) =>
  isWeekend
    ? 0.04 + 0.5 * bell(hour, 14.5, 4.5)
    : 0.04 + 0.75 * bell(hour, 8, 1.4) + 0.85 * bell(hour, 17, 2) + 0.35 * bell(hour, 12.5, 3.5),
);

export type Side = 'ns' | 'ew';
export type Aspect = 'green' | 'yellow' | 'red';

/**
 * What stands at the stop line of an approach in the place of the fixed cycle: signals that somebody drives (`driven-junction.ts`). `left`:
 * how many vehicles have passed it by a moment, never falling; whoever came and is not among them waits.
 */
export type StopLine = {
  left(side: Side, timeMs: number): number;
  /** `flash`: everyone looks and drives with care. */
  aspect(side: Side, timeMs: number): Aspect | 'flash';
  /** What the device of this side says beside it. */
  tells(side: Side): readonly SensorValue[];
};

/** Over which the flow at the line is told: two cycles, so that a platoon more or less says little. */
const LINE_FLOW_MINUTES = 3;

/** What a head shows: heads of one junction share their clock, so two approaches are never open together. */
export function aspectOf(side: Side, junction: number, timeMs: number): Aspect {
  const second = cycleSeconds(junction, timeMs) % CYCLE_S;
  if (side === 'ns') return second < NS_GREEN_S ? 'green' : second < NS_YELLOW_S ? 'yellow' : 'red';
  if (second < EW_STARTS_S) return 'red';
  return second < EW_GREEN_S ? 'green' : second < EW_YELLOW_S ? 'yellow' : 'red';
}

function cycleSeconds(junction: number, timeMs: number): number {
  return timeMs / 1_000 + Math.floor(uniform(junction, 2) * CYCLE_S);
}

export type ApproachOptions = {
  readonly junction: number;
  readonly side: Side;
  readonly lon: number;
  /** From the loop to the stop line. */
  readonly lengthM: number;
};

/** One approach of one junction. All counts are whole vehicles since 2026-01-01. */
export class Approach {
  readonly options: ApproachOptions;
  readonly #flow: Flow;
  readonly #driveMs: number;
  /** Vehicles that had passed the line at the start of a cycle: the last few that were asked for. */
  readonly #starts = new Map<number, number>();
  #stopLine: StopLine | null = null;

  constructor(options: ApproachOptions) {
    const { junction, side, lon, lengthM } = options;
    this.options = options;
    const seed = junction + (side === 'ns' ? 1 : 2);
    const scale = BUSIEST * (0.55 + 0.45 * uniform(seed, 3));
    const flow = { week: TRAFFIC_WEEK, seed, lon, scale, periodMs: PERIOD_MS, swing: SWING, sinceMs: COUNTED_SINCE_MS };
    this.#flow = new Flow(flow);
    this.#driveMs = (1_000 * lengthM) / APPROACH_MS;
  }

  /** From now on these signals stand at its line. */
  serve(stopLine: StopLine): void {
    this.#stopLine = stopLine;
  }

  /** What its head shows. */
  aspect(timeMs: number): Aspect | 'flash' {
    const { side, junction } = this.options;
    return this.#stopLine?.aspect(side, timeMs) ?? aspectOf(side, junction, timeMs);
  }

  /** What the device at its line says beside it: of the junction that it controls. */
  tells(): readonly SensorValue[] {
    return this.#stopLine?.tells(this.options.side) ?? [];
  }

  /** Vehicles a minute that pass the line, over the last few minutes. */
  lineFlow(timeMs: number): number {
    return (this.#left(timeMs) - this.#left(timeMs - LINE_FLOW_MINUTES * MINUTE_MS)) / LINE_FLOW_MINUTES;
  }

  /** Vehicles a second that can pass the line while it is green. */
  saturation(timeMs: number): number {
    const trouble = congestion(this.options.junction, timeMs, this.options.lon);
    return SATURATION * (trouble === null ? 1 : 1 - (1 - CONGESTED_SHARE) * trouble.size);
  }

  /** Vehicles a second that come. */
  rate(timeMs: number): number {
    return this.#flow.rate(timeMs);
  }

  /** Vehicles that passed the loop. */
  passedLoop(timeMs: number): number {
    return Math.floor(this.#flow.total(timeMs));
  }

  /** Vehicles that passed the stop line. */
  passedLine(timeMs: number): number {
    return Math.floor(this.#left(timeMs));
  }

  /** Vehicles that wait. */
  queue(timeMs: number): number {
    return Math.floor(this.arrived(timeMs)) - this.passedLine(timeMs);
  }

  /** Mean rate of the last so many milliseconds, a second. */
  meanRate(timeMs: number, spanMs: number): number {
    return (this.#flow.total(timeMs) - this.#flow.total(timeMs - spanMs)) / (spanMs / 1_000);
  }

  /** Vehicles that came to the line, with the part of the next one. */
  arrived(timeMs: number): number {
    return this.#flow.total(timeMs - this.#driveMs);
  }

  #left(timeMs: number): number {
    if (this.#stopLine !== null) return this.#stopLine.left(this.options.side, timeMs);
    const cycle = Math.floor(cycleSeconds(this.options.junction, timeMs) / CYCLE_S);
    return this.#leftIn(cycle, this.#leftBefore(cycle, this.#quietCycle(timeMs)), timeMs);
  }

  /** How many had left at the start of a cycle, counted on from the newest one known since the quiet hour. */
  #leftBefore(cycle: number, quiet: number): number {
    let [known, left] = [quiet, this.arrived(this.#cycleStart(quiet) - this.#redBeforeMs())];
    for (const [start, before] of this.#starts) if (start > known && start <= cycle) [known, left] = [start, before];
    for (; known < cycle; known++) left = this.#leftIn(known, left, this.#cycleStart(known + 1));
    this.#starts.set(cycle, left);
    if (this.#starts.size > STARTS_KEPT) this.#starts.delete(this.#starts.keys().next().value as number);
    return left;
  }

  /** How many have left by a moment of a cycle: as many as came, or as fast as they can. `before`: at its start. */
  #leftIn(cycle: number, before: number, timeMs: number): number {
    const startMs = this.#cycleStart(cycle);
    const [fromS, toS] = GREEN_S[this.options.side];
    const openedMs = startMs + 1_000 * fromS;
    const untilMs = Math.min(timeMs, startMs + 1_000 * toS);
    if (untilMs <= openedMs) return before;
    const canPass = before + (this.saturation(startMs) * (untilMs - openedMs)) / 1_000;
    return Math.max(before, Math.min(canPass, this.arrived(untilMs)));
  }

  /** The cycle of the last quiet hour. */
  #quietCycle(timeMs: number): number {
    const { lon, junction } = this.options;
    const day = localDay(timeMs, lon);
    const isBefore = timeMs < timeOfDay(day, QUIET_HOUR, lon) + 1_000 * CYCLE_S;
    const quietMs = timeOfDay(isBefore ? day - 1 : day, QUIET_HOUR, lon);
    return Math.floor(cycleSeconds(junction, quietMs) / CYCLE_S);
  }

  #cycleStart(cycle: number): number {
    const { junction } = this.options;
    return 1_000 * (cycle * CYCLE_S - Math.floor(uniform(junction, 2) * CYCLE_S));
  }

  /** From the end of the last green to the start of a cycle. */
  #redBeforeMs(): number {
    return 1_000 * (CYCLE_S - GREEN_S[this.options.side][1]);
  }
}
