/** Which devices stand where: dealt over the plan, so that the first ones of any number already show each kind. */

import type { DeviceKind, Site } from './kinds/kind.ts';
import { DEVICE_KINDS, type KindName } from './kinds.ts';
import { uniform } from './noise.ts';
import { along, type Place, type Plan } from './plan.ts';

/** A device before it is one: its kind, its number within it, and its site. */
export type Post = { readonly kind: DeviceKind; readonly number: number; readonly site: Site };

/** In which order and proportion kinds are dealt out: a round of thirty. */
const ROUND: readonly KindName[] = [
  ...(['street-light', 'traffic-signal', 'traffic-signal', 'traffic-detector', 'electricity-meter', 'air-quality'] as const),
  ...(['street-light', 'water-station', 'power-feeder', 'solar-roof', 'bench', 'tram', 'truck', 'bridge-gauge'] as const),
  ...(['street-light', 'electricity-meter', 'traffic-detector', 'street-light', 'traffic-signal', 'traffic-signal'] as const),
  ...(['street-light', 'air-quality', 'electricity-meter', 'street-light', 'traffic-detector', 'solar-roof'] as const),
  ...(['street-light', 'bench', 'truck', 'street-light'] as const),
];
/** Seeds of what a device measures, of where it stands, and of roads. */
const DEVICE = 1;
const SPOT = 2;
const ROAD = 3;

/** The posts of a plan. The same plan, seed and count give the same ones; more of them keep those of fewer. */
export function makePosts(plan: Plan, seed: number, count: number): readonly Post[] {
  const dealt = new Map<KindName, number>();
  const names = Array.from({ length: count }, (_, i) => ROUND[i % ROUND.length] as KindName);
  const numbered = names.map((name, i) => {
    const number = (dealt.get(name) ?? 0) + 1;
    dealt.set(name, number);
    return { name, number, seed: seedOf(seed, DEVICE, i) };
  });
  const seedsOf = (wanted: KindName): readonly number[] =>
    numbered.filter(({ name }) => name === wanted).map((each) => each.seed);
  return numbered.map(({ name, number, seed: own }): Post => {
    const site = { seed: own, ...spotOf(plan, seed, name, number) };
    const kind = DEVICE_KINDS[name];
    if (name !== 'power-feeder') return { kind, number, site };
    // Every feeder carries its share: the meters and roofs whose turn it is.
    const feeders = seedsOf('power-feeder').length;
    const share = (seeds: readonly number[]): readonly number[] => seeds.filter((_, i) => i % feeders === number - 1);
    return { kind, number, site: { ...site, meters: share(seedsOf('electricity-meter')), roofs: share(seedsOf('solar-roof')) } };
  });
}

function spotOf(
  { streets, junctions, lamps, ring, tramLine }: Plan,
  seed: number,
  name: KindName,
  number: number,
): Omit<Site, 'seed'> {
  const kindSeed = [...name].reduce((sum, letter) => 31 * sum + letter.charCodeAt(0), 7);
  const chance = uniform(seed, SPOT, kindSeed, number);
  if (name === 'tram') return { place: tramLine[0] as Place, road: seedOf(seed, ROAD, -1), route: tramLine };
  if (name === 'truck') return { place: ring[0] as Place, road: seedOf(seed, ROAD, -2), route: ring };
  if (name === 'traffic-signal') {
    // Two heads a junction, one for each approach.
    const at = Math.floor((number - 1) / 2) % junctions.length;
    return {
      place: nudge(junctions[at] as Place, number),
      road: seedOf(seed, ROAD, 1_000 + at),
      approach: number % 2 === 1 ? 'ns' : 'ew',
    };
  }
  const bridge = streets.findIndex(({ isBridge }) => isBridge);
  const chosen = name === 'bridge-gauge' && bridge >= 0 ? bridge : Math.floor(chance * streets.length);
  const street = streets[chosen] as Plan['streets'][number];
  const lamp = name === 'street-light' ? lamps[(number - 1) % lamps.length] : undefined;
  if (lamp !== undefined) return { place: lamp, road: seedOf(seed, ROAD, chosen) };
  return { place: along(street.line, 0.1 + 0.8 * ((chance * 7_919) % 1)), road: seedOf(seed, ROAD, chosen) };
}

/** Heads of one junction stand on its different corners. */
function nudge({ lat, lon }: Place, number: number): Place {
  const metre = 0.000_009;
  return { lat: lat + (number % 2 === 1 ? 6 : -6) * metre, lon: lon + (number % 2 === 1 ? 6 : -6) * metre };
}

function seedOf(seed: number, ...numbers: readonly number[]): number {
  return Math.floor(uniform(seed, ...numbers) * 2 ** 32);
}
