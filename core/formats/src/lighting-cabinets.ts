/**
 * The cabinets of a lighting zone (specs/lighting.md §8): which lamps hang on which meter, what each takes at its levels, and how wrong
 * either may be. It is the zone document `cabinets`: whoever accounts for electricity does so by what two engineers signed.
 */

import { type Bytes, compareBytes, toHex } from './bytes.ts';
import { id, parseBy } from './common-schemas.ts';
import { type Rejection, reject } from './errors.ts';
import { powerCurveSchema } from './lighting-power.ts';
import { type Infer, list, struct, text, uint } from './schema.ts';

/** The name of the zone document. */
export const LIGHTING_CABINETS = 'cabinets';

/** Cabinets of one document. */
export const LIGHTING_CABINET_COUNT_MAX = 64;

const CURVE_COUNT_MAX = 128;
const permille = () => uint({ max: 1_000 });
const milliwatts = () => uint({ max: 1_000_000_000 });

const cabinetSchema = struct({
  name: text(64),
  /** Power in W of the lamps and of the cabinet itself. */
  meter: struct({ device: id(), name: text(64) }),
  /** What the cabinet takes without any lamp. */
  standingMw: milliwatts(),
  /** How wrong a mean of some minutes may be, differently each time, and always to the same side. */
  wavering: struct({ meterMw: milliwatts(), lampsPermille: permille() }),
  steadyPermille: permille(),
  lamps: list(struct({ device: id(), curve: uint({ max: CURVE_COUNT_MAX - 1 }) }), {
    min: 1,
    max: 256,
    order: (a, b) => compareBytes(a.device, b.device),
  }),
});

export const lightingCabinetsSchema = struct({
  version: uint({ min: 1, max: 1 }),
  /** The sensor by which lamps say their level, from 0 to 1. */
  level: text(64),
  /** Power curves of the lamps, named by their index. */
  curves: list(powerCurveSchema, { min: 1, max: CURVE_COUNT_MAX }),
  cabinets: list(cabinetSchema, { min: 1, max: LIGHTING_CABINET_COUNT_MAX }),
});
export type LightingCabinets = Infer<typeof lightingCabinetsSchema>;

/** Parses the body of the document and checks it: throws FormatError for bytes that are none, returns a Rejection for a wrong one. */
export function parseLightingCabinets(body: Bytes): LightingCabinets | Rejection {
  const cabinets = parseBy(lightingCabinetsSchema, body);
  return checkLightingCabinets(cabinets) ?? cabinets;
}

/** Refuses, lamp by lamp: LIGHT_CURVE_UNKNOWN (an index without a curve), LIGHT_LAMP_TWICE (on two meters). */
export function checkLightingCabinets({ curves, cabinets }: LightingCabinets): Rejection | null {
  const seen = new Set<string>();
  for (const [i, { lamps }] of cabinets.entries())
    for (const [j, { device, curve }] of lamps.entries()) {
      const at = `cabinets/${i}/lamps/${j}`;
      if (curve >= curves.length) return reject('LIGHT_CURVE_UNKNOWN', { at, curve, count: curves.length });
      const lamp = toHex(device);
      if (seen.has(lamp)) return reject('LIGHT_LAMP_TWICE', { at, device: lamp });
      seen.add(lamp);
    }
  return null;
}
