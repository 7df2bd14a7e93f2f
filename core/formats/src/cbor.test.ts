import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { compareBytes, concatBytes, parseHex, toHex } from './bytes.ts';
import { CborFloat, type CborMap, CborTag, type CborValue, encodeCbor, parseCbor, parseCborPrefix } from './cbor.ts';

/** RFC 8949 appendix A, as far as it is deterministic and of types in use. */
const EXAMPLES: readonly (readonly [hex: string, value: CborValue])[] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['f90000', new CborFloat(0)],
  ['f98000', new CborFloat(-0)],
  ['f93c00', new CborFloat(1)],
  ['fb3ff199999999999a', new CborFloat(1.1)],
  ['f93e00', new CborFloat(1.5)],
  ['f97bff', new CborFloat(65_504)],
  ['fa47c35000', new CborFloat(100_000)],
  ['fa7f7fffff', new CborFloat((2 - 2 ** -23) * 2 ** 127)],
  ['fb7e37e43c8800759c', new CborFloat(1e300)],
  ['f90001', new CborFloat(2 ** -24)],
  ['f90400', new CborFloat(2 ** -14)],
  ['f9c400', new CborFloat(-4)],
  ['fbc010666666666666', new CborFloat(-4.1)],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['c11a514b67b0', new CborTag(1, 1_363_896_240)],
  ['d74401020304', new CborTag(23, Uint8Array.of(1, 2, 3, 4))],
  ['40', new Uint8Array(0)],
  ['4401020304', Uint8Array.of(1, 2, 3, 4)],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', '\u00fc'],
  ['63e6b0b4', '\u6c34'],
  ['64f0908591', '\ud800\udd51'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', Array.from({ length: 25 }, (_, i) => i + 1)],
  ['a0', new Map()],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  [
    'a26161016162820203',
    new Map<string, CborValue>([
      ['a', 1],
      ['b', [2, 3]],
    ]),
  ],
  ['826161a161626163', ['a', new Map([['b', 'c']])]],
];

for (const [hex, value] of EXAMPLES) {
  test(`RFC 8949 appendix A: ${hex}`, () => {
    assert.equal(toHex(encodeCbor(value)), hex);
    assert.deepEqual(parseCbor(parseHex(hex)), value);
  });
}

const scalar: fc.Arbitrary<CborValue> = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
  fc.string({ unit: 'grapheme' }),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 80 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => new CborFloat(value)),
  fc.float({ noNaN: true, noDefaultInfinity: true }).map((value) => new CborFloat(value)),
);
const { value: anyValue } = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(fc.oneof(fc.string(), fc.integer()), tie('value')), { maxLength: 5 }).map((pairs) => new Map(pairs)),
    fc.tuple(fc.nat(), tie('value')).map(([tag, value]) => new CborTag(tag, value)),
  ),
}));

test('what is encoded is parsed to the same value, and encodes to the same bytes', () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      const bytes = encodeCbor(value);
      const parsed = parseCbor(bytes);
      assert.deepEqual(encodeCbor(parsed), bytes);
      assert.deepEqual(parsed, sorted(value));
    }),
  );
});

/** Maps in the order of their encoded keys. */
function sorted(value: CborValue): CborValue {
  if (Array.isArray(value)) return value.map(sorted);
  if (value instanceof CborTag) return new CborTag(value.tag, sorted(value.value));
  if (!(value instanceof Map)) return value;
  const pairs = [...value].sort(([a], [b]) => compareBytes(encodeCbor(a), encodeCbor(b)));
  return new Map(pairs.map(([key, inner]) => [key, sorted(inner)]));
}

test('any bytes are refused with a code or have exactly this spelling', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const answer = read(bytes);
      if (typeof answer === 'object' && answer !== null && 'code' in answer) assert.equal(typeof answer.code, 'string');
      else assert.deepEqual(encodeCbor((answer as { value: CborValue }).value), bytes);
    }),
    { numRuns: 5_000 },
  );
});

function read(bytes: Uint8Array): { value: CborValue } | { code: string } {
  try {
    return { value: parseCbor(bytes) };
  } catch (error) {
    if ((error as Error).name !== 'FormatError') throw error;
    return { code: (error as { code: string }).code };
  }
}

