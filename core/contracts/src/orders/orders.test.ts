import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Order } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { newestOrderKind, newestZoneOrderKind, orderArrivalKind, orderKind } from '@oppidum/formats/state-orders';
import { deviceId, enrol, signedReading, TestShard } from '../../../../test/support/devices.ts';
import { levelQuantity, levelRule } from '../../../../test/support/envelopes.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { newOrder } from '../../../../test/support/orders.ts';
import {
  approve,
  gateOrder,
  HOLDERS,
  idOf,
  issue,
  makeZoneCity,
  nextEnvelope,
  openingOrder,
  signedOrder,
} from '../../../../test/support/zones.ts';

const gate = deviceId('gate');
const challenge = (name: string) => ({ device: gate, challenge: namedId(name) });
const statusOf = (city: TestCity, order: Order) => city.read(at(orderKind, idOf(order)))?.status;
const cancel = (city: TestCity, order: Order, by = 'operator/1') => city.act(by, 'order/cancel', { id: idOf(order) });

/** A zone whose gate opens while two pumps measure a level of at most 2 m; `say` anchors what both measure. */
function makeMeasuredZone() {
  const city = makeZoneCity();
  const shard = new TestShard(city);
  for (const name of ['inlet', 'outlet']) {
    enrol(city, name);
    const sensor = { device: deviceId(name), name: 'level', decimals: 2 };
    assert.equal(city.act('operator', 'telemetry/declare-sensor', sensor), 'OK');
  }
  const next = nextEnvelope(city, { quantities: [levelQuantity()], rules: [levelRule({ command: 'gate/move' })] });
  assert.equal(city.act('operator', 'zone/set-envelope', next), 'OK');
  let sequence = 0;
  const say = (v: number) => {
    sequence++;
    const options = { sequence, records: [{ n: 'level', u: 'm', v }] } as const;
    const envelopes = ['inlet', 'outlet'].map((name) => signedReading(city, name, options));
    const first = shard.keep(...envelopes);
    assert.equal(shard.anchor({ sensors: envelopes.map((envelope, n) => shard.sensor(envelope, first + n)) }), 'OK');
  };
  return { city, say };
}

test('one key issues what is not dangerous, from an everyday key of the operator', () => {
  const city = makeZoneCity();
  const order = gateOrder(city);
  assert.equal(issue(city, order, ['ben'], 'operator/1'), 'OK');
  const record = city.read(at(orderKind, idOf(order)));
  assert.deepEqual([record?.status, record?.issuedMs, record?.height], ['issued', city.timeMs, city.height]);
  assert.deepEqual(city.read(at(newestOrderKind, gate)), { order: idOf(order), challenge: namedId('challenge') });
  assert.deepEqual(
    city.event('order/issued'),
    new Map([
      ['order', idOf(order)],
      ['zone', order.zone],
    ]),
  );
});

test('what is dangerous waits for a second key, whoever brings it', () => {
  const city = makeZoneCity();
  const order = openingOrder(city);
  assert.equal(issue(city, order, ['anna']), 'OK');
  assert.equal(statusOf(city, order), 'awaiting');
  assert.equal(city.event('order/awaiting')?.get('signatures'), 1);
  assert.equal(city.event('order/issued'), undefined);
  assert.equal(city.read(at(newestOrderKind, gate)), null, 'no challenge is spent yet');
  assert.equal(approve(city, order, ['clara']), 'OK');
  assert.equal(statusOf(city, order), 'issued');
  assert.deepEqual(city.read(at(orderKind, idOf(order)))?.signatures, signedOrder(order, ['anna', 'clara']).signatures);
  assert.ok(city.event('order/issued') !== undefined);
});

test('a dangerous command in a safe direction is not dangerous: closing needs one key', () => {
  const city = makeZoneCity();
  const close = openingOrder(city, { arguments: [0], lifetimeMs: 600_000 });
  assert.equal(issue(city, close, ['anna'], 'operator/1'), 'OK');
  assert.equal(statusOf(city, close), 'issued');
});

