/** The plan of a real place, from GeoJSON as `oppidum city import` writes it: its own lamps, signals and crossings, ways along its streets. */

import { formatError } from '@oppidum/formats/errors';
import { lengthOf, metresBetween, type Place } from './geometry.ts';
import type { Junction, Plan, Street } from './plan.ts';
import { Ways } from './ways.ts';

/** What lies farther from the middle is drawn on the map, and has no devices. */
const TOWN_RADIUS_M = 4_000;
/** Signals so near each other belong to one junction. */
const JUNCTION_M = 35;
/** Where there are few signals, others stand where so many ways meet, not so near the known ones. */
const WAY_COUNT = 4;
const APART_M = 60;
const JUNCTIONS_WANTED = 40;
const ATTRIBUTION_SIZE_MAX = 200;
/** Ways of OpenStreetMap (`highway`) that trucks and trams of a town use. */
const DRIVEN = /^(motorway|trunk|primary|secondary|tertiary|unclassified|residential|living_street)(_link)?$/;

type Point = { readonly kind: string; readonly place: Place };

/** Reads a plan. Throws PLAN_INVALID. */
export function parsePlan(text: string): Plan {
  const { features, attribution } = readFile(text);
  const all = features.flatMap((feature) => streetOf(feature) ?? []);
  if (all.length === 0) throw formatError('PLAN_INVALID', { want: 'at least one street' });
  // A file that does not say which ways are for wheels has no others.
  const isSaid = all.some(({ isDriven }) => isDriven);
  const known = all.map((street) => ({ ...street, isDriven: street.isDriven || !isSaid }));
  const middle = new Ways(known.filter(({ isDriven }) => isDriven).map(({ line }) => line)).middle();
  const isNear = (place: Place): boolean => metresBetween(middle, place) <= TOWN_RADIUS_M;
  const streets = known.filter(({ line }) => line.every(isNear));
  const driven = streets.filter(({ isDriven }) => isDriven);
  if (driven.length === 0) throw formatError('PLAN_INVALID', { want: 'a street within 4 km of the middle' });
  const ways = new Ways(driven.map(({ line }) => line));
  const points = features.flatMap((feature) => pointOf(feature) ?? []).filter(({ place }) => isNear(place));
  const placesOf = (kind: string): readonly Place[] => points.filter((point) => point.kind === kind).map(({ place }) => place);
  return {
    attribution,
    streets,
    junctions: junctionsOf(placesOf('traffic-signal'), ways, driven),
    lamps: placesOf('street-lamp'),
    crossings: placesOf('crossing'),
    ...routes(ways, driven),
  };
}

/** Known signals, those of one junction together; then others, for a town that wants more. */
function junctionsOf(signals: readonly Place[], ways: Ways, driven: readonly Street[]): readonly Junction[] {
  const known: { readonly place: Place; readonly heads: Place[] }[] = [];
  for (const signal of signals) {
    const near = known.find(({ place }) => metresBetween(place, signal) <= JUNCTION_M);
    if (near === undefined) known.push({ place: signal, heads: [signal] });
    else near.heads.push(signal);
  }
  if (known.length >= JUNCTIONS_WANTED) return known;
  const isApart = (place: Place): boolean => known.every((junction) => metresBetween(junction.place, place) > APART_M);
  const others = ways.crossings(WAY_COUNT).filter(isApart).slice(0, JUNCTIONS_WANTED);
  const all = [...known, ...others.map((place) => ({ place, heads: [] }))];
  return all.length > 0 ? all : [{ place: driven[0]?.line[0] as Place, heads: [] }];
}

/** The longest way through the middle for trams; from the middle to its far end, over the bridge and back for trucks. */
function routes(ways: Ways, driven: readonly Street[]): Pick<Plan, 'bridge' | 'round' | 'tramLine'> {
  const middle = ways.middle();
  const far = ways.farthest(middle);
  const other = ways.farthest(far);
  const isReached = ways.reachedFrom(middle);
  const bridges = driven.filter(({ isBridge, line }) => isBridge && isReached(line[0] as Place));
  const bridge = bridges.reduce<Street | null>(
    (best, street) => (best === null || lengthOf(street.line) > lengthOf(best.line) ? street : best),
    null,
  );
  const over = bridge === null ? [other] : bridge.line;
  const [first, last] = [over[0] as Place, over.at(-1) as Place];
  const legs = [ways.shortest(middle, far), ways.shortest(far, first), over, ways.shortest(last, middle)];
  const round = legs.flat().filter((place, i, line) => i === 0 || metresBetween(line[i - 1] as Place, place) > 0);
  return { bridge: bridge?.line ?? null, round, tramLine: ways.shortest(far, other) };
}

function readFile(text: string): { readonly features: readonly unknown[]; readonly attribution: string | null } {
  try {
    const { features, attribution } = JSON.parse(text) as { readonly features?: unknown; readonly attribution?: unknown };
    if (Array.isArray(features))
      return { features, attribution: typeof attribution === 'string' ? attribution.slice(0, ATTRIBUTION_SIZE_MAX) : null };
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
  return {
    name: String(properties?.['name'] ?? ''),
    line: line as Place[],
    isBridge: properties?.['kind'] === 'bridge',
    isDriven: DRIVEN.test(String(properties?.['highway'] ?? '')),
  };
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
