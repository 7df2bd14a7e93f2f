import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConflictMonitor, type Trip } from '@oppidum/device/monitor/conflict-monitor';
import { type MonitorProgram, readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LAMP_GREEN, LAMP_RED } from '@oppidum/formats/signal-lamps';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { Dice } from '../dice.ts';
import { explore, keepOnly } from './explore.ts';
import {
  afterEvent,
  BEGIN,
  CLEAR,
  MONITOR_EVENTS,
  MONITOR_RULES,
  type MonitorEvent,
  type MonitorRules,
  type MonitorState,
  monitorModel,
  STEP_MS,
  STOP,
} from './monitor.ts';

const STATES = 29_818;

test('whatever lamps are lit, the monitor trips when it must and stays tripped', (t) => {
  const { broken, states, transitions, depth } = explore(monitorModel(), 1_000_000);
  t.diagnostic(`${states} states, ${transitions} steps, depth ${depth}`);
  assert.equal(broken, null);
  assert.equal(states, STATES, 'docs/precision.md states it');
});

const PLANTED: readonly (readonly [what: string, changes: Partial<MonitorRules>, invariant: string])[] = [
  ['conflicts are not seen', { conflict: false, shortClearance: false }, '4. foes move together for less than 300 ms'],
  ['clearance is not seen', { shortClearance: false }, '4. no green follows a foe before it is cleared'],
  ['yellow is not seen', { shortYellow: false }, 'no yellow is too short'],
  ['darkness is not seen', { redFail: false }, 'no road is dark for a second'],
  ['two lamps are not seen', { dualIndication: false }, 'no road shows two things at once for 300 ms'],
  ['there is no watchdog', { watchdog: false }, 'a controller that stands still has no lamps'],
  ['it does not latch', { latches: false }, 'tripped stays tripped until somebody resets it on site'],
  ['its latch does not survive a power cut', { isDurable: false }, 'tripped stays tripped until somebody resets it on site'],
];
const CAUSE = 'it trips for a cause';
for (const [what, changes, invariant] of PLANTED) {
  test(`found when planted: ${what}`, () => {
    const { broken } = explore(keepOnly(monitorModel({ ...MONITOR_RULES, ...changes }), invariant), 1_000_000);
    assert.equal(broken?.invariant, invariant, broken?.trace.join(', '));
  });
}

test(`found when planted: it trips at the first lamp; for every invariant there is something planted`, () => {
  const next: MonitorState = { ...BEGIN, trip: 'conflict', latch: 'conflict' };
  const nervous = { ...monitorModel(), steps: () => [{ event: 'lamps 1,1', next, fact: { wrong: null } }] };
  assert.equal(explore(keepOnly(nervous, CAUSE), 10).broken?.invariant, CAUSE);
  const found = new Set([CAUSE, ...PLANTED.map(([, , invariant]) => invariant)]);
  assert.deepEqual(new Set(Object.keys(monitorModel().invariants)), found);
});

/** Two roads that conflict; the first flashes yellow. */
const PROGRAM: MonitorProgram = {
  channels: [0, 1].map((i) => {
    const times = { stopMinMs: STOP * STEP_MS, clearMinMs: CLEAR * STEP_MS };
    return { phase: i + 1, isCrossing: false, flashesYellow: i === 0, foes: [1 - i], ...times };
  }),
};

/** The monitor of the SDK, driven by the events of the model. */
class Cabinet {
  #kept: Trip | null = null;
  #nowMs = 0;
  #beat = 0;
  readonly #program: MonitorProgram;
  #monitor: ConflictMonitor;

  constructor(program = PROGRAM) {
    this.#program = program;
    this.#monitor = this.#powerUp();
  }

  #powerUp(): ConflictMonitor {
    const write = (trip: Trip) => {
      this.#kept = trip;
    };
    const clear = () => {
      this.#kept = null;
    };
    return new ConflictMonitor(this.#program, { read: () => this.#kept, write, clear });
  }

