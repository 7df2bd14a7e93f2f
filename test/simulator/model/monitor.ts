/**
 * The conflict monitor of an intersection by specs/signals.md §8, in steps of 100 ms: two roads that conflict, whatever lamps a broken
 * controller or a wire lights, power cuts, resets on site. What the lamps showed is counted beside what the monitor makes of it.
 */

import { LAMP_GREEN, LAMP_RED, LAMP_YELLOW } from '@oppidum/formats/signal-lamps';
import type { Model, Step } from './explore.ts';

export const STEP_MS = 100;
/** Shortest yellow and shortest red behind it, in steps. */
export const STOP = 3;
export const CLEAR = 2;
/** By how much a sampled time may seem shorter than it was. */
const TOLERANCE = 1;
const [TOGETHER_MAX, DUAL_MAX, DARK_MAX, STALL_MAX] = [3, 3, 10, 10];
const LONG_AGO = STOP + CLEAR;
/** Red with green: two indications at once. */
const DUAL = LAMP_RED | LAMP_GREEN;

/** What one road showed: the lamps, and in steps how long it was dark, ambiguous, yellow since its green, and since its green ended. */
type Road = {
  readonly lamps: number;
  readonly dark: number;
  readonly dual: number;
  readonly yellow: number;
  readonly sinceGreen: number;
};
export type MonitorState = {
  readonly roads: readonly [Road, Road];
  /** Steps in which both moved, since power came or somebody reset it. */
  readonly together: number;
  readonly stalled: number;
  readonly hasLooked: boolean;
  readonly trip: string | null;
  /** On the disk. */
  readonly latch: string | null;
};

/** What a test takes away, one at a time. */
export type MonitorRules = {
  readonly conflict: boolean;
  readonly watchdog: boolean;
  readonly redFail: boolean;
  readonly dualIndication: boolean;
  readonly shortYellow: boolean;
  readonly shortClearance: boolean;
  readonly latches: boolean;
  readonly isDurable: boolean;
};
export const MONITOR_RULES: MonitorRules = {
  conflict: true,
  watchdog: true,
  redFail: true,
  dualIndication: true,
  shortYellow: true,
  shortClearance: true,
  latches: true,
  isDurable: true,
};

const nothingSeen: Road = { lamps: 0, dark: 0, dual: 0, yellow: 0, sinceGreen: LONG_AGO };
const BLANK = { roads: [nothingSeen, nothingSeen], together: 0, stalled: 0, hasLooked: false } as const;
export const BEGIN: MonitorState = { ...BLANK, trip: null, latch: null };

/** One thing that happens; `isStalled`: the controller does not change its beat. */
export type MonitorEvent =
  | { readonly kind: 'sample'; readonly lamps: readonly [number, number]; readonly isStalled: boolean }
  | { readonly kind: 'power cut' }
  | { readonly kind: 'reset' };

const samples = (first: readonly number[], second: readonly number[]): MonitorEvent[] =>
  first.flatMap((a) => second.map((b): MonitorEvent => ({ kind: 'sample', lamps: [a, b], isStalled: false })));

/** One road shows anything, the other what lamps of a road show; or both are red while the controller stands still. */
export const MONITOR_EVENTS: readonly MonitorEvent[] = [
  ...samples([0, LAMP_RED, LAMP_YELLOW, LAMP_GREEN, DUAL], [LAMP_RED, LAMP_YELLOW, LAMP_GREEN]),
  { kind: 'sample', lamps: [LAMP_RED, LAMP_RED], isStalled: true },
  { kind: 'power cut' },
  { kind: 'reset' },
];

const moves = ({ lamps }: Road): boolean => (lamps & (LAMP_GREEN | LAMP_YELLOW)) !== 0;
const isGreen = ({ lamps }: Road): boolean => (lamps & LAMP_GREEN) !== 0;

/** What the lamps showed until now, and show now. */
function see(road: Road, lamps: number, passed: number): Road {
  const ended = isGreen(road) && (lamps & LAMP_GREEN) === 0;
  const yellow = Math.min(STOP, road.yellow + ((road.lamps & LAMP_YELLOW) !== 0 ? passed : 0));
  return {
    lamps,
    dark: road.lamps === 0 ? road.dark + passed : 0,
    dual: road.dual + (road.lamps === DUAL ? passed : 0),
    yellow: ended ? 0 : yellow,
    sinceGreen: ended ? 0 : Math.min(LONG_AGO, road.sinceGreen + passed),
  };
}