test('more signatures than needed do no harm', () => {
  const city = makeZoneCity();
  const order = openingOrder(city);
  assert.equal(issue(city, order, [...HOLDERS]), 'OK', 'more than needed');
  assert.equal(statusOf(city, order), 'issued');
});

test('order/issue is refused, in this order', () => {
  const city = makeZoneCity();
  const order = gateOrder(city);
  assert.equal(issue(city, order, ['anna'], 'rival'), 'NOT_AUTHORIZED');
  assert.equal(city.act('operator', 'order/issue', { ...signedOrder(order), statement: new Uint8Array(1) }), 'WRONG_TYPE');
  const wrong = (changes: Parameters<typeof gateOrder>[1], code: string, names?: readonly string[]) =>
    assert.equal(issue(city, gateOrder(city, changes), names), code);
  wrong({ city: namedId('other') }, 'WRONG_CITY');
  wrong({ mode: 'break-glass' }, 'ORDER_MODE');
  wrong({ zone: namedId('other') }, 'ZONE_UNKNOWN');
  wrong({ keys: 2 }, 'ZONE_KEYS_VERSION');
  wrong({ envelope: 2 }, 'ZONE_ENVELOPE_VERSION');
  const { statement } = signedOrder(order);
  const forged = (signatures: object) => city.act('operator', 'order/issue', { statement, signatures });
  assert.equal(forged([{ key: 3, signature: new Uint8Array(64) }]), 'KEY_UNKNOWN');
  assert.equal(forged([{ key: 0, signature: new Uint8Array(64) }]), 'SIGNATURE_INVALID');
  assert.equal(forged(signedOrder(gateOrder(city, { arguments: [61] })).signatures), 'SIGNATURE_INVALID', 'of another order');
  assert.equal(issue(city, openingOrder(city), ['anna'], 'operator/1'), 'KEY_CLASS_TOO_LOW');
  wrong({ expiresMs: city.timeMs }, 'EXPIRED');
  wrong({ expiresMs: city.timeMs + 60_000 }, 'NOT_YET_VALID');
  wrong({ target: { device: deviceId('stranger'), challenge: namedId('c') } }, 'DEVICE_NOT_IN_ZONE');
  wrong({ command: 'gate/sing', arguments: [] }, 'COMMAND_UNKNOWN');
  wrong({ arguments: [101] }, 'ARGUMENT_RANGE');
  wrong({ arguments: [] }, 'ARGUMENT_RANGE');
  wrong({ arguments: [13] }, 'NUMBER_RANGE');
  wrong({ lifetimeMs: 600_001 }, 'LIFETIME_TOO_LONG');
  assert.equal(
    issue(city, openingOrder(city, { lifetimeMs: 60_001 })),
    'LIFETIME_TOO_LONG',
    'a dangerous one for a minute at most',
  );
  assert.equal(issue(city, order), 'OK');
  assert.equal(issue(city, order), 'ORDER_EXISTS');
  wrong({ nonce: namedId('n').slice(0, 16) }, 'CHALLENGE_SPENT');
});

test('devices that may not be ordered: each with its code', () => {
  const city = makeZoneCity();
  const fresh = (name: string) => issue(city, gateOrder(city, { target: challenge(name) }));
  const quarantine = { id: gate, reason: 'odd' };
  assert.equal(city.act('operator', 'device/quarantine', quarantine), 'OK');
  assert.equal(fresh('a'), 'DEVICE_QUARANTINED');
  assert.equal(city.act('operator', 'device/release', { id: gate }), 'OK');
  assert.equal(city.act('operator', 'device/suspend', quarantine), 'OK');
  assert.equal(fresh('b'), 'DEVICE_SUSPENDED');
  assert.equal(city.act('operator', 'device/resume', { id: gate }), 'OK');
  assert.equal(fresh('c'), 'OK');
  assert.equal(city.act('operator', 'device/revoke', quarantine), 'OK');
  assert.equal(fresh('d'), 'DEVICE_REVOKED');
  const lamp = { device: deviceId('lamp'), challenge: namedId('e') };
  assert.equal(city.act('operator', 'model/revoke', { id: namedId('lamp'), reason: 'recall' }), 'OK');
  assert.equal(issue(city, gateOrder(city, { target: lamp })), 'MODEL_REVOKED');
});

