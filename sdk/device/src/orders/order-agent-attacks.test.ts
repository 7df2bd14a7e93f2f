import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatError } from '@oppidum/formats/errors';
import { deviceId } from '../../../../test/support/devices.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { atWork, type Bench, idOf, LAMP } from '../../../../test/support/order-bench.ts';

const level = (value: number) => ({ command: 'light/level', arguments: [value] });

/** The next write of the journal waits until the answer is called. */
function slowDisk(bench: Bench): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { store } = bench;
  const write = store.write.bind(store);
  store.write = async (state) => {
    await promise;
    store.write = write;
    await write(state);
  };
  return resolve;
}

test('an order that grew old while the disk took its time is not obeyed', async () => {
  const bench = await atWork();
  const order = bench.issue();
  const goOn = slowDisk(bench);
  const judged = bench.agent.receive(order);
  await sleep(20);
  bench.nowMs += 30_000;
  goOn();
  await judged;
  assert.deepEqual(bench.done, []);
  assert.deepEqual(bench.told, [`order/rejected=${idOf(order)} ORDER_EXPIRED level=100`]);
  assert.equal(bench.store.read().acting, null);
  await bench.agent.stop();
});

test('a hand at the machine while the journal is written voids the order that is being judged', async () => {
  const bench = await atWork();
  const order = bench.issue();
  const goOn = slowDisk(bench);
  const judged = bench.agent.receive(order);
  await sleep(20);
  const byHand = bench.agent.manual(level(80));
  goOn();
  await Promise.all([judged, byHand]);
  assert.deepEqual(bench.done, [level(80)]);
  assert.equal(bench.told[0], `order/rejected=${idOf(order)} CHALLENGE_SPENT level=100`);
  await bench.agent.stop();
});

test('what was ordered while a hand was still at the machine is void, too', async () => {
  const bench = await atWork();
  bench.works = () => sleep(50);
  const first = bench.agent.receive(bench.issue());
  const byHand = bench.agent.manual(level(80));
  await first;
  const between = bench.issue({ order: { arguments: [10] } });
  await byHand;
  await bench.agent.receive(between);
  assert.equal(bench.level, 80);
  await bench.agent.stop();
});

test('a slow machine whose outbox is full acts, says so, and its process lives', async () => {
  const bench = await atWork();
  bench.works = () => sleep(400);
  bench.tells = () => Promise.reject(formatError('OUTBOX_FULL', {}));
  await bench.agent.receive(bench.issue());
  assert.equal(bench.level, 60);
  assert.deepEqual([...new Set(bench.troubles)], ['OUTBOX_FULL']);
  bench.tells = () => Promise.resolve();
  await bench.restart();
  assert.match(bench.told[0] ?? '', /^order\/rejected=[0-9a-f]{64} ORDER_INTERRUPTED/);
  await bench.agent.stop();
});

test('a start that cannot tell what was half done begins nevertheless, and tells it before the next order', async () => {
  const bench = await atWork();
  const acting = { order: namedId('half'), command: 'light/level', arguments: [7] };
  await bench.store.write({ ...bench.store.read(), acting });
  bench.tells = () => Promise.reject(formatError('OUTBOX_FULL', {}));
  await bench.restart();
  assert.deepEqual(bench.troubles, ['OUTBOX_FULL']);
  bench.tells = () => Promise.resolve();
  await bench.agent.receive(bench.issue());
  assert.equal(bench.level, 60);
  assert.match(bench.told[0] ?? '', / ORDER_INTERRUPTED /);
  await bench.agent.stop();
});

test('a machine that cannot say what it is doing obeys and answers all the same', async () => {
  const bench = await atWork();
  bench.failsState = true;
  const order = bench.issue();
  await bench.agent.receive(order);
  assert.deepEqual([bench.level, bench.told, bench.troubles], [60, [`order/applied=${idOf(order)}`], ['ACTUATOR_FAILED']]);
  bench.failsState = false;
  await bench.agent.manual(level(80));
  assert.equal(bench.told.at(-1), 'order/local=manual light/level 80 level=80');
  await bench.agent.stop();
});

test('what fails by hand, and a monitor that fails over an order, leave the agent at work', async () => {
  const bench = await atWork();
  bench.works = () => Promise.reject(new TypeError('no motor'));
  await bench.agent.manual(level(80));
  assert.equal(bench.told.at(-1), 'order/local=manual light/level 80 ACTUATOR_FAILED level=100');
  bench.works = () => Promise.resolve();
  bench.failsVeto = true;
  const order = bench.issue();
  await bench.agent.receive(order);
  assert.equal(bench.told.at(-1), `order/rejected=${idOf(order)} ACTUATOR_FAILED level=100`);
  bench.failsVeto = false;
  await bench.agent.receive(bench.issue({ order: { nonce: new Uint8Array(16).fill(9) } }));
  assert.equal(bench.level, 60);
  await bench.agent.stop();
});

test('true orders of former days, sent again and again, fill no outbox and void no challenge', async () => {
  const bench = await atWork();
  const fresh = bench.issue();
  const old = Array.from({ length: 80 }, (_, i) =>
    bench.city.issue({ device: deviceId(LAMP), challenge: namedId(`of day ${i}`) }),
  );
  for (const order of [...old, ...old]) await bench.agent.receive(order);
  assert.equal(bench.told.length, 16);
  assert.equal(new Set(bench.numbers).size, 1);
  await bench.agent.receive(fresh);
  assert.equal(bench.level, 60);
  await bench.agent.stop();
});

test('while it acts only so many messages wait', async () => {
  const bench = await atWork();
  const { promise, resolve } = Promise.withResolvers<void>();
  bench.works = () => promise;
  const first = bench.agent.receive(bench.issue());
  await sleep(20);
  const flood = Array.from({ length: 1_000 }, () => bench.agent.receive(new Uint8Array(1)));
  const refused = bench.troubles.filter((code) => code === 'OVERLOADED').length;
  assert.equal(refused, 1_000 - 32);
  resolve();
  await Promise.all([first, ...flood]);
  assert.equal(bench.level, 60);
  await bench.agent.receive(bench.issue({ order: { arguments: [30] } }));
  assert.equal(bench.level, 30);
  await bench.agent.stop();
});
