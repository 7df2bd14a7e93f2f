import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LAYERS, layerOf, layersAddress, markOf, parseLayers } from './city-layers.ts';

const device = (id: string, lastReadingMs: number | null, failure = false) => ({
  ...{ id, grade: 'device' as const },
  lastReadingMs,
  values: [{ name: 'failure', unit: null, value: failure, data: null, sum: null, timeMs: 0 }],
});

test('an address names layers; one that names none that there is shows all', () => {
  assert.deepEqual(parseLayers('#/city/alarms,lighting'), ['lighting', 'alarms']);
  for (const hash of ['', '#/city', '#/city/', '#/city/moon', '#/orders/lighting', '#/city/%00'])
    assert.equal(parseLayers(hash), LAYERS);
  for (const layer of LAYERS) assert.deepEqual(parseLayers(layersAddress([layer])), [layer]);
  assert.equal(layersAddress(LAYERS), '#/city');
});

test('every kind is in a layer, also one that nobody foresaw', () => {
  assert.deepEqual(['street-light', 'tram', 'solar-roof', 'bench', 'constructor'].map(layerOf), [
    'lighting',
    'roads',
    'power',
    'others',
    'others',
  ]);
});

test('an alarm is marked before a fault, that before silence', () => {
  const alarmed = new Set(['a']);
  assert.equal(markOf(device('a', 0, true), alarmed, 1_000_000), 'alarm');
  assert.equal(markOf(device('b', 0, true), alarmed, 1_000_000), 'fault');
  assert.equal(markOf(device('b', 0), alarmed, 900_001), 'stale');
  assert.equal(markOf(device('b', 0), alarmed, 900_000), 'none');
  assert.equal(markOf({ ...device('b', 0), grade: 'imported' }, alarmed, 900_001), 'none');
  assert.equal(markOf(device('b', null), alarmed, 900_001), 'none', 'what never spoke has not fallen silent');
});
