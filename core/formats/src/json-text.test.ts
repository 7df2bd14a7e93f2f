import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type JsonValue, parseJsonText } from './json-text.ts';
import { LIMITS } from './limits.ts';

function plain(value: JsonValue): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, item]) => [name, plain(item)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      for (const indent of [0, 2]) {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(plain(parseJsonText(text)), JSON.parse(text));
      }
    }),
  );
});

test('reads every escape', () => {
  assert.equal(parseJsonText('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00"'), '"\\/\b\f\n\r\té😀');
});

for (const [text, code] of [
  ['', 'TEXT_INVALID'],
  ['01', 'TRAILING_BYTES'],
  ['+1', 'TEXT_INVALID'],
  ['1.', 'TRAILING_BYTES'],
  ['.5', 'TEXT_INVALID'],
  ['1e400', 'NUMBER_RANGE'],
  ['NaN', 'TEXT_INVALID'],
  ['[1,]', 'TEXT_INVALID'],
  ['[1 2]', 'TEXT_INVALID'],
  ['{"a":1,}', 'TEXT_INVALID'],
  ['{a:1}', 'TEXT_INVALID'],
  ['{"a" 1}', 'TEXT_INVALID'],
  ['{"a":1 "b":2}', 'TEXT_INVALID'],
  ['{"a":1,"a":1}', 'DUPLICATE_KEY'],
  ['{"a":1,"\\u0061":1}', 'DUPLICATE_KEY'],
  ['"a', 'TEXT_INVALID'],
  ['"\n"', 'TEXT_INVALID'],
  ['"\\x"', 'TEXT_INVALID'],
  ['"\\u12g4"', 'TEXT_INVALID'],
  ["'a'", 'TEXT_INVALID'],
  ['\ufeff1', 'TEXT_INVALID'],
  ['\u00a01', 'TEXT_INVALID'],
  ['1 1', 'TRAILING_BYTES'],
] as const) {
  test(`refuses ${JSON.stringify(text)} with ${code}`, () => {
    assert.throws(() => parseJsonText(text), { code });
  });
}

test('depth and counts end at their limits', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(parseJsonText(nested(LIMITS.cborDepthMax + 1)));
  assert.throws(() => parseJsonText(nested(LIMITS.cborDepthMax + 2)), { code: 'TOO_DEEP' });
  const wide = (count: number) => `[${Array.from({ length: count }, () => 0).join()}]`;
  assert.ok(parseJsonText(wide(LIMITS.cborItemCountMax)));
  assert.throws(() => parseJsonText(wide(LIMITS.cborItemCountMax + 1)), { code: 'TOO_LARGE' });
  const names = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join()}}`;
  assert.throws(() => parseJsonText(names(LIMITS.cborItemCountMax + 1)), { code: 'TOO_LARGE' });
});
