/**
 * Writes vectors/lighting/*.json: how much light is needed, programmes, orders, power. `node tools/lighting-vectors.ts`;
 * specs/lighting.md says how to read them. The zone is nobody's.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkLightOrder } from '@oppidum/contracts/domains/lighting/light-rules';
import { Lamp, type LampAnswer, type LampSenses } from '@oppidum/device/lighting/lamp';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type FrozenLimits, isFrozen, type SteadyRun, steadyRun } from '@oppidum/formats/frozen-values';
import { checkLightingCabinets, type LightingCabinets, lightingCabinetsSchema } from '@oppidum/formats/lighting-cabinets';
import { type LightSituation, lightDemand } from '@oppidum/formats/lighting-level';
import { lampPowerMw } from '@oppidum/formats/lighting-power';
import { checkLightingProgramme, type LightingProgramme, lightingProgrammeSchema } from '@oppidum/formats/lighting-programme';
import { CALM, MAIN_ROAD, MIDNIGHT_MS, NOON_MS, PROGRAMME } from '../test/support/lighting.ts';

const HOUR_MS = 3_600_000;
const EVENING_MS = MIDNIGHT_MS - 4 * HOUR_MS;

const SITUATIONS: readonly (readonly [why: string, changes: Partial<LightSituation>])[] = [
  ['a quiet night', {}],
  ['a quiet night in a dark place: never three below', { ambientMlx: 0 }],
  ['a busy evening', { timeMs: EVENING_MS, traffic: 1_000 }],
  ['a busy night', { traffic: 1_000 }],
  ['moderate traffic, its least', { timeMs: EVENING_MS, traffic: 240 }],
  ['little traffic, its most', { timeMs: EVENING_MS, traffic: 239 }],
  ['heavy traffic, its least', { timeMs: EVENING_MS, traffic: 720 }],
  ['a wet night', { weather: 1 }],
  ['a foggy night', { weather: 2 }],
  ['fog on a busy evening: never above normal', { timeMs: EVENING_MS, traffic: 1_000, weather: 2 }],
  ['noon, dark', { timeMs: NOON_MS }],
  ['noon, everything lost but the clock', { timeMs: NOON_MS, isDark: null, traffic: null, weather: null, ambientMlx: null }],
  ['twilight begins, dark', { timeMs: NOON_MS + 3.5 * HOUR_MS }],
  ['a millisecond before twilight, dark', { timeMs: NOON_MS + 3.5 * HOUR_MS - 1 }],
  ['twilight, light', { timeMs: NOON_MS + 4 * HOUR_MS, isDark: false }],
  ['night begins, light', { timeMs: NOON_MS + 4.5 * HOUR_MS, isDark: false }],
  ['no clock, light', { timeMs: null, isDark: false }],
  ['no clock, dark', { timeMs: null }],
  ['no photocell', { isDark: null }],
  ['no detector', { traffic: null }],
  ['fewer vehicles than none', { traffic: -1 }],
  ['no weather', { weather: null }],
  ['an unknown weather', { weather: 3 }],
  ['no light sensor', { ambientMlx: null }],
  ['a summer evening, two hours later', { timeMs: Date.parse('2026-03-31T19:00:00Z') }],
  ['the same in a leap year', { timeMs: Date.parse('2028-03-30T19:00:00Z') }],
];

const traffic = (changes: object): object => ({ sections: [{ ...MAIN_ROAD, traffic: { ...MAIN_ROAD.traffic, ...changes } }] });
const PROGRAMMES: readonly (readonly [why: string, changes: object])[] = [
  ['as it should be', {}],
  ['no night between the twilights', { twilightMinutes: 180, nights: [{ fromDay: 1, duskMinute: 0, dawnMinute: 360 }] }],
  ['settling longer than a twilight', { twilightMinutes: 1, settleS: 61 }],
  ['a photocell without a span', { photocell: { on: 5, off: 5 } }],
  [
    'hours that overlap around midnight',
    {
      sections: [
        {
          ...MAIN_ROAD,
          hours: [
            { fromMinute: 0, minutes: 60, below: 1 },
            { fromMinute: 1_380, minutes: 61, below: 1 },
          ],
        },
      ],
    },
  ],
  ['fog below rain', { weather: { ...PROGRAMME.weather, raiseWhenWet: 2, raiseWhenFog: 1 } }],
  ['a slow ramp', { ramp: { up: 33, down: 10 } }],
  ['a crossing that follows traffic', { sections: [{ ...MAIN_ROAD, kind: 'crossing' }] }],
  ['a crossing with quiet hours', { sections: [{ ...PROGRAMME.sections[2], hours: MAIN_ROAD.hours }] }],
  ['thresholds reversed', traffic({ low: 450 })],
  ['steps reversed', traffic({ belowWhenLow: 0 })],
  ['lamps too weak', { sections: [{ ...MAIN_ROAD, class: 'M2' }] }],
];

type OrderCase = readonly [
  command: string,
  values: readonly number[],
  lampCount: number | null,
  changes: Partial<LightSituation>,
];
const ORDERS: readonly OrderCase[] = [
  ['light/full', [], null, {}],
  ['light/programme', [], 64, {}],
  ['light/maintenance', [480], 64, { timeMs: NOON_MS }],
  ['light/maintenance', [481], 64, {}],
  ['light/off', [], 64, {}],
  ['light/level', [91], 64, {}],
  ['light/level', [90], 64, {}],
  ['light/level', [100], 64, { timeMs: NOON_MS }],
  ['light/level', [0], 64, {}],
  ['light/section-level', [0, 46], 40, {}],
  ['light/section-level', [0, 45], 40, {}],
  ['light/section-level', [0, 46], 36, {}],
  ['light/section-level', [0, 46], 35, {}],
  ['light/section-level', [0, 91], null, {}],
  ['light/section-level', [0, 90], null, {}],
  ['light/section-level', [0, 99], 40, { traffic: null }],
  ['light/section-level', [3, 100], 40, {}],
];

const CURVE = [
  { level: 0, powerMw: 400 },
  { level: 100, powerMw: 10_400 },
  { level: 1_000, powerMw: 60_000 },
];

type Moment = readonly [afterMs: number, changes: Partial<Known>, order?: readonly [command: string, ...values: number[]]];
type Known = { readonly traffic: number | null; readonly weather: number | null; readonly ambient: number | null } & Pick<
  LampSenses,
  'timeMs' | 'photocellMlx'
> & { readonly hasLink: boolean };

const FROZEN_LIMITS: FrozenLimits = { busyS: 900, emptyS: 3_600 };
/** What detectors said, one value every five minutes unless a time is given. */
const DETECTORS: readonly (readonly [why: string, said: readonly (number | readonly [ms: number, value: number])[]])[] = [
  ['it counts', [120, 132, 132, 120, 108]],
  ['it stands still', [120, 120, 120, 120, 120]],
  ['it stood still, and counts again', [120, 120, 120, 120, 120, 132, 120]],
  ['a road is empty for an hour', new Array(13).fill(0)],
  ['a road is empty for longer than it may be', new Array(14).fill(0)],
  [
    'the longest run that may be, and a millisecond more',
    [
      [0, 120],
      [900_000, 120],
      [900_001, 120],
    ],
  ],
];

