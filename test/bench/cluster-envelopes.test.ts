import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { parseTransaction } from '@oppidum/formats/transaction';
import { freshBytes } from '../support/running-city.ts';
import { readEnvelopes, type SigningJob, signEnvelopes } from './cluster-envelopes.ts';

test('what was signed is read again whole, and accounts sign what creates and changes them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-envelopes-'));
  const common = {
    genesisHash: freshBytes(32),
    validUntilMs: 1_800_000_000_000,
    secret: freshBytes(32),
    accountCount: 30,
    from: 0,
  };
  const founder = { account: freshBytes(32), seed: freshBytes(32) };
  const read = (job: Omit<SigningJob, keyof typeof common | 'file'>) => {
    const file = join(folder, String(job.count));
    signEnvelopes({ ...common, ...job, file });
    return [...readEnvelopes(file)].map((envelope) => parseTransaction(crypto, envelope).payload);
  };
  try {
    const created = read({ count: 2, actionCount: 20, founder });
    assert.deepEqual(
      created.map(({ actions }) => actions.length),
      [20, 10],
    );
    // More than one reading of the file is needed.
    const changed = read({ count: 1_500, actionCount: 1 });
    const signers = new Set(changed.map(({ signers: [signer] }) => toHex(signer as Uint8Array)));
    const accounts = created.flatMap(({ actions }) => actions.map(({ body }) => (body as Map<unknown, unknown>).get('id')));
    assert.deepEqual([...signers].sort(), accounts.map((account) => toHex(account as Uint8Array)).sort());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
