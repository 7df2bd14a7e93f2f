import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareBytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { LightingProgramme } from '@oppidum/formats/lighting-programme';
import { lightingProgrammeSchema } from '@oppidum/formats/lighting-programme';
import type { Order } from '@oppidum/formats/order-statement';
import { encodeKeySet, encodeZoneDocument } from '@oppidum/formats/zone-statements';
import { deviceId, enrol, makeDeviceCity, signedReading, TestShard } from '../../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../../test/support/ledger.ts';
import { MAIN_ROAD, PROGRAMME } from '../../../../../test/support/lighting.ts';
import { newKeySet, newOrder, signAs } from '../../../../../test/support/orders.ts';
import { encodeEnvelope, gateEnvelope, HOLDERS, issue } from '../../../../../test/support/zones.ts';
import { cityRegistry } from '../../registry.ts';

const ZONE = namedId('zone');
const LAMPS = ['lamp 1', 'lamp 2', 'lamp 3', 'lamp 4'];
/** 22:00 in the street on a day in June: night, and none of its quiet hours. */
const NIGHT_MS: number = Date.parse('2025-06-15T21:00:00Z');
const COMMANDS = [
  { name: 'light/full', parameters: [] },
  { name: 'light/level', parameters: [{ name: 'percent', min: 0, max: 100 }] },
  { name: 'light/maintenance', parameters: [{ name: 'minutes', min: 1, max: 480 }] },
];

/** Main Road alone, its traffic counted by `loop`, weather and light by `station`. */
function programme(changes: Partial<LightingProgramme> = {}): LightingProgramme {
  const traffic = { ...MAIN_ROAD.traffic, sensor: { device: deviceId('loop'), name: 'flow' } } as typeof MAIN_ROAD.traffic;
  const station = (name: string) => ({ device: deviceId('station'), name });
  return {
    ...PROGRAMME,
    weather: { sensor: station('road'), raiseWhenWet: 1, raiseWhenFog: 2 },
    ambient: { sensor: station('ambient'), dark: 300, belowWhenDark: 1 },
    sections: [{ ...MAIN_ROAD, lampCount: 4, ...(traffic === undefined ? {} : { traffic }) }],
    ...changes,
  };
}

/** A city by the rules that every city runs, with four lamps in a zone and three declared sensors. */
class Street {
  readonly city: TestCity;
  readonly shard: TestShard;
  #sequence = 0;

  constructor() {
    this.city = makeDeviceCity(1, {}, cityRegistry);
    this.city.timeMs = NIGHT_MS;
    const { city } = this;
    for (const name of [...LAMPS, 'loop', 'station']) enrol(city, name);
    this.shard = new TestShard(city);
    assert.equal(city.act('maker', 'model/describe', { id: namedId('lamp'), commands: COMMANDS, sensors: [] }), 'OK');
    for (const [device, name, decimals] of [
      ['loop', 'flow', 0],
      ['station', 'road', 0],
      ['station', 'ambient', 2],
    ] as const)
      assert.equal(city.act('operator', 'telemetry/declare-sensor', { device: deviceId(device), name, decimals }), 'OK');
    const keySet = encodeKeySet(newKeySet(city.rules.genesis, HOLDERS));
    const envelope = encodeEnvelope(gateEnvelope(city, { safe: [{ command: 'light/full', arguments: [] }], dangerous: [] }));
    const signatures = signAs('envelope', envelope, HOLDERS, ['anna', 'ben']);
    const zone = { id: ZONE, name: 'Main Road', domain: 'lighting', keySet, envelope, signatures };
    assert.equal(city.act('operator', 'zone/create', zone), 'OK');
    const devices = LAMPS.map(deviceId).sort(compareBytes);
    assert.equal(city.act('operator', 'zone/add-devices', { zone: ZONE, devices }), 'OK');
  }

  set(given: LightingProgramme, by: readonly string[] = ['anna', 'ben'], version = 1): string {
    const body = encodeBy(lightingProgrammeSchema, given);
    const document = encodeZoneDocument({ city: this.city.rules.genesis, zone: ZONE, name: 'programme', version, body });
    return this.city.act('operator', 'zone/set-document', {
      zone: ZONE,
      document,
      signatures: signAs('document', document, HOLDERS, by),
    });
  }

  /** What the sensors say now, carried into the state by an anchor. */
  say(flow: number, road = 0, ambientLx = 1): void {
    this.#sequence++;
    const sequence = this.#sequence;
    const loop = signedReading(this.city, 'loop', { sequence, records: [{ n: 'flow', v: flow }] });
    const station = signedReading(this.city, 'station', {
      sequence,
      records: [
        { n: 'road', v: road },
        { n: 'ambient', u: 'lx', v: ambientLx },
      ],
    });
    const first = this.shard.keep(loop, station);
    const sensors = [loop, station].map((envelope, i) => this.shard.sensor(envelope, first + i));
    assert.equal(this.shard.anchor({ sensors }), 'OK');
  }

