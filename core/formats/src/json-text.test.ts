import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJsonText } from './json-text.ts';
import { LIMITS } from './limits.ts';

test('reads what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      for (const indent of [0, 2]) {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(parseJsonText(text), JSON.parse(text));
      }
    }),
  );
});

test('reads every escape', () => {
  assert.equal(parseJsonText('"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00"'), '"\\/\b\f\n\r\té😀');
});

for (const [text, code] of [
  ['', 'TEXT_INVALID'],
  ['01', 'TEXT_INVALID'],
  ['+1', 'TEXT_INVALID'],
  ['1.', 'TEXT_INVALID'],
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
  ['[{"a":1},{"b":{"c":":","c":"\\":"}}]', 'DUPLICATE_KEY'],
  ['{"__proto__":1,"__proto__":2}', 'DUPLICATE_KEY'],
  ['[-1e999]', 'NUMBER_RANGE'],
  ['"a', 'TEXT_INVALID'],
  ['"\n"', 'TEXT_INVALID'],
  ['"\\x"', 'TEXT_INVALID'],
  ['"\\u12g4"', 'TEXT_INVALID'],
  ["'a'", 'TEXT_INVALID'],
  ['\ufeff1', 'TEXT_INVALID'],
  ['\u00a01', 'TEXT_INVALID'],
  ['1 1', 'TEXT_INVALID'],
] as const) {
  test(`refuses ${JSON.stringify(text)} with ${code}`, () => {
    assert.throws(() => parseJsonText(text), { code });
  });
}

test('signs inside of strings name nothing, and names that objects have of themselves are plain ones', () => {
  for (const text of ['{"a:\\":":":\\\\","b":"{\\"c\\":1}"}', '{"__proto__":1,"constructor":2}'])
    assert.deepEqual(parseJsonText(text), JSON.parse(text));
});

test('depth and counts end at their limits', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.ok(parseJsonText(nested(LIMITS.cborDepthMax + 1)));
  assert.throws(() => parseJsonText(nested(LIMITS.cborDepthMax + 2)), { code: 'TOO_DEEP' });
  assert.throws(() => parseJsonText(nested(1_000_000)), { name: 'FormatError' });
  const wide = (count: number) => `[${Array.from({ length: count }, () => 0).join()}]`;
  assert.ok(parseJsonText(wide(LIMITS.cborItemCountMax)));
  assert.throws(() => parseJsonText(wide(LIMITS.cborItemCountMax + 1)), { code: 'TOO_LARGE' });
  const names = (count: number) => `{${Array.from({ length: count }, (_, i) => `"${i}":0`).join()}}`;
  assert.throws(() => parseJsonText(names(LIMITS.cborItemCountMax + 1)), { code: 'TOO_LARGE' });
});
