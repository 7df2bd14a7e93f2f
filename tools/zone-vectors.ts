/** Writes vectors/zones/*.json: `node tools/zone-vectors.ts`; specs/ledger.md says how to read them. The keys are test keys. */

import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import type { Order } from '@oppidum/formats/order-statement';
import { encodeKeySet, encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from '../test/support/crypto.ts';
import { deviceId, enrol, makeDeviceCity } from '../test/support/devices.ts';
import { namedId, type TestCity } from '../test/support/ledger.ts';
import { newKeySet, signAs } from '../test/support/orders.ts';
import { encodeEnvelope, gateEnvelope, gateOrder, HOLDERS, idOf, signedOrder } from '../test/support/zones.ts';
import { type Case, renderLedgerVectors, type Step, type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';

const ZONE = namedId('zone');
const TWO = ['anna', 'ben'] as const;
const lamp = deviceId('lamp');

/** Full light is safe; maintenance, here, dangerous. */
const ENVELOPE = { safe: [{ command: 'light/full', arguments: [] }], dangerous: ['light/maintenance'] };
const DESCRIPTION = {
  id: namedId('lamp'),
  commands: [
    { name: 'light/full', parameters: [] },
    { name: 'light/maintenance', parameters: [{ name: 'minutes', min: 1, max: 480 }] },
    { name: 'light/programme', parameters: [] },
  ],
  sensors: [],
};

type ZoneChanges = { readonly keySet?: Partial<KeySet>; readonly envelope?: object; readonly by?: readonly string[] };
function newLights(city: TestCity, { keySet, envelope, by = TWO }: ZoneChanges = {}) {
  const keys = encodeKeySet(newKeySet(city.rules.genesis, HOLDERS, keySet));
  const statement = encodeEnvelope(gateEnvelope(city, { ...ENVELOPE, ...envelope }));
  const signatures = signAs('envelope', statement, HOLDERS, by);
  return { id: ZONE, name: 'Main Road', domain: 'lighting', keySet: keys, envelope: statement, signatures };
}

const withZone: Step = (city) => city.act('operator', 'zone/create', newLights(city));
const withLamp: Step = (city) => {
  enrol(city, 'lamp');
  city.act('maker', 'model/describe', DESCRIPTION);
  city.act('operator', 'zone/add-devices', { zone: ZONE, devices: [lamp] });
};
const STREET = [withZone, withLamp];

const create = (why: string, changes: ZoneChanges = {}, by = 'operator', ...before: Step[]): Case => [
  why,
  before,
  (city) => [by, 'zone/create', newLights(city, changes)],
];
const act = (why: string, by: string, kind: string, body: (city: TestCity) => object, ...before: Step[]): Case => [
  why,
  before,
  (city) => [by, kind, body(city)],
];
const devices = (...names: readonly string[]) => ({ zone: ZONE, devices: names.map(deviceId).sort(compareBytes) });

const NEXT = ['ben', 'clara', 'dora'] as const;
function nextKeys(city: TestCity, by: readonly string[] = TWO, changes: Partial<KeySet> = {}) {
  const keySet = encodeKeySet(newKeySet(city.rules.genesis, NEXT, { version: 2, ...changes }));
  const envelopeSignatures = signAs('envelope', newLights(city).envelope, NEXT, ['ben', 'dora']);
  return { zone: ZONE, keySet, signatures: signAs('keys', keySet, HOLDERS, by), envelopeSignatures };
}
function nextEnvelope(city: TestCity, previous: Bytes = nodeCrypto.sha256(newLights(city).envelope)) {
  const { envelope } = newLights(city, { envelope: { version: 2, previous } });
  return { zone: ZONE, envelope, signatures: signAs('envelope', envelope, HOLDERS, TWO) };
}
function document(city: TestCity, name: string) {
  const statement = encodeZoneDocument({ city: city.rules.genesis, zone: ZONE, name, version: 1, body: Uint8Array.of(0) });
  return { zone: ZONE, document: statement, signatures: signAs('document', statement, HOLDERS, TWO) };
}

const ZONES: readonly Case[] = [
  create('the operator creates a zone'),
  create('not by an everyday key', {}, 'operator/1'),
  create('nobody else does', {}, 'rival'),
  create('once', {}, 'operator', withZone),
  create('thresholds that its keys cannot meet', { keySet: { dangerousThreshold: 4 } }),
  create('a key set for another zone', { keySet: { zone: namedId('other') } }),
  create('the first key set is version 1', { keySet: { version: 2 } }),
  create('an envelope that too few keys signed', { by: ['anna'] }),
  create('an envelope with a command of another domain', { envelope: { dangerous: ['gate/move'] } }),
  create('a direction that the domain does not call safe', {
    envelope: { safe: [{ command: 'light/programme', arguments: [] }] },
  }),
  act(
    'a device joins',
    'operator',
    'zone/add-devices',
    () => devices('lamp'),
    withZone,
    (city) => enrol(city, 'lamp'),
  ),
  act('one that nobody registered does not', 'operator', 'zone/add-devices', () => devices('lamp'), withZone),
  act('one zone for each device', 'operator', 'zone/add-devices', () => devices('lamp'), ...STREET),
  act('a device leaves', 'operator', 'zone/remove-devices', () => devices('lamp'), ...STREET),
  act('which was not there', 'operator', 'zone/remove-devices', () => devices('pump'), ...STREET),
  act('keys are replaced', 'operator', 'zone/replace-keys', (city) => nextKeys(city), withZone),
  act('not by one of them alone', 'operator', 'zone/replace-keys', (city) => nextKeys(city, ['anna']), withZone),
  act('no version is left out', 'operator', 'zone/replace-keys', (city) => nextKeys(city, TWO, { version: 3 }), withZone),
  act('the next envelope', 'operator', 'zone/set-envelope', (city) => nextEnvelope(city), withZone),
  act('follows the one in force', 'operator', 'zone/set-envelope', (city) => nextEnvelope(city, namedId('other')), withZone),
  act('a document that the domain does not have', 'operator', 'zone/set-document', (city) => document(city, 'plan'), withZone),
];

const order = (city: TestCity, changes: Partial<Order> = {}): Order =>
  gateOrder(city, {
    target: { device: lamp, challenge: namedId('challenge') },
    command: 'light/programme',
    arguments: [],
    ...changes,
  });
const dangerous = (city: TestCity, changes: Partial<Order> = {}): Order =>
  order(city, { command: 'light/maintenance', arguments: [30], ...changes });
type Make = (city: TestCity) => Order;
const issue = (why: string, make: Make, names: readonly string[] = ['anna'], by = 'operator', ...before: Step[]): Case => [
  why,
  [...STREET, ...before],
  (city) => [by, 'order/issue', signedOrder(make(city), names)],
];
/** An order that an earlier step sent: what follows names the very same. */
function sentBefore(make: Make, names: readonly string[] = ['anna'], kind = 'order/issue') {
  let sent: Order | null = null;
  const step: Step = (city) => {
    sent = make(city);
    return city.act('operator', kind, signedOrder(sent, names));
  };
  const get = (): Order => {
    if (sent === null) throw new Error('the order comes before');
    return sent;
  };
  return { step, get };
}
const follow = (why: string, by: string, kind: string, make: Make, body: (sent: Order) => object, ...between: Step[]): Case => {
  const { step, get } = sentBefore(make);
  return [why, [...STREET, step, ...between], () => [by, kind, body(get())]];
};
const approval = (names: readonly string[]) => (sent: Order) => ({
  id: idOf(sent),
  signatures: signedOrder(sent, names).signatures,
});
const cancellation = (sent: Order) => ({ id: idOf(sent) });
const wait: Step = (city) => city.block([], city.timeMs + 30_000);
const other = { target: { device: lamp, challenge: namedId('other') } };

const breakGlass: Make = (city) => order(city, { command: 'light/full', mode: 'break-glass' });
const reportedBefore = sentBefore(breakGlass, ['anna'], 'order/report');

const ORDERS: readonly Case[] = [
  issue('one key issues', (city) => order(city), ['anna'], 'operator/1'),
  issue('what is dangerous waits for a second key', (city) => dangerous(city)),
  issue('or has both at once', (city) => dangerous(city), ['anna', 'clara']),
  issue('not by an everyday key', (city) => dangerous(city), ['anna', 'clara'], 'operator/1'),
  issue('the operator sends it', (city) => order(city), ['anna'], 'rival'),
  issue('for this city', (city) => order(city, { city: namedId('other') })),
  issue('under the keys in force', (city) => order(city, { keys: 2 })),
  issue('and the envelope in force', (city) => order(city, { envelope: 2 })),
  issue('break-glass is not issued', (city) => order(city, { mode: 'break-glass' })),
  issue('to a device of the zone', (city) => order(city, { target: { device: deviceId('pump'), challenge: namedId('c') } })),
  issue('that knows the command', (city) => order(city, { command: 'light/level', arguments: [50] })),
  issue('in its range', (city) => dangerous(city, { arguments: [481] })),
  issue(
    'that is not set apart',
    (city) => order(city),
    ['anna'],
    'operator',
    (city) => city.act('operator', 'device/quarantine', { id: lamp, reason: 'odd' }),
  ),
  issue(
    'nor suspended',
    (city) => order(city),
    ['anna'],
    'operator',
    (city) => city.act('operator', 'device/suspend', { id: lamp, reason: 'odd' }),
  ),
  issue(
    'nor sold since it joined',
    (city) => order(city),
    ['anna'],
    'operator',
    (city) => city.act('maker', 'device/vouch', { id: lamp, owner: namedId('rival') }),
  ),
  issue('before it expires', (city) => order(city, { expiresMs: city.timeMs })),
  issue('and within its lifetime', (city) => order(city, { expiresMs: city.timeMs + 60_000 })),
  issue('no longer than the envelope allows', (city) => dangerous(city, { lifetimeMs: 60_001 }), TWO),
  issue('to many at once', (city) => order(city, { target: { root: namedId('root'), count: 1 } })),
  issue('no more than the zone has', (city) => order(city, { target: { root: namedId('root'), count: 2 } })),
  follow('one order for each challenge', 'operator', 'order/issue', order, (sent) =>
    signedOrder({ ...sent, command: 'light/full' }),
  ),
  follow('the newer one supersedes the one before', 'operator', 'order/issue', order, (sent) =>
    signedOrder({ ...sent, ...other }),
  ),
  follow('not twice the same', 'operator', 'order/issue', order, (sent) => signedOrder(sent)),
  follow('a second key approves, whoever brings it', 'rival', 'order/approve', dangerous, approval(['ben'])),
  follow('the same key does not', 'rival', 'order/approve', dangerous, approval(['anna'])),
  follow('nobody approves what is over', 'rival', 'order/approve', dangerous, approval(['ben']), wait),
  follow('an order is cancelled', 'operator/1', 'order/cancel', order, cancellation),
  follow('by the operator', 'rival', 'order/cancel', order, cancellation),
  follow('in its time', 'operator', 'order/cancel', order, cancellation, wait),
  act('break-glass is reported', 'rival', 'order/report', (city) => signedOrder(breakGlass(city)), ...STREET),
  ['once', [...STREET, reportedBefore.step], () => ['rival', 'order/report', signedOrder(reportedBefore.get())]],
  act('in a safe direction', 'rival', 'order/report', (city) => signedOrder(order(city, { mode: 'break-glass' })), ...STREET),
];

/** File name and text of every vector file. */
export function renderZoneVectors(): readonly VectorFile[] {
  return renderLedgerVectors(() => makeDeviceCity(), { zones: ZONES, orders: ORDERS });
}

if (import.meta.main) writeLedgerVectors('zones', renderZoneVectors());
