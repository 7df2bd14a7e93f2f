/**
 * The zones that a town would like to have, as a file for whoever may make them: machines, sensors that its interlocks read, envelopes, and
 * the documents that machines work by. `oppidum start` lets two engineers of the demo sign them; here nobody holds their keys.
 */

import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { LIGHTING_PROGRAMME } from '@oppidum/formats/lighting-programme';
import type { Sky } from './sky.ts';
import { junctionDocuments, lightingProgramme, type NamedSensor } from './street-documents.ts';
import type { Post } from './town.ts';

/** A device of the town with its id on the ledger. */
export type Placed = { readonly post: Post; readonly id: Uint8Array };

/** The two zones, by the names of their files. */
export type ZoneName = 'lights' | 'junction';

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
  const head = headOf(placed);
  const pair = trafficPair(placed);
  const sensors = pair.map(({ device, name }) => ({ device: toHex(device), name, decimals: 0 }));
  const zones = [
    ...(lamps.length === 0 ? [] : [lightsDraft(lamps, sky, pair)]),
    ...(head === null ? [] : [junctionDraft(head, pair)]),
  ];
  return { sensors, zones };
}

/** The signal head whose device controls the first junction; null in a town that has not both approaches. */
export function headOf(placed: readonly Placed[]): Placed | null {
  const byNumber = (number: number): Placed | undefined =>
    placed.find(({ post }) => post.approach !== null && post.number === number);
  return byNumber(2) === undefined ? null : (byNumber(1) ?? null);
}

/** Loop and stop line of its main street: two devices that count the same vehicles. Ascending by device; none where one is missing. */
function trafficPair(placed: readonly Placed[]): readonly NamedSensor[] {
  const of = (kind: string): Placed | undefined => placed.find(({ post }) => post.kind.name === kind && post.number === 1);
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

function lightsDraft(lamps: readonly Placed[], sky: Sky, pair: readonly NamedSensor[]): object {
  const rule = {
    ...{ name: 'no street is dimmed in heavy traffic', command: 'light/level', arguments: [{ max: 59 }] },
    needs: { quantity: 'traffic', max: HEAVY_TRAFFIC },
  };
  const body = lightingProgramme(sky, lamps.length, pair[0] ?? null);
  return {
    ...{ file: 'lights' satisfies ZoneName, name: 'Street lights', domain: 'lighting', devices: idsOf(lamps) },
    envelope: {
      ...COMMON,
      ...{ quantities: quantitiesOf(pair), rules: pair.length === 0 ? [] : [rule], dangerous: [], lifetimeMsMax: 300_000 },
      safe: [{ command: 'light/full', arguments: [] }],
    },
    documents: [{ name: LIGHTING_PROGRAMME, body: toHex(body) }],
  };
}

function junctionDraft(head: Placed, pair: readonly NamedSensor[]): object {
  const rule = {
    ...{ name: 'the side street goes first only while the main street is quiet', command: 'signal/plan' },
    ...{ arguments: [{ min: 2, max: 2 }], needs: { quantity: 'traffic', max: QUIET_MAIN_STREET } },
  };
  const { matrix, plans } = junctionDocuments();
  return {
    ...{ file: 'junction' satisfies ZoneName, name: 'First junction', domain: 'signals', devices: idsOf([head]) },
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
