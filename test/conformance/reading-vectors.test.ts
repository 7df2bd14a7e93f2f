import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import type { Algorithm, PublicKey } from '@oppidum/formats/ids';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { parseReading, parseReadingRecords } from '@oppidum/formats/reading';
import { verifyReadingSignature } from '@oppidum/proofs/reading-signature';
import { verifyReceipt } from '@oppidum/proofs/verify-receipt';
import { renderReadingVectors } from '../../tools/reading-vectors.ts';
import { nodeCrypto } from '../support/crypto.ts';

const FOLDER = join(resolve(import.meta.dirname, '../..'), 'vectors');
const BACKENDS = [nativeCrypto, nodeCrypto, nobleCrypto];
const read = (file: string) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8'));

test('the files are what the maker writes', () => {
  for (const [file, text] of renderReadingVectors())
    assert.equal(readFileSync(join(FOLDER, file), 'utf8'), text, `run \`node tools/reading-vectors.ts\` (${file})`);
});

/** What a shard checks of an envelope, in the order of specs/readings-and-receipts.md; whether the key may sign is the ledger's part. */
function judge(crypto: Crypto, envelope: Bytes, key: PublicKey): string {
  try {
    const reading = parseReading(crypto, envelope);
    parseReadingRecords(reading);
    return verifyReadingSignature(crypto, reading, key) ? 'OK' : 'SIGNATURE_INVALID';
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
}

type ReadingVector = {
  readonly why: string;
  readonly envelope: string;
  readonly key: { readonly algorithm: Algorithm; readonly publicKey: string };
  readonly code: string;
  readonly digest?: string;
};

for (const { why, envelope, key, code, digest } of read('readings/readings.json') as readonly ReadingVector[]) {
  test(`readings: ${why}: ${code}`, () => {
    const bytes = parseHex(envelope);
    const publicKey = { algorithm: key.algorithm, publicKey: parseHex(key.publicKey) };
    for (const crypto of BACKENDS) assert.equal(judge(crypto, bytes, publicKey), code);
    if (digest !== undefined) assert.equal(toHex(parseReading(nodeCrypto, bytes).digest), digest);
  });
}

type Receipts = {
  readonly shard: string;
  readonly receiptKey: string;
  readonly cases: readonly { readonly why: string; readonly receipt: string; readonly code: string }[];
};

const receipts: Receipts = read('receipts/receipts.json');
for (const { why, receipt, code } of receipts.cases) {
  test(`receipts: ${why}: ${code}`, () => {
    const issuer = { shard: parseHex(receipts.shard), receiptKey: parseHex(receipts.receiptKey) };
    for (const crypto of BACKENDS) {
      const answer = verifyReceipt(crypto, parseHex(receipt), issuer);
      assert.equal('code' in answer ? answer.code : 'OK', code);
    }
  });
}
