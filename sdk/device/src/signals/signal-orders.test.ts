import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import { signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { signalPlansSchema } from '@oppidum/formats/signal-plan';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceId, deviceSigner } from '../../../../test/support/devices.ts';
import { makeEnvelope } from '../../../../test/support/envelopes.ts';
import { HOLDERS, IssuingCity } from '../../../../test/support/issuing-city.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { matrix, plans } from '../../../../test/support/signals.ts';
import { ConflictMonitor } from '../monitor/conflict-monitor.ts';
import { readMonitorProgram } from '../monitor/monitor-program.ts';
import { Challenges } from '../orders/challenges.ts';
import { OrderAgent } from '../orders/order-agent.ts';
import { orderStateInMemory } from '../orders/order-state.ts';
import { OrderTrust } from '../orders/order-trust.ts';
import type { SensorValue } from '../reading-pack.ts';
import { Intersection } from './intersection.ts';
import { SignalActuator } from './signal-actuator.ts';
import { compileSignals } from './signal-program.ts';

const NAME = 'crossing';
const NO_LATCH = { read: () => null, write: () => undefined, clear: () => undefined };

/** An intersection that obeys orders of a city with four validators. */
class Crossing {
  readonly city = new IssuingCity(4);
  readonly intersection: Intersection;
  readonly agent: OrderAgent;
  readonly told: string[] = [];
  readonly troubles: string[] = [];
  isFaulty = false;
  #challenge: Bytes = new Uint8Array();
  #nowMs = 0;

  constructor() {
    const body = encodeBy(signalMatrixSchema, matrix);
    const program = compileSignals(nodeCrypto, { matrix: body, plans: encodeBy(signalPlansSchema, plans) });
    assert.ok(!('code' in program));
    const wiring = (lamps: Uint8Array) => (this.isFaulty ? lamps.map(() => 4) : lamps);
    this.intersection = new Intersection({ program, monitor: new ConflictMonitor(readMonitorProgram(body), NO_LATCH), wiring });
    this.agent = this.#makeAgent();
  }

  #makeAgent(): OrderAgent {
    const safe = [{ command: 'signal/flash', arguments: [] }];
    const envelope = { city: this.city.genesis, zone: namedId('zone'), quantities: [], rules: [], safe };
    const dangerous = ['signal/automatic', 'signal/plan'];
    const measure = (values: readonly SensorValue[]): Promise<null> => {
      const told = new Map(values.map(({ sensor, value }) => [sensor, String(value)]));
      const [kind = ''] = told.keys();
      // That somebody sends what is no order is told once a minute; here the trouble itself is looked at.
      if (kind === 'order/alarm') return Promise.resolve(null);
      this.told.push(
        `${kind} ${(told.get(kind) ?? '').split(' ')[1] ?? ''}: ${told.get('signal/mode')} ${told.get('signal/plan')}`,
      );
      return Promise.resolve(null);
    };
    return new OrderAgent({
      crypto: nodeCrypto,
      device: { id: deviceId(NAME), keyNumber: 0, audience: this.city.genesis, measure },
      signer: deviceSigner(NAME),
      store: orderStateInMemory({ keys: this.city.keys, envelope: makeEnvelope({ ...envelope, dangerous }) }),
      trust: new OrderTrust(nodeCrypto, this.city.policy, null),
      source: { keySet: () => Promise.resolve(null), envelope: () => Promise.resolve(null) },
      // Lifetimes are tested where they are judged; here minutes pass between orders.
      challenges: new Challenges({ boot: 'boot', nowMs: () => 0 }),
      actuator: new SignalActuator(this.intersection),
      link: {
        sendChallenge: (message) => {
          this.#challenge = parseChallenge(message).challenge;
        },
        onOrder: () => () => undefined,
      },
      onTrouble: ({ code }) => this.troubles.push(code),
      onOutcome: () => undefined,
    });
  }

  run(ms: number): void {
    for (const endMs = this.#nowMs + ms; this.#nowMs < endMs; this.#nowMs += 100)
      this.intersection.step(this.#nowMs, { cityTimeMs: null, isLinked: true, detectors: 0 });
  }

  /** An order by these keys, as the gateway hands it over. */
  async order(
    command: string,
    given: number[],
    by: readonly string[],
    mode: 'ordinary' | 'break-glass' = 'ordinary',
  ): Promise<void> {
    const order = { command, arguments: given, mode };
    await this.agent.receive(this.city.issue({ device: deviceId(NAME), challenge: this.#challenge }, { order, by }));
  }
}

async function atWork(context: TestContext): Promise<Crossing> {
  const crossing = new Crossing();
  context.after(() => crossing.agent.stop());
  await crossing.agent.start();
  crossing.run(60_000);
  return crossing;
}

const TWO = HOLDERS.slice(0, 2);
const ONE = HOLDERS.slice(0, 1);

test('a plan needs two engineers, and is told with what the intersection does', async (context) => {
  const crossing = await atWork(context);
  await crossing.order('signal/plan', [4], ONE);
  assert.deepEqual([crossing.told, crossing.troubles], [[], ['SIGNATURES_FEW']]);
  await crossing.order('signal/plan', [4], TWO);
  assert.deepEqual(crossing.told, ['order/applied : running 1']);
  crossing.run(120_000);
  assert.equal(crossing.intersection.controller.status.plan, 4);
  await crossing.order('signal/plan', [7], TWO);
  await crossing.order('signal/lamp', [2, 4], TWO);
  assert.deepEqual(crossing.told.slice(1), [
    'order/rejected PLAN_UNKNOWN: running 4',
    'order/rejected COMMAND_UNKNOWN: running 4',
  ]);
});

test('break-glass: one engineer brings the signals to flash while no validator answers, and nothing else', async (context) => {
  const crossing = await atWork(context);
  await crossing.order('signal/plan', [4], TWO, 'break-glass');
  assert.equal(crossing.told.length, 0);
  await crossing.order('signal/flash', [], ONE, 'break-glass');
  crossing.run(60_000);
  assert.equal(crossing.intersection.controller.status.mode, 'flash');
});

test('an intersection that lost whom to obey goes to flash and stays there, also with the link, until two engineers order again', async (context) => {
  const crossing = await atWork(context);
  new SignalActuator(crossing.intersection).hold();
  crossing.run(60_000);
  assert.equal(crossing.intersection.controller.status.mode, 'flash');
  crossing.run(600_000);
  assert.equal(crossing.intersection.controller.status.mode, 'flash');
  await crossing.order('signal/automatic', [], TWO);
  crossing.run(60_000);
  assert.equal(crossing.intersection.controller.status.mode, 'running');
});

test('the monitor vetoes what comes while it is tripped, and no order clears it', async (context) => {
  const crossing = await atWork(context);
  crossing.isFaulty = true;
  crossing.run(1_000);
  crossing.isFaulty = false;
  await crossing.order('signal/plan', [1], TWO);
  assert.match(crossing.told.join(), /^order\/rejected MONITOR_TRIPPED/);
  assert.equal(crossing.intersection.monitor.trip?.reason, 'conflict');
});
