/**
 * Delay at an intersection under fixed time and under plans chosen by its detectors, with the flows that two detectors of Minnesota
 * measured on four weekdays (shared/data/traffic: flow = occupancy × speed / 22 ft). The main road has half of them, the side road 15 %,
 * left turns 2 %: so the busiest hour is just within what the best fixed plan lets through. Printed, not promised: one intersection, point
 * queues, a lane that lets 1,800 an hour through.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConflictMonitor } from '@oppidum/device/monitor/conflict-monitor';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { PlanChooser } from '@oppidum/device/signals/choose-plan';
import { Intersection } from '@oppidum/device/signals/intersection';
import { compileSignals, type SignalProgram } from '@oppidum/device/signals/signal-program';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../support/crypto.ts';
import { sharedPath } from '../support/shared.ts';
import { SignalTraffic } from '../support/signal-traffic.ts';
import { matrix, plans } from '../support/signals.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { runCorridor } from './signal-corridor.ts';

const DAYS = ['2015-09-14', '2015-09-15', '2015-09-16', '2015-09-17'];
const STEP_MS = 100;
const DAY_MS = 86_400_000;
const INTERVAL_MS = 300_000;
const FEET_PER_MILE = 5_280;
const VEHICLE_FT = 22;
const FIXED_PLANS = [1, 2, 4] as const;

/** What comes to each phase, as a part of the flow of one detector. */
const SHARES: Readonly<Record<number, readonly [detector: 'first' | 'second', part: number]>> = {
  1: ['second', 0.02],
  2: ['first', 0.5],
  4: ['first', 0.15],
  5: ['first', 0.02],
  6: ['second', 0.5],
  8: ['second', 0.15],
};
const WALKERS_PER_HOUR = { day: 40, night: 4 } as const;

/** Vehicles an hour by interval of five minutes of one day; a missing interval has the value before it. */
function readFlows(detector: string, day: string): readonly number[] {
  const read = (kind: string): ReadonlyMap<string, number> => {
    const text = readFileSync(join(sharedPath('data/traffic/nab-realTraffic'), `${kind}_${detector}.csv`), 'utf8');
    const rows = text
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(','));
    return new Map(rows.map(([time = '', value = '']) => [time, Number(value)]));
  };
  const [occupancy, speed] = [read('occupancy'), read('speed')];
  const flows = new Array<number>(DAY_MS / INTERVAL_MS).fill(Number.NaN);
  for (const [time, percent] of occupancy) {
    const mph = speed.get(time);
    if (!time.startsWith(day) || mph === undefined) continue;
    const [hour = 0, minute = 0] = time.slice(11).split(':').map(Number);
    flows[Math.floor((hour * 60 + minute) / 5)] = (percent / 100) * ((mph * FEET_PER_MILE) / VEHICLE_FT);
  }
  let last = flows.find((flow) => !Number.isNaN(flow)) ?? 0;
  return flows.map((flow) => {
    last = Number.isNaN(flow) ? last : flow;
    return last;
  });
}

type Delay = { readonly vehicleS: number; readonly walkerS: number; readonly vehicles: number; readonly changes: number };
type Strategy = number | 'clock' | 'detectors';
/** A time table as engineers make one by hand: the plan of the peak from five to ten. */
const byClock = (hour: number): number => (hour >= 5 && hour < 10 ? 2 : 1);

function programOf(): SignalProgram {
  const program = compileSignals(nodeCrypto, {
    matrix: encodeBy(signalMatrixSchema, matrix),
    plans: encodeBy(signalPlansSchema, plans),
  });
  if ('code' in program) throw new Error(program.code);
  return program;
}

