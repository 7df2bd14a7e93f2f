/**
 * The zones that a town would like to have, as a file for whoever may make them: machines, sensors that its interlocks read, envelopes, and
 * the documents that machines work by. `oppidum start` lets two engineers of the demo sign them; here nobody holds their keys.
 */

import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { LIGHTING_CABINETS } from '@oppidum/formats/lighting-cabinets';
import { LIGHTING_PROGRAMME } from '@oppidum/formats/lighting-programme';
import { metresBetween } from './geometry.ts';
import type { Sky } from './sky.ts';
import { isAtJunction, junctionDocuments, lightingCabinets, lightingProgramme, type NamedSensor } from './street-documents.ts';
import type { Post } from './town.ts';

/** A device of the town with its id on the ledger. */
export type Placed = { readonly post: Post; readonly id: Uint8Array };

/** Zones by the names of their files: `junction` is the first one. */
export type ZoneName = 'lights' | 'junction' | `junction${number}`;

/** A junction with its two heads, the one whose device controls it first. `number` from 1. */
export type DrivableJunction<T> = { readonly name: ZoneName; readonly number: number; readonly heads: readonly [T, T] };

/** Junctions that are driven, at most: as many as a town of 120 devices has. */
const JUNCTION_COUNT_MAX = 8;
/** Metres a second of the green wave: plans begin later the farther a junction is from the first one. */
const WAVE_SPEED = 12;

/** Vehicles a minute: above them no street is dimmed far, above fewer no side street goes first. */
const HEAVY_TRAFFIC = 16;
const QUIET_MAIN_STREET = 12;
/** By what two sensors may differ: a platoon more or less in the minutes that they look at. */
const AGREE_WITHIN = 9;
const FRESH_MS = 120_000;

const COMMON = { independence: 'device', grade: 'device', dangerousLifetimeMsMax: 60_000 } as const;

/** The file, as JSON: ids and bodies in hex, an envelope without what its signers add. */
export function draftZones(placed: readonly Placed[], sky: Sky): object {
  const lamps = placed.filter(({ post }) => post.lamp !== null);
  const junctions = junctionsOf(placed);
  const [first] = junctions;
  const pairs = junctions.map(({ heads }) => trafficPair(placed, heads[0].post.number));
  const sensors = (first === undefined ? [trafficPair(placed, 1)] : pairs)
    .flat()
    .map(({ device, name }) => ({ device: toHex(device), name, decimals: 0 }));
  const zones = [
    ...(lamps.length === 0 ? [] : [lightsDraft(placed, sky, trafficPair(placed, 1))]),
    ...junctions.map((junction, i) => junctionDraft(junction, first?.heads[0] ?? junction.heads[0], pairs[i] ?? [])),
  ];
  return { sensors, zones };
}

/** The junctions that can be driven: those with both heads, at approaches that are no other's. */
export function junctionsOf<T extends { readonly post: Post }>(all: readonly T[]): readonly DrivableJunction<T>[] {
  const heads = new Map(all.filter(({ post }) => post.approach !== null).map((head) => [head.post.number, head]));
  const taken = new Set<Post['approach']>();
  return Array.from({ length: JUNCTION_COUNT_MAX }, (_, i) => i + 1).flatMap((number) => {
    const [main, side] = [heads.get(2 * number - 1), heads.get(2 * number)];
    if (main === undefined || side === undefined || taken.has(main.post.approach)) return [];
    taken.add(main.post.approach);
    return [{ name: number === 1 ? 'junction' : `junction${number}`, number, heads: [main, side] as const }];
  });
}

/** Loop and stop line of an approach: two devices that count the same vehicles. Ascending by device; none where one is missing. */
function trafficPair(placed: readonly Placed[], number: number): readonly NamedSensor[] {
  const of = (kind: string): Placed | undefined => placed.find(({ post }) => post.kind.name === kind && post.number === number);
  const [loop, head] = [of('traffic-detector'), of('traffic-signal')];
  if (loop === undefined || head === undefined) return [];
  return [loop, head]
    .map(({ id }) => ({ device: id, name: 'flow' }))
    .sort((a, b) => (toHex(a.device) < toHex(b.device) ? -1 : 1));
}

function quantitiesOf(pair: readonly NamedSensor[]): readonly object[] {
  if (pair.length === 0) return [];
  const sensors = pair.map(({ device, name }) => ({ device: toHex(device), name }));
  return [{ name: 'traffic', decimals: 0, sensors, least: 2, agreeWithin: AGREE_WITHIN, freshMs: FRESH_MS }];
}

function lightsDraft(placed: readonly Placed[], sky: Sky, pair: readonly NamedSensor[]): object {
  const lamps = placed.filter(({ post }) => post.lamp !== null);
  const posts = placed.map(({ post }) => post);
  const feeders = placed.filter(({ post }) => post.kind.name === 'power-feeder');
  const rule = {
    ...{ name: 'no street is dimmed in heavy traffic', command: 'light/level', arguments: [{ max: 59 }] },
    needs: { quantity: 'traffic', max: HEAVY_TRAFFIC },
  };
  const crossingCount = lamps.filter(({ post }) => isAtJunction(post, posts)).length;
  const body = lightingProgramme(sky, { street: lamps.length - crossingCount, crossing: crossingCount }, pair[0] ?? null);
  return {
    ...{ file: 'lights' satisfies ZoneName, name: 'Street lights', domain: 'lighting', devices: idsOf(lamps) },
    envelope: {
      ...COMMON,
      ...{ quantities: quantitiesOf(pair), rules: pair.length === 0 ? [] : [rule], dangerous: [], lifetimeMsMax: 300_000 },
      safe: [{ command: 'light/full', arguments: [] }],
    },
    documents: [
      { name: LIGHTING_PROGRAMME, body: toHex(body) },
      ...(feeders.length === 0 ? [] : [{ name: LIGHTING_CABINETS, body: toHex(lightingCabinets(lamps, feeders)) }]),
    ],
  };
}

function junctionDraft(
  { name: file, number, heads }: DrivableJunction<Placed>,
  first: Placed,
  pair: readonly NamedSensor[],
): object {
  const [head] = heads;
  const rule = {
    ...{ name: 'the side street goes first only while the main street is quiet', command: 'signal/plan' },
    ...{ arguments: [{ min: 2, max: 2 }], needs: { quantity: 'traffic', max: QUIET_MAIN_STREET } },
  };
  const name = number === 1 ? 'First junction' : `Junction ${number}`;
  const awayS = Math.round(metresBetween(first.post.place, head.post.place) / WAVE_SPEED);
  const { matrix, plans } = junctionDocuments(name, awayS);
  return {
    ...{ file, name, domain: 'signals', devices: idsOf([head]) },
    envelope: {
      ...COMMON,
      ...{ quantities: quantitiesOf(pair), rules: pair.length === 0 ? [] : [rule], lifetimeMsMax: 60_000 },
      ...{ safe: [{ command: 'signal/flash', arguments: [] }], dangerous: ['signal/automatic', 'signal/plan'] },
    },
    // Plans are checked against the matrix in force, so it goes first.
    documents: [
      { name: 'matrix', body: toHex(matrix) },
      { name: 'plans', body: toHex(plans) },
    ],
  };
}

function idsOf(placed: readonly Placed[]): readonly string[] {
  return placed.map(({ id }) => toHex(id)).sort();
}

/** The file's bytes. */
export function encodeDrafts(drafts: object): Uint8Array {
  return encodeUtf8(`${JSON.stringify(drafts, null, 2)}\n`);
}
