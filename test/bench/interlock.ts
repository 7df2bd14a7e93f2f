/**
 * Bench `interlock`: whether a command may be given now, on the running state of a city whose sensors spoke through anchors. A usual
 * zone has three quantities of two or three sensors and eight rules, of which three are about the command; the largest has 16 quantities
 * of 8 sensors and 64 rules about it.
 */

import { checkInterlocks } from '@oppidum/contracts/safety/check-interlocks';
import { checkContradictions } from '@oppidum/contracts/safety/contradictions';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toOctets } from '@oppidum/formats/bytes';
import type { Envelope, Quantity, Rule, Sensor } from '@oppidum/formats/envelope';
import { LIMITS } from '@oppidum/formats/limits';
import type { City } from '@oppidum/ledger/city';
import { viewOf } from '../support/city-view.ts';
import { deviceId, enrol, makeDeviceCity, signedReading, TestShard } from '../support/devices.ts';
import { makeEnvelope } from '../support/envelopes.ts';
import type { TestCity } from '../support/ledger.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

const OPEN = { command: 'gate/open', arguments: [1] };
/** Of the time of a figure, in which nothing is counted. */
const WARM_UP = 0.3;
const COLD_BATCH = 50;

const DEVICES = Array.from({ length: LIMITS.quantitySensorCountMax }, (_, i) => `sensor ${i}`);
const nameOf = (quantity: number): string => `q${quantity + 10}`;

/** Eight devices with sixteen sensors each, all of which say 1. */
function makeSensors(): TestCity {
  const city = makeDeviceCity();
  const shard = new TestShard(city);
  const names = Array.from({ length: LIMITS.quantityCountMax }, (_, i) => nameOf(i));
  for (const device of DEVICES) {
    enrol(city, device);
    for (const name of names) {
      const body = { device: deviceId(device), name, decimals: 0 };
      const code = city.act('operator', 'telemetry/declare-sensor', body);
      if (code !== 'OK') throw new Error(code);
    }
    const [first, ...others] = names.map((n) => ({ n, v: 1 }));
    if (first === undefined) throw new Error('no sensors');
    const envelope = signedReading(city, device, { sequence: 1, records: [first, ...others] });
    const code = shard.anchor({ sensors: [shard.sensor(envelope, shard.keep(envelope))] });
    if (code !== 'OK') throw new Error(code);
  }
  return city;
}

function makeZone(quantityCount: number, sensorCount: number, ruleCount: number, aboutCount: number): Envelope {
  const sensors = (name: string): Sensor[] =>
    DEVICES.slice(0, sensorCount)
      .map((device) => ({ device: deviceId(device), name }))
      .sort((a, b) => Buffer.compare(a.device, b.device));
  const quantities = Array.from({ length: quantityCount }, (_, i): Quantity => {
    const rules = { decimals: 0, least: 2, agreeWithin: 0, freshMs: LIMITS.interlockFreshMsMax };
    return { name: nameOf(i), sensors: sensors(nameOf(i)), ...rules };
  });
  const rules = Array.from({ length: ruleCount }, (_, i): Rule => {
    const argument = i < aboutCount ? { min: 1 } : { min: 2 };
    return {
      name: `rule ${i}`,
      command: OPEN.command,
      arguments: [argument],
      needs: { quantity: nameOf(i % quantityCount), max: 5 },
    };
  });
  return makeEnvelope({ quantities, rules });
}

/** Milliseconds of one evaluation: median and 99th percentile. `fresh`: each in a block of its own, where no record was parsed before. */
function measure(
  view: () => City,
  envelope: Envelope,
  isFresh: boolean,
  seconds: number,
): { readonly p50: number; readonly p99: number } {
  const samples: number[] = [];
  const warm = view();
  const beganMs = performance.now();
  const [warmMs, endMs] = [beganMs + 1_000 * seconds * WARM_UP, beganMs + 1_000 * seconds];
  while (performance.now() < endMs) {
    const views = Array.from({ length: COLD_BATCH }, () => (isFresh ? view() : warm));
    for (const view of views) {
      const startMs = performance.now();
      const refused = checkInterlocks(view, envelope, OPEN);
      const tookMs = performance.now() - startMs;
      if (refused !== null) throw new Error(`refused with ${refused.code}`);
      if (startMs > warmMs) samples.push(tookMs);
    }
  }
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
}

/**
 * `usualMs`, `usualP99Ms`: a usual zone, its sensors read before in the block; `firstMs`, `firstP99Ms`: read and parsed for the first
 * time in it; `largestMs`: the largest zone; `contradictionsMs`: looking at all pairs of its rules, once when it is set.
 */
export async function benchInterlock({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const city = makeSensors();
  const values = new Map(city.state.records().map(({ key, value }) => [toOctets(key), value]));
  const state = { read: (key: Bytes) => values.get(toOctets(key)) ?? null, scan: city.state.scan };
  const view = () => viewOf(city, { crypto: nativeCrypto, state });
  const usual = makeZone(3, 3, 8, 3);
  const largest = makeZone(
    LIMITS.quantityCountMax,
    LIMITS.quantitySensorCountMax,
    LIMITS.interlockRuleCountMax,
    LIMITS.interlockRuleCountMax,
  );
  const warm = measure(view, usual, false, seconds / 4);
  say(`usual: ${warm.p50.toFixed(4)} ms`);
  const first = measure(view, usual, true, seconds / 4);
  say(`first in its block: ${first.p50.toFixed(4)} ms`);
  const all = measure(view, largest, false, seconds / 4);
  const pairs: number[] = [];
  const endMs = performance.now() + 250 * seconds;
  while (performance.now() < endMs) {
    const startMs = performance.now();
    if (checkContradictions(largest) !== null) throw new Error('the largest zone contradicts itself');
    pairs.push(performance.now() - startMs);
  }
  return {
    usualMs: warm.p50,
    usualP99Ms: warm.p99,
    firstMs: first.p50,
    firstP99Ms: first.p99,
    largestMs: all.p50,
    contradictionsMs: percentile(pairs, 0.5),
  };
}