function playDetectors() {
  return DETECTORS.map(([why, said]) => {
    let run: SteadyRun | null = null;
    const heard = said.map((each, i) => {
      const [timeMs, value] = typeof each === 'number' ? [i * 300_000, each] : each;
      run = steadyRun(run, value, timeMs);
      return { timeMs, value, frozen: isFrozen(FROZEN_LIMITS, run) };
    });
    return { why, heard };
  });
}

/** An evening of a lamp of Main Road from 20:00 UTC on: what changes after so many milliseconds, and what it is ordered. */
const EVENING: readonly Moment[] = [
  [0, { traffic: 1_000 }],
  [899_999, {}],
  [1, {}],
  [1_000, {}],
  [60_000, { traffic: 100 }],
  [900_000, {}],
  [10_000, {}],
  [60_000, {}],
  [1_000, {}, ['light/section-level', 0, 45]],
  [1_000, {}, ['light/section-level', 1, 100]],
  [1_000, {}, ['light/level', 60]],
  [10_000, {}],
  [1_000, { traffic: 800 }],
  [5_000, {}],
  [5_000, { hasLink: false }],
  [1_000, { hasLink: true, weather: null }],
  [10_000, { weather: 0, traffic: 100 }],
  [900_000, {}],
  [120_000, {}],
  [1_000, {}, ['light/programme']],
  [1_000_000, {}],
  [120_000, { photocellMlx: null }],
  [20_000, {}],
];

