import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedSigner } from '../../../test/support/signers.ts';
import { encodeBase64, encodeUtf8, parseUtf8 } from './bytes.ts';
import { signCheckpoint } from './checkpoint.ts';
import { LIMITS } from './limits.ts';
import { nobleCrypto as crypto } from './noble-crypto.ts';
import { encodeTlogProof, parseTlogProof, type TlogProof } from './tlog-proof.ts';

const head = { origin: 'example.com/fancylog', size: 109_482, root: new Uint8Array(32).fill(7) };
const note = signCheckpoint(crypto, namedSigner('log'), head);
const hashes = [1, 2, 3].map((value) => new Uint8Array(32).fill(value));
const sample: TlogProof = { extra: null, index: 73_894, proof: hashes, note };
const text = parseUtf8(encodeTlogProof(sample));

test('a proof reads as C2SP tlog-proof shows it', () => {
  assert.equal(
    text,
    `c2sp.org/tlog-proof@v1\nindex 73894\n${hashes.map((hash) => `${encodeBase64(hash)}\n`).join('')}\n${parseUtf8(note)}`,
  );
  for (const proof of [sample, { ...sample, extra: Uint8Array.of(1, 2) }, { ...sample, proof: [] }, { ...sample, index: 0 }]) {
    const { checkpoint, ...parts } = parseTlogProof(encodeTlogProof(proof));
    assert.deepEqual(parts, proof);
    assert.deepEqual(checkpoint, { ...head, extensions: [] });
  }
});

const hash = encodeBase64(hashes[0]!);
const REFUSED: readonly (readonly [why: string, from: string, to: string, code: string])[] = [
  ['another version', 'proof@v1', 'proof@v2', 'VERSION_UNSUPPORTED'],
  ['another format', 'c2sp.org/tlog-proof', 'c2sp.org/other', 'TEXT_INVALID'],
  ['no index', 'index 73894\n', '', 'TEXT_INVALID'],
  ['an index with a leading zero', 'index 7', 'index 07', 'TEXT_INVALID'],
  ['a negative index', 'index 7', 'index -7', 'TEXT_INVALID'],
  ['an index beyond 2^53 - 1', 'index 73894', 'index 9007199254740992', 'NUMBER_RANGE'],
  ['two spaces', 'index 7', 'index  7', 'TEXT_INVALID'],
  ['an empty extra line', 'index 7', 'extra \nindex 7', 'TEXT_INVALID'],
  ['extra that is no base64', 'index 7', 'extra !!!!\nindex 7', 'TEXT_INVALID'],
  ['two extra lines', 'index 7', 'extra AQ==\nextra AQ==\nindex 7', 'TEXT_INVALID'],
  ['extra after the index', '73894\n', '73894\nextra AQ==\n', 'TEXT_INVALID'],
  ['a hash of 31 bytes', hash, encodeBase64(new Uint8Array(31)), 'LENGTH_WRONG'],
  ['a hash without padding', hash, hash.slice(0, -1), 'TEXT_INVALID'],
  ['a carriage return', '73894\n', '73894\r\n', 'TEXT_INVALID'],
  ['no checkpoint', `\n\n${parseUtf8(note)}`, '\n', 'TEXT_INVALID'],
  ['a checkpoint without a signature', /\n\u2014.*\n$/.exec(text)?.[0] ?? '?', '\n', 'TEXT_INVALID'],
  ['something after the checkpoint', text.slice(-20), `${text.slice(-20)}x`, 'TEXT_INVALID'],
];

for (const [why, from, to, code] of REFUSED) {
  test(`refuses with ${code}: ${why}`, () => {
    assert.ok(text.includes(from));
    assert.throws(() => parseTlogProof(encodeUtf8(text.replace(from, () => to))), { code });
  });
}

test('64 hashes and not one more, and a size that ends', () => {
  const long = (count: number) => encodeTlogProof({ ...sample, proof: Array.from({ length: count }, () => new Uint8Array(32)) });
  assert.equal(parseTlogProof(long(LIMITS.merkleProofHashCountMax)).proof.length, LIMITS.merkleProofHashCountMax);
  assert.throws(() => parseTlogProof(long(LIMITS.merkleProofHashCountMax + 1)), { code: 'TOO_LARGE' });
  assert.throws(() => parseTlogProof(new Uint8Array(LIMITS.tlogProofSizeMax + 1)), { code: 'TOO_LARGE' });
});
