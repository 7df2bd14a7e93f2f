/** The streets of the simulated year: eight sections of a small town, their programme, and the sky and weather over them. */

import { Sky } from '@oppidum/city/sky';
import type { PowerCurve } from '@oppidum/formats/lighting-power';
import type { LightingProgramme, LightingSection } from '@oppidum/formats/lighting-programme';
import { checkLightingProgramme } from '@oppidum/formats/lighting-programme';
import { Dice } from '../dice.ts';
import type { Assumptions } from './assumptions.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const NOBODY = new Uint8Array(32);
/** What a photocell switches at (CIE 115 leaves it open; 35 lx is usual). */
const DARK_LX = 35;
const LIGHT_LX = 55;

/** A street as it is planned: its share of all lamps, their rated power against the mean, and what they give at full output. */
type Plan = Pick<LightingSection, 'name' | 'kind' | 'class' | 'fullAverage' | 'fullLeast' | 'hours'> & {
  readonly lampShare: number;
  readonly wattsShare: number;
  readonly hasDetector: boolean;
};

const QUIET_ROAD = [
  { fromMinute: 0, minutes: 300, below: 1 },
  { fromMinute: 1_380, minutes: 60, below: 1 },
];
const QUIET_STREET = [
  { fromMinute: 0, minutes: 300, below: 2 },
  { fromMinute: 300, minutes: 45, below: 1 },
  { fromMinute: 1_320, minutes: 120, below: 1 },
];

/** `fullAverage` is what lamps of the next catalogue size give: 5 to 15 % more than the class needs when they are old. */
const PLANS: readonly Plan[] = [
  {
    name: 'Ring',
    kind: 'road',
    class: 'M2',
    fullAverage: 1_950,
    fullLeast: 0,
    hours: QUIET_ROAD,
    lampShare: 0.153,
    wattsShare: 1.8,
    hasDetector: true,
  },
  {
    name: 'Main Street',
    kind: 'road',
    class: 'M3',
    fullAverage: 1_300,
    fullLeast: 0,
    hours: QUIET_ROAD,
    lampShare: 0.191,
    wattsShare: 1.25,
    hasDetector: true,
  },
  {
    name: 'Station Road',
    kind: 'road',
    class: 'M3',
    fullAverage: 1_250,
    fullLeast: 0,
    hours: QUIET_ROAD,
    lampShare: 0.115,
    wattsShare: 1.2,
    hasDetector: true,
  },
  {
    name: 'Harbour Road',
    kind: 'road',
    class: 'M4',
    fullAverage: 1_000,
    fullLeast: 0,
    hours: QUIET_ROAD,
    lampShare: 0.115,
    wattsShare: 1,
    hasDetector: true,
  },
  {
    name: 'Mill Quarter',
    kind: 'road',
    class: 'P2',
    fullAverage: 13_000,
    fullLeast: 2_600,
    hours: QUIET_STREET,
    lampShare: 0.267,
    wattsShare: 0.6,
    hasDetector: false,
  },
  {
    name: 'Park Lane',
    kind: 'road',
    class: 'P3',
    fullAverage: 9_800,
    fullLeast: 2_000,
    hours: QUIET_STREET,
    lampShare: 0.114,
    wattsShare: 0.5,
    hasDetector: false,
  },
  {
    name: 'Crossings',
    kind: 'crossing',
    class: 'C2',
    fullAverage: 26_000,
    fullLeast: 0,
    hours: [],
    lampShare: 0.03,
    wattsShare: 1.8,
    hasDetector: false,
  },
  {
    name: 'School crossings',
    kind: 'crossing',
    class: 'C1',
    fullAverage: 38_000,
    fullLeast: 0,
    hours: [],
    lampShare: 0.015,
    wattsShare: 2,
    hasDetector: false,
  },
];

/** The power of a dimmed LED lamp against its rated power, ‰ by ‰ of flux: better at half light than at full, and a driver that never sleeps. */
const DIMMED: readonly (readonly [level: number, permille: number])[] = [
  [0, 8],
  [100, 128],
  [250, 262],
  [500, 482],
  [750, 724],
  [1_000, 1_000],
];

export type Street = {
  readonly programme: LightingProgramme;
  readonly sky: Sky;
  /** The curve of one lamp of each section. */
  readonly curves: readonly PowerCurve[];
  readonly hasDetector: readonly boolean[];
  /** 0 dry, 1 wet, 2 fog or snow, by the hour. */
  weatherAt(timeMs: number): number;
  /** Windows and signs until shops close; in mlx. */
  ambientAt(timeMs: number): number;
};