  /** Why it flashes after the event, or null. */
  after(event: MonitorEvent): string | null {
    if (event.kind === 'power cut') this.#monitor = this.#powerUp();
    else if (event.kind === 'reset') this.#monitor.resetOnSite();
    else {
      this.#nowMs += STEP_MS;
      if (!event.isStalled) this.#beat++;
      this.#monitor.sample({ nowMs: this.#nowMs, lamps: Uint8Array.from(event.lamps), beat: this.#beat });
    }
    for (const lamps of this.#monitor.flashLamps(this.#nowMs)) assert.equal(lamps & LAMP_GREEN, 0, 'flash is never green');
    return this.#monitor.trip?.reason ?? null;
  }
}

/** Lives the events with both; answers where they differ first. */
function difference(events: readonly MonitorEvent[], program = PROGRAM): string | null {
  const cabinet = new Cabinet(program);
  let state: MonitorState = BEGIN;
  for (const [i, event] of events.entries()) {
    state = afterEvent(state, event, MONITOR_RULES).next;
    const trip = cabinet.after(event);
    if (trip !== state.trip) return `${JSON.stringify(events.slice(0, i + 1))}: ${trip} instead of ${state.trip}`;
  }
  return null;
}

test('model and monitor agree on every sequence of four events', () => {
  let count = 0;
  const visit = (events: readonly MonitorEvent[]): void => {
    if (events.length === 4) {
      assert.equal(difference(events), null);
      count++;
      return;
    }
    for (const event of MONITOR_EVENTS) visit([...events, event]);
  };
  visit([]);
  assert.equal(count, MONITOR_EVENTS.length ** 4);
});

/** Long walks: mostly what the lamps showed before goes on, so that times add up. */
function walk(dice: Dice): MonitorEvent[] {
  const events: MonitorEvent[] = [];
  for (let n = 0; n < 60; n++) {
    const before = events.at(-1);
    const event = before !== undefined && !dice.once(3) ? before : MONITOR_EVENTS[dice.below(MONITOR_EVENTS.length)];
    events.push(event ?? { kind: 'reset' });
  }
  return events;
}

test('and on long walks, on which every reason to trip is met', () => {
  const dice = new Dice(8);
  const reasons = new Set<string | null>();
  for (let n = 0; n < 3_000; n++) {
    const events = walk(dice);
    assert.equal(difference(events), null);
    let state: MonitorState = BEGIN;
    for (const event of events) {
      state = afterEvent(state, event, MONITOR_RULES).next;
      reasons.add(state.trip);
    }
  }
  assert.deepEqual(
    [...reasons].sort(),
    ['conflict', 'dualIndication', 'redFail', 'shortClearance', 'shortYellow', 'watchdog', null].sort(),
  );
});

test('a monitor that knows of no foes, or of shorter times, is told from the model', () => {
  const [first, second] = PROGRAM.channels as [MonitorProgram['channels'][number], MonitorProgram['channels'][number]];
  const others: readonly MonitorProgram[] = [
    {
      channels: [
        { ...first, foes: [] },
        { ...second, foes: [] },
      ],
    },
    { channels: [{ ...first, stopMinMs: 100 }, second] },
    { channels: [first, { ...second, clearMinMs: 100 }] },
  ];
  for (const program of others) {
    const dice = new Dice(1);
    assert.ok(Array.from({ length: 300 }, () => walk(dice)).some((events) => difference(events, program) !== null));
  }
});

test('all pairs of five phases under all 1,024 matrices: the monitor trips exactly on those that are not declared compatible', () => {
  const numbers = [1, 2, 3, 4, 5];
  const pairs = numbers.flatMap((a) => numbers.filter((b) => a < b).map((b) => [a, b]));
  const vehicle = { road: 'minor', speedMph: 25, gradePercent: 0, flash: 'red' } as const;
  const phases = numbers.map((number) => ({ number, name: `phase ${number}`, widthFt: 40, vehicle }));
  let conflicts = 0;
  for (let mask = 0; mask < 2 ** pairs.length; mask++) {
    const compatible = pairs.filter((_, i) => (mask & (1 << i)) !== 0);
    const program = readMonitorProgram(encodeBy(signalMatrixSchema, { name: 'all', phases, compatible }));
    for (const [i, [a, b]] of pairs.entries()) {
      const lamps = Uint8Array.from(numbers, (number) => (number === a || number === b ? LAMP_GREEN : LAMP_RED));
      const monitor = new ConflictMonitor(program, { read: () => null, write: () => undefined, clear: () => undefined });
      for (let step = 0; step <= 3; step++) monitor.sample({ nowMs: 100_000 + step * STEP_MS, lamps, beat: step });
      const isDeclared = (mask & (1 << i)) !== 0;
      assert.deepEqual(monitor.trip, isDeclared ? null : { reason: 'conflict', phases: [a, b] });
      if (!isDeclared) conflicts++;
    }
  }
  assert.equal(conflicts, (1_024 * pairs.length) / 2);
});
