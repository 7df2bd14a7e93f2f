import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { SignalTraffic } from '../../../../test/support/signal-traffic.ts';
import { matrix, plans } from '../../../../test/support/signals.ts';
import { PlanChooser } from './choose-plan.ts';
import { SignalController } from './controller.ts';
import { compileSignals, type SignalProgram } from './signal-program.ts';

function programOf(of: SignalPlans): SignalProgram {
  const program = compileSignals(nodeCrypto, {
    matrix: encodeBy(signalMatrixSchema, matrix),
    plans: encodeBy(signalPlansSchema, of),
  });
  assert.ok(!('code' in program));
  return program;
}

/** Vehicles an hour by phase. */
type Flows = Readonly<Record<number, number>>;

/** Lets traffic come for so long; the plans that ran, one for each five minutes, and the mean delay. */
function drive(
  of: SignalPlans,
  flows: Flows,
  minutes: number,
  isChosen = true,
): { readonly ran: number[]; readonly delayS: number } {
  const program = programOf(of);
  const controller = new SignalController(program);
  const chooser = new PlanChooser(program);
  const traffic = new SignalTraffic(5, matrix, of);
  for (const [phase, perHour] of Object.entries(flows))
    traffic.setFlow(
      matrix.phases.findIndex(({ number }) => number === Number(phase)),
      perHour,
    );
  const ran: number[] = [];
  let detectors = 0;
  for (let step = 0; step < minutes * 600; step++) {
    detectors = traffic.step(controller.tick({ cityTimeMs: step * 100, isLinked: true, detectors }));
    chooser.watch(detectors, controller.goMask);
    const plan = isChosen && step % 600 === 599 ? chooser.propose(controller.status.plan) : null;
    if (plan !== null) assert.equal(controller.choosePlan(plan), null);
    if (step % 3_000 === 2_999) ran.push(controller.status.plan);
  }
  return { ran, delayS: traffic.delay('vehicles').meanS };
}

const fixedOnly: SignalPlans = {
  ...plans,
  plans: plans.plans.filter(({ control, purpose }) => control === 'fixed' || purpose !== 'ordinary'),
};
const MAIN: Flows = { 2: 1_500, 6: 1_450, 4: 150, 8: 150, 1: 30, 5: 30 };
const SIDE: Flows = { 2: 250, 6: 250, 4: 620, 8: 600, 1: 30, 5: 30 };

test('the plan that suits: long main greens for the main road, the side road first when it is busy', () => {
  assert.equal(drive(fixedOnly, MAIN, 40).ran.at(-1), 2);
  assert.equal(drive(fixedOnly, SIDE, 40).ran.at(-1), 4);
});

test('what is chosen delays less than the local plan, and people on an empty road are served by the night plan', () => {
  for (const flows of [MAIN, SIDE]) {
    const [chosen, local] = [true, false].map((isChosen) => drive(fixedOnly, flows, 120, isChosen).delayS);
    assert.ok((chosen ?? 0) < (local ?? 0), `${chosen} s, ${local} s`);
  }
  assert.equal(drive(plans, { 2: 60, 6: 60, 4: 20, 8: 20 }, 40).ran.at(-1), 3);
});

test('an empty road, and detectors that are stuck, change to nothing but an ordinary plan', () => {
  const ordinary = new Set(plans.plans.filter(({ purpose }) => purpose === 'ordinary').map(({ number }) => number));
  for (const plan of drive(plans, {}, 60).ran) assert.ok(ordinary.has(plan));
  const program = programOf(plans);
  const chooser = new PlanChooser(program);
  for (let step = 0; step < 3_000; step++) chooser.watch(0x7fff_ffff, -1);
  const proposed = chooser.propose(1);
  assert.ok(proposed === null || ordinary.has(proposed));
});
