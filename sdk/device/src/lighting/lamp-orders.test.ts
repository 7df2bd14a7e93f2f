import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseChallenge } from '@oppidum/formats/device-challenge';
import type { Order } from '@oppidum/formats/order-statement';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { deviceId, deviceSigner } from '../../../../test/support/devices.ts';
import { makeEnvelope } from '../../../../test/support/envelopes.ts';
import { IssuingCity } from '../../../../test/support/issuing-city.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { MIDNIGHT_MS, PROGRAMME } from '../../../../test/support/lighting.ts';
import { Challenges } from '../orders/challenges.ts';
import { OrderAgent } from '../orders/order-agent.ts';
import { orderStateInMemory } from '../orders/order-state.ts';
import { OrderTrust } from '../orders/order-trust.ts';
import type { SensorValue } from '../reading-pack.ts';
import { Lamp, type LampSenses } from './lamp.ts';
import { lampActuator } from './lamp-actuator.ts';

const CURVE = [
  { level: 0, powerMw: 400 },
  { level: 1_000, powerMw: 60_400 },
];
const LAMP = 'lamp';

/** A lamp of Main Road on an evening with this much traffic, behind the order agent that devices run. */
async function lampAtWork(context: TestContext, traffic: number) {
  const city = new IssuingCity(4);
  const envelope = makeEnvelope({
    ...{ city: city.genesis, zone: namedId('zone'), quantities: [], rules: [], dangerous: [] },
    safe: [{ command: 'light/full', arguments: [] }],
  });
  const lamp = new Lamp(PROGRAMME, 0);
  let uptimeMs = 1_000_000;
  const sense = (): LampSenses => {
    const heard = (value: number) => ({ value, uptimeMs });
    const known = { traffic: heard(traffic), weather: heard(0), ambient: heard(1_000) };
    return { uptimeMs, timeMs: MIDNIGHT_MS - 14_400_000 + uptimeMs, photocellMlx: 0, linkUptimeMs: uptimeMs, ...known };
  };
  const pass = (seconds: number): number => {
    for (let i = 0; i < seconds; i++) {
      lamp.step(sense());
      uptimeMs += 1_000;
    }
    return lamp.step(sense()).level;
  };
  pass(2_000);
  const told: string[] = [];
  let newest: Bytes = new Uint8Array();
  const agent = new OrderAgent({
    crypto: nodeCrypto,
    device: {
      ...{ id: deviceId(LAMP), keyNumber: 0, audience: city.genesis },
      measure: (values: readonly SensorValue[]) => {
        told.push(values.map(({ sensor, value }) => `${sensor}=${String(value).replace(/^[0-9a-f]{64} ?/, '')}`).join(' '));
        return Promise.resolve(null);
      },
    },
    signer: deviceSigner(LAMP),
    store: orderStateInMemory({ keys: city.keys, envelope }),
    trust: new OrderTrust(nodeCrypto, city.policy, null),
    source: { keySet: () => Promise.resolve(null), envelope: () => Promise.resolve(null) },
    challenges: new Challenges({ boot: 'boot', nowMs: () => uptimeMs }),
    actuator: lampActuator({ lamp, curve: CURVE, sense }),
    link: {
      sendChallenge: (message) => {
        newest = parseChallenge(message).challenge;
      },
      onOrder: () => () => undefined,
    },
  });
  context.after(() => agent.stop());
  await agent.start();
  const give = (changes: Partial<Order>) =>
    agent.receive(city.issue({ device: deviceId(LAMP), challenge: newest }, { order: changes }));
  const actuator = lampActuator({ lamp, curve: CURVE, sense });
  const reason = () => [lamp.step(sense()).reason, lamp.step(sense()).lost];
  return { give, hold: () => actuator.hold?.(), pass, reason, told };
}

test('a lamp obeys an order that four validators issued, and signs what it does', async (context) => {
  const { give, pass, told } = await lampAtWork(context, 100);
  await give({ command: 'light/level', arguments: [60] });
  assert.equal(told.length, 1);
  assert.match(told[0] ?? '', /^order\/applied= dimming=0\.453 power=/, 'the ramp has only begun');
  assert.equal(pass(20), 600);
});

test('an order below the class of the street is refused by the lamp itself, whatever was issued', async (context) => {
  const { give, pass, told } = await lampAtWork(context, 1_000);
  await give({ command: 'light/level', arguments: [60] });
  assert.match(told[0] ?? '', /^order\/rejected=LIGHT_BELOW_CLASS/);
  await give({ command: 'light/section-level', arguments: [1, 100] });
  assert.match(told[1] ?? '', /^order\/rejected=LIGHT_SECTION_UNKNOWN/);
  assert.equal(pass(60), 905, 'it gives what the street needs');
});

test('break-glass lights a lamp fully without the city, and does not dim it', async (context) => {
  const { give, pass, told } = await lampAtWork(context, 100);
  await give({ command: 'light/level', arguments: [60], mode: 'break-glass' });
  assert.match(told[0] ?? '', /^order\/alarm=DIRECTION_UNSAFE/);
  assert.equal(pass(10), 453);
  await give({ command: 'light/full', arguments: [], mode: 'break-glass' });
  assert.equal(pass(60), 1_000);
  assert.match(told.at(-2) ?? '', /^order\/local=break-glass/, told.join('; '));
  assert.match(told.at(-1) ?? '', /^order\/applied=/);
});

test('a lamp that lost whom to obey gives full light by night and says so, until an order is obeyed', async (context) => {
  const { give, hold, pass, reason } = await lampAtWork(context, 100);
  assert.equal(pass(10), 453);
  hold();
  assert.equal(pass(60), 1_000);
  assert.deepEqual(reason(), ['lost', 'orders']);
  // A minute later its challenge is too old; what is refused for that draws the next.
  for (let i = 0; i < 2; i++) await give({ command: 'light/level', arguments: [60] });
  assert.equal(pass(60), 600);
  assert.equal(reason()[0], 'order');
});