test('a number in another unit than the domain means is no argument', () => {
  for (const [unit, code] of [
    ['%', 'OK'],
    ['lx', 'ARGUMENT_UNIT'],
  ] as const) {
    const city = makeZoneCity();
    const commands = [{ name: 'gate/lamp', parameters: [{ name: 'light', min: 0, max: 100, unit }] }];
    assert.equal(city.act('maker', 'model/describe', { id: namedId('lamp'), commands, sensors: [] }), 'OK');
    assert.equal(issue(city, gateOrder(city)), code);
    assert.equal(issue(city, gateOrder(city, { target: { root: namedId('root'), count: 2 } })), code);
    assert.equal(issue(city, gateOrder(city, { target: challenge('a'), arguments: [101] })), 'ARGUMENT_RANGE');
  }
});

test('a device that left the zone, perhaps for another owner, is ordered by its keys no more', () => {
  const city = makeZoneCity();
  assert.equal(city.act('operator', 'zone/remove-devices', { zone: namedId('zone'), devices: [gate] }), 'OK');
  assert.equal(issue(city, gateOrder(city)), 'DEVICE_NOT_IN_ZONE');
});

test('two orders race for one challenge: the order of the ledger decides, the loser is told by whom', () => {
  const city = makeZoneCity();
  const [first, second] = [gateOrder(city), gateOrder(city, { arguments: [10] })];
  const envelopes = [first, second].map((order) =>
    city.transaction('operator', [city.action('order/issue', signedOrder(order))]),
  );
  const codes = city.block(envelopes).outcomes.map((outcome) => ('executed' in outcome ? outcome.executed.code : 'none'));
  assert.deepEqual(codes, ['OK', 'CHALLENGE_SPENT']);
});

test('two orders wait for one challenge: the first that is fully signed spends it', () => {
  const city = makeZoneCity();
  const [first, second] = [openingOrder(city), openingOrder(city, { nonce: namedId('n').slice(0, 16) })];
  assert.equal(issue(city, first), 'OK');
  assert.equal(issue(city, second), 'OK');
  assert.equal(approve(city, second, ['ben']), 'OK');
  assert.equal(approve(city, first, ['ben']), 'CHALLENGE_SPENT');
  assert.equal(statusOf(city, first), 'awaiting', 'it expires');
});

test('a newer order supersedes the one before, unless that is over', () => {
  const city = makeZoneCity();
  const first = gateOrder(city);
  assert.equal(issue(city, first), 'OK');
  const second = gateOrder(city, { target: challenge('next') });
  assert.equal(issue(city, second), 'OK');
  assert.deepEqual([statusOf(city, first), statusOf(city, second)], ['superseded', 'issued']);
  assert.deepEqual(city.event('order/superseded')?.get('order'), idOf(first));
  city.block([], city.timeMs + 30_000);
  assert.equal(issue(city, gateOrder(city, { target: challenge('third') })), 'OK');
  assert.equal(statusOf(city, second), 'issued', 'expired by itself');
  assert.equal(city.event('order/superseded'), undefined);
});

test('the challenge of the newest order is spent; one that was overtaken the ledger keeps no more, and its device alone refuses it', () => {
  const city = makeZoneCity();
  const again = (nonce: string, changes = {}) => gateOrder(city, { nonce: namedId(nonce).slice(0, 16), ...changes });
  assert.equal(issue(city, gateOrder(city)), 'OK');
  const overtaking = gateOrder(city, { target: challenge('next') });
  assert.equal(issue(city, overtaking), 'OK');
  assert.equal(issue(city, again('a', { target: challenge('next') })), 'CHALLENGE_SPENT');
  const late = again('b');
  assert.equal(issue(city, late), 'OK');
  assert.deepEqual([statusOf(city, overtaking), statusOf(city, late)], ['superseded', 'issued']);
  assert.equal(issue(city, again('c')), 'CHALLENGE_SPENT');
});

