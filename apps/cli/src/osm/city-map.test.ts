import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CliFailure } from '../failure.ts';
import { makeCityMap } from './city-map.ts';
import type { OsmItem } from './read-osm.ts';

async function* nodes(count: number): AsyncGenerator<OsmItem> {
  for (let i = 0; i < count; i++) yield { type: 'node', id: String(i), lat: 59, lon: 24, tags: new Map() };
}

test('more nodes than can be held are refused in words, before the engine itself gives up', async () => {
  const made = await makeCityMap(nodes(3), () => undefined, 3);
  assert.equal(made.map.features.length, 0);
  const isRefusal = (error: unknown): boolean =>
    error instanceof CliFailure && error.exitCode === 1 && /more than 3 nodes/.test(error.message) && error.action !== null;
  await assert.rejects(
    makeCityMap(nodes(4), () => undefined, 3),
    isRefusal,
  );
});
