import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { encodeCompactOrder, parseCompactOrder } from '@oppidum/formats/compact-order';
import { envelopeSchema } from '@oppidum/formats/envelope';
import { encodeOrder } from '@oppidum/formats/order-statement';
import { encodeEvents } from '@oppidum/formats/result';
import { encodeKeySet } from '@oppidum/formats/zone-statements';
import { deviceId } from '../../../../test/support/devices.ts';
import { HOLDERS } from '../../../../test/support/issuing-city.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { atWork, Bench, idOf, LAMP } from '../../../../test/support/order-bench.ts';
import { newKeySet, signAs } from '../../../../test/support/orders.ts';

for (const validatorCount of [1, 4, 7])
  test(`an order that ${validatorCount} validators issued is obeyed once, and the answer says what the lamp does`, async () => {
    const bench = await atWork(validatorCount);
    const order = bench.issue();
    await bench.agent.receive(order);
    await bench.agent.receive(order);
    assert.deepEqual(bench.done, [{ command: 'light/level', arguments: [60] }]);
    assert.deepEqual(bench.told, [`order/applied=${idOf(order)} level=60`]);
    assert.equal(bench.store.read().acting, null);
    await bench.agent.stop();
  });

test('an order for many is obeyed by each of them with its own place', async () => {
  const bench = await atWork();
  const others = Array.from({ length: 9 }, (_, i) => ({ device: namedId(`other ${i}`), challenge: namedId(`challenge ${i}`) }));
  const orders = bench.city.issueForMany([...others, { device: deviceId(LAMP), challenge: bench.newest }]);
  for (const order of orders) await bench.agent.receive(order);
  assert.equal(bench.done.length, 1);
  assert.deepEqual([...new Set(bench.troubles)], ['ROOT_MISMATCH']);
  await bench.agent.stop();
});

type Case = readonly [what: string, code: string, kind: 'unproven' | 'refused', make: (bench: Bench) => Bytes | Promise<Bytes>];
const REFUSED: readonly Case[] = [
  ['bytes that are no order', 'WRONG_TYPE', 'unproven', () => Uint8Array.of(0xa0)],
  ['another city', 'WRONG_CITY', 'unproven', (b) => b.issue({ order: { city: namedId('other city') } })],
  ['another zone', 'ZONE_FOREIGN', 'unproven', (b) => b.issue({ order: { zone: namedId('other zone') } })],
  ['another device', 'ORDER_FOREIGN', 'unproven', (b) => b.city.issue({ device: namedId('other'), challenge: b.newest })],
  [
    'a stranger\u2019s key',
    'SIGNATURE_INVALID',
    'unproven',
    (b) => b.issue({ signatures: [{ key: 0, signature: new Uint8Array(64) }] }),
  ],
  [
    'a key that the set does not have',
    'KEY_UNKNOWN',
    'unproven',
    (b) => b.issue({ signatures: [{ key: 9, signature: new Uint8Array(64) }] }),
  ],
  [
    'one signature where the envelope wants two',
    'SIGNATURES_FEW',
    'unproven',
    (b) => b.issue({ order: { command: 'light/off', arguments: [] } }),
  ],
  [
    'one signature where the machine wants two',
    'SIGNATURES_FEW',
    'unproven',
    (b) => b.issue({ order: { command: 'light/programme', arguments: [] } }),
  ],
  [
    'an older key set',
    'ZONE_KEYS_VERSION',
    'unproven',
    async (b) => {
      await b.store.write({ ...b.store.read(), keys: { ...b.city.keys, version: 2 } });
      return b.issue();
    },
  ],
  ['a key set that nobody has', 'ZONE_KEYS_UNKNOWN', 'unproven', (b) => b.issue({ order: { keys: 2 } })],
  ['an envelope that nobody has', 'ZONE_ENVELOPE_UNKNOWN', 'unproven', (b) => b.issue({ order: { envelope: 2 } })],
  ['a longer life than the envelope allows', 'LIFETIME_TOO_LONG', 'unproven', (b) => b.issue({ order: { lifetimeMs: 600_001 } })],
  [
    'a policy that the device does not know',
    'POLICY_UNKNOWN',
    'unproven',
    (b) => b.issue({ issuance: { policy: namedId('policy') } }),
  ],
  [
    'a transaction that issued another order',
    'ORDER_NOT_ISSUED',
    'unproven',
    (b) => b.issue({ events: encodeEvents([{ kind: 'order/issued', body: new Map([['order', namedId('other')]]) }]) }),
  ],
  ['an event of another kind', 'ORDER_NOT_ISSUED', 'unproven', (b) => b.issue({ events: encodeEvents([]) })],
  ['another height', 'ROOT_MISMATCH', 'unproven', (b) => b.issue({ issuance: { height: 99 } })],
  [
    'a challenge of somebody else\u2019s making',
    'CHALLENGE_SPENT',
    'refused',
    (b) => b.city.issue({ device: deviceId(LAMP), challenge: namedId('mine') }),
  ],
  [
    'a life that is over',
    'ORDER_EXPIRED',
    'refused',
    (b) => {
      const order = b.issue();
      b.nowMs += 30_000;
      return order;
    },
  ],
  [
    'a veto of the local monitor',
    'LAMP_TOO_HOT',
    'refused',
    (b) => {
      b.veto = 'LAMP_TOO_HOT';
      return b.issue();
    },
  ],
  [
    'break-glass in a direction that is not safe',
    'DIRECTION_UNSAFE',
    'unproven',
    (b) => b.issue({ order: { mode: 'break-glass' } }),
  ],
];