test('order/approve is refused, in this order', () => {
  const city = makeZoneCity();
  const order = openingOrder(city);
  assert.equal(approve(city, order, ['ben']), 'ORDER_UNKNOWN');
  assert.equal(issue(city, order), 'OK');
  assert.equal(approve(city, order, ['anna']), 'ALREADY_APPROVED');
  const other = signedOrder(openingOrder(city, { arguments: [0] }), ['ben']).signatures;
  const by = (signatures: object, account = 'rival') => city.act(account, 'order/approve', { id: idOf(order), signatures });
  assert.equal(by(other), 'SIGNATURE_INVALID', 'an approval of another order');
  assert.equal(by(signedOrder(order, ['ben']).signatures, 'operator/1'), 'KEY_CLASS_TOO_LOW');
  city.block([], city.timeMs + 30_000);
  assert.equal(approve(city, order, ['ben']), 'EXPIRED', 'nobody approves what its device obeys no more');
  const next = openingOrder(city, { target: challenge('next') });
  assert.equal(issue(city, next), 'OK');
  assert.equal(cancel(city, next), 'OK');
  assert.equal(approve(city, next, ['ben']), 'ORDER_CLOSED');
});

test('what changed since the first signature counts: a device set apart, new keys', () => {
  const city = makeZoneCity();
  const order = openingOrder(city);
  assert.equal(issue(city, order), 'OK');
  assert.equal(city.act('operator', 'device/quarantine', { id: gate, reason: 'odd' }), 'OK');
  assert.equal(approve(city, order, ['ben']), 'DEVICE_QUARANTINED');
});