describe('refused', () => {
  const cases: readonly (readonly [why: string, code: string, hex: string])[] = [
    ['nothing', 'TRUNCATED', ''],
    ['an argument cut short', 'TRUNCATED', '19'],
    ['a text cut short', 'TRUNCATED', '6361'],
    ['an array cut short', 'TRUNCATED', '8301'],
    ['a map without its value', 'TRUNCATED', 'a101'],
    ['a tag without its item', 'TRUNCATED', 'c1'],
    ['more gigabytes than there are bytes', 'TRUNCATED', '5b00000001ffffffff'],
    ['more elements than there are bytes', 'TRUNCATED', '9affffffff'],
    ['a count beyond 2^53', 'TRUNCATED', '9bffffffffffffffff'],
    ['two items', 'TRAILING_BYTES', '0001'],
    ['0 in two bytes', 'NOT_CANONICAL', '1800'],
    ['255 in three', 'NOT_CANONICAL', '1900ff'],
    ['65535 in five', 'NOT_CANONICAL', '1a0000ffff'],
    ['2^32 − 1 in nine', 'NOT_CANONICAL', '1b00000000ffffffff'],
    ['a length in two bytes', 'NOT_CANONICAL', '580100'],
    ['an indefinite array', 'NOT_CANONICAL', '9f00ff'],
    ['an indefinite text', 'NOT_CANONICAL', '7f6161ff'],
    ['a reserved initial byte', 'NOT_CANONICAL', '1c'],
    ['1.5 as a double', 'NOT_CANONICAL', 'fb3ff8000000000000'],
    ['1.5 as a single', 'NOT_CANONICAL', 'fa3fc00000'],
    ['keys out of order', 'UNSORTED', 'a2020001f4'],
    ['keys by length first', 'UNSORTED', 'a2616200181864'],
    ['a key twice', 'DUPLICATE_KEY', 'a201000100'],
    ['a text key twice', 'DUPLICATE_KEY', 'a2616100616100'],
    ['a key of bytes', 'WRONG_TYPE', 'a1410000'],
    ['a key of a list', 'WRONG_TYPE', 'a18000'],
    ['not a number', 'NUMBER_RANGE', 'f97e00'],
    ['infinity', 'NUMBER_RANGE', 'f97c00'],
    ['a tag beyond 2^53', 'NUMBER_RANGE', 'dbffffffffffffffff00'],
    ['a text that is no UTF-8', 'TEXT_INVALID', '61ff'],
    ['a surrogate in a text', 'TEXT_INVALID', '63eda080'],
    ['an overlong text', 'TEXT_INVALID', '62c080'],
    ['undefined', 'UNSUPPORTED_TYPE', 'f7'],
    ['a simple value', 'UNSUPPORTED_TYPE', 'f0'],
    ['a simple value in two bytes', 'UNSUPPORTED_TYPE', 'f8ff'],
    ['a break', 'UNSUPPORTED_TYPE', 'ff'],
  ];
  for (const [why, code, hex] of cases) {
    test(`${why}: ${code}`, () => assert.throws(() => parseCbor(parseHex(hex)), { code }));
  }

  test('what has no encoding: NUMBER_RANGE, TEXT_INVALID', () => {
    for (const value of [0.5, Number.NaN, 2 ** 53, 2n ** 64n, -(2n ** 64n) - 1n, new CborFloat(Number.NaN)])
      assert.throws(() => encodeCbor(value), { code: 'NUMBER_RANGE' });
    assert.throws(() => encodeCbor(['\ud800']), { code: 'TEXT_INVALID' });
    assert.equal(toHex(encodeCbor([1])), '8101', 'what failed leaves nothing behind');
  });
});

test('integer keys order before text keys, negative after positive', () => {
  const map: CborMap = new Map<number | string, CborValue>([
    ['a', 1],
    [-1, 2],
    [24, 3],
    [1, 4],
  ]);
  assert.equal(toHex(encodeCbor(map)), 'a401041818032002616101');
});

test('a sequence is read item by item', () => {
  const bytes = concatBytes(encodeCbor([1]), encodeCbor('x'));
  const { value, size } = parseCborPrefix(bytes);
  assert.deepEqual([value, size], [[1], 2]);
  assert.equal(parseCbor(bytes.subarray(size)), 'x');
});