for (const [what, code, kind, make] of REFUSED)
  test(`not obeyed: ${what}`, async () => {
    const bench = await atWork();
    const message = await make(bench);
    await bench.agent.receive(message);
    assert.deepEqual(bench.done, []);
    if (kind === 'refused') assert.deepEqual(bench.told, [`order/rejected=${idOf(message)} ${code} level=100`]);
    else assert.deepEqual([bench.troubles, bench.told], [[code], [`order/alarm=${code} level=100`]]);
    await bench.agent.stop();
  });

test('fewer cosignatures than the quorum, whoever sends them', async () => {
  const bench = await atWork(4);
  const compact = parseCompactOrder(bench.issue());
  const { issuance } = compact;
  assert.ok(issuance !== null);
  const few = issuance.checkpoint.cosignatures.slice(1);
  const checkpoint = { ...issuance.checkpoint, cosignatures: few };
  await bench.agent.receive(encodeCompactOrder({ ...compact, issuance: { ...issuance, checkpoint } }));
  assert.deepEqual(bench.done, []);
  assert.deepEqual(bench.troubles, ['QUORUM_MISSING']);
  await bench.agent.stop();
});

test('whoever floods it with what is no order makes it sign one alarm', async () => {
  const bench = await atWork();
  for (let i = 0; i < 50; i++) await bench.agent.receive(Uint8Array.of(i));
  assert.equal(bench.troubles.length, 50);
  assert.equal(bench.told.length, 1);
  await bench.agent.stop();
});

test('break-glass brings it to safety without any quorum', async () => {
  const bench = await atWork();
  bench.level = 20;
  await bench.agent.receive(bench.issue({ order: { mode: 'break-glass', arguments: [100] } }));
  assert.equal(bench.level, 100);
  assert.match(bench.told[0] ?? '', /^order\/local=break-glass [0-9a-f]{64} level=100$/);
  assert.match(bench.told[1] ?? '', /^order\/applied=/);
  await bench.agent.stop();
});

test('by hand it always works, is told, and voids what was ordered before', async () => {
  const bench = await atWork();
  const order = bench.issue();
  await bench.agent.manual({ command: 'light/level', arguments: [80] });
  await bench.agent.receive(order);
  assert.equal(bench.level, 80);
  assert.deepEqual(bench.told, [
    'order/local=manual light/level 80 level=80',
    `order/rejected=${idOf(order)} CHALLENGE_SPENT level=80`,
  ]);
  await bench.agent.stop();
});

test('a restart voids every challenge, and numbers go on rising', async () => {
  const bench = await atWork();
  const order = bench.issue();
  await bench.restart();
  await bench.agent.receive(order);
  assert.deepEqual(bench.done, []);
  assert.match(bench.told[0] ?? '', / CHALLENGE_SPENT /);
  assert.deepEqual(
    bench.numbers,
    bench.numbers.toSorted((a, b) => a - b),
  );
  // One of each life; the one in force is sent again to whoever orders for an old one.
  assert.equal(new Set(bench.numbers).size, 2);
  await bench.agent.stop();
});

