import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, parseHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { pageCrypto } from '@oppidum/formats/page-crypto';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { renderEvidenceVectors } from '../../tools/evidence-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors/evidence');

type Vector = {
  readonly why: string;
  readonly policy: string;
  readonly former?: readonly string[];
  readonly seen?: readonly { readonly size: number; readonly root: string }[];
  readonly file: string;
  readonly verdict: string;
  readonly step: string;
};

for (const [name, rendered] of renderEvidenceVectors()) {
  const text = readFileSync(join(FOLDER, name), 'utf8');
  test(`vectors/evidence/${name} is what its script writes`, () => {
    assert.equal(text, rendered, 'run `node tools/evidence-vectors.ts`');
  });

  const { policies, cases } = JSON.parse(text) as { policies: Record<string, string>; cases: readonly Vector[] };
  const policyNamed = (policy: string) => parseCityPolicy(nodeCrypto, encodeUtf8(policies[policy] ?? ''));
  describe(`vectors/evidence/${name}`, () => {
    for (const { why, policy, former = [], seen = [], file, verdict, step } of cases) {
      test(`${why}: ${verdict}`, () => {
        const heads = seen.map(({ size, root }) => ({ size, root: parseHex(root) }));
        const trust = { policy: policyNamed(policy), former: former.map(policyNamed), seen: heads };
        const reports = [nativeCrypto, nodeCrypto, nobleCrypto, pageCrypto].map((crypto) =>
          verifyEvidence(crypto, parseHex(file), trust),
        );
        for (const report of reports) assert.deepEqual(report, reports[0], 'every backend says the same');
        assert.deepEqual([reports[0]?.verdict, reports[0]?.steps.at(-1)?.name], [verdict, step]);
      });
    }
  });
}