/** Builds the streets of a year. Throws a plain Error should their programme be refused: they are ours. */
export function buildStreet(assumed: Assumptions): Street {
  const sky = new Sky({ lat: assumed.latitude, lon: assumed.longitude }, assumed.seed);
  const scale = 1 / PLANS.reduce((sum, { lampShare, wattsShare }) => sum + lampShare * wattsShare, 0);
  const programme = makeProgramme(assumed, sky);
  const refused = checkLightingProgramme(programme);
  if (refused !== null) throw new Error(`${refused.code} ${JSON.stringify(refused.details)}`);
  const hours = weatherHours(assumed);
  const startMs = Date.UTC(assumed.year, 0, 1);
  return {
    programme,
    sky,
    curves: PLANS.map(({ wattsShare }) =>
      DIMMED.map(([level, permille]) => ({ level, powerMw: Math.round(assumed.watts * wattsShare * scale * permille) })),
    ),
    hasDetector: PLANS.map(({ hasDetector }) => hasDetector),
    weatherAt: (timeMs) => hours[Math.floor((timeMs - startMs) / HOUR_MS)] ?? 0,
    ambientAt: (timeMs) => (sky.hour(timeMs) < 22.5 && sky.hour(timeMs) > 6 ? 1_500 : 200),
  };
}

function makeProgramme(assumed: Assumptions, sky: Sky): LightingProgramme {
  const sensor = (name: string) => ({ device: NOBODY, name });
  const detector = { sensor: sensor('flow'), capacity: 1_000, low: 150, high: 450, belowWhenLow: 2, belowWhenModerate: 1 };
  return {
    version: 1,
    clock: centralEurope(assumed.year),
    nights: Array.from({ length: 53 }, (_, week) => ({
      fromDay: 1 + 7 * week,
      ...duskAndDawn(sky, Date.UTC(assumed.year, 0, 4 + 7 * week)),
    })),
    twilightMinutes: 40,
    photocell: { on: DARK_LX * 1_000, off: LIGHT_LX * 1_000 },
    weather: { sensor: sensor('weather'), raiseWhenWet: 1, raiseWhenFog: 2 },
    ambient: { sensor: sensor('ambient'), dark: 300, belowWhenDark: 1 },
    ramp: { up: 40, down: 5 },
    settleS: 30,
    holdS: 900,
    freshS: 900,
    sections: PLANS.map(({ lampShare, wattsShare, hasDetector, ...section }) => ({
      ...section,
      lampCount: Math.max(1, Math.round(assumed.lamps * lampShare)),
      maintained: assumed.maintained,
      ...(hasDetector ? { traffic: detector } : {}),
    })),
  };
}

/** Summer time from the last Sunday of March to that of October, 01:00 UTC (Directive 2000/84/EC). */
function centralEurope(year: number): LightingProgramme['clock'] {
  const lastSunday = (month: number): number => {
    const last = Date.UTC(year, month, 31, 1);
    return last - new Date(last).getUTCDay() * DAY_MS;
  };
  return [
    { fromMs: 0, aheadMinutes: 60 },
    { fromMs: lastSunday(2), aheadMinutes: 120 },
    { fromMs: lastSunday(9), aheadMinutes: 60 },
  ];
}

/** Minutes of the UTC day between which the sun is below the horizon, on the day that begins at `dayMs`. */
function duskAndDawn(sky: Sky, dayMs: number): { duskMinute: number; dawnMinute: number } {
  const isUp = Array.from({ length: 1_440 }, (_, minute) => sky.sun(dayMs + minute * MINUTE_MS) > 0);
  const before = (minute: number): boolean => isUp[(minute + 1_439) % 1_440] === true;
  return {
    duskMinute: isUp.findIndex((up, minute) => !up && before(minute)),
    dawnMinute: isUp.findIndex((up, minute) => up && !before(minute)),
  };
}

/** Spells of rain of one to eight hours, of fog or snow of one to six, until the year has its share of each. */
function weatherHours({ seed, wetPercent, fogPercent }: Assumptions): readonly number[] {
  const count = 366 * 24;
  const hours = Array<number>(count).fill(0);
  const dice = new Dice(seed + 77);
  for (const [state, percent, longest] of [
    [1, wetPercent, 8],
    [2, fogPercent, 6],
  ] as const) {
    for (let left = Math.round((count * percent) / 100); left > 0; ) {
      const from = dice.below(count);
      const spell = 1 + dice.below(longest);
      for (let hour = from; hour < Math.min(count, from + spell) && left > 0; hour++) {
        if (hours[hour] === 0) left--;
        hours[hour] = Math.max(hours[hour] ?? 0, state);
      }
    }
  }
  return hours;
}
