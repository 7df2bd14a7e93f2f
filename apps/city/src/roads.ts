/** The approaches of a town's junctions: where their heads and loops stand, and the traffic on each. */

import { along, lengthOf, metresBetween, moved, type Place } from './geometry.ts';
import { seedOf } from './noise.ts';
import type { Junction, Plan } from './plan.ts';
import { Approach, type Side } from './traffic.ts';

/** How far before the stop line loops lie, where the street is long enough. */
const LOOP_M = 150;
/** Share of a short street. */
const LOOP_SHARE = 0.7;
/** A street that comes so near a junction leads to it. */
const NEAR_M = 40;
const SHORTEST_M = 25;
/** From the middle of a junction to its heads, where it is not known where they stand. */
const CORNER_M = 7;
const JUNCTION = 3;

/** An approach with its place in the plan. */
type Known = { readonly approach: Approach; readonly head: Place; readonly loop: Place };

/** Approaches by number: two of each junction, one along the streets that run north and south, one along the others. */
export class Roads {
  readonly #plan: Plan;
  readonly #seed: number;
  readonly #lon: number;
  readonly #known = new Map<number, Known>();

  constructor(plan: Plan, seed: number, lon: number) {
    this.#plan = plan;
    this.#seed = seed;
    this.#lon = lon;
  }

  /** `number` from 1; where there are more than approaches, it begins again. */
  approach(number: number): Approach {
    return this.#find(number).approach;
  }

  headPlace(number: number): Place {
    return this.#find(number).head;
  }

  loopPlace(number: number): Place {
    return this.#find(number).loop;
  }

  /** The approach of the junction that is nearest to a place. */
  nearest(place: Place): Approach {
    const { junctions } = this.#plan;
    const away = (junction: Junction): number => metresBetween(junction.place, place);
    const best = junctions.reduce((nearest, junction) => (away(junction) < away(nearest) ? junction : nearest));
    return this.approach(2 * junctions.indexOf(best) + 1);
  }

  #find(number: number): Known {
    const at = (number - 1) % (2 * this.#plan.junctions.length);
    const known = this.#known.get(at) ?? this.#make(at);
    this.#known.set(at, known);
    return known;
  }

  #make(at: number): Known {
    const junction = this.#plan.junctions[at >> 1] as Junction;
    const side: Side = at % 2 === 0 ? 'ns' : 'ew';
    const { place: loop, lengthM } = this.#loopOf(junction.place, side);
    const corner = side === 'ns' ? CORNER_M : -CORNER_M;
    // Of several known heads the first serve.
    const head = junction.heads.length > 1 ? junction.heads[at % 2] : moved(junction.place, corner, corner);
    const seed = seedOf(this.#seed, JUNCTION, at >> 1);
    return { approach: new Approach({ junction: seed, side, lon: this.#lon, lengthM }), head: head as Place, loop };
  }

  /** Back from the junction along the street that runs most nearly this way. */
  #loopOf(junction: Place, side: Side): { readonly place: Place; readonly lengthM: number } {
    const legs = this.#plan.streets.flatMap(({ line, isDriven }) => {
      const at = isDriven ? line.findIndex((place) => metresBetween(place, junction) <= NEAR_M) : -1;
      return at < 0 ? [] : [line.slice(at), line.slice(0, at + 1).reverse()];
    });
    const best = legs
      .filter((leg) => leg.length > 1 && lengthOf(leg) >= SHORTEST_M)
      .map((leg) => ({ leg, fit: fitOf(leg, side) }))
      .reduce<{ readonly leg: readonly Place[]; readonly fit: number } | null>(
        (nearest, each) => (nearest === null || each.fit > nearest.fit ? each : nearest),
        null,
      );
    if (best === null)
      return { place: moved(junction, side === 'ns' ? -LOOP_M : 0, side === 'ns' ? 0 : -LOOP_M), lengthM: LOOP_M };
    const lengthM = Math.min(LOOP_M, LOOP_SHARE * lengthOf(best.leg));
    return { place: along(best.leg, lengthM), lengthM };
  }
}

/** 1 where a leg runs north or south, as wanted, 0 where it runs across; a long one is preferred a little. */
function fitOf(leg: readonly Place[], side: Side): number {
  const from = leg[0] as Place;
  const to = along(leg, LOOP_M);
  const north = metresBetween(from, { lat: to.lat, lon: from.lon });
  const share = north / Math.max(1, metresBetween(from, to));
  return (side === 'ns' ? share : 1 - share) + 0.2 * Math.min(1, lengthOf(leg) / LOOP_M);
}
