/** Outlines of zones: the hull of the places of their devices, as each of them signed it, and a few paces more. */

import type { Place } from '../live/city-store.ts';

/** Longitude and latitude, in degrees (WGS 84). */
type Point = readonly [lon: number, lat: number];

/** A zone on the map. `ring`: closed, its first point again at the end; `center`: where its name stands. */
export type ZoneOutline = {
  readonly id: string;
  readonly name: string;
  readonly ring: readonly Point[];
  readonly center: Point;
};

/** So far from its outermost devices the outline runs, so that one with a single device has one. */
const MARGIN_M = 15;
const M_OF_DEGREE = 111_320;
const CORNER_COUNT = 8;

/** The ring round these places and its middle; null without any. */
export function outlineOf(places: readonly Place[]): Pick<ZoneOutline, 'ring' | 'center'> | null {
  const hull = hullOf(places.map(({ lat, lon }) => [lon, lat] as const));
  const ring = hullOf(hull.flatMap(around));
  const [first] = ring;
  if (first === undefined) return null;
  const [lons, lats] = [ring.map(([lon]) => lon), ring.map(([, lat]) => lat)];
  const middle = (values: readonly number[]): number => (Math.min(...values) + Math.max(...values)) / 2;
  return { ring: [...ring, first], center: [middle(lons), middle(lats)] };
}

/** Corners around a point; at the poles a degree of longitude is nothing, so it is not divided by that. */
function around([lon, lat]: Point): readonly Point[] {
  const shrink = Math.max(0.01, Math.cos((lat * Math.PI) / 180));
  return Array.from({ length: CORNER_COUNT }, (_, i) => {
    const angle = (2 * Math.PI * i) / CORNER_COUNT;
    return [lon + (MARGIN_M * Math.cos(angle)) / M_OF_DEGREE / shrink, lat + (MARGIN_M * Math.sin(angle)) / M_OF_DEGREE];
  });
}

/** Andrew’s monotone chain: the corners, anticlockwise. */
function hullOf(points: readonly Point[]): readonly Point[] {
  const sorted = points.toSorted(([ax, ay], [bx, by]) => ax - bx || ay - by);
  if (sorted.length < 3) return sorted;
  const lower = chainOf(sorted);
  const upper = chainOf(sorted.toReversed());
  return [...lower.slice(0, -1), ...upper.slice(0, -1)];
}

function chainOf(points: readonly Point[]): readonly Point[] {
  const chain: Point[] = [];
  for (const point of points) {
    while (chain.length >= 2 && !turnsLeft(chain.at(-2) as Point, chain.at(-1) as Point, point)) chain.pop();
    chain.push(point);
  }
  return chain;
}

function turnsLeft([ax, ay]: Point, [bx, by]: Point, [cx, cy]: Point): boolean {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax) > 0;
}
