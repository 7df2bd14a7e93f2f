import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAIN_ROAD, PROGRAMME } from '../../../test/support/lighting.ts';
import { encodeBy } from './common-schemas.ts';
import {
  checkLightingProgramme,
  type LightingProgramme,
  lightingProgrammeSchema,
  parseLightingProgramme,
} from './lighting-programme.ts';

const encode = (programme: LightingProgramme): Uint8Array => encodeBy(lightingProgrammeSchema, programme);
type Traffic = NonNullable<typeof MAIN_ROAD.traffic>;
const traffic = (changes: Partial<Traffic>): Partial<LightingProgramme> => ({
  sections: [{ ...MAIN_ROAD, traffic: { ...(MAIN_ROAD.traffic as Traffic), ...changes } }],
});

test('a programme comes back as it was written', () => {
  assert.deepEqual(parseLightingProgramme(encode(PROGRAMME)), PROGRAMME);
});

for (const [why, code, at, changes] of [
  [
    'no night is left between the twilights',
    'LIGHT_NIGHT_INVALID',
    'nights/0',
    { twilightMinutes: 180, nights: [{ fromDay: 1, duskMinute: 0, dawnMinute: 360 }] },
  ],
  [
    'no day is left between the twilights',
    'LIGHT_NIGHT_INVALID',
    'nights/0',
    { twilightMinutes: 180, nights: [{ fromDay: 1, duskMinute: 360, dawnMinute: 0 }] },
  ],
  [
    'dusk is dawn',
    'LIGHT_NIGHT_INVALID',
    'nights/1',
    { nights: [PROGRAMME.nights[0], { fromDay: 9, duskMinute: 5, dawnMinute: 5 }] },
  ],
  ['lamps would begin by day', 'LIGHT_NIGHT_INVALID', 'settleS', { twilightMinutes: 1, settleS: 61 }],
  ['light is darker than dark', 'LIGHT_THRESHOLDS_REVERSED', 'photocell', { photocell: { on: 5, off: 5 } }],
  [
    'two hours overlap',
    'LIGHT_HOURS_OVERLAP',
    'sections/0/hours/0',
    {
      sections: [
        {
          ...MAIN_ROAD,
          hours: [
            { fromMinute: 0, minutes: 61, below: 1 },
            { fromMinute: 60, minutes: 5, below: 1 },
          ],
        },
      ],
    },
  ],
  [
    'the last hour reaches into the first',
    'LIGHT_HOURS_OVERLAP',
    'sections/0/hours/1',
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
  [
    'fog raises less than rain',
    'LIGHT_STEPS_REVERSED',
    'weather',
    { weather: { ...PROGRAMME.weather, raiseWhenWet: 2, raiseWhenFog: 1 } },
  ],
  ['lamps rise too slowly', 'LIGHT_RAMP_SLOW', 'ramp/up', { ramp: { up: 33, down: 10 }, settleS: 30 }],
  ['little traffic is more than much', 'LIGHT_THRESHOLDS_REVERSED', 'sections/0/traffic', traffic({ low: 450 })],
  ['less traffic gets more light', 'LIGHT_STEPS_REVERSED', 'sections/0/traffic', traffic({ belowWhenLow: 0 })],
  [
    'a crossing follows traffic',
    'LIGHT_CROSSING_LOWERED',
    'sections/0/traffic',
    { sections: [{ ...MAIN_ROAD, kind: 'crossing' }] },
  ],
  [
    'a crossing has quiet hours',
    'LIGHT_CROSSING_LOWERED',
    'sections/0/hours',
    { sections: [{ ...PROGRAMME.sections[2], hours: MAIN_ROAD.hours }] },
  ],
  ['lamps are too weak', 'LIGHT_CLASS_UNREACHED', 'sections/0/class', { sections: [{ ...MAIN_ROAD, class: 'M2' }] }],
  [
    'the darkest point is too dark',
    'LIGHT_CLASS_UNREACHED',
    'sections/0/class',
    { sections: [{ ...PROGRAMME.sections[1], fullLeast: 1_764 }] },
  ],
] as const) {
  test(`a programme in which ${why} is refused: ${code} at ${at}`, () => {
    const refused = checkLightingProgramme({ ...PROGRAMME, ...changes } as LightingProgramme);
    assert.deepEqual([refused?.code, refused?.details['at']], [code, at]);
    assert.deepEqual(parseLightingProgramme(encode({ ...PROGRAMME, ...changes } as LightingProgramme)), refused);
  });
}

test('values at their limits are allowed', () => {
  const atLimit: readonly object[] = [
    {
      sections: [
        {
          ...MAIN_ROAD,
          hours: [
            { fromMinute: 0, minutes: 60, below: 1 },
            { fromMinute: 60, minutes: 1_380, below: 0 },
          ],
        },
      ],
    },
    { ramp: { up: 34, down: 1 }, settleS: 30 },
    { twilightMinutes: 1, settleS: 60 },
    { sections: [{ ...PROGRAMME.sections[1], fullLeast: 1_765 }] },
  ];
  for (const changes of atLimit) assert.equal(checkLightingProgramme({ ...PROGRAMME, ...changes }), null);
});

test('what is no programme is refused by its form', () => {
  const odd = (changes: object) => () => parseLightingProgramme(encode({ ...PROGRAMME, ...changes } as LightingProgramme));
  assert.throws(odd({ version: 2 }), { code: 'NUMBER_RANGE' });
  assert.throws(odd({ sections: [] }), { code: 'LENGTH_WRONG' });
  assert.throws(odd({ sections: [{ ...MAIN_ROAD, class: 'M7' }] }), { code: 'WRONG_TYPE' });
  assert.throws(
    odd({ sections: [{ ...MAIN_ROAD, hours: [{ fromMinute: 0, minutes: 5, below: 3 }] }] }),
    { code: 'NUMBER_RANGE' },
    'three classes below',
  );
  assert.throws(
    odd({
      clock: [
        { fromMs: 5, aheadMinutes: 0 },
        { fromMs: 5, aheadMinutes: 60 },
      ],
    }),
    { code: 'DUPLICATE_KEY' },
  );
  assert.throws(odd({ ramp: { up: 0, down: 10 } }), { code: 'NUMBER_RANGE' });
  assert.throws(() => parseLightingProgramme(encode(PROGRAMME).slice(0, -1)), { code: 'TRUNCATED' });
});
