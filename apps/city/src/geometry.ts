/** Places and lines on the ground of a town, in metres; a town is small enough to be flat. */

/** WGS 84, degrees. */
export type Place = { readonly lat: number; readonly lon: number };

const METRES_A_DEGREE = 111_320;

/** Metres between two places of one town. */
export function metresBetween(a: Place, b: Place): number {
  const east = (b.lon - a.lon) * Math.cos(((a.lat + b.lat) * Math.PI) / 360);
  return METRES_A_DEGREE * Math.hypot(b.lat - a.lat, east);
}

/** Metres along a line. */
export function lengthOf(line: readonly Place[]): number {
  return line.slice(1).reduce((sum, place, i) => sum + metresBetween(line[i] as Place, place), 0);
}

/** The place so many metres along a line; its end, where that is beyond it. */
export function along(line: readonly Place[], metres: number): Place {
  let left = Math.max(0, metres);
  for (let i = 1; i < line.length; i++) {
    const [from, to] = [line[i - 1] as Place, line[i] as Place];
    const length = metresBetween(from, to);
    if (left <= length && length > 0) return between(from, to, left / length);
    left -= length;
  }
  return line.at(-1) as Place;
}

/** The place at this share of the straight way. */
export function between(from: Place, to: Place, share: number): Place {
  return { lat: from.lat + share * (to.lat - from.lat), lon: from.lon + share * (to.lon - from.lon) };
}

/** So many metres north and east of a place. */
export function moved({ lat, lon }: Place, northM: number, eastM: number): Place {
  const scale = Math.cos((lat * Math.PI) / 180);
  return { lat: lat + northM / METRES_A_DEGREE, lon: lon + eastM / (METRES_A_DEGREE * scale) };
}

/** The cosine of the turn from one step to the next: 1 straight on, −1 back. */
export function turnAt(before: Place, here: Place, after: Place): number {
  const scale = Math.cos((here.lat * Math.PI) / 180);
  const [y1, x1] = [here.lat - before.lat, (here.lon - before.lon) * scale];
  const [y2, x2] = [after.lat - here.lat, (after.lon - here.lon) * scale];
  const length = Math.hypot(x1, y1) * Math.hypot(x2, y2);
  return length === 0 ? 1 : (x1 * x2 + y1 * y2) / length;
}
