import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { encodeBase45, parseBase45 } from './base45.ts';
import { encodeUtf8 } from './bytes.ts';
import { encodeEvidenceCodes, joinEvidenceCodes } from './evidence-codes.ts';
import { nobleCrypto as crypto } from './noble-crypto.ts';

describe('base45', () => {
  // RFC 9285 §4.3 and §4.4.
  for (const [plain, encoded] of [
    ['AB', 'BB8'],
    ['Hello!!', '%69 VD92EX0'],
    ['base-45', 'UJCLQE7W581'],
    ['ietf!', 'QED8WEX0'],
  ] as const) {
    test(plain, () => {
      assert.equal(encodeBase45(encodeUtf8(plain)), encoded);
      assert.deepEqual(parseBase45(encoded), encodeUtf8(plain));
    });
  }

  test('what is written is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.deepEqual(parseBase45(encodeBase45(bytes)), bytes)),
    );
  });

  for (const text of ['A', 'ABCD', 'ab8', 'GGW', ':::', '::', 'AB\n']) {
    test(`${JSON.stringify(text)} is refused`, () => assert.throws(() => parseBase45(text), { code: 'TEXT_INVALID' }));
  }
});

describe('codes of evidence', () => {
  const file = Uint8Array.from({ length: 3_000 }, (_, i) => i % 251);
  const codes = encodeEvidenceCodes(crypto, file);
  const part = (i: number): string => codes[i] as string;

  test('three for 3,000 bytes, joined in any order, one of them twice', () => {
    assert.equal(codes.length, 3);
    assert.deepEqual(joinEvidenceCodes(crypto, [part(2), part(0), part(1), part(2)]), { file });
  });

  test('what is missing is named', () => {
    assert.deepEqual(joinEvidenceCodes(crypto, [part(1)]), { missing: [1, 3], count: 3 });
  });

  const other = encodeEvidenceCodes(crypto, file.slice().reverse());
  for (const [what, texts, code] of [
    ['nothing', [], 'TEXT_INVALID'],
    ['another form', ['OPPIDUM:2:AAAAAA:1/1:BB8'], 'TEXT_INVALID'],
    ['a number beyond the count', [part(0).replace(':1/3:', ':4/3:')], 'TEXT_INVALID'],
    ['small letters', [part(0).toLowerCase()], 'TEXT_INVALID'],
    ['codes of two files', [part(0), other[1] as string], 'CODES_MIXED'],
    ['one number with two contents', [part(0), `${part(0).slice(0, -3)}BB8`], 'CODES_MIXED'],
    ['altered content', [part(0), part(1), `${part(2).slice(0, -3)}BB8`], 'CODES_MIXED'],
    ['a group beyond its octets', [`${part(0).slice(0, -3)}:::`], 'TEXT_INVALID'],
  ] as const) {
    test(`${what}: ${code}`, () => assert.throws(() => joinEvidenceCodes(crypto, texts), { code }));
  }

  test('a file beyond 99 codes is refused', () => {
    assert.throws(() => encodeEvidenceCodes(crypto, new Uint8Array(200_000)), { code: 'TOO_LARGE' });
  });
});
