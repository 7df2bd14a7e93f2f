import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseHex } from './bytes.ts';
import { CborFloat, type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { LIMITS } from './limits.ts';

const foreign = (hex: string): CborValue => parseCbor(parseHex(hex), { foreign: true });

/** Spellings that only a foreign reader takes: what they mean, and why ours refuses them. */
const SECOND_SPELLINGS: readonly (readonly [hex: string, value: CborValue, code: string])[] = [
  ['1817', 23, 'NOT_CANONICAL'],
  ['190017', 23, 'NOT_CANONICAL'],
  ['1a00000017', 23, 'NOT_CANONICAL'],
  ['1b0000000000000017', 23, 'NOT_CANONICAL'],
  ['3800', -1, 'NOT_CANONICAL'],
  ['5801ff', Uint8Array.of(255), 'NOT_CANONICAL'],
  ['fb3ff8000000000000', new CborFloat(1.5), 'NOT_CANONICAL'],
  ['fa3fc00000', new CborFloat(1.5), 'NOT_CANONICAL'],
  ['9f0102ff', [1, 2], 'NOT_CANONICAL'],
  ['9fff', [], 'NOT_CANONICAL'],
  ['9f9fffff', [[]], 'NOT_CANONICAL'],
  ['bf616101ff', new Map([['a', 1]]), 'NOT_CANONICAL'],
  ['5f41014102ff', Uint8Array.of(1, 2), 'NOT_CANONICAL'],
  ['5fff', new Uint8Array(0), 'NOT_CANONICAL'],
  ['7f61616162ff', 'ab', 'NOT_CANONICAL'],
  [
    'a2016161006162',
    new Map<number, CborValue>([
      [1, 'a'],
      [0, 'b'],
    ]),
    'UNSORTED',
  ],
];

for (const [hex, value, code] of SECOND_SPELLINGS) {
  test(`${hex} is read only when foreign`, () => {
    assert.throws(() => parseCbor(parseHex(hex)), { code });
    assert.deepEqual(foreign(hex), value);
  });
}

const REFUSED: readonly (readonly [hex: string, code: string])[] = [
  ['a201000100', 'DUPLICATE_KEY'],
  ['a20100180100', 'DUPLICATE_KEY'],
  ['bf01000100ff', 'DUPLICATE_KEY'],
  ['9f01', 'TRUNCATED'],
  ['bf01', 'TRUNCATED'],
  ['5f4101', 'TRUNCATED'],
  ['5f4202ff', 'TRUNCATED'],
  ['5f6161ff', 'WRONG_TYPE'],
  ['7f4161ff', 'WRONG_TYPE'],
  ['5f5f4101ffff', 'WRONG_TYPE'],
  ['7f61c361a9ff', 'TEXT_INVALID'],
  ['ff', 'UNSUPPORTED_TYPE'],
  ['81ff', 'UNSUPPORTED_TYPE'],
  ['f97e00', 'NUMBER_RANGE'],
  ['fb7ff0000000000000', 'NUMBER_RANGE'],
  ['1f', 'NOT_CANONICAL'],
  ['1c', 'NOT_CANONICAL'],
  ['df00', 'NOT_CANONICAL'],
  ['0000', 'TRAILING_BYTES'],
  ['9fff00', 'TRAILING_BYTES'],
];

for (const [hex, code] of REFUSED) {
  test(`${hex} is refused with ${code} also when foreign`, () => assert.throws(() => foreign(hex), { code }));
}

test('depth and counts end at the same limits', () => {
  const nested = (depth: number) => '9f'.repeat(depth) + 'ff'.repeat(depth);
  assert.ok(foreign(nested(LIMITS.cborDepthMax + 1)));
  assert.throws(() => foreign(nested(LIMITS.cborDepthMax + 2)), { code: 'TOO_DEEP' });
  const wide = (count: number) => `9f${'00'.repeat(count)}ff`;
  assert.equal((foreign(wide(LIMITS.cborItemCountMax)) as CborValue[]).length, LIMITS.cborItemCountMax);
  assert.throws(() => foreign(wide(LIMITS.cborItemCountMax + 1)), { code: 'TOO_LARGE' });
});

test('what we write a foreign reader reads alike', () => {
  const item = fc.oneof(fc.maxSafeInteger(), fc.string(), fc.boolean(), fc.uint8Array());
  fc.assert(fc.property(fc.array(item), (value) => assert.deepEqual(parseCbor(encodeCbor(value), { foreign: true }), value)));
});

test('no bytes do anything but parse or be refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        parseCbor(bytes, { foreign: true });
      } catch (error) {
        assert.equal((error as Error).name, 'FormatError');
      }
    }),
    { numRuns: 2000 },
  );
});
