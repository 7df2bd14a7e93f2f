/**
 * A city with a zone of gates, for tests of orders: the kernel with a domain that no city has.
 *
 *   const city = makeZoneCity();
 *   assert.equal(issue(city, gateOrder(city)), 'OK');
 */

import assert from 'node:assert/strict';
import { type Domain, lookupIn } from '@oppidum/contracts/domains/domain';
import { registryWith } from '@oppidum/contracts/registry';
import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { reject } from '@oppidum/formats/errors';
import { encodeOrder, type Order, orderId } from '@oppidum/formats/order-statement';
import type { ResultCode } from '@oppidum/formats/result';
import { at } from '@oppidum/formats/state-layout';
import { zoneEnvelopeKind } from '@oppidum/formats/state-orders';
import { encodeKeySet, type KeySet } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from './crypto.ts';
import { deviceId, enrol, makeDeviceCity } from './devices.ts';
import { namedId, type TestCity } from './ledger.ts';
import { newKeySet, newOrder, signAs } from './orders.ts';

/** Gates that open and close, dangerous but for closing, and lamps above them. */
export const GATES: Domain = {
  name: 'gates',
  commands: { 'gate/move': { dangerous: true, safe: true }, 'gate/lamp': { dangerous: false, safe: false, units: ['%'] } },
  documents: {
    plan: (body) => (body[0] === 1 ? null : reject('VERSION_UNSUPPORTED', { found: body[0] ?? 0, want: 1 })),
  },
  checkOrder: (_city, _zone, order) =>
    order.arguments[0] === 13 ? reject('NUMBER_RANGE', { at: '/arguments/0', want: 'no bad luck' }) : null,
};

export const HOLDERS = ['anna', 'ben', 'clara'] as const;
const ZONE = namedId('zone');

/** What `model/describe` says of the model `lamp`. */
const DESCRIPTION = {
  id: namedId('lamp'),
  commands: [
    { name: 'gate/lamp', parameters: [{ name: 'percent', min: 0, max: 100 }] },
    { name: 'gate/move', parameters: [{ name: 'open', min: 0, max: 1 }] },
  ],
  sensors: [],
};

/** The envelope of the zone: a gate may always be closed. */
export function gateEnvelope(city: TestCity, changes: Partial<Envelope> = {}): Envelope {
  return {
    city: city.rules.genesis,
    zone: ZONE,
    version: 1,
    previous: new Uint8Array(32),
    independence: 'device',
    grade: 'device',
    quantities: [],
    rules: [],
    safe: [{ command: 'gate/move', arguments: [{ min: 0, max: 0 }] }],
    dangerous: ['gate/move'],
    lifetimeMsMax: 600_000,
    dangerousLifetimeMsMax: 60_000,
    ...changes,
  };
}

export function encodeEnvelope(envelope: Envelope): Bytes {
  return encodeBy(envelopeSchema, envelope);
}

/** Body of `zone/create`: keys of anna, ben and clara. */
export function newZone(
  city: TestCity,
  changes: { readonly keySet?: Partial<KeySet>; readonly envelope?: Partial<Envelope> } = {},
) {
  const keySet = encodeKeySet(newKeySet(city.rules.genesis, HOLDERS, changes.keySet));
  const envelope = encodeEnvelope(gateEnvelope(city, changes.envelope));
  const signatures = signAs('envelope', envelope, HOLDERS, ['anna', 'ben']);
  return { id: ZONE, name: 'Harbour gates', domain: 'gates', keySet, envelope, signatures };
}

/** Body of `zone/set-envelope`: the second envelope of the zone. */
export function nextEnvelope(city: TestCity, changes: Partial<Envelope> = {}, by: readonly string[] = ['anna', 'ben']) {
  const before = city.read(at(zoneEnvelopeKind, ZONE, 1));
  assert.ok(before !== null);
  const previous = nodeCrypto.sha256(before.statement);
  const envelope = encodeEnvelope(gateEnvelope(city, { version: 2, previous, ...changes }));
  return { zone: ZONE, envelope, signatures: signAs('envelope', envelope, HOLDERS, by) };
}

/** A city with the devices `lamp` and `gate` of one described model in the zone. */
export function makeZoneCity(validatorCount = 1): TestCity {
  const city = makeDeviceCity(validatorCount, {}, registryWith(lookupIn([GATES])));
  for (const name of ['lamp', 'gate']) enrol(city, name);
  assert.equal(city.act('maker', 'model/describe', DESCRIPTION), 'OK');
  assert.equal(city.act('operator', 'zone/create', newZone(city)), 'OK');
  const devices = [deviceId('lamp'), deviceId('gate')].sort(compareBytes);
  assert.equal(city.act('operator', 'zone/add-devices', { zone: ZONE, devices }), 'OK');
  return city;
}

/** An order to the gate to light its lamp, good from now for 30 s. */
export function gateOrder(city: TestCity, changes: Partial<Order> = {}): Order {
  const target = { device: deviceId('gate'), challenge: namedId('challenge') };
  const times = { lifetimeMs: 30_000, expiresMs: city.timeMs + 30_000 };
  return newOrder(city.rules.genesis, { target, command: 'gate/lamp', arguments: [60], ...times, ...changes });
}

/** A dangerous one: to open the gate. */
export function openingOrder(city: TestCity, changes: Partial<Order> = {}): Order {
  return gateOrder(city, { command: 'gate/move', arguments: [1], ...changes });
}

export function idOf(order: Order): Bytes {
  return orderId(nodeCrypto, encodeOrder(order));
}

/** An order with the signatures of these holders. */
export function signedOrder(order: Order, names: readonly string[] = ['anna']) {
  const statement = encodeOrder(order);
  return { statement, signatures: signAs('order', statement, HOLDERS, names) };
}

/** Issues an order; answers the code. */
export function issue(city: TestCity, order: Order, names: readonly string[] = ['anna'], by = 'operator'): ResultCode {
  return city.act(by, 'order/issue', signedOrder(order, names));
}

/** Further signatures for an order. */
export function approve(city: TestCity, order: Order, names: readonly string[], by = 'rival'): ResultCode {
  return city.act(by, 'order/approve', { id: idOf(order), signatures: signedOrder(order, names).signatures });
}
