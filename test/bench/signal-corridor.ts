/** Three intersections in a row, 28 s apart, each with the day plan: how long vehicles of the main road wait at the second and third. */

import { SignalController } from '@oppidum/device/signals/controller';
import { compileSignals, type SignalProgram } from '@oppidum/device/signals/signal-program';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../support/crypto.ts';
import { SignalTraffic } from '../support/signal-traffic.ts';
import { matrix, plans } from '../support/signals.ts';

const TRAVEL_MS = 28_000;
const STEP_MS = 100;
const HOURS = 4;
const MAIN_EAST = matrix.phases.findIndex(({ number }) => number === 2);
const FLOWS: Readonly<Record<number, number>> = { 2: 900, 4: 200, 6: 700, 8: 200 };

function programAt(offsetMs: number): SignalProgram {
  const shifted = { ...plans, plans: plans.plans.map((plan) => (plan.number === 1 ? { ...plan, offsetMs } : plan)) };
  const bodies = { matrix: encodeBy(signalMatrixSchema, matrix), plans: encodeBy(signalPlansSchema, shifted) };
  const program = compileSignals(nodeCrypto, bodies);
  if ('code' in program) throw new Error(program.code);
  return program;
}

/** Mean wait in seconds at the second and third intersection, with offsets as long as the way or with none. */
export function runCorridor(isWave: boolean): number {
  const row = [0, 1, 2].map((i) => {
    const traffic = new SignalTraffic(i + 1, matrix, plans);
    for (const [at, { number }] of matrix.phases.entries()) if (i === 0 || number !== 2) traffic.setFlow(at, FLOWS[number] ?? 0);
    const controller = new SignalController(programAt(isWave ? i * TRAVEL_MS : 0));
    return { traffic, controller, detectors: 0, coming: [] as number[] };
  });
  for (let nowMs = 0; nowMs < HOURS * 3_600_000; nowMs += STEP_MS) {
    for (const [i, place] of row.entries()) {
      while ((place.coming[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
        place.coming.shift();
        place.traffic.arrive(MAIN_EAST);
      }
      const lamps = place.controller.tick({ cityTimeMs: nowMs, isLinked: true, detectors: place.detectors });
      place.detectors = place.traffic.step(lamps);
      if (place.traffic.hasDeparted(MAIN_EAST)) row[i + 1]?.coming.push(nowMs + TRAVEL_MS);
    }
  }
  const [, second, third] = row.map(({ traffic }) => traffic.delay(MAIN_EAST));
  if (second === undefined || third === undefined) throw new Error('three intersections');
  return (second.meanS * second.count + third.meanS * third.count) / (second.count + third.count);
}
