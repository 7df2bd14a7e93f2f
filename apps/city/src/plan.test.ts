import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { along, distance, makePlan, parsePlan, planToGeoJson } from './plan.ts';
import { makePosts } from './sites.ts';

describe('the town that is nowhere', () => {
  const plan = makePlan(1);

  test('has one bridge, and who drives round it stays near the streets', () => {
    assert.equal(plan.streets.filter(({ isBridge }) => isBridge).length, 1);
    for (const [i, place] of plan.ring.entries()) {
      const next = plan.ring[(i + 1) % plan.ring.length]!;
      const isStreet = plan.streets.some(({ line }) => line.includes(place) || line.some((end) => distance(end, place) < 1e-9));
      assert.ok(isStreet && distance(place, next) < 0.003, `${i}`);
    }
  });

  test('reads back as what it is written as', () => {
    const again = parsePlan(JSON.stringify(planToGeoJson(plan)));
    assert.deepEqual(again.streets, plan.streets);
  });
});

describe('a real place', () => {
  const point = (kind: string, lon: number, lat: number) => ({
    type: 'Feature',
    properties: { kind },
    geometry: { type: 'Point', coordinates: [lon, lat] },
  });
  const street = {
    type: 'Feature',
    properties: { kind: 'street', name: 'Rue' },
    geometry: {
      type: 'LineString',
      coordinates: [
        [7.42, 43.73],
        [7.43, 43.74],
      ],
    },
  };
  const collection = (...features: readonly unknown[]) => JSON.stringify({ type: 'FeatureCollection', features });

  test('lamps and signals stand where it has them', () => {
    const plan = parsePlan(
      collection(street, point('street-lamp', 7.421, 43.731), point('traffic-signal', 7.43, 43.74), { type: 'Feature' }, null, 7),
    );
    const posts = makePosts(plan, 1, 30);
    const lamp = posts.find(({ kind }) => kind.name === 'street-light');
    assert.deepEqual(lamp?.site.place, { lat: 43.731, lon: 7.421 });
    assert.ok(posts.every(({ site: { place } }) => Math.abs(place.lat - 43.735) < 0.01 && Math.abs(place.lon - 7.425) < 0.01));
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['no GeoJSON', '{"features":1}'],
    ['no street', collection(point('street-lamp', 0, 0))],
    [
      'a street beyond the earth',
      collection({
        ...street,
        geometry: {
          type: 'LineString',
          coordinates: [
            [0, 91],
            [0, 0],
          ],
        },
      }),
    ],
  ] as const)
    test(`${what}: PLAN_INVALID`, () => assert.throws(() => parsePlan(text), { code: 'PLAN_INVALID' }));

  test('half of the way along a bent line is half of its length', () => {
    const line = [
      { lat: 0, lon: 0 },
      { lat: 0, lon: 1 },
      { lat: 1, lon: 1 },
    ];
    assert.deepEqual(along(line, 0.75), { lat: 0.5, lon: 1 });
  });
});
