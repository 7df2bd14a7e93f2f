/**
 * The town: which devices stand where, and what each measures. They are dealt over the plan, so that the first ones of any number already
 * show each kind. Everything follows from plan, seed and count; what a device measures, from those and the moment.
 */

import { congestion, lampFailure, leak } from './events.ts';
import { along, lengthOf, type Place } from './geometry.ts';
import { Bench } from './kinds/bench.ts';
import { Bridge, measureGauge } from './kinds/bridge.ts';
import type { DeviceKind, Measure, TroubleAt } from './kinds/kind.ts';
import { StreetLamp } from './kinds/light.ts';
import { type Mover, Tram, Truck } from './kinds/movers.ts';
import { Feeder, Meter, SolarRoof } from './kinds/power.ts';
import { AirStation, measureHead, measureLoop } from './kinds/roads.ts';
import { Tank } from './kinds/water.ts';
import { DEVICE_KINDS, type KindName } from './kinds.ts';
import { seedOf, uniform } from './noise.ts';
import type { Plan } from './plan.ts';
import { Roads } from './roads.ts';
import { Sky } from './sky.ts';
import type { Approach } from './traffic.ts';

/** A device before it is one: its kind, its number within it, and what it does. What moves tells its place with all it measures. */
export type Post = {
  readonly kind: DeviceKind;
  readonly number: number;
  readonly place: Place;
  readonly isMoving: boolean;
  readonly measure: Measure;
  /** What happens there (docs/town.md). */
  readonly trouble: TroubleAt;
  /** What can be driven there, or null: a lamp; the approach of a signal head. */
  readonly lamp: StreetLamp | null;
  readonly approach: Approach | null;
};

/** `street-light-07`: what the device is called. */
export function labelOf({ kind, number }: Pick<Post, 'kind' | 'number'>): string {
  return `${kind.name}-${String(number).padStart(2, '0')}`;
}

/** A post before what it measures: `seed` is its own. */
type Draft = { readonly name: KindName; readonly number: number; readonly seed: number };

/** In which order and proportion kinds are dealt out: a round of thirty. */
const DEAL: readonly KindName[] = [
  ...(['street-light', 'traffic-signal', 'traffic-signal', 'traffic-detector', 'electricity-meter', 'air-quality'] as const),
  ...(['street-light', 'water-station', 'power-feeder', 'solar-roof', 'bench', 'tram', 'truck', 'bridge-gauge'] as const),
  ...(['street-light', 'electricity-meter', 'traffic-detector', 'street-light', 'traffic-signal', 'traffic-signal'] as const),
  ...(['street-light', 'air-quality', 'electricity-meter', 'street-light', 'traffic-detector', 'solar-roof'] as const),
  ...(['street-light', 'bench', 'truck', 'street-light'] as const),
];
/** Seeds of a device, of where it stands, of the sky, and of the order of known places. */
const DEVICE = 1;
const SPOT = 2;
const SKY = 4;
const ORDER = 5;

/** The posts of a plan. The same plan, seed and count give the same ones; more of them keep the places of fewer. */
export function makeTown(plan: Plan, seed: number, count: number): readonly Post[] {
  const drafts = deal(plan, seed, count);
  const sky = skyOf(plan, seed);
  const roads = new Roads(plan, seed, sky.lon);
  const stands = new Stands(plan, seed, roads);
  const parts = makeParts(drafts, plan, sky);
  const bridge =
    plan.bridge === null ? null : new Bridge(plan.bridge, [...parts.movers.values()], roads.nearest(plan.bridge[0] as Place));
  return drafts.map((draft): Post => {
    const place = stands.placeOf(draft);
    const mover = parts.movers.get(draft.seed);
    const measure =
      mover === undefined ? measureOf(draft, place, { parts, roads, bridge, sky }) : (timeMs: number) => mover.measure(timeMs);
    const { name, number } = draft;
    return {
      kind: DEVICE_KINDS[name],
      number,
      place,
      isMoving: mover !== undefined,
      measure,
      trouble: troubleOf(draft, roads, sky),
      lamp: parts.lamps.get(draft.seed) ?? null,
      approach: name === 'traffic-signal' ? roads.approach(number) : null,
    };
  });
}

/** The sky over a plan. */
export function skyOf(plan: Plan, seed: number): Sky {
  return new Sky(plan.streets[0]?.line[0] ?? { lat: 0, lon: 0 }, seedOf(seed, SKY));
}

function deal(plan: Plan, seed: number, count: number): readonly Draft[] {
  const dealt = new Map<KindName, number>();
  return Array.from({ length: count }, (_, i) => {
    const wanted = DEAL[i % DEAL.length] as KindName;
    // A place without a bridge has more lamps.
    const name = wanted === 'bridge-gauge' && plan.bridge === null ? 'street-light' : wanted;
    const number = (dealt.get(name) ?? 0) + 1;
    dealt.set(name, number);
    return { name, number, seed: seedOf(seed, DEVICE, i) };
  });
}

/** What others of the town depend on, by the seed of the device. */
type Parts = {
  readonly lamps: ReadonlyMap<number, StreetLamp>;
  readonly meters: ReadonlyMap<number, Meter>;
  readonly roofs: ReadonlyMap<number, SolarRoof>;
  readonly movers: ReadonlyMap<number, Mover>;
  readonly feederCount: number;
};

