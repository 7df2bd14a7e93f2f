/** Street lighting: lamps that follow the programme of their zone, and orders that never leave a street darker than its class. */

import type { Bytes } from '@oppidum/formats/bytes';
import { LIGHTING_CABINETS, parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import type { LightSituation } from '@oppidum/formats/lighting-level';
import {
  LIGHTING_PROGRAMME,
  type LightingProgramme,
  type LightingSection,
  parseLightingProgramme,
} from '@oppidum/formats/lighting-programme';
import type { City } from '@oppidum/ledger/city';
import { distrustOf } from '../../devices/trusted-sensor.ts';
import { sensorAt } from '../../telemetry/sensors.ts';
import { type Domain, readDocument } from '../domain.ts';
import { checkLightOrder } from './light-rules.ts';

const SECOND_MS = 1_000;
const MLX_PER_LX = 1_000;
/** 10^n for the decimals of a sensor. */
const POWERS_OF_TEN = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/** specs/lighting.md §5. Full light is the safe direction. */
export const LIGHTING: Domain = {
  name: 'lighting',
  commands: {
    'light/level': { dangerous: false, safe: false, units: ['%'] },
    'light/section-level': { dangerous: false, safe: false, units: ['', '%'] },
    'light/full': { dangerous: false, safe: true },
    'light/programme': { dangerous: false, safe: false },
    'light/maintenance': { dangerous: false, safe: false, units: ['min'] },
  },
  documents: {
    [LIGHTING_PROGRAMME]: (body) => {
      const parsed = parseLightingProgramme(body);
      return 'code' in parsed ? parsed : null;
    },
    [LIGHTING_CABINETS]: (body) => {
      const parsed = parseLightingCabinets(body);
      return 'code' in parsed ? parsed : null;
    },
  },
  checkOrder(city, { id }, { command, arguments: values, target }) {
    const programme = readProgramme(city, id);
    const lampCount = 'root' in target ? target.count : null;
    return checkLightOrder({ command, arguments: values, lampCount }, programme, (section) =>
      situationOf(city, programme, section),
    );
  },
};

function readProgramme(city: City, zone: Bytes): LightingProgramme | null {
  const document = readDocument(city, zone, LIGHTING_PROGRAMME);
  if (document === null) return null;
  const parsed = parseLightingProgramme(document.body);
  if ('code' in parsed) throw new Error(`a programme was set that is refused: ${parsed.code}`);
  return parsed;
}

/** What the state knows of a section. Photocells are the lamps' own: here it is dark, so that nothing is lost by not knowing them. */
function situationOf(city: City, programme: LightingProgramme | null, { traffic }: LightingSection): LightSituation {
  const read = (sensor: LightingSensor | undefined, scale = 1): number | null =>
    sensor === undefined || programme === null
      ? null
      : readSensor(city, sensor, { scale, freshMs: programme.freshS * SECOND_MS });
  return {
    timeMs: city.timeMs,
    isDark: true,
    traffic: read(traffic?.sensor),
    weather: read(programme?.weather?.sensor),
    ambientMlx: read(programme?.ambient?.sensor, MLX_PER_LX),
  };
}

type LightingSensor = { readonly device: Bytes; readonly name: string };

/**
 * The newest value of a sensor as a whole number, rounded up: to more traffic, worse weather, more light around. Null when there is none, it
 * is too old or of the future, or its device is not trusted.
 */
function readSensor(city: City, { device, name }: LightingSensor, how: { scale: number; freshMs: number }): number | null {
  const record = city.read(sensorAt(city, device, name));
  if (record?.value === undefined || record.signedMs === undefined) return null;
  if (record.signedMs > city.timeMs || city.timeMs - record.signedMs > how.freshMs) return null;
  if (distrustOf(city, device) !== null) return null;
  return Math.ceil((record.value * how.scale) / (POWERS_OF_TEN[record.decimals] ?? 1)) + 0;
}