/** The senses of each moment with what the lamp answers; orders with their code. */
function playEvening(): readonly { readonly senses: LampSenses; readonly order?: object; readonly answer: LampAnswer }[] {
  const lamp = new Lamp(PROGRAMME, 0);
  let known: Known = { timeMs: EVENING_MS, photocellMlx: 0, traffic: 0, weather: 0, ambient: 1_000, hasLink: true };
  let uptimeMs = 2_000_000;
  return EVENING.map(([afterMs, changes, ordered]) => {
    uptimeMs += afterMs;
    known = { ...known, ...(known.timeMs === null ? {} : { timeMs: known.timeMs + afterMs }), ...changes };
    const heard = (value: number | null) => (value === null ? null : { value, uptimeMs });
    const { timeMs, photocellMlx, traffic, weather, ambient, hasLink } = known;
    const senses: LampSenses = {
      ...{ uptimeMs, timeMs, photocellMlx, linkUptimeMs: hasLink ? uptimeMs : uptimeMs - 900_001 },
      ...{ traffic: heard(traffic), weather: heard(weather), ambient: heard(ambient) },
    };
    if (ordered === undefined) return { senses, answer: lamp.step(senses) };
    const [command, ...values] = ordered;
    const code = lamp.obey({ command, arguments: values }, senses)?.code ?? 'OK';
    return { senses, order: { command, arguments: values, code }, answer: lamp.step(senses) };
  });
}

function cborOf(changes: object): string {
  return toHex(encodeBy(lightingProgrammeSchema, { ...PROGRAMME, ...changes } as LightingProgramme));
}

const LAMPS = [1, 2, 3].map((number) => ({ device: new Uint8Array(32).fill(number), curve: 0 }));
const [FIRST_LAMP, SECOND_LAMP, THIRD_LAMP] = LAMPS as [(typeof LAMPS)[0], (typeof LAMPS)[0], (typeof LAMPS)[0]];

function cabinetOf(number: number, lamps: LightingCabinets['cabinets'][number]['lamps']): LightingCabinets['cabinets'][number] {
  return {
    name: `Cabinet ${number}`,
    meter: { device: new Uint8Array(32).fill(100 + number), name: 'power' },
    ...{ standingMw: 5_000, wavering: { meterMw: 1_000, lampsPermille: 1 }, steadyPermille: 2, lamps },
  };
}

const CABINETS: readonly (readonly [why: string, cabinets: LightingCabinets['cabinets']])[] = [
  ['two cabinets', [cabinetOf(1, [FIRST_LAMP, SECOND_LAMP]), cabinetOf(2, [THIRD_LAMP])]],
  ['a lamp without a curve', [cabinetOf(1, [FIRST_LAMP, { ...SECOND_LAMP, curve: 1 }])]],
  ['a lamp on two meters', [cabinetOf(1, [FIRST_LAMP, SECOND_LAMP]), cabinetOf(2, [SECOND_LAMP])]],
];

function renderCabinets([why, cabinets]: (typeof CABINETS)[number]): object {
  const document: LightingCabinets = { version: 1, level: 'dimming', curves: [CURVE], cabinets };
  const refused = checkLightingCabinets(document);
  const cbor = toHex(encodeBy(lightingCabinetsSchema, document));
  return { why, cbor, code: refused?.code ?? 'OK', ...(refused === null ? {} : { at: refused.details['at'] }) };
}

/** The files by name. */
export function renderLightingVectors(): Readonly<Record<string, string>> {
  const demands = SITUATIONS.map(([why, changes]) => {
    const now = { ...CALM, ...changes };
    return { why, now, sections: PROGRAMME.sections.map((section) => lightDemand(PROGRAMME, section, now)) };
  });
  const programmes = PROGRAMMES.map(([why, changes]) => {
    const refused = checkLightingProgramme({ ...PROGRAMME, ...changes });
    return {
      why,
      cbor: cborOf(changes),
      code: refused?.code ?? 'OK',
      ...(refused === null ? {} : { at: refused.details['at'] }),
    };
  });
  const orders = ORDERS.map(([command, values, lampCount, changes]) => {
    const now = { ...CALM, ...changes };
    const code = checkLightOrder({ command, arguments: values, lampCount }, PROGRAMME, () => now)?.code ?? 'OK';
    return { command, arguments: values, lampCount, now, code };
  });
  const powers = [0, 1, 50, 99, 100, 101, 550, 999, 1_000].map((level) => ({ level, powerMw: lampPowerMw(CURVE, level) }));
  const files = {
    'demand.json': { programme: cborOf({}), cases: demands },
    'programmes.json': { cases: programmes },
    'cabinets.json': { cases: CABINETS.map(renderCabinets) },
    'orders.json': { programme: cborOf({}), cases: orders },
    'lamp.json': { programme: cborOf({}), section: 0, moments: playEvening() },
    'power.json': { curve: CURVE, cases: powers },
    'frozen.json': { limits: FROZEN_LIMITS, cases: playDetectors() },
  };
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `${JSON.stringify(file, null, 2)}\n`]));
}

if (import.meta.main) {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors/lighting');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(renderLightingVectors())) writeFileSync(join(folder, name), text);
}
