import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encodeBase64 } from '@oppidum/formats/bytes';
import { encodeOrder, parseOrder } from '@oppidum/formats/order-statement';
import {
  act,
  draft,
  enrolLamp,
  issue,
  makeZone,
  openOrderDoors,
  postJson,
  runOrderDoors,
  signOrder,
  TestLamp,
  type TestZone,
} from '../../../../test/support/order-city.ts';
import { actionOf, envelopeOf, execute, inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { eventually, type RunningDoors, type TestDevice } from '../../../../test/support/running-gateway.ts';
import type { OrderDetailJson, OrderJson, ZoneDetailJson } from '../api/orders.ts';
import { findZoneDevices } from '../read-model/order-queries.ts';

const get = async <T>({ gateway }: RunningDoors, path: string): Promise<T> =>
  (await (await fetch(`${gateway.http}/api/v1/${path}`)).json()) as T;

/** The order once it is in this state. */
const inState = (doors: RunningDoors, id: string, state: string): Promise<OrderDetailJson> =>
  eventually(
    () => get<OrderDetailJson>(doors, `orders/${id}`),
    (order) => order.state === state,
  );

describe('orders by way of the gateway', () => {
  let doors: RunningDoors;
  let zone: TestZone;
  let close: () => Promise<void>;
  before(async () => {
    ({ doors, zone, close } = await openOrderDoors());
  });
  after(() => close());
  const level = (device: string, percent: number) => ({ zone: zone.hex, device, command: 'lamp/level', arguments: [percent] });

  test('issued, handed over with its proof, applied and signed for', async () => {
    const device = await enrolLamp(doors, zone, { label: 'Main street 1' });
    const lamp = await TestLamp.connect(doors, zone, device);
    const drafted = await draft(doors, level(device.hex, 60));
    assert.match(drafted.words[0] ?? '', /lamp\/level percent=60 % on device “Main street 1”/);
    assert.deepEqual([drafted.needed, drafted.dangerous, drafted.deviceCount], [1, false, 1]);
    assert.equal(await issue(doors, zone, drafted.bytes), 'OK');
    const order = await inState(doors, drafted.order, 'applied');
    assert.deepEqual(lamp.done, [drafted.order]);
    assert.deepEqual(
      [order.status, order.signers, order.appliedCount, order.device, order.arguments],
      ['issued', [0], 1, device.hex, [60]],
    );
    assert.equal(order.statement, drafted.statement);
    assert.equal(order.answers[0]?.kind, 'applied');
    const evidence = await fetch(`${doors.gateway.http}/api/v1/evidence/${order.transaction}`);
    assert.equal(evidence.status, 200, 'who was allowed to order it is provable');
    const reading = await fetch(`${doors.gateway.http}/api/v1/readings/${order.answers[0]?.reading}`);
    assert.equal(reading.status, 200, 'so is what the lamp said');
    assert.ok((lamp.seen[0]?.size ?? 4_096) < 1_500, `${lamp.seen[0]?.size} bytes`);
    await lamp.end();
  });

  test('an order for many leaves out who is set apart or suspended; an order for one of them the ledger refuses', async () => {
    const lit = await makeZone(doors);
    const devices = [await enrolLamp(doors, lit), await enrolLamp(doors, lit), await enrolLamp(doors, lit)];
    const lamps = await Promise.all(devices.map((device) => TestLamp.connect(doors, lit, device)));
    const [apart, suspended] = devices as [TestDevice, TestDevice, TestDevice];
    const wish = { zone: lit.hex, command: 'lamp/level', arguments: [70] };
    const countsOf = async (): Promise<readonly number[]> => {
      const { deviceCount, missingCount } = await draft(doors, wish);
      return [deviceCount, missingCount];
    };
    await eventually(countsOf, ([count]) => count === 3);
    await act(doors.city, 'device/quarantine', { id: apart.id, reason: 'drifts' });
    assert.deepEqual(await countsOf(), [2, 1]);
    await act(doors.city, 'device/suspend', { id: suspended.id, reason: 'dark' });
    assert.deepEqual(await countsOf(), [1, 2]);
    const one = await draft(doors, { ...wish, device: apart.hex });
    assert.equal(await issue(doors, lit, one.bytes), 'DEVICE_QUARANTINED');
    const glass = await draft(doors, { ...wish, arguments: [100], mode: 'break-glass' });
    assert.ok(glass.deviceCount >= 2, 'what is safe is safe for all');
    for (const lamp of lamps) await lamp.end();
  });

  test('devices that come to a zone after their challenge, or leave it, count at once; its pages read what they show', async () => {
    const [from, to] = [await makeZone(doors), await makeZone(doors)];
    const devices = [await enrolLamp(doors, from), await enrolLamp(doors, from), await enrolLamp(doors, from)];
    const lamps = await Promise.all(devices.map((device) => TestLamp.connect(doors, from, device)));
    const countsOf = async ({ hex }: TestZone): Promise<readonly number[]> => {
      const { challengedCount } = await get<ZoneDetailJson>(doors, `zones/${hex}`);
      if (challengedCount === 0) return [0];
      const { deviceCount, missingCount } = await draft(doors, { zone: hex, command: 'lamp/level', arguments: [70] });
      return [challengedCount, deviceCount, missingCount];
    };
    assert.deepEqual(await countsOf(from), [3, 3, 0]);
    const [moving] = devices as [TestDevice];
    await act(doors.city, 'zone/remove-devices', { zone: from.id, devices: [moving.id] });
    assert.deepEqual([await countsOf(from), await countsOf(to)], [[2, 2, 0], [0]]);
    await act(doors.city, 'zone/add-devices', { zone: to.id, devices: [moving.id] });
    assert.deepEqual(
      [await countsOf(from), await countsOf(to)],
      [
        [2, 2, 0],
        [1, 1, 0],
      ],
    );
    const staying = devices
      .slice(1)
      .map(({ hex }) => hex)
      .sort();
    const { database } = doors.gateway.readModel;
    const page = async (after: string) =>
      (await findZoneDevices(database, from.hex, { limit: 1, after })).map(({ device }) => device);
    await eventually(
      () => findZoneDevices(database, from.hex, { limit: 9, after: '' }),
      ({ length }) => length === 2,
    );
    assert.deepEqual([...(await page('')), ...(await page(staying[0] as string))], staying);
    assert.deepEqual(await page(staying[1] as string), []);
    for (const lamp of lamps) await lamp.end();
  });

  test('what needs two keys waits for the second, and is handed over to nobody before', async () => {
    const device = await enrolLamp(doors, zone);
    const lamp = await TestLamp.connect(doors, zone, device);
    const drafted = await draft(doors, { zone: zone.hex, device: device.hex, command: 'lamp/off' });
    assert.deepEqual([drafted.needed, drafted.dangerous], [2, true]);
    assert.equal(await issue(doors, zone, drafted.bytes, [0]), 'OK');
    const waiting = await inState(doors, drafted.order, 'awaiting');
    assert.deepEqual([waiting.signers, waiting.needed, waiting.transaction], [[0], 2, null]);
    assert.deepEqual(lamp.seen, []);
    const { client, operator } = doors.city;
    const approval = actionOf('order/approve', {
      id: new Uint8Array(Buffer.from(drafted.order, 'hex')),
      signatures: signOrder(zone, drafted.bytes, [1]),
    });
    assert.equal((await execute(client, envelopeOf(client, operator, [approval]))).code, 'OK');
    const applied = await inState(doors, drafted.order, 'applied');
    assert.deepEqual([applied.signers, applied.signatures.length, lamp.done], [[0, 1], 2, [drafted.order]]);
    await lamp.end();
  });

  test('an order comes again until it is answered, and at once when the device comes back', async () => {
    const device = await enrolLamp(doors, zone);
    const deaf = await TestLamp.connect(doors, zone, device);
    deaf.answers = false;
    const drafted = await draft(doors, level(device.hex, 30));
    await issue(doors, zone, drafted.bytes);
    await eventually(
      async () => deaf.seen.length,
      (count) => count >= 2,
    );
    assert.equal((await inState(doors, drafted.order, 'sent')).sentCount, 1);
    await deaf.end();
    const again = await TestLamp.connect(doors, zone, device, 100);
    const order = await inState(doors, drafted.order, 'rejected');
    assert.equal(order.answers[0]?.code, 'CHALLENGE_SPENT', 'its reboot voided the challenge');
    assert.deepEqual(again.done, []);
    await again.end();
  });

  test('the device may be away when the order is issued', async () => {
    const device = await enrolLamp(doors, zone);
    const lamp = await TestLamp.connect(doors, zone, device);
    await lamp.end();
    const drafted = await draft(doors, level(device.hex, 40));
    await issue(doors, zone, drafted.bytes);
    assert.equal((await inState(doors, drafted.order, 'queued')).sentCount, 0);
    const back = await TestLamp.connect(doors, zone, device, 100);
    assert.equal((await inState(doors, drafted.order, 'rejected')).answers[0]?.code, 'CHALLENGE_SPENT');
    await back.end();
  });

  test('cancelled: nobody gets it any more; superseded by the next one', async () => {
    const device = await enrolLamp(doors, zone);
    const lamp = await TestLamp.connect(doors, zone, device);
    await lamp.end();
    const first = await draft(doors, level(device.hex, 10));
    await issue(doors, zone, first.bytes);
    await act(doors.city, 'order/cancel', { id: new Uint8Array(Buffer.from(first.order, 'hex')) });
    await inState(doors, first.order, 'cancelled');
    const back = await TestLamp.connect(doors, zone, device, 100);
    const second = await draft(doors, level(device.hex, 20));
    await back.end();
    await issue(doors, zone, second.bytes);
    const third = await TestLamp.connect(doors, zone, device, 200);
    const newest = await draft(doors, level(device.hex, 25));
    third.answers = false;
    await issue(doors, zone, newest.bytes);
    await eventually(
      () => get<OrderJson>(doors, `orders/${second.order}`),
      ({ state }) => state === 'superseded' || state === 'rejected',
    );
    assert.ok(!third.seen.some(({ order }) => order === first.order), 'what was cancelled did not come');
    await third.end();
  });

  test('time ends it: expired, until the device says otherwise', async () => {
    const device = await enrolLamp(doors, zone);
    const lamp = await TestLamp.connect(doors, zone, device);
    lamp.answers = false;
    const drafted = await draft(doors, { ...level(device.hex, 70), lifetimeMs: 1_500 });
    await issue(doors, zone, drafted.bytes);
    await inState(doors, drafted.order, 'expired');
    await lamp.say('order/applied', drafted.order);
    await inState(doors, drafted.order, 'applied');
    await lamp.end();
  });

  test('all lamps of a zone at once: each gets its own place in one order', async () => {
    const square = await makeZone(doors);
    const devices: TestDevice[] = [];
    for (let i = 0; i < 5; i++) devices.push(await enrolLamp(doors, square));
    const lamps = await Promise.all(devices.slice(0, 4).map((device) => TestLamp.connect(doors, square, device)));
    const drafted = await draft(doors, { zone: square.hex, command: 'lamp/level', arguments: [100] });
    assert.deepEqual([drafted.deviceCount, drafted.missingCount], [4, 1], 'one has sent no challenge');
    assert.equal(await issue(doors, square, drafted.bytes), 'OK');
    const order = await inState(doors, drafted.order, 'applied');
    assert.deepEqual([order.device, order.deviceCount, order.appliedCount, order.sentCount], [null, 4, 4, 4]);
    for (const lamp of lamps) assert.deepEqual(lamp.done, [drafted.order]);
    const { items } = await get<{ readonly items: readonly { readonly device: string; readonly state: string }[] }>(
      doors,
      `orders/${drafted.order}/devices?limit=3`,
    );
    assert.deepEqual(
      items.map(({ device, state }) => [device, state]),
      devices
        .slice(0, 4)
        .map(({ hex }) => hex)
        .sort()
        .slice(0, 3)
        .map((hex) => [hex, 'applied']),
    );
    for (const lamp of lamps) await lamp.end();
  });

  test('break-glass: in a safe direction without the ledger, and told on it afterwards', async () => {
    const device = await enrolLamp(doors, zone);
    const lamp = await TestLamp.connect(doors, zone, device);
    const wish = { ...level(device.hex, 100), mode: 'break-glass' };
    const drafted = await draft(doors, wish);
    const give = (statement: Uint8Array, keys: readonly number[]): Promise<Response> =>
      postJson(doors, '/api/v1/orders/break-glass', {
        statement: encodeBase64(statement),
        signatures: signOrder(zone, statement, keys).map(({ key, signature }) => ({ key, signature: encodeBase64(signature) })),
      });
    const { height } = doors.city.client.head();
    const taken = await give(drafted.bytes, [1]);
    assert.deepEqual(await taken.json(), { order: drafted.order, deviceCount: 1, sentCount: 1 });
    await eventually(
      async () => lamp.done,
      (done) => done.includes(drafted.order),
    );
    await lamp.say('order/local', `break-glass ${drafted.order}`);
    assert.equal(doors.city.client.transaction(new Uint8Array(32)), null);
    const told = await eventually(
      () => get<{ readonly items: readonly { readonly order: string; readonly device: string }[] }>(doors, 'orders/local'),
      ({ items }) => items.length > 0,
    );
    assert.deepEqual([told.items[0]?.order, told.items[0]?.device], [drafted.order, device.hex]);
    const blocks = doors.city.client
      .blocks(height + 1, 100)
      .flatMap(({ transactions }) => transactions.flatMap(({ events }) => events));
    assert.ok(!blocks.some(({ kind }) => kind.startsWith('order/')), 'the ledger was not asked');
    await act(doors.city, 'order/report', { statement: drafted.bytes, signatures: signOrder(zone, drafted.bytes, [1]) });
    assert.equal((await inState(doors, drafted.order, 'applied')).status, 'reported');

    const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { readonly code: string }).code;
    const dim = await draft(doors, { ...wish, arguments: [10] });
    assert.equal(await codeOf(await give(dim.bytes, [0])), 'DIRECTION_UNSAFE');
    const ordinary = await draft(doors, level(device.hex, 100));
    assert.equal(await codeOf(await give(ordinary.bytes, [0])), 'ORDER_MODE');
    const old = encodeOrder({ ...parseOrder(drafted.bytes), expiresMs: 1_700_000_000_000 });
    assert.equal(await codeOf(await give(old, [0])), 'EXPIRED', 'what somebody kept');
    assert.deepEqual(await (await give(drafted.bytes, [1])).json(), { order: drafted.order, deviceCount: 1, sentCount: 1 });
    const forged = (await draft(doors, wish)).bytes;
    const signatures = signOrder(zone, drafted.bytes, [0]).map(({ key, signature }) => ({
      key,
      signature: encodeBase64(signature),
    }));
    const answer = await postJson(doors, '/api/v1/orders/break-glass', { statement: encodeBase64(forged), signatures });
    assert.equal(await codeOf(answer), 'SIGNATURE_INVALID');
    await lamp.end();
  });

  test('drafts say what is wrong', async () => {
    const device = await enrolLamp(doors, zone);
    const other = await makeZone(doors);
    const codeOf = (wish: object): Promise<string> =>
      draft(doors, wish).then(
        () => 'OK',
        (error: Error) => error.message,
      );
    assert.equal(await codeOf(level(device.hex, 5)), 'CHALLENGE_UNKNOWN');
    assert.equal(await codeOf({ ...level(device.hex, 5), zone: other.hex }), 'DEVICE_NOT_IN_ZONE');
    assert.equal(await codeOf({ ...level(device.hex, 5), zone: device.hex }), 'ZONE_UNKNOWN');
    assert.equal(await codeOf({ zone: other.hex, command: 'lamp/level', arguments: [1] }), 'CHALLENGE_UNKNOWN');
    const lamp = await TestLamp.connect(doors, zone, device);
    assert.equal(await codeOf({ ...level(device.hex, 5), command: 'Lamp' }), 'TEXT_INVALID');
    await lamp.end();
    assert.equal(await codeOf({ ...level(device.hex, 5), more: 1 }), 'REQUEST_INVALID');
    const unknown = await fetch(`${doors.gateway.http}/api/v1/orders/${'ab'.repeat(32)}`);
    assert.equal(((await unknown.json()) as { code: string }).code, 'ORDER_UNKNOWN');
  });

  test('a zone shows who orders there and what its envelope says', async () => {
    const shown = await get<ZoneDetailJson>(doors, `zones/${zone.hex}`);
    assert.deepEqual(
      [shown.name, shown.domain, shown.keySet.threshold, shown.keySet.dangerousThreshold],
      ['Old town', 'lamps', 1, 2],
    );
    assert.deepEqual(shown.envelopeInForce.safe, ['lamp/level exactly 100']);
    assert.deepEqual(shown.envelopeInForce.dangerous, ['lamp/off']);
    const { items } = await get<{ readonly items: readonly { readonly id: string }[] }>(doors, 'zones');
    assert.ok(items.some(({ id }) => id === zone.hex));
  });
});