/** Lives through the days under one strategy; the same people come in each. */
function runDays(strategy: Strategy, days: readonly string[]): Delay {
  const program = programOf();
  const guard = readMonitorProgram(encodeBy(signalMatrixSchema, matrix));
  const monitor = new ConflictMonitor(guard, { read: () => null, write: () => undefined, clear: () => undefined });
  const intersection = new Intersection({ program, monitor });
  const traffic = new SignalTraffic(1, matrix, plans);
  const chooser = new PlanChooser(program);
  if (typeof strategy === 'number') intersection.controller.choosePlan(strategy);
  let [detectors, nowMs, changes] = [0, 0, 0];
  for (const day of days) {
    const flows = { first: readFlows('6005', day), second: readFlows('t4013', day) };
    for (let atMs = 0; atMs < DAY_MS; atMs += STEP_MS) {
      if (atMs % INTERVAL_MS === 0) setFlows(traffic, flows, atMs / INTERVAL_MS);
      const lamps = intersection.step(nowMs, { cityTimeMs: nowMs, isLinked: true, detectors });
      detectors = traffic.step(lamps);
      nowMs += STEP_MS;
      const { controller } = intersection;
      if (strategy === 'clock') controller.choosePlan(byClock(Math.floor(atMs / 3_600_000)));
      if (strategy !== 'detectors') continue;
      chooser.watch(detectors, controller.goMask);
      if (nowMs % INTERVAL_MS !== 0) continue;
      const plan = chooser.propose(controller.status.plan);
      if (plan !== null && controller.choosePlan(plan) === null) changes++;
    }
  }
  if (monitor.trip !== null) throw new Error(`the monitor tripped: ${monitor.trip.reason}`);
  const { count, meanS } = traffic.delay('vehicles');
  return { vehicleS: meanS, walkerS: traffic.delay('walkers').meanS, vehicles: count, changes };
}

function setFlows(
  traffic: SignalTraffic,
  flows: Readonly<Record<'first' | 'second', readonly number[]>>,
  interval: number,
): void {
  const isNight = interval < 72 || interval >= 264;
  for (const [i, { number, vehicle }] of matrix.phases.entries()) {
    const share = SHARES[number];
    if (vehicle === undefined) traffic.setFlow(i, isNight ? WALKERS_PER_HOUR.night : WALKERS_PER_HOUR.day);
    else if (share !== undefined) traffic.setFlow(i, (flows[share[0]][interval] ?? 0) * share[1]);
  }
}

/** Figures in seconds a vehicle or person: `fixedPlanN…`, `clock…` (a time table), the best of these as `fixed…`, `adaptive…`, what it saves in percent; and the corridor. */
export async function benchSignals({ say }: BenchOptions): Promise<BenchFigures> {
  const fixed = FIXED_PLANS.map((plan) => {
    const delay = runDays(plan, DAYS);
    say(`fixed plan ${plan}: ${delay.vehicleS.toFixed(1)} s a vehicle`);
    return delay;
  });
  const clock = runDays('clock', DAYS);
  say(`plans by the clock: ${clock.vehicleS.toFixed(1)} s a vehicle`);
  const adaptive = runDays('detectors', DAYS);
  say(`adaptive: ${adaptive.vehicleS.toFixed(1)} s a vehicle, ${adaptive.changes} changes of plan`);
  const [wave, together] = [true, false].map((isWave) => runCorridor(isWave));
  say(`three intersections in a row: ${wave?.toFixed(1)} s a vehicle in a green wave, ${together?.toFixed(1)} s without offsets`);
  const best = [...fixed, clock].reduce((least, each) => (each.vehicleS < least.vehicleS ? each : least));
  return {
    vehicles: adaptive.vehicles,
    ...Object.fromEntries(fixed.map(({ vehicleS }, i) => [`fixedPlan${FIXED_PLANS[i]}DelayS`, vehicleS])),
    clockDelayS: clock.vehicleS,
    fixedDelayS: best.vehicleS,
    adaptiveDelayS: adaptive.vehicleS,
    savedPercent: 100 * (1 - adaptive.vehicleS / best.vehicleS),
    fixedWalkerS: best.walkerS,
    adaptiveWalkerS: adaptive.walkerS,
    planChanges: adaptive.changes,
    greenWaveDelayS: wave ?? Number.NaN,
    noOffsetDelayS: together ?? Number.NaN,
  };
}
