/** Attacks on an intersection: by those who may plan it, and by a controller that is no longer ours. */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ConflictMonitor } from '@oppidum/device/monitor/conflict-monitor';
import { latchFile } from '@oppidum/device/monitor/latch-file';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { LAMP_GREEN, LAMP_RED } from '@oppidum/formats/signal-lamps';
import { type SignalMatrix, type SignalPhase, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import type { Attack } from './attack.ts';
import { provenEntry } from './city-evidence.ts';
import { setDocument } from './make-street.ts';
import { RULES } from './rules.ts';
import type { Sensor } from './sensor.ts';

const STEP_MS = 100;
const CYCLE_MS = 60_000;
/** Phases as streets have them: two roads that cross. */
const PHASES: readonly (SignalPhase & Required<Pick<SignalPhase, 'vehicle'>>)[] = [
  { number: 2, name: 'Main east', widthFt: 70, vehicle: { road: 'major', speedMph: 35, gradePercent: 0, flash: 'red' } },
  { number: 4, name: 'Mill north', widthFt: 80, vehicle: { road: 'minor', speedMph: 25, gradePercent: 0, flash: 'red' } },
];
const GREEN_MINIMUM_MS = 8_000;
const INTERSECTION = { safe: [{ command: 'signal/flash', arguments: [] }], dangerous: ['signal/automatic', 'signal/plan'] };

export const CONFLICTING_GREENS: Attack = {
  name: 'conflicting-greens',
  tried: 'An operator with both engineers’ true keys signs a plan that gives two crossing roads green at once.',
  stop: { ending: 'prevented', by: 'the ledger', rule: 'PLAN_CONFLICT' },
  run: async (city) => {
    const zone = await city.makeZone('Attacked crossing', 'signals', INTERSECTION);
    const matrix = bodyOf(city.rules.compatible);
    const set = await setDocument(city, zone, 'matrix', matrix);
    if (set.code !== 'OK') throw new Error(`the matrix was refused: ${set.code}`);
    const { code, id } = await setDocument(
      city,
      zone,
      'plans',
      encodeBy(signalPlansSchema, bothGreen(nativeCrypto.sha256(matrix))),
    );
    if (code === 'OK') return { rule: null, saw: 'the plan is in force' };
    const exhibits = [await provenEntry(city, 'refused-plan.evidence', id)];
    return { rule: code, saw: 'no record was made of the plan', exhibits };
  },
};

export const HIJACKED_CONTROLLER: Attack = {
  name: 'hijacked-controller',
  tried: 'Whoever has taken over the controller of an intersection lights two crossing greens, past every order and plan.',
  stop: { ending: 'detected', by: 'the conflict monitor', rule: 'conflict' },
  run: async (city) => {
    const { folder, rules } = city;
    const monitor = new ConflictMonitor(rules.monitorProgram(bodyOf(RULES.compatible)), latchFile(join(folder, 'monitor.latch')));
    const lamps = Uint8Array.from(PHASES, () => LAMP_RED);
    // Red for a while, as an honest controller begins; then both green, for ten seconds.
    for (let nowMs = 0; nowMs <= 20_000; nowMs += STEP_MS) {
      if (nowMs === 10_000) lamps.fill(LAMP_GREEN);
      if (monitor.sample({ nowMs, lamps, beat: nowMs })) continue;
      const { trip } = monitor;
      if (trip === null || nowMs < 10_000) throw new Error('the monitor flashes without a cause');
      const [cabinet] = (await city.makeSensors('Signal cabinet', 1)) as [Sensor];
      const { id } = await cabinet.say([{ sensor: 'signal/trip', value: trip.reason, timeMs: Date.now() }]);
      const exhibits = [await provenEntry(city, 'word-of-the-cabinet.evidence', id)];
      const saw = `it took the lamps ${nowMs - 10_000} ms after phases ${trip.phases.join(' + ')} were green; it stays at flash`;
      return { rule: trip.reason, saw, exhibits };
    }
    return { rule: null, saw: 'both were green for ten seconds' };
  },
};

function bodyOf(compatible: SignalMatrix['compatible']): Bytes {
  return encodeBy(signalMatrixSchema, { name: 'Main and Mill', phases: [...PHASES], compatible });
}

function bothGreen(matrix: Bytes): SignalPlans {
  const timings = PHASES.map(({ number: phase, widthFt, vehicle: { speedMph, gradePercent } }) => ({
    phase,
    vehicle: {
      ...{ greenMinMs: GREEN_MINIMUM_MS, extensionMs: 2_500 },
      ...{ yellowMs: yellowNeeded(speedMph, gradePercent), redMs: redClearanceNeeded(widthFt, speedMph) },
    },
  }));
  const both = PHASES.map(({ number }) => number);
  const stages = [both, both.slice(1)].map((phases) => ({ phases, durationMs: CYCLE_MS / 2, onCall: false }));
  const ordinary = { purpose: 'ordinary', control: 'fixed', cycleMs: CYCLE_MS, offsetMs: 0 } as const;
  return { matrix, local: 1, timings, detectors: [], plans: [{ ...ordinary, number: 1, name: 'all green', stages }] };
}
