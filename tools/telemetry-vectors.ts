/** Writes vectors/telemetry/*.json: `node tools/telemetry-vectors.ts`; specs/ledger.md says how to read them. The keys are test keys. */

import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import type { SenmlRecord } from '@oppidum/formats/senml';
import {
  deviceId,
  enrol,
  makeDeviceCity,
  newShard,
  type ReadingOptions,
  signedReading,
  TestShard,
} from '../test/support/devices.ts';
import { namedId, type TestCity } from '../test/support/ledger.ts';
import { MemoryLog } from '../test/support/memory-log.ts';
import { type Case, renderLedgerVectors, type Step, type VectorFile, writeLedgerVectors } from './ledger-vectors.ts';

const act = (why: string, by: string, kind: string, body: object, ...before: Step[]): Case => [
  why,
  before,
  () => [by, kind, body],
];
const entries = (label: string, count: number) => Array.from({ length: count }, (_, n) => namedId(`${label} ${n}`));

/** A shard with entries, some of them anchored; made anew in each city. */
function makeShard(city: TestCity, anchored: number, more: number): TestShard {
  const shard = new TestShard(city);
  shard.keep(...entries('entry', anchored));
  if (anchored > 0) shard.anchor();
  shard.keep(...entries('more', more));
  return shard;
}

/** The last act is on a shard with these entries; what makes the shard comes before. */
function onShard(
  why: string,
  by: string,
  kind: string,
  [anchored, more]: readonly [number, number],
  body: (shard: TestShard, city: TestCity) => object,
  ...before: Step[]
): Case {
  let shard: TestShard | null = null;
  const make: Step = (city) => {
    shard = makeShard(city, anchored, more);
  };
  return [
    why,
    [make, ...before],
    (city) => {
      if (shard === null) throw new Error('the shard comes before');
      return [by, kind, body(shard, city)];
    },
  ];
}

const { id } = newShard(0);
const declared: Step = (city) => city.act('operator', 'shard/declare', newShard(0));
const retired: Step = (city) => city.act('operator', 'shard/retire', { id, reason: 'moved' });
const SHARDS: readonly Case[] = [
  act('the operator declares a shard', 'operator', 'shard/declare', newShard(0)),
  act('nobody else does', 'registrar', 'shard/declare', newShard(0)),
  act('not by an everyday key', 'operator/1', 'shard/declare', newShard(0)),
  act('a number is given once', 'operator', 'shard/declare', newShard(0, { id: namedId('fresh') }), declared),
  act('also after the shard ended', 'operator', 'shard/declare', newShard(0, { id: namedId('fresh') }), declared, retired),
  act('keys are used once', 'operator', 'shard/declare', newShard(1, { logKey: newShard(0).receiptKey }), declared),
  act('a key of zeros is none', 'operator', 'shard/declare', newShard(0, { logKey: new Uint8Array(32) })),
  act('a shard is retired', 'operator', 'shard/retire', { id, reason: 'moved' }, declared),
  act('once', 'operator', 'shard/retire', { id, reason: 'moved' }, declared, retired),
];

const anchor = (why: string, sizes: readonly [number, number], changes: (shard: TestShard) => object, ...before: Step[]): Case =>
  onShard(why, 'telemetry', 'telemetry/anchor', sizes, (shard) => shard.anchorBody(changes(shard)), ...before);
const rewritten = (size: number) => new MemoryLog([...entries('entry', 3), ...entries('other', size - 3)]);
const ANCHORS: readonly Case[] = [
  anchor('the first anchor needs no proof', [0, 5], () => ({})),
  anchor('and has none', [0, 5], () => ({ consistency: [namedId('hash')] })),
  anchor('the next one proves that the log grew', [5, 6], () => ({})),
  anchor('with all of the proof', [5, 6], (shard) => ({ consistency: shard.log.consistency(5).slice(1) })),
  anchor('of this log', [5, 3], (shard) => {
    const other = rewritten(8);
    return { checkpoint: shard.note(8, other), consistency: other.consistency(5) };
  }),
  anchor('the same head is not anchored twice', [5, 0], () => ({ consistency: [] })),
  anchor('nor a smaller one', [5, 0], (shard) => ({ checkpoint: shard.note(4), consistency: [] })),
  anchor('the shard signs its head', [0, 5], (shard) => ({
    checkpoint: encodeUtf8(parseUtf8(shard.note()).replace('\n5\n', '\n4\n')),
  })),
  onShard('the operator of the shard signs the anchor', 'operator', 'telemetry/anchor', [0, 5], (shard) => shard.anchorBody()),
  anchor('a retired shard anchors no more', [5, 2], () => ({}), retired),
];

const prefix = (log: MemoryLog, size1: number, size2: number) => ({
  root: log.root(size1),
  consistency: size1 === size2 ? [] : log.consistency(size1, size2),
});
const fork = (why: string, heads: (shard: TestShard, other: MemoryLog) => object, ...before: Step[]): Case =>
  onShard(
    why,
    'rival',
    'telemetry/report-fork',
    [5, 2],
    (shard) => ({ shard: shard.id, ...heads(shard, rewritten(9)) }),
    ...before,
  );
