import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { SignalShelf } from '@oppidum/device/signals/signal-documents';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { encodeOrder } from '@oppidum/formats/order-statement';
import type { ResultCode } from '@oppidum/formats/result';
import { type SignalMatrix, signalMatrixSchema } from '@oppidum/formats/signal-matrix';
import { type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { at } from '@oppidum/formats/state-layout';
import { zoneDocumentKind } from '@oppidum/formats/state-orders';
import { encodeKeySet, encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { nodeCrypto } from '../../../../../test/support/crypto.ts';
import { deviceId, enrol, makeDeviceCity } from '../../../../../test/support/devices.ts';
import { inFolder } from '../../../../../test/support/folder.ts';
import { namedId, type TestCity } from '../../../../../test/support/ledger.ts';
import { newKeySet, newOrder, signAs } from '../../../../../test/support/orders.ts';
import { digestOf, matrix, plans } from '../../../../../test/support/signals.ts';

const ENGINEERS = ['ida', 'karl', 'vera'] as const;
const ZONE = namedId('zone');

function envelopeOf(city: TestCity): Envelope {
  return {
    city: city.rules.genesis,
    zone: ZONE,
    version: 1,
    previous: new Uint8Array(32),
    independence: 'device',
    grade: 'device',
    quantities: [],
    rules: [],
    safe: [{ command: 'signal/flash', arguments: [] }],
    dangerous: ['signal/automatic', 'signal/plan'],
    lifetimeMsMax: 600_000,
    dangerousLifetimeMsMax: 60_000,
  };
}

/** A city with one intersection, `lamp` its controller; `few`: one engineer alone decides. */
function makeSignalCity(few = false): TestCity {
  const city = makeDeviceCity();
  enrol(city, 'lamp');
  const commands = [
    { name: 'signal/automatic', parameters: [] },
    { name: 'signal/flash', parameters: [] },
    { name: 'signal/plan', parameters: [{ name: 'plan', min: 1, max: 255 }] },
  ];
  assert.equal(city.act('maker', 'model/describe', { id: namedId('lamp'), commands, sensors: [] }), 'OK');
  const keySet = encodeKeySet(newKeySet(city.rules.genesis, ENGINEERS, few ? { dangerousThreshold: 1 } : {}));
  const envelope = encodeBy(envelopeSchema, envelopeOf(city));
  const signatures = signAs('envelope', envelope, ENGINEERS, ['ida', 'karl']);
  const zone = { id: ZONE, name: 'Main and Mill', domain: 'signals', keySet, envelope, signatures };
  assert.equal(city.act('operator', 'zone/create', zone), 'OK');
  assert.equal(city.act('operator', 'zone/add-devices', { zone: ZONE, devices: [deviceId('lamp')] }), 'OK');
  return city;
}

type Signed = { readonly version?: number; readonly by?: readonly string[] };

function setDocument(city: TestCity, name: string, body: Bytes, { version = 1, by = ['ida', 'karl'] }: Signed = {}): ResultCode {
  const document = encodeZoneDocument({ city: city.rules.genesis, zone: ZONE, name, version, body });
  const signatures = signAs('document', document, ENGINEERS, by);
  return city.act('operator', 'zone/set-document', { zone: ZONE, document, signatures });
}

const setMatrix = (city: TestCity, of: SignalMatrix = matrix, signed?: Signed): ResultCode =>
  setDocument(city, 'matrix', encodeBy(signalMatrixSchema, of), signed);
const setPlans = (city: TestCity, of: SignalPlans = plans, signed?: Signed): ResultCode =>
  setDocument(city, 'plans', encodeBy(signalPlansSchema, of), signed);

let drawn = 0;

function order(city: TestCity, command: string, given: number[], by: readonly string[] = ['ida', 'vera']): ResultCode {
  const target = { device: deviceId('lamp'), challenge: namedId(`challenge ${drawn++}`) };
  const times = { lifetimeMs: 30_000, expiresMs: city.timeMs + 30_000 };
  const statement = encodeOrder(newOrder(city.rules.genesis, { target, command, arguments: given, ...times }));
  return city.act('operator', 'order/issue', { statement, signatures: signAs('order', statement, ENGINEERS, by) });
}

test('matrix and plans are signed by two different engineers, and both stand on the ledger', () => {
  const city = makeSignalCity();
  assert.equal(setMatrix(city, matrix, { by: ['ida'] }), 'SIGNATURES_FEW');
  assert.equal(setMatrix(city), 'OK');
  assert.equal(setPlans(city, plans, { by: ['vera'] }), 'SIGNATURES_FEW');
  assert.equal(setPlans(city), 'OK');
  const record = city.read(at(zoneDocumentKind, ZONE, nodeCrypto.sha256(encodeUtf8('matrix'))));
  assert.deepEqual([record?.version, record?.signatures.length], [1, 2]);
});

test('an intersection where one engineer decides alone gets no matrix and no plans', () => {
  const city = makeSignalCity(true);
  assert.equal(setMatrix(city), 'ENGINEERS_FEW');
  assert.equal(setPlans(city), 'ENGINEERS_FEW');
});

test('a matrix or plans with an error are refused with the code of the check, and what is neither too', () => {
  const city = makeSignalCity();
  const strange: SignalMatrix = { ...matrix, compatible: [...matrix.compatible, [11, 12]] };
  assert.equal(setMatrix(city, strange), 'MATRIX_PHASE_UNKNOWN');
  assert.equal(setPlans(city), 'PLANS_MATRIX_OTHER', 'no matrix yet');
  assert.equal(setMatrix(city), 'OK');
  const [day, ...others] = plans.plans;
  assert.ok(day !== undefined);
  const stages = day.stages.map((stage, i) => (i === 0 ? { ...stage, phases: [2, 4, 6, 9, 11] } : stage));
  assert.equal(setPlans(city, { ...plans, plans: [{ ...day, stages }, ...others] }), 'PLAN_CONFLICT');
  assert.equal(setDocument(city, 'plans', Uint8Array.of(0xa0)), 'MISSING_FIELD');
  assert.equal(setDocument(city, 'lamps', Uint8Array.of(0xa0)), 'DOCUMENT_UNKNOWN');
});

test('orders choose among the signed plans', () => {
  const city = makeSignalCity();
  assert.equal(order(city, 'signal/plan', [1]), 'PLAN_UNKNOWN', 'no plans yet');
  assert.equal(setMatrix(city), 'OK');
  assert.equal(setPlans(city), 'OK');
  assert.equal(order(city, 'signal/plan', [4]), 'OK');
  assert.equal(city.event('order/issued') !== undefined, true);
  assert.equal(order(city, 'signal/plan', [7]), 'PLAN_UNKNOWN');
  assert.equal(order(city, 'signal/plan', [256]), 'ARGUMENT_RANGE');
  assert.equal(order(city, 'signal/lamp', [2, 4]), 'COMMAND_UNKNOWN', 'nobody orders a lamp');
});

test('a plan and the end of flash need two keys, flash needs one', () => {
  const city = makeSignalCity();
  assert.equal(setMatrix(city), 'OK');
  assert.equal(setPlans(city), 'OK');
  for (const [command, given] of [
    ['signal/plan', [2]],
    ['signal/automatic', []],
  ] as const) {
    assert.equal(order(city, command, [...given], ['ida']), 'OK');
    assert.equal(city.event('order/issued'), undefined, `${command} waits for another engineer`);
  }
  assert.equal(order(city, 'signal/flash', [], ['ida']), 'OK');
  assert.ok(city.event('order/issued') !== undefined);
});

test('after a new matrix no plan of the old one is ordered, until plans were signed for it', () => {
  const city = makeSignalCity();
  assert.equal(setMatrix(city), 'OK');
  assert.equal(setPlans(city), 'OK');
  const stricter = { ...matrix, compatible: matrix.compatible.filter(([a, b]) => a !== 9 || b !== 11) };
  assert.equal(setMatrix(city, stricter, { version: 2 }), 'OK');
  assert.equal(order(city, 'signal/plan', [1]), 'PLANS_MATRIX_OTHER');
  assert.equal(setPlans(city, plans, { version: 2 }), 'PLANS_MATRIX_OTHER');
  assert.equal(setPlans(city, { ...plans, matrix: digestOf(stricter) }, { version: 2 }), 'PLAN_CONFLICT');
  const apart = plans.plans.map((plan) => ({
    ...plan,
    stages: plan.stages.map((stage) => ({
      ...stage,
      phases: stage.phases.filter((phase) => phase !== 11 || !stage.phases.includes(9)),
    })),
  }));
  const served = apart.map((plan) => {
    if (plan.purpose !== 'ordinary') return plan;
    const stage = { phases: [11], durationMs: 14_000, onCall: true };
    return { ...plan, cycleMs: plan.cycleMs + 14_000, stages: [...plan.stages, stage] };
  });
  assert.equal(setPlans(city, { ...plans, matrix: digestOf(stricter), plans: served }, { version: 2 }), 'OK');
  assert.equal(order(city, 'signal/plan', [1]), 'OK');
});

test('what stands on the ledger is what the device accepts, whoever brings it', () =>
  inFolder({}, async (folder) => {
    const city = makeSignalCity();
    assert.equal(setMatrix(city), 'OK');
    assert.equal(setPlans(city), 'OK');
    const signed = (name: string) => {
      const record = city.read(at(zoneDocumentKind, ZONE, nodeCrypto.sha256(encodeUtf8(name))));
      assert.ok(record !== null);
      return { statement: record.statement, signatures: record.signatures };
    };
    const shelf = await SignalShelf.open(nodeCrypto, join(folder, 'documents.cbor'));
    const keys = newKeySet(city.rules.genesis, ENGINEERS);
    assert.equal(await shelf.offer(keys, { matrix: signed('matrix'), plans: signed('plans') }), null);
    assert.deepEqual(shelf.documents?.plans, encodeBy(signalPlansSchema, plans));
  }));