test('order/cancel: awaiting or issued, once, before its end, by an everyday key', () => {
  const city = makeZoneCity();
  const order = gateOrder(city);
  assert.equal(cancel(city, order, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(cancel(city, order), 'ORDER_UNKNOWN');
  assert.equal(issue(city, order), 'OK');
  assert.equal(cancel(city, order), 'OK');
  assert.equal(statusOf(city, order), 'cancelled');
  assert.equal(cancel(city, order), 'ORDER_CLOSED');
  assert.equal(issue(city, gateOrder(city, { nonce: namedId('n').slice(0, 16) })), 'CHALLENGE_SPENT', 'a device may have it');
  const next = gateOrder(city, { target: challenge('next') });
  assert.equal(issue(city, next), 'OK');
  city.block([], city.timeMs + 30_000);
  assert.equal(cancel(city, next), 'EXPIRED');
});

test('an order for many: within the zone and its models, once for a tree, the newer supersedes', () => {
  const city = makeZoneCity();
  const many = (name: string, count: number, changes = {}) =>
    gateOrder(city, { target: { root: namedId(name), count }, ...changes });
  assert.equal(issue(city, many('a', 3)), 'ORDER_COUNT');
  assert.equal(issue(city, many('a', 2, { arguments: [101] })), 'ARGUMENT_RANGE');
  const first = many('a', 2);
  assert.equal(issue(city, first), 'OK');
  assert.deepEqual(city.read(at(newestZoneOrderKind, namedId('zone'))), { order: idOf(first), root: namedId('a') });
  assert.equal(issue(city, many('a', 2, { arguments: [10] })), 'CHALLENGE_SPENT');
  assert.equal(issue(city, many('b', 1)), 'OK');
  assert.equal(statusOf(city, first), 'superseded');
});

test('records are forgotten an hour after their orders expired, two with each new one, and never come back', () => {
  const city = makeZoneCity();
  const orders = ['a', 'b', 'c'].map((name) => gateOrder(city, { target: challenge(name) }));
  for (const order of orders) assert.equal(issue(city, order), 'OK');
  city.block([], city.timeMs + 3_600_000);
  assert.equal(issue(city, gateOrder(city, { target: challenge('d') })), 'OK');
  assert.equal(city.scan(orderKind).length, 4, 'an hour and a half of a minute later');
  city.block([], city.timeMs + 30_000);
  assert.equal(issue(city, gateOrder(city, { target: challenge('e') })), 'OK');
  assert.deepEqual(
    orders.map((order) => statusOf(city, order)),
    [undefined, undefined, 'issued'],
  );
  assert.equal(issue(city, gateOrder(city, { target: challenge('f') })), 'OK');
  assert.equal(city.scan(orderKind).length, 3);
  assert.equal(city.scan(orderArrivalKind, namedId('zone')).length, 3);
  assert.equal(issue(city, orders[0]!), 'EXPIRED', 'what was signed once is never issued again');
});

test('a break-glass order is reported afterwards, against what was in force when it was given', () => {
  const city = makeZoneCity();
  const close = openingOrder(city, { arguments: [0], mode: 'break-glass', expiresMs: Number.MAX_SAFE_INTEGER });
  const report = (order: typeof close, names?: readonly string[], by = 'rival') =>
    city.act(by, 'order/report', signedOrder(order, names));
  assert.equal(report({ ...close, mode: 'ordinary' }), 'ORDER_MODE');
  assert.equal(report({ ...close, city: namedId('other') }), 'WRONG_CITY');
  assert.equal(report({ ...close, zone: namedId('other') }), 'ZONE_UNKNOWN');
  assert.equal(report({ ...close, keys: 2 }), 'ZONE_KEYS_VERSION');
  assert.equal(report({ ...close, envelope: 2 }), 'ZONE_ENVELOPE_VERSION');
  assert.equal(report({ ...close, arguments: [1] }), 'SIGNATURES_FEW', 'opening is dangerous');
  assert.equal(report({ ...close, arguments: [1] }, ['anna', 'ben']), 'DIRECTION_UNSAFE');
  assert.equal(report(close), 'OK');
  assert.equal(statusOf(city, close), 'reported');
  assert.deepEqual(city.event('order/reported')?.get('order'), idOf(close));
  assert.equal(city.read(at(newestOrderKind, gate)), null, 'nothing is issued by it');
  assert.equal(report(close), 'ORDER_EXISTS');
  city.block([], city.timeMs + 3_630_000);
  assert.equal(issue(city, gateOrder(city)), 'OK');
  assert.equal(statusOf(city, close), undefined, 'forgotten, whatever it said of its end');
  assert.equal(report(close), 'ORDER_EXISTS', 'but that it was reported is not');
  assert.equal(report({ ...close, nonce: namedId('again').slice(0, 16) }), 'OK', 'another one of the same direction is new');
});

test('an order that its sender cannot send twice is not sent by a body either', () => {
  const city = makeZoneCity();
  const order = newOrder(city.rules.genesis, gateOrder(city));
  assert.equal(city.decide('order/issue', signedOrder(order)), 'NOT_AUTHORIZED');
});

test('an interlock refuses order/issue in its block, and nothing of the order is kept until what is measured allows it', () => {
  const { city, say } = makeMeasuredZone();
  const order = (nonce: string) => openingOrder(city, { envelope: 2, nonce: namedId(nonce).slice(0, 16) });
  const tryIn = (order: Order) => {
    const envelope = city.transaction('operator', [city.action('order/issue', signedOrder(order, ['anna', 'ben']))]);
    const [outcome] = city.block([envelope]).outcomes;
    assert.ok(outcome !== undefined && 'executed' in outcome);
    const { code, rejection, events } = outcome.executed;
    return { code, details: rejection?.details, events: events.length, status: statusOf(city, order) };
  };
  const silent = tryIn(order('a'));
  assert.deepEqual([silent.code, silent.details?.['rule'], silent.events], ['INTERLOCK_SILENT', 'no flood', 0]);
  say(2.01);
  const high = tryIn(order('b'));
  assert.deepEqual([high.code, high.details?.['highest'], high.details?.['max']], ['INTERLOCK_LIMIT', 201, 200]);
  assert.deepEqual([silent.status, high.status, city.read(at(newestOrderKind, gate))], [undefined, undefined, null]);
  assert.equal(issue(city, order('c'), ['anna']), 'OK', 'one key of two moves nothing yet');
  assert.equal(approve(city, order('d'), ['ben']), 'ORDER_UNKNOWN', 'what was refused cannot be approved');
  say(1.95);
  assert.deepEqual(tryIn(order('e')), { code: 'OK', details: undefined, events: 1, status: 'issued' });
});
