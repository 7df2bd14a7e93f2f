import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outlineOf } from './zone-outlines.ts';

const place = (lon: number, lat: number) => ({ lon, lat });
/** Twice the area of a ring, positive where it runs anticlockwise. */
const areaOf = (ring: readonly (readonly [number, number])[]): number =>
  ring.slice(1).reduce((sum, [x, y], i) => sum + (ring[i]?.[0] ?? 0) * y - x * (ring[i]?.[1] ?? 0), 0);

test('without a place there is no outline; one place has a ring of a few paces', () => {
  assert.equal(outlineOf([]), null);
  const { ring, center } = outlineOf([place(24.7, 59.4)]) ?? assert.fail();
  assert.deepEqual(ring[0], ring.at(-1));
  assert.equal(ring.length, 9);
  assert.ok(Math.abs(center[0] - 24.7) < 1e-9 && Math.abs(center[1] - 59.4) < 1e-9);
  for (const [lon, lat] of ring) {
    const metres = Math.hypot((lon - 24.7) * 111_320 * Math.cos((59.4 * Math.PI) / 180), (lat - 59.4) * 111_320);
    assert.ok(Math.abs(metres - 15) < 0.5, `${metres}`);
  }
});

test('every device is inside, however many there are and also in one line', () => {
  const scattered = Array.from({ length: 200 }, (_, i) => place(24 + ((i * 71) % 199) / 1e4, 59 + ((i * 37) % 211) / 1e4));
  for (const places of [scattered, scattered.map(({ lon }) => place(lon, 59)), [place(24, 59), place(24, 59)]]) {
    const { ring } = outlineOf(places) ?? assert.fail();
    assert.ok(areaOf(ring) > 0);
    for (const { lon, lat } of places)
      for (const [i, [x, y]] of ring.slice(1).entries()) {
        const [fromX, fromY] = ring[i] ?? assert.fail();
        assert.ok((x - fromX) * (lat - fromY) - (y - fromY) * (lon - fromX) > 0, 'to the left of each side');
      }
  }
});

test('what stands between others is no corner', () => {
  const square = [place(0, 0), place(0.01, 0), place(0.01, 0.01), place(0, 0.01)];
  const { ring } = outlineOf(square) ?? assert.fail();
  assert.deepEqual(outlineOf([...square, place(0.005, 0.005)])?.ring, ring);
});
