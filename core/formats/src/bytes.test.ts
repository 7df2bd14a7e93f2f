import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  compareBytes,
  encodeBase64,
  encodeBase64Url,
  encodeUint16,
  encodeUint32,
  encodeUint64,
  encodeUtf8,
  equalBytes,
  parseBase64,
  parseBase64Url,
  parseHex,
  parseUtf8,
  readUint32,
  readUint64,
  toHex,
} from './bytes.ts';

const someBytes = fc.uint8Array({ maxLength: 100 });

test('hex and base64 are those of Node, and give the bytes back', () => {
  fc.assert(
    fc.property(someBytes, (bytes) => {
      const buffer = Buffer.from(bytes);
      assert.equal(toHex(bytes), buffer.toString('hex'));
      assert.equal(encodeBase64(bytes), buffer.toString('base64'));
      assert.equal(encodeBase64Url(bytes), buffer.toString('base64url'));
      for (const back of [parseHex(toHex(bytes)), parseBase64(encodeBase64(bytes)), parseBase64Url(encodeBase64Url(bytes))])
        assert.deepEqual(back, bytes);
    }),
  );
});

test('no text but the one spelling is base64', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ABab01+/=-_ \n') }), (text) => {
      const canonical = Buffer.from(text, 'base64').toString('base64');
      if (text === canonical) assert.equal(encodeBase64(parseBase64(text)), text);
      else assert.throws(() => parseBase64(text), { code: 'TEXT_INVALID' });
    }),
  );
  // Spare bits, missing and surplus padding, the other alphabet, white space.
  for (const text of ['QQ', 'QQ=', 'QR==', 'QUE', 'QUF=', 'QQ===', '====', '=', 'Q', 'QU=E', '-_8=', 'QQ==\n', ' QQ=='])
    assert.throws(() => parseBase64(text), { code: 'TEXT_INVALID' }, text);
  for (const text of ['QQ==', 'QR', 'Q', '+/8', 'QQ ']) assert.throws(() => parseBase64Url(text), { code: 'TEXT_INVALID' }, text);
});

test('no text but the one spelling is hex', () => {
  assert.deepEqual(parseHex('00ff', 2), Uint8Array.of(0, 255));
  for (const text of ['0', '0F', '0x', 'gg', ' 00', '00 ']) assert.throws(() => parseHex(text), { code: 'TEXT_INVALID' }, text);
  assert.throws(() => parseHex('00', 2), { code: 'TEXT_INVALID' });
});

test('UTF-8 both ways, strictly', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => assert.equal(parseUtf8(encodeUtf8(text)), text)));
  assert.equal(parseUtf8(encodeUtf8('\ufeffx')), '\ufeffx', 'a byte order mark is a character');
  for (const text of ['\ud800', '\udc00', 'a\ud800b', '\udc00\ud800'])
    assert.throws(() => encodeUtf8(text), { code: 'TEXT_INVALID' });
  for (const hex of ['ff', 'c080', 'eda080', 'f4908080', 'e282'])
    assert.throws(() => parseUtf8(parseHex(hex)), { code: 'TEXT_INVALID' }, hex);
});

test('order and equality of bytes are those of Node', () => {
  fc.assert(
    fc.property(someBytes, someBytes, (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(a, b));
      assert.equal(equalBytes(a, b), Buffer.compare(a, b) === 0);
      assert.ok(equalBytes(a, a.slice()));
    }),
  );
});

test('numbers are big-endian and safe', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      assert.equal(readUint64(encodeUint64(value), 0), value);
      assert.equal(readUint32(encodeUint32(value % 2 ** 32), 0), value % 2 ** 32);
    }),
  );
  assert.equal(toHex(encodeUint16(258)), '0102');
  assert.throws(() => readUint64(parseHex('0020000000000000'), 0), { code: 'NUMBER_RANGE' });
  assert.throws(() => readUint64(new Uint8Array(7), 0), { code: 'TRUNCATED' });
  assert.throws(() => readUint32(new Uint8Array(4), 1), { code: 'TRUNCATED' });
  for (const value of [-1, 0.5, 2 ** 53]) assert.throws(() => encodeUint64(value), RangeError);
  for (const value of [-1, 2 ** 32]) assert.throws(() => encodeUint32(value), RangeError);
  for (const value of [-1, 2 ** 16]) assert.throws(() => encodeUint16(value), RangeError);
});
