/** The zones that towns of any size would like to have are such that a city takes them. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { checkPlans } from '@oppidum/formats/check-plans';
import { parseBy } from '@oppidum/formats/common-schemas';
import { envelopeSchema, isSafe } from '@oppidum/formats/envelope';
import { parseLightingCabinets } from '@oppidum/formats/lighting-cabinets';
import { lampPowerMw } from '@oppidum/formats/lighting-power';
import { checkLightingProgramme, lightingProgrammeSchema } from '@oppidum/formats/lighting-programme';
import { parseSignalMatrix } from '@oppidum/formats/signal-matrix';
import { parseSignalPlans } from '@oppidum/formats/signal-plan';
import { DESCRIPTIONS } from './machine-models.ts';
import { makePlan } from './plan.ts';
import { labelOf, makeTown, type Post, skyOf } from './town.ts';
import { draftZones, junctionsOf } from './zone-drafts.ts';

const SEED = 1;
/** Zones of the junctions after the first. */
const MORE = [2, 3, 4, 5, 6, 7, 8].map((number) => `junction${number}`);

type Draft = {
  readonly file: string;
  readonly devices: readonly string[];
  readonly envelope: object;
  readonly documents: readonly { readonly name: string; readonly body: string }[];
};
type Drafts = {
  readonly sensors: readonly { readonly device: string; readonly name: string }[];
  readonly zones: readonly Draft[];
};

const idOf = (post: Post): Uint8Array => nativeCrypto.sha256(encodeUtf8(labelOf(post)));

function draftsOf(count: number): Drafts {
  const plan = makePlan(SEED);
  const placed = makeTown(plan, SEED, count).map((post) => ({ post, id: idOf(post) }));
  return draftZones(placed, skyOf(plan, SEED)) as Drafts;
}

function envelopeOf({ envelope }: Draft) {
  const zeros = '00'.repeat(32);
  return envelopeSchema.fromJson({ ...envelope, city: zeros, zone: zeros, version: 1, previous: zeros }, '');
}

test('small towns have what they have machines for', () => {
  const files = (count: number): readonly string[] => draftsOf(count).zones.map(({ file }) => file);
  // Dealt in this order: a lamp, two heads, a loop.
  assert.deepEqual(
    [files(1), files(2), files(3), files(120)],
    [['lights'], ['lights'], ['lights', 'junction'], ['lights', 'junction', ...MORE]],
  );
  assert.deepEqual(files(1_000), files(120), 'no more than eight junctions are driven');
  assert.deepEqual([draftsOf(3).sensors.length, draftsOf(4).sensors.length], [0, 2]);
  for (const draft of draftsOf(3).zones) assert.deepEqual(envelopeOf(draft).rules, [], 'no rule without sensors');
});

test('envelopes read two devices, know a safe direction, and speak of commands that their machines were described to know', () => {
  const { sensors, zones } = draftsOf(120);
  // Two junctions of the eight have no loop of their own.
  assert.equal(new Set(sensors.map(({ device }) => device)).size, 12);
  for (const [draft, kind, safe] of [
    [zones[0], 'street-light', 'light/full'],
    [zones[1], 'traffic-signal', 'signal/flash'],
  ] as const) {
    const envelope = envelopeOf(draft ?? assert.fail());
    const commands = DESCRIPTIONS[kind]?.commands ?? assert.fail();
    assert.ok(isSafe(envelope, { command: safe, arguments: [] }));
    for (const { command } of [...envelope.rules, ...envelope.safe]) assert.ok(command in commands, command);
    const [quantity] = envelope.quantities;
    const read = quantity?.sensors.map(({ device, name }) => ({ device: toHex(device), name, decimals: 0 }));
    assert.deepEqual(read, sensors.slice(0, 2));
    assert.equal(envelope.rules.length, 1);
  }
});

test('documents pass the checks of their domains', () => {
  const [lights, ...junctions] = draftsOf(120).zones;
  const bodyOf = (draft: Draft | undefined, name: string): Uint8Array =>
    parseHex(draft?.documents.find((document) => document.name === name)?.body ?? assert.fail(name));
  const programme = parseBy(lightingProgrammeSchema, bodyOf(lights, 'programme'));
  assert.equal(checkLightingProgramme(programme), null);
  const lampCount = programme.sections.reduce((sum, section) => sum + section.lampCount, 0);
  assert.equal(lampCount, lights?.devices.length);
  assert.deepEqual(
    programme.sections.map(({ name }) => name),
    ['Streets', 'Junctions'],
  );
  const offsets = junctions.map((junction) => {
    const matrix = bodyOf(junction, 'matrix');
    const plans = parseSignalPlans(bodyOf(junction, 'plans'));
    assert.equal(checkPlans(parseSignalMatrix(matrix), nativeCrypto.sha256(matrix), plans), null);
    assert.deepEqual(
      plans.plans.map(({ number }) => number),
      [1, 2, 3, 4],
    );
    return plans.plans[0]?.offsetMs ?? assert.fail();
  });
  assert.equal(offsets[0], 0);
  assert.ok(new Set(offsets).size > 4, `the farther, the later: ${offsets}`);
});

test('each lamp of the town hangs on one feeder, whose meter counts what they take', () => {
  const plan = makePlan(SEED);
  const posts = makeTown(plan, SEED, 120);
  const [lights] = draftsOf(120).zones;
  const body = lights?.documents.find(({ name }) => name === 'cabinets')?.body ?? assert.fail();
  const document = parseLightingCabinets(parseHex(body));
  if ('code' in document) assert.fail(document.code);
  assert.equal(document.cabinets.flatMap(({ lamps }) => lamps).length, lights?.devices.length);
  const postOf = (id: Uint8Array): Post => posts.find((post) => toHex(idOf(post)) === toHex(id)) ?? assert.fail();
  const night = Date.UTC(2026, 10, 25, 21);
  for (const { meter, lamps } of document.cabinets) {
    const said = Number(
      postOf(meter.device)
        .measure(night)
        .find(({ sensor }) => sensor === meter.name)?.value,
    );
    const expected = lamps.reduce((sum, { device, curve }) => {
      const { lamp } = postOf(device);
      if (lamp === null) assert.fail('no lamp');
      const level = lamp.isDead(night) ? 0 : 1_000 * lamp.level(night);
      return sum + lampPowerMw(document.curves[curve] ?? assert.fail(), level) / 1_000;
    }, 0);
    assert.ok(Math.abs(said - expected) <= 0.03 * expected + 1, `${said} W, expected ${expected} W`);
  }
});

test('a place with fewer junctions than heads: nobody drives an approach twice', () => {
  const plan = makePlan(SEED);
  const few = { ...plan, junctions: plan.junctions.slice(0, 3) };
  const posts = makeTown(few, SEED, 120).map((post) => ({ post }));
  const approaches = junctionsOf(posts).flatMap(({ heads }) => heads.map(({ post }) => post.approach));
  assert.deepEqual([approaches.length, new Set(approaches).size], [6, 6]);
});
