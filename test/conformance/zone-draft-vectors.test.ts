import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, parseHex, toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { encodeZoneDraft, parseZoneDraft } from '@oppidum/formats/zone-draft';
import { judgeZoneDraft } from '@oppidum/proofs/judge-zone-draft';
import { renderZoneDraftVectors } from '../../tools/zone-draft-vectors.ts';

const text = readFileSync(new URL('../../vectors/orders/drafts.json', import.meta.url), 'utf8');
const cryptos = { native: nativeCrypto, noble: nobleCrypto };

test('vectors/orders/drafts.json is what its script writes', () => {
  assert.ok(text === renderZoneDraftVectors(), 'run `node tools/zone-draft-vectors.ts`');
});

describe('vectors/orders/drafts.json', () => {
  type Case = { readonly why: string; readonly code: string | null; readonly draft: string };
  const { policy, cases } = JSON.parse(text) as { readonly policy: string; readonly cases: readonly Case[] };
  for (const { why, code, draft } of cases)
    for (const [name, crypto] of Object.entries(cryptos))
      test(`${why}: ${code ?? 'may be signed'} (${name})`, () => {
        try {
          const parsed = parseZoneDraft(parseHex(draft));
          assert.equal(toHex(encodeZoneDraft(parsed)), draft);
          const judged = judgeZoneDraft(crypto, parsed, { policy: parseCityPolicy(crypto, encodeUtf8(policy)) });
          assert.equal('code' in judged ? judged.code : null, code);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          assert.equal(error.code, code);
        }
      });
});
