import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { runTlogProofSuite } from '@oppidum/cli/conformance/tlog-proof';
import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { encodePolicy } from '@oppidum/formats/policy';
import { encodeTlogProof } from '@oppidum/formats/tlog-proof';
import { leafHash, nodeHash } from '@oppidum/proofs/merkle-hash';
import { namedSigner } from '../support/signers.ts';

/** A log of two entries under a policy of its own. */
function makeLog(name: string) {
  const validator = {
    name: 'v0',
    logKey: namedSigner(`${name} log`).publicKey,
    cosignerKey: namedSigner(`${name} cosigner`).publicKey,
  };
  const entries = ['first', 'second'].map(encodeUtf8);
  const [left, right] = entries.map((entry) => leafHash(crypto, entry)) as [Uint8Array, Uint8Array];
  const head = { origin: `${name}.example`, size: 2, root: nodeHash(crypto, left, right) };
  const cosignature = cosignCheckpoint(crypto, namedSigner(`${name} cosigner`), 'v0', encodeCheckpoint(head), 1_790_000_000);
  const note = addSignatures(signCheckpoint(crypto, namedSigner(`${name} log`), head), [cosignature]);
  const proofs = [right, left].map((sibling, index) =>
    parseUtf8(encodeTlogProof({ extra: null, index, proof: [sibling], note })),
  );
  return {
    policy: parseUtf8(encodePolicy(crypto, policyOfValidators(head.origin, [validator]))),
    proofs: proofs as [string, string],
  };
}

const a = makeLog('a');
const b = makeLog('b');

async function runOver(files: Readonly<Record<string, string>>) {
  const dir = mkdtempSync(join(tmpdir(), 'oppidum-tlog-proof-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, name)), { recursive: true });
      writeFileSync(join(dir, name), text);
    }
    return await runTlogProofSuite(dir);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

test('every proof verifies under the policy of its folder, of a folder above, or of its own', async () => {
  const result = await runOver({
    'city.policy': a.policy,
    '1.tlog-proof': a.proofs[0],
    '1.entry': 'first',
    'deep/er/2.tlog-proof': a.proofs[1],
    'deep/er/2.entry': 'second',
    'other/policy': b.policy,
    'other/1.tlog-proof': b.proofs[0],
    'other/1.entry': 'first',
    '3.tlog-proof': b.proofs[1],
    '3.entry': 'second',
    '3.policy': b.policy,
  });
  assert.deepEqual([result.passed, result.failures, result.skips], [4, [], []]);
});

test('one of several policies of a folder is enough', async () => {
  const files = { 'a.policy': a.policy, 'b.policy': b.policy, '1.tlog-proof': b.proofs[0], '1.entry': 'first' };
  assert.equal((await runOver(files)).passed, 1);
});

test('false proofs fail with their verdict, and pass when they are named so', async () => {
  const result = await runOver({
    policy: a.policy,
    'wrong-entry.tlog-proof': a.proofs[0],
    'wrong-entry.entry': 'second',
    'foreign.tlog-proof': b.proofs[0],
    'foreign.entry': 'first',
    'garbled.tlog-proof': a.proofs[0].replace('index', 'INDEX'),
    'garbled.entry': 'first',
    'wrong.fail.tlog-proof': a.proofs[0],
    'wrong.fail.entry': 'second',
    'true.fail.tlog-proof': a.proofs[0],
    'true.entry': 'first',
  });
  assert.equal(result.passed, 1);
  assert.deepEqual(
    result.failures.map(({ name, reason }) => [name, reason.split(':')[0]]),
    [
      ['foreign', 'NOT_OURS'],
      ['garbled', 'UNREADABLE'],
      ['true.fail', 'a false proof was accepted'],
      ['wrong-entry', 'NOT_IN_LOG'],
    ],
  );
});

test('what cannot be judged is skipped and named; what cannot be read fails all the same', async () => {
  const result = await runOver({
    'lonely/1.tlog-proof': a.proofs[0],
    'lonely/1.entry': 'first',
    'p/policy': a.policy,
    'p/2.tlog-proof': a.proofs[0],
    'p/3.tlog-proof': 'no proof',
    'q/policy': 'quorum nobody\n',
    'q/4.tlog-proof': a.proofs[0],
    'q/4.entry': 'first',
  });
  assert.deepEqual(
    result.skips.map(({ name, reason }) => [name, reason]),
    [
      ['1', 'no policy file beside or above it'],
      ['2', 'no .entry file beside it'],
    ],
  );
  assert.deepEqual(
    result.failures.map(({ name }) => name),
    ['3', '4'],
  );
  assert.match(result.failures[1]?.reason ?? '', /^policy: The policy has no such name/);
});
