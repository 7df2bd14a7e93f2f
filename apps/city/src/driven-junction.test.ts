/** A junction that the SDK's controller drives, as the street sees it: second by second over a day. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ConflictMonitor } from '@oppidum/device/monitor/conflict-monitor';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { Intersection } from '@oppidum/device/signals/intersection';
import { SignalActuator } from '@oppidum/device/signals/signal-actuator';
import { compileSignals } from '@oppidum/device/signals/signal-program';
import { checkPlans } from '@oppidum/formats/check-plans';
import { checkMatrix, parseSignalMatrix } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans } from '@oppidum/formats/signal-plan';
import { DrivenJunction } from './driven-junction.ts';
import { junctionDocuments } from './street-documents.ts';
import { Approach } from './traffic.ts';

const START_MS = Date.UTC(2026, 10, 25);
const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;

class Street {
  readonly ns = new Approach({ junction: 7, side: 'ns', lon: 0, lengthM: 150 });
  readonly ew = new Approach({ junction: 7, side: 'ew', lon: 0, lengthM: 150 });
  readonly intersection: Intersection;
  readonly junction: DrivenJunction;
  readonly actuator: SignalActuator;
  isLinked = true;

  constructor(fromMs: number) {
    const { matrix, plans } = junctionDocuments('Junction 3', 37);
    const program = compileSignals(nativeCrypto, { matrix, plans });
    if ('code' in program) assert.fail(program.code);
    const latch = { read: () => null, write: () => undefined, clear: () => undefined };
    this.intersection = new Intersection({ program, monitor: new ConflictMonitor(readMonitorProgram(matrix), latch) });
    const approaches = { ns: this.ns, ew: this.ew };
    this.junction = new DrivenJunction({
      ...{ intersection: this.intersection, approaches, seed: 7, fromMs },
      isLinked: () => this.isLinked,
    });
    this.actuator = new SignalActuator(this.intersection);
  }

  /** Seconds of green of each side over so long. */
  greens(fromMs: number, seconds: number): { readonly ns: number; readonly ew: number } {
    const count = { ns: 0, ew: 0 };
    for (let second = 1; second <= seconds; second++) {
      const timeMs = fromMs + second * SECOND_MS;
      for (const side of ['ns', 'ew'] as const) if (this[side].aspect(timeMs) === 'green') count[side]++;
    }
    return count;
  }
}

test('the documents that its engineers would sign pass every check', () => {
  const { matrix, plans } = junctionDocuments('Junction 3', 37);
  assert.equal(checkMatrix(parseSignalMatrix(matrix)), null);
  assert.equal(checkPlans(parseSignalMatrix(matrix), nativeCrypto.sha256(matrix), parseSignalPlans(plans)), null);
});

describe('a day at the junction', () => {
  const street = new Street(START_MS);
  const { ns, ew, junction, intersection } = street;
  let [greens, longest, before] = [0, 0, { ns: 0, ew: 0 }];

  test('nobody is let in against somebody else, and nobody appears or is lost', async () => {
    const orders = ['signal/plan', 'signal/automatic', 'signal/flash', 'signal/plan'];
    for (let second = 1; second <= 86_400; second++) {
      const timeMs = START_MS + second * SECOND_MS;
      // Every three quarters of an hour somebody orders something; sometimes the link is away.
      if (second % 2_700 === 0) {
        const command = orders[(second / 2_700) % orders.length] as string;
        const order = { command, arguments: command === 'signal/plan' ? [1 + ((second / 2_700) % 4)] : [] };
        assert.equal(street.actuator.veto(order), null);
        await street.actuator.act(order);
      }
      street.isLinked = second % 20_000 > 1_200;
      const shown = { ns: ns.aspect(timeMs), ew: ew.aspect(timeMs) };
      assert.ok(!['green', 'yellow'].includes(shown.ns) || shown.ew === 'red', `${shown.ns} and ${shown.ew} at ${second} s`);
      assert.ok(!['green', 'yellow'].includes(shown.ew) || shown.ns === 'red', `${shown.ns} and ${shown.ew} at ${second} s`);
      if (shown.ns === 'green') greens++;
      const left = { ns: ns.passedLine(timeMs), ew: ew.passedLine(timeMs) };
      for (const side of ['ns', 'ew'] as const) {
        const approach = street[side];
        assert.ok(left[side] >= before[side], 'no counter falls');
        assert.ok(approach.queue(timeMs) >= 0);
        const between = approach.passedLoop(timeMs) - left[side] - approach.queue(timeMs);
        assert.ok(between >= 0 && between <= 8, `${between} are between loop and queue`);
        longest = Math.max(longest, approach.queue(timeMs));
      }
      before = left;
    }
    assert.equal(intersection.monitor.trip, null, 'the monitor saw nothing wrong');
    assert.ok(greens > 20_000 && longest > 5, `${greens} s of green, ${longest} waited`);
    assert.equal(junction.lamps.length, 4);
  });
});

test('an order changes who waits: the side street goes first', async () => {
  const rush = START_MS + 17 * HOUR_MS;
  const street = new Street(rush);
  await street.actuator.act({ command: 'signal/plan', arguments: [1] });
  street.greens(rush, 300);
  const main = street.greens(rush + 300_000, 900);
  await street.actuator.act({ command: 'signal/plan', arguments: [2] });
  street.greens(rush + 1_200_000, 300);
  const side = street.greens(rush + 1_500_000, 900);
  assert.ok(main.ns > 1.1 * main.ew, `plan 1: ${main.ns} s and ${main.ew} s`);
  assert.ok(side.ew > 1.2 * side.ns, `plan 2: ${side.ns} s and ${side.ew} s`);
});

test('flash is seen by everybody, and traffic creeps through', async () => {
  const noon = START_MS + 12 * HOUR_MS;
  const street = new Street(noon);
  street.greens(noon, 120);
  await street.actuator.act({ command: 'signal/flash', arguments: [] });
  street.greens(noon + 120_000, 120);
  const [early, late] = [noon + 240_000, noon + 540_000];
  const passed = street.ns.passedLine(early);
  assert.deepEqual([street.ns.aspect(late), street.ew.aspect(late)], ['flash', 'flash']);
  const said = new Map(street.ns.tells().map(({ sensor, value }) => [sensor, value]));
  assert.deepEqual([said.get('signal/mode'), said.get('signal/trip')], ['flash', 'none']);
  assert.match(String(said.get('signal/phases')), /^2 flash \d+, 4 flash \d+, 9 flash \d+, 10 flash \d+$/);
  assert.deepEqual(street.ew.tells(), [], 'one device has the controller');
  const through = street.ns.passedLine(late) - passed;
  assert.ok(through > 0 && through <= 75, `${through} vehicles in 5 min at one in 4 s`);
});

test('after a night without the town nobody waits, and no counter falls', () => {
  const street = new Street(START_MS + 8 * HOUR_MS);
  const before = START_MS + 9 * HOUR_MS;
  street.greens(before - 60_000, 60);
  const passed = street.ns.passedLine(before);
  const after = START_MS + 30 * HOUR_MS;
  assert.ok(street.ns.passedLine(after) > passed + 1_000);
  assert.ok(street.ns.queue(after) <= 2);
});
