import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeVarint, FrameReader } from './frames.ts';
import type { WireErrorCode } from './wire-error.ts';

const SIZE_MAX = 1_000;

const framed = (body: Uint8Array): Uint8Array => Uint8Array.of(...encodeVarint(body.length), ...body);

/** Splits bytes at these places, whatever they are. */
function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => bytes.slice(places[i], end));
}

describe('frames', () => {
  test('however a stream is split and joined, the frames are the same', () =>
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 40 }),
        (bodies, cuts) => {
          const reader = new FrameReader(SIZE_MAX);
          const stream = Buffer.concat(bodies.map(framed));
          const taken: number[][] = [];
          for (const chunk of splitAt(stream, cuts)) {
            reader.push(chunk);
            for (let frame = reader.take(); frame !== null; frame = reader.take()) taken.push([...frame]);
          }
          assert.deepEqual(
            taken,
            bodies.map((body) => [...body]),
          );
          assert.equal(reader.size, 0);
        },
      ),
    ));

  test('a frame is plain bytes, whatever came: its slice is a copy', () => {
    const reader = new FrameReader(SIZE_MAX);
    reader.push(Buffer.from(framed(new Uint8Array(3))));
    const frame = reader.take()!;
    assert.equal(Object.getPrototypeOf(frame), Uint8Array.prototype);
    frame.slice().fill(9);
    assert.deepEqual([...frame], [0, 0, 0]);
  });

  test('a frame that has not come whole is none', () => {
    const stream = framed(new Uint8Array(200).fill(7));
    const reader = new FrameReader(SIZE_MAX);
    for (const byte of stream.subarray(0, -1)) {
      reader.push(Uint8Array.of(byte));
      assert.equal(reader.take(), null);
    }
    reader.push(stream.slice(-1));
    assert.equal(reader.take()?.length, 200);
  });

  const refused: readonly (readonly [string, readonly number[], WireErrorCode])[] = [
    ['one byte above the limit', [...encodeVarint(SIZE_MAX + 1)], 'FRAME_TOO_LARGE'],
    ['4 GiB', [...encodeVarint(2 ** 32)], 'FRAME_TOO_LARGE'],
    ['a length without an end', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], 'FRAME_TOO_LARGE'],
    ['zero in two bytes', [0x80, 0x00], 'FRAME_MALFORMED'],
    ['one in three bytes', [0x81, 0x80, 0x00], 'FRAME_MALFORMED'],
  ];
  for (const [what, bytes, code] of refused) {
    test(`refused before its body is waited for: ${what}`, () => {
      const reader = new FrameReader(SIZE_MAX);
      reader.push(Uint8Array.from(bytes));
      assert.throws(() => reader.take(), { code });
    });
  }

  test('the largest frame that is allowed comes through', () => {
    const reader = new FrameReader(SIZE_MAX);
    reader.push(framed(new Uint8Array(SIZE_MAX)));
    assert.equal(reader.take()?.length, SIZE_MAX);
  });

  test('a varint is as short as it can be, and read back', () =>
    fc.assert(
      fc.property(fc.nat({ max: SIZE_MAX }), (size) => {
        const reader = new FrameReader(SIZE_MAX);
        reader.push(encodeVarint(size));
        assert.equal(encodeVarint(size).length, size < 0x80 ? 1 : 2);
        reader.push(new Uint8Array(size));
        assert.equal(reader.take()?.length, size);
      }),
    ));
});