test('killed while it acts: told after the restart, never done again', async () => {
  const bench = await atWork();
  const order = bench.issue();
  let acting = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    acting = resolve;
  });
  bench.works = () => {
    acting();
    return new Promise(() => undefined);
  };
  void bench.agent.receive(order);
  await begun;
  // The old process is gone; only the store is left.
  const after = new Bench();
  await after.store.write(bench.store.read());
  await after.agent.start();
  assert.deepEqual(after.told, [`order/rejected=${idOf(order)} ORDER_INTERRUPTED level=100`]);
  assert.deepEqual(after.outcomes, ['ORDER_INTERRUPTED']);
  await after.agent.receive(order);
  assert.deepEqual(after.done, []);
  await after.agent.stop();
});

test('what takes long is acknowledged first; what fails is told', async () => {
  const bench = await atWork();
  bench.works = () => sleep(400);
  const first = bench.issue();
  await bench.agent.receive(first);
  assert.deepEqual(
    bench.told.map((line) => line.split(/[= ]/)[0]),
    ['order/ack', 'order/applied'],
  );
  bench.works = () => Promise.reject(new Error('the motor is stuck'));
  const second = bench.issue();
  await bench.agent.receive(second);
  assert.equal(bench.told.at(-1), `order/rejected=${idOf(second)} ACTUATOR_FAILED level=60`);
  assert.deepEqual(bench.outcomes, [null, 'ACTUATOR_FAILED']);
  await bench.agent.stop();
});

test('a spoilt copy does not stand in the way of the order itself', async () => {
  const bench = await atWork(4);
  const order = bench.issue();
  const compact = parseCompactOrder(order);
  assert.ok(compact.issuance !== null);
  await bench.agent.receive(encodeCompactOrder({ ...compact, issuance: { ...compact.issuance, height: 7 } }));
  await bench.agent.receive(order);
  assert.deepEqual(bench.troubles, ['ROOT_MISMATCH']);
  assert.equal(bench.level, 60);
  await bench.agent.stop();
});

test('new keys and a new envelope are taken from anybody, if the old keys signed them', async () => {
  const bench = await atWork();
  const names = ['dee', 'eve'];
  const keys = newKeySet(bench.city.genesis, names, { version: 2 });
  const envelope = bench.envelope({ version: 2, previous: namedId('before'), lifetimeMsMax: 900_000 });
  const keySet = { statement: encodeKeySet(keys), signatures: signAs('keys', encodeKeySet(keys), HOLDERS, ['ada', 'bo']) };
  const wrapper = encodeBy(envelopeSchema, envelope);
  const signed = { statement: wrapper, signatures: signAs('envelope', wrapper, names) };
  bench.source = { keySet: () => Promise.resolve(keySet), envelope: () => Promise.resolve(signed) };
  const order = { keys: 2, envelope: 2 };
  const byOld = bench.issue({ order });
  await bench.agent.receive(byOld);
  assert.deepEqual(bench.done, [], 'the old keys order nothing any more');
  const draft = parseCompactOrder(bench.issue({ order: { ...order, arguments: [40] } }));
  const signatures = signAs('order', encodeOrder(draft.order), names, ['dee']);
  await bench.agent.receive(bench.issue({ order: { ...order, arguments: [40] }, signatures }));
  assert.equal(bench.level, 40);
  assert.equal(bench.store.read().keys.version, 2);
  await bench.agent.stop();
});

test('a key set that one stolen key signed replaces nothing', async () => {
  const bench = await atWork();
  const keys = newKeySet(bench.city.genesis, ['thief'], { version: 2 });
  const statement = encodeKeySet(keys);
  const keySet = { statement, signatures: signAs('keys', statement, HOLDERS, ['ada']) };
  bench.source = { keySet: () => Promise.resolve(keySet), envelope: () => Promise.resolve(null) };
  await bench.agent.receive(bench.issue({ order: { keys: 2 } }));
  assert.deepEqual([bench.store.read().keys.version, bench.done.length], [1, 0]);
  assert.deepEqual(bench.troubles, ['SIGNATURES_FEW']);
  await bench.agent.stop();
});
