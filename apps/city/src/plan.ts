/**
 * The plan of a town that is nowhere: streets in a bent grid, a river with one bridge, made from a seed and always the same for it. It lies
 * at 0° N 0° E, in the open sea, so that nobody takes it for a real place.
 */

import { formatError } from '@oppidum/formats/errors';
import { uniform } from './noise.ts';

/** WGS 84, degrees. */
export type Place = { readonly lat: number; readonly lon: number };

/** A street from junction to junction. `isBridge`: it crosses water. */
export type Street = { readonly name: string; readonly line: readonly Place[]; readonly isBridge: boolean };

export type Plan = {
  readonly streets: readonly Street[];
  /** Where signals stand. */
  readonly junctions: readonly Place[];
  /** Where lamps are known to stand; others stand anywhere along the streets. */
  readonly lamps: readonly Place[];
  /** Around the whole town, for what drives in circles: neighbouring places are joined by streets. */
  readonly ring: readonly Place[];
  /** Through the middle, for the tram. */
  readonly tramLine: readonly Place[];
};

const COLUMNS = 6;
const ROWS = 5;
/** About 220 m; a degree is 111 km here. */
const BLOCK_DEGREES = 0.002;
/** Share of a block by which junctions are moved. */
const BEND = 0.18;
/** The river runs between these rows, and is crossed in this column alone. */
const RIVER_BELOW_ROW = 3;
const BRIDGE_COLUMN = 3;
const TRAM_ROW = 1;

/** The plan of this seed. */
export function makePlan(seed: number): Plan {
  const at = (column: number, row: number): Place => {
    const bend = (axis: number): number => BEND * (uniform(seed, column, row, axis) - 0.5);
    return { lat: (row + bend(1)) * BLOCK_DEGREES, lon: (column + bend(2)) * BLOCK_DEGREES };
  };
  const streets: Street[] = [];
  for (let row = 0; row < ROWS; row++)
    for (let column = 0; column < COLUMNS; column++) {
      if (column + 1 < COLUMNS)
        streets.push({ name: `${row + 1} Street`, line: [at(column, row), at(column + 1, row)], isBridge: false });
      const isWet = row + 1 === RIVER_BELOW_ROW;
      if (row + 1 < ROWS && (!isWet || column === BRIDGE_COLUMN))
        streets.push({ name: `${'ABCDEF'[column]} Avenue`, line: [at(column, row), at(column, row + 1)], isBridge: isWet });
    }
  const junctions = Array.from({ length: COLUMNS * ROWS }, (_, i) => at(i % COLUMNS, Math.floor(i / COLUMNS)));
  // Round the southern bank, for the northern one has a single bridge.
  const top = RIVER_BELOW_ROW - 1;
  const ring = [
    ...Array.from({ length: COLUMNS }, (_, column) => at(column, 0)),
    ...Array.from({ length: top }, (_, row) => at(COLUMNS - 1, row + 1)),
    ...Array.from({ length: COLUMNS - 1 }, (_, i) => at(COLUMNS - 2 - i, top)),
    ...Array.from({ length: top }, (_, i) => at(0, top - 1 - i)),
  ];
  const tramLine = Array.from({ length: COLUMNS }, (_, column) => at(column, TRAM_ROW));
  return { streets, junctions, lamps: [], ring, tramLine };
}

type Point = { readonly kind: string; readonly place: Place };

/** The plan of a real place, from GeoJSON as `oppidum city import` writes it. Throws PLAN_INVALID. */
export function parsePlan(text: string): Plan {
  const features = readFeatures(text);
  const streets = features.flatMap((feature) => streetOf(feature) ?? []);
  const points = features.flatMap((feature) => pointOf(feature) ?? []);
  const placesOf = (kind: string): readonly Place[] => points.filter((point) => point.kind === kind).map(({ place }) => place);
  if (streets.length === 0) throw formatError('PLAN_INVALID', { want: 'at least one street' });
  const byLength = [...streets].sort((a, b) => lengthOf(b.line) - lengthOf(a.line));
  const [first, second] = [byLength[0] as Street, (byLength[1] ?? byLength[0]) as Street];
  const signals = placesOf('traffic-signal');
  return {
    streets,
    // A place without signals has some where its longest streets begin.
    junctions: signals.length > 0 ? signals : byLength.slice(0, 30).map(({ line }) => line[0] as Place),
    lamps: placesOf('street-lamp'),
    // There and back, for not every street ends where it began.
    ring: [...second.line, ...[...second.line].reverse()],
    tramLine: first.line,
  };
}

function readFeatures(text: string): readonly unknown[] {
  try {
    const { features } = JSON.parse(text) as { readonly features?: unknown };
    if (Array.isArray(features)) return features;
  } catch {
    // No JSON at all.
  }
  throw formatError('PLAN_INVALID', { want: 'a GeoJSON FeatureCollection' });
}

type Shape = {
  readonly properties?: Readonly<Record<string, unknown>> | null;
  readonly geometry?: { type?: unknown; coordinates?: unknown } | null;
};

function streetOf(feature: unknown): Street | null {
  const { properties, geometry } = (feature ?? {}) as Shape;
  if (geometry?.type !== 'LineString' || !Array.isArray(geometry.coordinates)) return null;
  const line = geometry.coordinates.map(placeOf);
  if (line.length < 2 || line.includes(null)) return null;
  return { name: String(properties?.['name'] ?? ''), line: line as Place[], isBridge: properties?.['kind'] === 'bridge' };
}

function pointOf(feature: unknown): Point | null {
  const { properties, geometry } = (feature ?? {}) as Shape;
  const place = geometry?.type === 'Point' ? placeOf(geometry.coordinates) : null;
  return place === null ? null : { kind: String(properties?.['kind'] ?? ''), place };
}

function placeOf(coordinates: unknown): Place | null {
  const [lon, lat] = Array.isArray(coordinates) ? (coordinates as unknown[]) : [];
  const isPlace = typeof lat === 'number' && typeof lon === 'number' && Math.abs(lat) <= 90 && Math.abs(lon) <= 180;
  return isPlace ? { lat, lon } : null;
}

function lengthOf(line: readonly Place[]): number {
  return line.slice(1).reduce((sum, place, i) => sum + distance(line[i] as Place, place), 0);
}

/** The place at this share of the way along a line, by degrees. */
export function along(line: readonly Place[], share: number): Place {
  const lengths = line.slice(1).map((place, i) => distance(line[i] as Place, place));
  let left = Math.min(1, Math.max(0, share)) * lengths.reduce((sum, length) => sum + length, 0);
  for (const [i, length] of lengths.entries()) {
    if (left > length && i < lengths.length - 1) {
      left -= length;
      continue;
    }
    const [from, to] = [line[i] as Place, line[i + 1] as Place];
    const part = length === 0 ? 0 : Math.min(1, left / length);
    return { lat: from.lat + part * (to.lat - from.lat), lon: from.lon + part * (to.lon - from.lon) };
  }
  return line[0] as Place;
}

/** Degrees between two places that are near each other and the equator. */
export function distance(a: Place, b: Place): number {
  return Math.hypot(b.lat - a.lat, b.lon - a.lon);
}

/** The streets as GeoJSON (RFC 7946): what a map shows below the devices. */
export function planToGeoJson({ streets }: Plan): object {
  const features = streets.map(({ name, line, isBridge }) => ({
    type: 'Feature',
    properties: { kind: isBridge ? 'bridge' : 'street', name },
    geometry: { type: 'LineString', coordinates: line.map(({ lat, lon }) => [lon, lat]) },
  }));
  return { type: 'FeatureCollection', features };
}