/** What is wrong, each for itself. */
function wrongs({ roads, together, stalled }: Omit<MonitorState, 'trip' | 'latch'>, hadConflict: boolean) {
  const [a, b] = roads;
  const isShort = ({ lamps, yellow, sinceGreen }: Road) =>
    sinceGreen <= STOP && sinceGreen < LONG_AGO && (lamps & LAMP_YELLOW) === 0 && yellow < STOP - TOLERANCE;
  const begins = (road: Road, foe: Road) => isGreen(road) && foe.sinceGreen < STOP + CLEAR - TOLERANCE;
  return {
    conflict: hadConflict && together >= TOGETHER_MAX,
    watchdog: stalled >= STALL_MAX,
    redFail: a.dark >= DARK_MAX || b.dark >= DARK_MAX,
    dualIndication: a.dual >= DUAL_MAX || b.dual >= DUAL_MAX,
    shortYellow: isShort(a) || isShort(b),
    shortClearance: begins(a, b) || begins(b, a),
  };
}

type Fact = { readonly wrong: ReturnType<typeof wrongs> | null };

/** The state after an event, and what was wrong in it. */
export function afterEvent(state: MonitorState, event: MonitorEvent, rules: MonitorRules): Step<MonitorState, Fact> {
  if (event.kind === 'reset') return { event: 'reset', next: BEGIN, fact: { wrong: null } };
  if (event.kind === 'power cut')
    return { event: 'power cut', next: { ...BEGIN, trip: state.latch, latch: state.latch }, fact: { wrong: null } };
  const { lamps, isStalled } = event;
  const name = `lamps ${lamps.join()}${isStalled ? ' stalled' : ''}`;
  if (state.trip !== null && rules.latches) return { event: name, next: state, fact: { wrong: null } };
  const passed = state.hasLooked ? 1 : 0;
  const hadConflict = moves(state.roads[0]) && moves(state.roads[1]);
  const seen = {
    roads: [see(state.roads[0], lamps[0], passed), see(state.roads[1], lamps[1], passed)] as const,
    together: state.together + (hadConflict ? passed : 0),
    stalled: isStalled && state.hasLooked ? state.stalled + passed : 0,
    hasLooked: true,
  };
  const wrong = wrongs(seen, hadConflict);
  const trip = (Object.keys(wrong) as (keyof typeof wrong)[]).find((reason) => wrong[reason] && rules[reason]) ?? null;
  const next =
    trip === null ? { ...seen, trip: null, latch: state.latch } : { ...BLANK, trip, latch: rules.isDurable ? trip : null };
  return { event: name, next, fact: { wrong } };
}

export function monitorModel(rules: MonitorRules = MONITOR_RULES): Model<MonitorState, Fact> {
  const tripsOn =
    (reason: keyof NonNullable<Fact['wrong']>) =>
    (_: MonitorState, { next, fact }: Step<MonitorState, Fact>) =>
      fact?.wrong?.[reason] !== true || next.trip !== null;
  return {
    initial: [BEGIN],
    steps: (state) => MONITOR_EVENTS.map((event) => afterEvent(state, event, rules)),
    invariants: {
      '4. foes move together for less than 300 ms': tripsOn('conflict'),
      '4. no green follows a foe before it is cleared': tripsOn('shortClearance'),
      'no yellow is too short': tripsOn('shortYellow'),
      'no road is dark for a second': tripsOn('redFail'),
      'no road shows two things at once for 300 ms': tripsOn('dualIndication'),
      'a controller that stands still has no lamps': tripsOn('watchdog'),
      'tripped stays tripped until somebody resets it on site': (before, { event, next }) =>
        before.trip === null || event === 'reset' || next.trip === before.trip,
      'it trips for a cause': (before, { next, fact }) =>
        next.trip === null || before.trip !== null || before.latch !== null || Object.values(fact?.wrong ?? {}).includes(true),
    },
  };
}
