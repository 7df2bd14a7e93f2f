/** Ways through the streets of a real place: which can be driven, and the shortest of them (Dijkstra's algorithm). */

import { metresBetween, type Place } from './geometry.ts';

/** Neighbours of each corner with their distance. Corners are places that streets have in common. */
type Corner = { readonly place: Place; readonly neighbours: { readonly corner: number; readonly metres: number }[] };

/** How far each corner is from one of them, and by which it is reached. */
type Reach = { readonly metres: Float64Array; readonly from: Int32Array };

/** The net of these streets. */
export class Ways {
  readonly #corners: Corner[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(lines: readonly (readonly Place[])[]) {
    for (const line of lines)
      for (const [i, place] of line.entries()) {
        const corner = this.#numberOf(place);
        if (i === 0) continue;
        const before = this.#numberOf(line[i - 1] as Place);
        const metres = metresBetween(line[i - 1] as Place, place);
        this.#corner(before).neighbours.push({ corner, metres });
        this.#corner(corner).neighbours.push({ corner: before, metres });
      }
  }

  /** Where at least this many streets meet. */
  crossings(wayCount: number): readonly Place[] {
    return this.#corners.filter(({ neighbours }) => neighbours.length >= wayCount).map(({ place }) => place);
  }

  /** A place in the largest net, in its middle: that which is reached from there has the most corners. */
  middle(): Place {
    const seen = new Uint8Array(this.#corners.length);
    let largest: readonly number[] = [];
    for (const start of this.#corners.keys()) {
      if (seen[start] === 1) continue;
      const net = [start];
      seen[start] = 1;
      for (const corner of net)
        for (const { corner: next } of this.#corner(corner).neighbours) {
          if (seen[next] === 1) continue;
          seen[next] = 1;
          net.push(next);
        }
      if (net.length > largest.length) largest = net;
    }
    const places = largest.map((corner) => this.#corner(corner).place);
    const middle = { lat: median(places.map(({ lat }) => lat)), lon: median(places.map(({ lon }) => lon)) };
    const away = (place: Place): number => metresBetween(middle, place);
    return places.reduce((best, place) => (away(place) < away(best) ? place : best));
  }

  /** The corner that is farthest from this one by streets. */
  farthest(from: Place): Place {
    const { metres } = this.#reach(from);
    let best = this.#numberOf(from);
    for (const [corner, far] of metres.entries()) if (Number.isFinite(far) && far > (metres[best] as number)) best = corner;
    return this.#corner(best).place;
  }

  /** The shortest way, both ends included; empty where there is none. */
  shortest(from: Place, to: Place): readonly Place[] {
    const reach = this.#reach(from);
    const way: Place[] = [];
    const start = this.#numberOf(from);
    let corner = this.#numberOf(to);
    if (!Number.isFinite(reach.metres[corner] as number)) return [];
    for (; corner !== start; corner = reach.from[corner] as number) way.push(this.#corner(corner).place);
    way.push(from);
    return way.reverse();
  }

  /** Whether a place is reached from this one. */
  reachedFrom(from: Place): (place: Place) => boolean {
    const { metres } = this.#reach(from);
    return (place) => Number.isFinite(metres[this.#numberOf(place)] as number);
  }

  #reach(place: Place): Reach {
    const metres = new Float64Array(this.#corners.length).fill(Number.POSITIVE_INFINITY);
    const from = new Int32Array(this.#corners.length).fill(-1);
    const start = this.#numberOf(place);
    metres[start] = 0;
    const queue = new Queue();
    queue.add(start, 0);
    for (let next = queue.take(); next !== null; next = queue.take()) {
      const [corner, far] = next;
      if (far > (metres[corner] as number)) continue;
      for (const way of this.#corner(corner).neighbours) {
        const sum = far + way.metres;
        if (sum >= (metres[way.corner] as number)) continue;
        metres[way.corner] = sum;
        from[way.corner] = corner;
        queue.add(way.corner, sum);
      }
    }
    return { metres, from };
  }

  #numberOf(place: Place): number {
    const key = `${place.lat} ${place.lon}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#corners.length);
    return this.#corners.push({ place, neighbours: [] }) - 1;
  }

  #corner(number: number): Corner {
    return this.#corners[number] as Corner;
  }
}

/** A binary heap: the nearest first. */
class Queue {
  readonly #items: (readonly [corner: number, metres: number])[] = [];

  add(corner: number, metres: number): void {
    const items = this.#items;
    let place = items.push([corner, metres]) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if ((items[above] as readonly [number, number])[1] <= metres) break;
      this.#swap(place, above);
      place = above;
    }
  }

  take(): readonly [corner: number, metres: number] | null {
    const items = this.#items;
    const first = items[0];
    if (first === undefined) return null;
    this.#swap(0, items.length - 1);
    items.pop();
    for (let place = 0; ; ) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      const nearest = [left, right].reduce((best, each) => (this.#metres(each) < this.#metres(best) ? each : best), place);
      if (nearest === place) return first;
      this.#swap(place, nearest);
      place = nearest;
    }
  }

  #metres(place: number): number {
    return this.#items[place]?.[1] ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const items = this.#items;
    [items[a], items[b]] = [items[b] as readonly [number, number], items[a] as readonly [number, number]];
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number;
}
