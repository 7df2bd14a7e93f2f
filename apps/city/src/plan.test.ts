import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { runCommand } from '../../../test/support/command-line.ts';
import { inFolder } from '../../../test/support/folder.ts';
import { sharedPath, skipReason } from '../../../test/support/shared.ts';
import { along, lengthOf, metresBetween, type Place } from './geometry.ts';
import { parsePlan } from './parse-plan.ts';
import { makePlan, type Plan, planToGeoJson } from './plan.ts';
import { makeTown } from './town.ts';

/** A way that follows the streets: each step of it is a step of some street. */
function assertOnStreets(line: readonly Place[], { streets }: Plan): void {
  const key = ({ lat, lon }: Place): string => `${lat} ${lon}`;
  const steps = new Set(
    streets.flatMap(({ line: own }) =>
      own.slice(1).flatMap((place, i) => {
        const [a, b] = [key(own[i] as Place), key(place)];
        return [`${a} ${b}`, `${b} ${a}`];
      }),
    ),
  );
  for (const [i, place] of line.slice(1).entries()) assert.ok(steps.has(`${key(line[i] as Place)} ${key(place)}`), `step ${i}`);
}

describe('the town that is nowhere', () => {
  for (const seed of [1, 2, 3]) {
    const plan = makePlan(seed);

    test(`${seed}: has one bridge, and what drives keeps to the streets and comes over it`, () => {
      assert.equal(plan.streets.filter(({ isBridge }) => isBridge).length, 1);
      assertOnStreets(plan.round, plan);
      assertOnStreets(plan.tramLine, plan);
      assert.deepEqual(plan.round[0], plan.round.at(-1));
      for (const line of [plan.round, plan.tramLine])
        assert.ok(plan.bridge?.every((end) => line.some((place) => metresBetween(place, end) === 0)));
    });
  }

  test('reads back as the streets that it is written as', () => {
    const plan = makePlan(1);
    const again = parsePlan(JSON.stringify(planToGeoJson(plan)));
    assert.deepEqual(again.streets, plan.streets);
    assert.deepEqual(again.bridge, plan.bridge);
    assertOnStreets(again.round, again);
  });
});

describe('a real place', () => {
  const point = (kind: string, lon: number, lat: number) => ({
    type: 'Feature',
    properties: { kind },
    geometry: { type: 'Point', coordinates: [lon, lat] },
  });
  const way = (highway: string, ...coordinates: readonly (readonly [number, number])[]) => ({
    type: 'Feature',
    properties: { kind: 'street', name: 'Rue', highway },
    geometry: { type: 'LineString', coordinates },
  });
  const street = way('residential', [7.42, 43.73], [7.421, 43.731], [7.43, 43.74]);
  const collection = (...features: readonly unknown[]) => JSON.stringify({ type: 'FeatureCollection', features });

  test('lamps, signals and posts stand where it has them; more of them stand along its streets', () => {
    const plan = parsePlan(
      collection(
        ...[street, point('street-lamp', 7.4215, 43.7313), point('traffic-signal', 7.421, 43.731)],
        ...[point('traffic-signal', 7.4211, 43.7311), point('crossing', 7.4212, 43.7312), { type: 'Feature' }, null, 7],
      ),
    );
    assert.equal(plan.junctions[0]?.heads.length, 2, 'two signals of one junction');
    const posts = makeTown(plan, 1, 60);
    const placesOf = (name: string) => posts.filter(({ kind }) => kind.name === name).map(({ place }) => place);
    assert.deepEqual(placesOf('street-light')[0], { lat: 43.7313, lon: 7.4215 });
    assert.deepEqual(placesOf('air-quality')[0], { lat: 43.7312, lon: 7.4212 });
    assert.deepEqual(placesOf('traffic-signal').slice(0, 2), [
      { lat: 43.731, lon: 7.421 },
      { lat: 43.7311, lon: 7.4211 },
    ]);
    assert.equal(new Set(placesOf('street-light').map(({ lat }) => lat)).size, placesOf('street-light').length);
    assert.ok(posts.every(({ place }) => Math.abs(place.lat - 43.735) < 0.01 && Math.abs(place.lon - 7.425) < 0.01));
    assert.deepEqual(placesOf('bridge-gauge'), [], 'no bridge, no gauges');
  });

  test('what is driven are streets, not footpaths; what lies far away has no devices', () => {
    const plan = parsePlan(
      collection(
        street,
        way('footway', [7.42, 43.73], [7.425, 43.73]),
        way('residential', [9, 43], [9.001, 43.001]),
        point('street-lamp', 9, 43),
      ),
    );
    assert.equal(plan.streets.length, 2);
    assert.deepEqual(plan.lamps, []);
    assert.equal(plan.tramLine.length, 3);
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['no GeoJSON', '{"features":1}'],
    ['no street', collection(point('street-lamp', 0, 0))],
    ['a street beyond the earth', collection(way('residential', [0, 91], [0, 0]))],
  ] as const)
    test(`${what}: PLAN_INVALID`, () => assert.throws(() => parsePlan(text), { code: 'PLAN_INVALID' }));

  test('half of the way along a bent line is half of its length', () => {
    const line = [
      { lat: 0, lon: 0 },
      { lat: 0, lon: 0.01 },
      { lat: 0.01, lon: 0.01 },
    ];
    const { lat, lon } = along(line, 0.75 * lengthOf(line));
    assert.ok(Math.abs(lat - 0.005) < 1e-6 && Math.abs(lon - 0.01) < 1e-9);
  });
});

describe('places of OpenStreetMap', () => {
  for (const name of ['berlin-siegessaeule', 'monaco']) {
    test(`${name}: a town moves in, its trucks and trams keep to the streets`, { skip: skipReason() }, () =>
      inFolder({}, async (folder) => {
        const out = join(folder, 'map.geojson');
        const { code, stderr } = await runCommand(['city', 'import', sharedPath(`data/roads/osm/${name}.osm.gz`), '--out', out]);
        assert.equal(code, 0, stderr);
        const plan = parsePlan(readFileSync(out, 'utf8'));
        assertOnStreets(plan.round, plan);
        assertOnStreets(plan.tramLine, plan);
        assert.ok(lengthOf(plan.tramLine) > 500 && lengthOf(plan.round) > 1_000);
        const posts = makeTown(plan, 1, 120);
        const known = new Set(plan.lamps.map(({ lat, lon }) => `${lat} ${lon}`));
        const lamps = posts.filter(({ kind }) => kind.name === 'street-light');
        const atKnown = lamps.filter(({ place: { lat, lon } }) => known.has(`${lat} ${lon}`)).length;
        assert.equal(atKnown, Math.min(known.size, lamps.length));
        for (const { measure, isMoving, place } of posts) {
          const records = measure(Date.UTC(2026, 10, 25, 12));
          assert.ok(records.length > 0 && (isMoving || metresBetween(place, plan.junctions[0]?.place ?? place) < 9_000));
        }
      }),
    );
  }
});
