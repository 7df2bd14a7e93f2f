import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { concatBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { parseForkFile } from '@oppidum/formats/fork-proof';
import { LIMITS } from '@oppidum/formats/limits';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { checkFork } from '@oppidum/proofs/verify-fork';
import { renderForkVectors } from '../../tools/fork-vectors.ts';

type Case = {
  readonly why: string;
  readonly file: string;
  readonly origin: string | null;
  readonly codes: readonly (string | null)[];
};
type Refused = { readonly why: string; readonly file: string; readonly code: string };

const text = readFileSync(new URL('../../vectors/forks/forks.json', import.meta.url), 'utf8');
const { cases, refused } = JSON.parse(text) as { cases: readonly Case[]; refused: readonly Refused[] };
const hasCode = (code: string) => (error: unknown) => error instanceof FormatError && error.code === code;

test('the vectors are what their tool writes', () => {
  assert.equal(text, renderForkVectors(), 'run `node tools/fork-vectors.ts`');
});

describe('every fork of the vectors is true, or refused with its code', () => {
  assert.ok(cases.length >= 16);
  for (const { why, file, origin, codes } of cases)
    test(`${why}: ${codes.join(', ')}`, () => {
      for (const crypto of [nativeCrypto, nobleCrypto]) {
        const forks = parseForkFile(crypto, encodeUtf8(file));
        const found = forks.map((fork) => checkFork(crypto, fork.key, fork, origin ?? undefined)?.code ?? null);
        assert.deepEqual(found, codes);
      }
    });
});

describe('files that cannot be read say why', () => {
  assert.ok(refused.length >= 12);
  for (const { why, file, code } of refused)
    test(`${why}: ${code}`, () => {
      assert.throws(() => parseForkFile(nativeCrypto, encodeUtf8(file)), hasCode(code));
    });
});

test('a file has its limits', () => {
  const whole = encodeUtf8(cases[0]?.file ?? '');
  const padded = (size: number) => concatBytes(whole, new Uint8Array(size - whole.length).fill(0x20));
  assert.equal(parseForkFile(nativeCrypto, padded(LIMITS.forkFileSizeMax)).length, 2);
  assert.throws(() => parseForkFile(nativeCrypto, padded(LIMITS.forkFileSizeMax + 1)), hasCode('TOO_LARGE'));
  const file = JSON.parse(cases[0]?.file ?? '') as { forks: unknown[] };
  const many = (count: number) => encodeUtf8(JSON.stringify({ ...file, forks: Array(count).fill(file.forks[0]) }));
  assert.equal(parseForkFile(nativeCrypto, many(LIMITS.forkCountMax)).length, LIMITS.forkCountMax);
  assert.throws(() => parseForkFile(nativeCrypto, many(LIMITS.forkCountMax + 1)), hasCode('LENGTH_WRONG'));
});
