import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, parseHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import { renderRangeVectors } from '../../tools/range-vectors.ts';

type Case = {
  readonly why: string;
  readonly policy: string;
  readonly file: string;
  readonly verdict: string;
  readonly step: string;
  readonly range: { readonly gaps: readonly object[]; readonly beginsBefore: boolean; readonly endsAfter: boolean } | null;
};

const text = readFileSync(new URL('../../vectors/ranges/ranges.json', import.meta.url), 'utf8');

test('the vectors are what their tool writes', () => {
  assert.equal(text, renderRangeVectors(), 'run `node tools/range-vectors.ts`');
});

describe('every file of the vectors has its verdict, and is called complete where nothing is missing alone', () => {
  const { policies, cases } = JSON.parse(text) as { policies: Readonly<Record<string, string>>; cases: readonly Case[] };
  assert.ok(cases.length >= 20);
  for (const { why, policy, file, verdict, step, range } of cases)
    test(`${why}: ${verdict}`, () => {
      const trust = { policy: parseCityPolicy(nativeCrypto, encodeUtf8(policies[policy]!)) };
      const found = [nativeCrypto, nobleCrypto].map((crypto) => verifyCompleteRange(crypto, parseHex(file), trust));
      assert.deepEqual(found[0], found[1], 'every backend says the same');
      assert.deepEqual([found[0]!.report.verdict, found[0]!.report.steps.at(-1)?.name], [verdict, step]);
      const isComplete = range?.gaps.length === 0 && range.beginsBefore && range.endsAfter;
      assert.deepEqual(found[0]!.range, range === null ? null : { ...range, isComplete });
    });
});