  /** An order to all lamps, or to one; each for a challenge of its own. */
  order(command: string, values: number[], one = false): string {
    this.#sequence++;
    const challenge = namedId(`challenge ${this.#sequence}`);
    const target: Order['target'] = one ? { device: deviceId('lamp 1'), challenge } : { root: challenge, count: LAMPS.length };
    const times = { lifetimeMs: 30_000, expiresMs: this.city.timeMs + 30_000 };
    return issue(this.city, newOrder(this.city.rules.genesis, { zone: ZONE, target, command, arguments: values, ...times }));
  }
}

test('orders are held to the class of the street as its sensors see it', () => {
  const street = new Street();
  assert.equal(street.order('light/level', [100]), 'LIGHT_PROGRAMME_MISSING');
  assert.equal(street.order('light/full', [], true), 'OK', 'the safe direction needs no programme');
  assert.equal(street.set(programme(), ['anna']), 'SIGNATURES_FEW', 'two engineers sign a programme');
  assert.equal(street.set(programme({ ramp: { up: 1, down: 1 } })), 'LIGHT_RAMP_SLOW');
  assert.equal(street.set(programme()), 'OK');
  assert.equal(street.order('light/level', [99]), 'LIGHT_BELOW_CLASS', 'no sensor ever spoke');
  street.say(1_000);
  assert.equal(street.order('light/level', [90]), 'LIGHT_BELOW_CLASS');
  assert.equal(street.order('light/level', [91]), 'OK');
  street.say(100);
  assert.equal(street.order('light/level', [46]), 'OK');
  assert.equal(street.order('light/level', [45]), 'LIGHT_BELOW_CLASS');
  assert.equal(street.order('light/level', [46], true), 'LIGHT_UNEVEN');
  street.say(100, 2);
  assert.equal(street.order('light/level', [46]), 'LIGHT_BELOW_CLASS', 'fog');
  street.say(1_000, 0, 0.29);
  assert.equal(street.order('light/level', [68]), 'OK', 'a dark place: one class below');
  street.say(1_000, 0, 0.3);
  assert.equal(street.order('light/level', [68]), 'LIGHT_BELOW_CLASS');
  assert.equal(street.order('light/dance', []), 'COMMAND_UNKNOWN');
});

test('sensors that are old, of a weather there is not, or of a device set apart, count as lost', () => {
  const street = new Street();
  assert.equal(street.set(programme()), 'OK');
  street.say(100);
  assert.equal(street.order('light/level', [46]), 'OK');
  street.city.timeMs += 900_000;
  assert.equal(street.order('light/level', [99]), 'LIGHT_BELOW_CLASS');
  street.say(100, 3);
  assert.equal(street.order('light/level', [99]), 'LIGHT_BELOW_CLASS');
  street.say(100);
  assert.equal(street.order('light/level', [46]), 'OK');
  assert.equal(street.city.act('operator', 'device/quarantine', { id: deviceId('loop'), reason: 'drifts' }), 'OK');
  assert.equal(street.order('light/level', [99]), 'LIGHT_BELOW_CLASS');
  assert.equal(street.order('light/level', [100]), 'OK', 'full light always may');
});

test('by day only maintenance lights a lamp', () => {
  const street = new Street();
  assert.equal(street.set(programme()), 'OK');
  street.city.timeMs += 12 * 3_600_000;
  assert.equal(street.order('light/level', [100]), 'LIGHT_BY_DAY');
  assert.equal(street.order('light/maintenance', [30], true), 'OK');
});

test('break-glass may reach full light and nothing that is darker', () => {
  const street = new Street();
  const { city } = street;
  const attempt = (command: string): string => {
    const keySet = encodeKeySet(newKeySet(city.rules.genesis, HOLDERS, { zone: namedId('other zone') }));
    const envelope = encodeEnvelope(
      gateEnvelope(city, { zone: namedId('other zone'), safe: [{ command, arguments: [] }], dangerous: [] }),
    );
    const signatures = signAs('envelope', envelope, HOLDERS, ['anna', 'ben']);
    return city.act('operator', 'zone/create', {
      id: namedId('other zone'),
      name: 'x',
      domain: 'lighting',
      keySet,
      envelope,
      signatures,
    });
  };
  assert.equal(attempt('light/programme'), 'DIRECTION_UNSAFE');
  assert.equal(attempt('light/full'), 'OK');
});
