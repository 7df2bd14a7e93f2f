import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { checkLightOrder } from '@oppidum/contracts/domains/lighting/light-rules';
import { Lamp, type LampAnswer, type LampSenses } from '@oppidum/device/lighting/lamp';
import { leastLevel } from '@oppidum/device/lighting/lamp-monitor';
import { parseHex } from '@oppidum/formats/bytes';
import { type FrozenLimits, isFrozen, type SteadyRun, steadyRun } from '@oppidum/formats/frozen-values';
import { parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { type LightDemand, type LightSituation, lightDemand } from '@oppidum/formats/lighting-level';
import { lampPowerMw, type PowerCurve } from '@oppidum/formats/lighting-power';
import { type LightingProgramme, parseLightingProgramme } from '@oppidum/formats/lighting-programme';
import { renderLightingVectors } from '../../tools/lighting-vectors.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors/lighting');

type Demands = {
  readonly programme: string;
  readonly cases: readonly { why: string; now: LightSituation; sections: LightDemand[] }[];
};
type Programmes = { readonly cases: readonly { why: string; cbor: string; code: string; at?: string }[] };
type OrderCase = { command: string; arguments: number[]; lampCount: number | null; now: LightSituation; code: string };
type Orders = { readonly programme: string; readonly cases: readonly OrderCase[] };
type Moment = {
  readonly senses: LampSenses;
  readonly order?: { command: string; arguments: number[]; code: string };
  readonly answer: LampAnswer;
};
type Evening = { readonly programme: string; readonly section: number; readonly moments: readonly Moment[] };
type Detectors = {
  readonly limits: FrozenLimits;
  readonly cases: readonly { why: string; heard: readonly { timeMs: number; value: number; frozen: boolean }[] }[];
};
type Powers = { readonly curve: PowerCurve; readonly cases: readonly { level: number; powerMw: number }[] };

const readVectors = <T>(name: string): T => JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as T;

function programmeOf(hex: string): LightingProgramme {
  const programme = parseLightingProgramme(parseHex(hex));
  assert.ok(!('code' in programme));
  return programme;
}

test('the files are what the maker writes', () => {
  for (const [name, text] of Object.entries(renderLightingVectors()))
    assert.equal(readFileSync(join(FOLDER, name), 'utf8'), text, 'run `node tools/lighting-vectors.ts`');
});

const detectors = readVectors<Detectors>('frozen.json');
for (const { why, heard } of detectors.cases) {
  test(`detectors: ${why}`, () => {
    let run: SteadyRun | null = null;
    for (const { timeMs, value, frozen } of heard) {
      run = steadyRun(run, value, timeMs);
      assert.equal(isFrozen(detectors.limits, run), frozen);
    }
  });
}

const demands = readVectors<Demands>('demand.json');
for (const { why, now, sections } of demands.cases) {
  test(`demand: ${why}`, () => {
    const programme = programmeOf(demands.programme);
    for (const [i, section] of programme.sections.entries()) {
      assert.deepEqual(lightDemand(programme, section, now), sections[i]);
      assert.equal(leastLevel(programme, section, now), sections[i]?.level, 'and so finds the monitor');
    }
  });
}

for (const { why, cbor, code, at } of readVectors<Programmes>('cabinets.json').cases) {
  test(`cabinets: ${why}: ${code}`, () => {
    const found = parseLightingCabinets(parseHex(cbor));
    assert.equal('code' in found ? found.code : 'OK', code);
    if ('code' in found) assert.equal(found.details['at'], at);
  });
}

for (const { why, cbor, code, at } of readVectors<Programmes>('programmes.json').cases) {
  test(`programmes: ${why}: ${code}`, () => {
    const found = parseLightingProgramme(parseHex(cbor));
    assert.equal('code' in found ? found.code : 'OK', code);
    if ('code' in found) assert.equal(found.details['at'], at);
  });
}

const orders = readVectors<Orders>('orders.json');
for (const { now, code, ...order } of orders.cases) {
  test(`orders: ${order.command} ${order.arguments} to ${order.lampCount ?? 'one'}: ${code}`, () => {
    assert.equal(checkLightOrder(order, programmeOf(orders.programme), () => now)?.code ?? 'OK', code);
  });
}

test('an evening of a lamp, moment by moment', () => {
  const { programme, section, moments } = readVectors<Evening>('lamp.json');
  const lamp = new Lamp(programmeOf(programme), section);
  assert.ok(moments.length > 20);
  for (const [i, { senses, order, answer }] of moments.entries()) {
    if (order !== undefined) assert.equal(lamp.obey(order, senses)?.code ?? 'OK', order.code, `order at ${i}`);
    assert.deepEqual(lamp.step(senses), answer, `moment ${i}`);
  }
});

test('power at levels', () => {
  const { curve, cases } = readVectors<Powers>('power.json');
  for (const { level, powerMw } of cases) assert.equal(lampPowerMw(curve, level), powerMw, `${level}`);
});