test('a gateway that starts anew goes on where it was: one order, one for many, and break-glass', () =>
  inTemporaryFolder(async (folder) => {
    let doors = await runOrderDoors(folder);
    const zone = await makeZone(doors);
    const devices = [await enrolLamp(doors, zone), await enrolLamp(doors, zone), await enrolLamp(doors, zone)];
    const [first, second] = devices.map(({ hex }) => hex) as [string, string, string];
    const before = await Promise.all(devices.map((device) => TestLamp.connect(doors, zone, device)));
    const wish = { zone: zone.hex, command: 'lamp/level', arguments: [100] };
    const many = await draft(doors, wish);
    const one = await draft(doors, { ...wish, device: first, arguments: [50] });
    const glass = await draft(doors, { ...wish, device: second, mode: 'break-glass' });
    for (const lamp of before) await lamp.end();
    for (const { bytes } of [many, one]) assert.equal(await issue(doors, zone, bytes), 'OK');
    const signatures = signOrder(zone, glass.bytes, [0]).map(({ key, signature }) => ({
      key,
      signature: encodeBase64(signature),
    }));
    const taken = await postJson(doors, '/api/v1/orders/break-glass', { statement: glass.statement, signatures });
    assert.equal(((await taken.json()) as { sentCount: number }).sentCount, 0);
    await doors.close();
    doors = await runOrderDoors(folder, false);
    const after = await Promise.all(devices.map((device) => TestLamp.connect(doors, zone, device, 100)));
    const cameTo = (i: number): Promise<readonly string[]> =>
      eventually(
        async () => [...new Set(after[i]?.seen.map(({ order }) => order))].sort(),
        (orders) => orders.length === (i === 2 ? 1 : 2),
      );
    assert.deepEqual(await cameTo(0), [many.order, one.order].sort());
    assert.deepEqual(await cameTo(1), [many.order, glass.order].sort());
    assert.deepEqual(await cameTo(2), [many.order]);
    for (const lamp of after)
      assert.ok(
        lamp.seen.every(({ code }) => code === 'CHALLENGE_SPENT'),
        JSON.stringify(lamp.seen),
      );
    const rejected = await inState(doors, one.order, 'rejected');
    assert.deepEqual([rejected.device, rejected.answers[0]?.code], [first, 'CHALLENGE_SPENT']);
    assert.equal((await inState(doors, many.order, 'rejected')).rejectedCount, devices.length);
    for (const lamp of after) await lamp.end();
    await doors.close();
  }));