function makeParts(drafts: readonly Draft[], { tramLine, round }: Plan, sky: Sky): Parts {
  const make = <T>(wanted: KindName, each: (draft: Draft) => T): [number, T][] =>
    drafts.filter(({ name }) => name === wanted).map((draft) => [draft.seed, each(draft)]);
  return {
    lamps: new Map(make('street-light', ({ seed }) => new StreetLamp(seed, sky))),
    meters: new Map(make('electricity-meter', ({ seed }) => new Meter(seed, sky))),
    roofs: new Map(make('solar-roof', ({ seed }) => new SolarRoof(seed, sky))),
    movers: new Map<number, Mover>([
      ...make('tram', ({ seed, number }) => new Tram(seed, sky, tramLine, number)),
      ...make('truck', ({ seed, number }) => new Truck(seed, round, number)),
    ]),
    feederCount: drafts.filter(({ name }) => name === 'power-feeder').length,
  };
}

type Around = { readonly parts: Parts; readonly roads: Roads; readonly bridge: Bridge | null; readonly sky: Sky };

function measureOf({ name, number, seed }: Draft, place: Place, { parts, roads, bridge, sky }: Around): Measure {
  if (name === 'traffic-detector') {
    const approach = roads.approach(number);
    return (timeMs) => measureLoop(approach, seed, timeMs);
  }
  if (name === 'traffic-signal') {
    const approach = roads.approach(number);
    return (timeMs) => measureHead(approach, timeMs);
  }
  if (name === 'bridge-gauge') {
    if (bridge === null) throw new Error('gauges are dealt where there is a bridge');
    return (timeMs) => measureGauge(bridge, gaugeShare(seed), seed, sky, timeMs);
  }
  const part = partOf({ name, number, seed }, place, { parts, roads, bridge, sky });
  return (timeMs) => part.measure(timeMs);
}

function partOf({ name, number, seed }: Draft, place: Place, { parts, roads, sky }: Around): { readonly measure: Measure } {
  const { lamps, meters, roofs, feederCount } = parts;
  // Every feeder carries its share: those whose turn it is.
  const share = <T>(all: ReadonlyMap<number, T>): readonly T[] =>
    [...all.values()].filter((_, i) => i % feederCount === number - 1);
  if (name === 'power-feeder') return new Feeder(seed, { meters: share(meters), roofs: share(roofs), lamps: share(lamps) });
  if (name === 'water-station') return new Tank(seed, sky);
  if (name === 'air-quality') return new AirStation(seed, sky, roads.nearest(place));
  if (name === 'bench') return new Bench(seed, sky);
  const part = lamps.get(seed) ?? meters.get(seed) ?? roofs.get(seed);
  if (part === undefined) throw new Error(`a device of kind ${name} is part of the town`);
  return part;
}

/** What may go wrong there; of a junction its first head tells. */
function troubleOf({ name, number, seed }: Draft, roads: Roads, { lon }: Sky): TroubleAt {
  const during =
    (isOn: (timeMs: number) => boolean, what: string): TroubleAt =>
    (timeMs) =>
      isOn(timeMs) ? what : null;
  if (name === 'street-light') return during((timeMs) => lampFailure(seed, timeMs, lon) !== null, 'the lamp is broken');
  if (name === 'water-station')
    return during((timeMs) => {
      const trouble = leak(seed, timeMs, lon);
      return trouble !== null && timeMs < trouble.toMs;
    }, 'the pipe below the tank leaks');
  if (name === 'traffic-signal' && number % 2 === 1) {
    const { junction } = roads.approach(number).options;
    return during((timeMs) => congestion(junction, timeMs, lon) !== null, 'something stands in the way');
  }
  return () => null;
}

/** A gauge stands in the middle half of its bridge. */
function gaugeShare(seed: number): number {
  return 0.25 + 0.5 * uniform(seed, 9);
}

/** Where devices stand. */
class Stands {
  readonly #plan: Plan;
  readonly #seed: number;
  readonly #roads: Roads;
  readonly #lamps: readonly Place[];
  readonly #crossings: readonly Place[];

  constructor(plan: Plan, seed: number, roads: Roads) {
    const inOrder = (places: readonly Place[]): readonly Place[] =>
      places
        .map((place, i) => ({ place, order: uniform(seed, ORDER, i) }))
        .sort((a, b) => a.order - b.order)
        .map(({ place }) => place);
    this.#plan = plan;
    this.#seed = seed;
    this.#roads = roads;
    this.#lamps = inOrder(plan.lamps);
    this.#crossings = inOrder(plan.crossings);
  }

  /** Known places first; where there are none left, anywhere along the streets. */
  placeOf({ name, number, seed }: Draft): Place {
    const { tramLine, round, bridge } = this.#plan;
    if (name === 'tram') return tramLine[0] as Place;
    if (name === 'truck') return round[0] as Place;
    if (name === 'traffic-signal') return this.#roads.headPlace(number);
    if (name === 'traffic-detector') return this.#roads.loopPlace(number);
    if (name === 'bridge-gauge' && bridge !== null) return along(bridge, gaugeShare(seed) * lengthOf(bridge));
    const known = name === 'street-light' ? this.#lamps : name === 'air-quality' ? this.#crossings : [];
    return known[number - 1] ?? this.#anywhere(name, number);
  }

  #anywhere(name: KindName, number: number): Place {
    const { streets } = this.#plan;
    const kindSeed = [...name].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7);
    const line = (streets[Math.floor(uniform(this.#seed, SPOT, kindSeed, number) * streets.length)] as Plan['streets'][number])
      .line;
    const share = 0.1 + 0.8 * uniform(this.#seed, SPOT, kindSeed, number, 1);
    return along(line, share * lengthOf(line));
  }
}