const FORKS: readonly Case[] = [
  fork('a signed head with another beginning than the anchored one', (shard, other) => ({
    later: { note: shard.note(9, other) },
    earlier: { anchored: 5 },
    ...prefix(other, 5, 9),
  })),
  fork('two signed roots of one size', (shard, other) => ({
    later: { note: shard.note(6, other) },
    earlier: { note: shard.note(6) },
    ...prefix(other, 6, 6),
  })),
  fork('a signed head that is no beginning of the anchored one', (shard, other) => ({
    later: { anchored: 5 },
    earlier: { note: shard.note(4, other) },
    ...prefix(shard.log, 4, 5),
  })),
  fork(
    'also of a retired shard',
    (shard, other) => ({ later: { note: shard.note(9, other) }, earlier: { anchored: 5 }, ...prefix(other, 5, 9) }),
    retired,
  ),
  fork('heads that agree are no fork', (shard) => ({
    later: { note: shard.note() },
    earlier: { anchored: 5 },
    ...prefix(shard.log, 5, 7),
  })),
  fork('a root that no proof leads from is none', (shard) => ({
    later: { note: shard.note() },
    earlier: { anchored: 5 },
    ...prefix(shard.log, 5, 7),
    root: namedId('root'),
  })),
  fork('nor a head that the shard did not sign', (shard, other) => ({
    later: { note: encodeUtf8(parseUtf8(shard.note(9, other)).replace('\n9\n', '\n8\n')) },
    earlier: { anchored: 5 },
    ...prefix(other, 5, 8),
  })),
  fork('nor an anchor that is not kept', (shard, other) => ({
    later: { note: shard.note(9, other) },
    earlier: { anchored: 4 },
    ...prefix(other, 4, 9),
  })),
  fork('a head is a note or an anchor', (shard, other) => ({
    later: { note: shard.note(9, other), anchored: 5 },
    earlier: { anchored: 5 },
    ...prefix(other, 5, 9),
  })),
];

const sensor = { device: deviceId('pump'), name: 'level', decimals: 2 };
const withPump: Step = (city) => enrol(city, 'pump');
const withSensor: Step = (city) => city.act('operator', 'telemetry/declare-sensor', sensor);
const level = (city: TestCity, sequence: number, v: number, options: Partial<ReadingOptions> = {}) =>
  signedReading(city, 'pump', { sequence, records: [{ bt: city.timeMs / 1_000, n: 'level', v }], ...options });
/** An anchor with a reading of this record as its only rider. */
const ride = (why: string, record: SenmlRecord | ((city: TestCity) => SenmlRecord), ...before: Step[]): Case =>
  onShard(
    why,
    'telemetry',
    'telemetry/anchor',
    [0, 3],
    (shard, city) => {
      const made = typeof record === 'function' ? record(city) : record;
      const envelope = level(city, 7, 0, { records: [made] });
      const index = shard.keep(envelope);
      return shard.anchorBody({ sensors: [shard.sensor(envelope, index)] });
    },
    withPump,
    withSensor,
    ...before,
  );
const SENSORS: readonly Case[] = [
  act('the operator declares a sensor', 'operator', 'telemetry/declare-sensor', sensor, withPump),
  act('once', 'operator', 'telemetry/declare-sensor', sensor, withPump, withSensor),
  act('with a name that SenML allows', 'operator', 'telemetry/declare-sensor', { ...sensor, name: 'a b' }, withPump),
  act('not of a personal model', 'operator', 'telemetry/declare-sensor', { ...sensor, device: deviceId('badge') }, (city) =>
    enrol(city, 'badge', 'badge'),
  ),
  ride('a reading rides along', { n: 'level', v: 1.25 }),
  ride('halves are rounded upwards', { n: 'level', v: -0.125 }),
  ride('true counts as one', { n: 'level', vb: true }),
  ride('a text is no value', { n: 'level', vs: 'high' }),
  ride('beyond 2^53 is none', { n: 'level', v: 1e16 }),
  ride('of a declared sensor', { n: 'mood', v: 1 }),
  ride('not ahead of time', (city) => ({ bt: city.timeMs / 1_000 + 60, n: 'level', v: 1 })),
  ride('of a device that is entitled', { n: 'level', v: 1 }, (city) =>
    city.act('operator', 'device/suspend', { id: sensor.device, reason: 'test' }),
  ),
];

const erasure = { id: namedId('erasure'), root: namedId('root'), count: 12, legalBasis: 'consent-withdrawn' };
const ERASURES: readonly Case[] = [
  act('an erasure is recorded', 'protector', 'erasure/record', erasure),
  act('not by the operator', 'operator', 'erasure/record', erasure),
  act('once', 'protector', 'erasure/record', erasure, (city) => city.act('protector', 'erasure/record', erasure)),
];

/** File name and text of every vector file. */
export function renderTelemetryVectors(): readonly VectorFile[] {
  const files = { shards: SHARDS, anchors: ANCHORS, forks: FORKS, sensors: SENSORS, erasures: ERASURES };
  return renderLedgerVectors(makeDeviceCity, files);
}

if (import.meta.main) writeLedgerVectors('telemetry', renderTelemetryVectors());
