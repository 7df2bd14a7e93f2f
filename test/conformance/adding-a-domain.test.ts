import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { lookupIn } from '@oppidum/contracts/domains/domain';
import { registryWith } from '@oppidum/contracts/registry';
import { compareBytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Order } from '@oppidum/formats/order-statement';
import { encodeKeySet, encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { deviceId, enrol, makeDeviceCity, signedReading, TestShard } from '../support/devices.ts';
import { sensorsOf } from '../support/envelopes.ts';
import { basinSchema, FOUNTAINS } from '../support/fountain.ts';
import { namedId } from '../support/ledger.ts';
import { newKeySet, newOrder, signAs } from '../support/orders.ts';
import { encodeEnvelope, gateEnvelope, HOLDERS, issue } from '../support/zones.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ZONE = namedId('zone');
const PUMP_COMMANDS = [
  { name: 'pump/run', parameters: [{ name: 'flow', min: 1, max: 10_000 }] },
  { name: 'pump/stop', parameters: [] },
];

/** A city with one domain more, a pump in its zone, and a basin with two gauges. */
function fountainCity() {
  const city = makeDeviceCity(1, {}, registryWith(lookupIn([FOUNTAINS])));
  for (const name of ['pump', 'left', 'right']) enrol(city, name);
  const shard = new TestShard(city);
  assert.equal(city.act('maker', 'model/describe', { id: namedId('lamp'), commands: PUMP_COMMANDS, sensors: [] }), 'OK');
  for (const name of ['left', 'right'])
    assert.equal(city.act('operator', 'telemetry/declare-sensor', { device: deviceId(name), name: 'level', decimals: 2 }), 'OK');
  const keySet = encodeKeySet(newKeySet(city.rules.genesis, HOLDERS));
  const gauges = sensorsOf('level', 'left', 'right');
  const envelope = encodeEnvelope(
    gateEnvelope(city, {
      quantities: [{ name: 'level', decimals: 2, sensors: gauges, least: 2, agreeWithin: 5, freshMs: 60_000 }],
      rules: [{ name: 'never dry', command: 'pump/run', arguments: [{ min: 1 }], needs: { quantity: 'level', min: 30 } }],
      safe: [{ command: 'pump/stop', arguments: [] }],
      dangerous: ['pump/run'],
    }),
  );
  const zone = { id: ZONE, name: 'Market fountain', domain: 'fountains', keySet, envelope };
  assert.equal(
    city.act('operator', 'zone/create', { ...zone, signatures: signAs('envelope', envelope, HOLDERS, ['anna', 'ben']) }),
    'OK',
  );
  assert.equal(city.act('operator', 'zone/add-devices', { zone: ZONE, devices: [deviceId('pump')].sort(compareBytes) }), 'OK');

  let sequence = 0;
  const setBasin = (basin: { version: number; flowMax: number }) => {
    const body = encodeBy(basinSchema, basin);
    const document = encodeZoneDocument({ city: city.rules.genesis, zone: ZONE, name: 'basin', version: 1, body });
    return city.act('operator', 'zone/set-document', {
      zone: ZONE,
      document,
      signatures: signAs('document', document, HOLDERS, ['anna', 'ben']),
    });
  };
  /** Both gauges sign what they see, and an anchor carries it into the state. */
  const measure = (left: number, right: number): void => {
    sequence++;
    const read = (name: string, v: number) => signedReading(city, name, { sequence, records: [{ n: 'level', u: 'm', v }] });
    const envelopes = [read('left', left), read('right', right)];
    const first = shard.keep(...envelopes);
    assert.equal(shard.anchor({ sensors: envelopes.map((each, i) => shard.sensor(each, first + i)) }), 'OK');
  };
  const order = (command: string, values: number[], signers: readonly string[] = ['anna', 'ben']): string => {
    sequence++;
    const target: Order['target'] = { device: deviceId('pump'), challenge: namedId(`challenge ${sequence}`) };
    const times = { lifetimeMs: 30_000, expiresMs: city.timeMs + 30_000 };
    return issue(city, newOrder(city.rules.genesis, { zone: ZONE, target, command, arguments: values, ...times }), signers);
  };
  return { setBasin, measure, order };
}

test('a third domain is a folder of rules: the kernel does the rest', () => {
  const { setBasin, measure, order } = fountainCity();
  assert.equal(order('pump/run', [50]), 'DOCUMENT_UNKNOWN', 'its own rule');
  assert.throws(() => setBasin({ version: 1, flowMax: Number.NaN }));
  assert.equal(setBasin({ version: 1, flowMax: 0 }), 'NUMBER_RANGE', 'its own document');
  assert.equal(setBasin({ version: 1, flowMax: 100 }), 'OK');
  assert.equal(order('pump/run', [50]), 'INTERLOCK_SILENT', 'no gauge spoke');
  measure(0.5, 0.7);
  assert.equal(order('pump/run', [50]), 'INTERLOCK_CONTRADICTION');
  measure(0.25, 0.26);
  assert.equal(order('pump/run', [50]), 'INTERLOCK_LIMIT', 'it would run dry');
  assert.equal(order('pump/stop', [], ['anna']), 'OK', 'stopping needs one key and no gauge');
  measure(0.5, 0.51);
  assert.equal(order('pump/run', [101]), 'NUMBER_RANGE');
  assert.equal(order('pump/run', [0]), 'ARGUMENT_RANGE', 'what its model does');
  assert.equal(order('pump/flood', []), 'COMMAND_UNKNOWN');
  assert.equal(order('pump/run', [100]), 'OK');
});

test('docs/adding-a-domain.md shows the very code that runs here', () => {
  const page = readFileSync(join(ROOT, 'docs/adding-a-domain.md'), 'utf8');
  const source = readFileSync(join(ROOT, 'test/support/fountain.ts'), 'utf8');
  const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
  assert.ok(blocks.length >= 2);
  for (const block of blocks) assert.ok(source.includes(block.trim()), `not in fountain.ts:\n${block}`);
});
