import assert from 'node:assert/strict';
import { createECDH } from 'node:crypto';
import { test } from 'node:test';
import { runWycheproofSuite } from '@oppidum/cli/conformance/wycheproof';
import { p256Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { inFolder } from '../support/folder.ts';
import { sharedPath, skipReason } from '../support/shared.ts';
import { namedSigner } from '../support/signers.ts';

test('C2SP/wycheproof: every backend decides 151 Ed25519 tests as upstream', { skip: skipReason() }, async () => {
  const result = await runWycheproofSuite(sharedPath('data/crypto/wycheproof'));
  assert.deepEqual(result.failures, []);
  assert.equal(result.passed, 151);
  assert.deepEqual(
    result.skips.map(({ file, reason }) => [file, reason]),
    [
      ['LICENSE', 'not a JSON file'],
      ['eddsa_verify_schema_v1.json', 'not a file of test groups'],
    ],
  );
});

const MESSAGE = Uint8Array.of(1, 2, 3);
const edwards = namedSigner('wycheproof');
const nist = p256Signer(new Uint8Array(32).fill(7));
const pair = createECDH('prime256v1');
pair.setPrivateKey(new Uint8Array(32).fill(7));
/** The order of P-256. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

function edwardsGroup(tests: readonly unknown[]) {
  return { type: 'EddsaVerify', publicKey: { curve: 'edwards25519', pk: toHex(edwards.publicKey) }, tests };
}

test('the result of each test decides; "acceptable" only asks for agreement', async () => {
  const good = { msg: toHex(MESSAGE), sig: toHex(edwards.sign(MESSAGE)) };
  const bad = { msg: toHex(MESSAGE), sig: toHex(edwards.sign(Uint8Array.of(4))) };
  const tests = [
    { tcId: 1, ...good, result: 'valid' },
    { tcId: 2, ...bad, result: 'invalid' },
    { tcId: 3, ...bad, sig: '', result: 'invalid' },
    { tcId: 4, ...good, result: 'acceptable' },
    { tcId: 5, ...bad, result: 'acceptable' },
    { tcId: 6, comment: 'is not', ...bad, result: 'valid' },
    { tcId: 7, ...good, result: 'invalid' },
    { tcId: 8, ...good, result: 'maybe' },
    { tcId: 9, ...good, msg: 'x', result: 'valid' },
    { tcId: 10, result: 'valid' },
  ];
  const { publicKey: key, ...older } = edwardsGroup(tests.slice(0, 1));
  const result = await inFolder(
    {
      'v1/ed25519_test.json': JSON.stringify({ testGroups: [edwardsGroup(tests)] }),
      'v0/ed25519_test.json': JSON.stringify({ testGroups: [{ key, ...older }] }),
      'odd.json': JSON.stringify({
        testGroups: [1, edwardsGroup([1]), { ...edwardsGroup([]), publicKey: { curve: 'edwards25519', pk: '?' } }],
      }),
    },
    runWycheproofSuite,
  );
  assert.deepEqual([result.passed, result.failed, result.skipped], [6, 8, 0]);
  assert.deepEqual(
    result.failures.map(({ name, reason }) => `${name}: ${reason}`),
    [
      'group 0: a group without tests',
      'tcId undefined: a field is missing',
      'group 2: the key is unreadable: TEXT_INVALID',
      'tcId 6 is not: a true signature was refused by native, node, noble, page',
      'tcId 7: a false signature was accepted by native, node, noble, page',
      'tcId 8: not a result: maybe',
      'tcId 9: unreadable: TEXT_INVALID',
      'tcId 10: a field is missing',
    ],
  );
});

test('P-256 in the form r ‖ s runs with either s; other algorithms are skipped', async () => {
  const signature = nist.sign(MESSAGE);
  const s = BigInt(`0x${toHex(signature.subarray(32))}`);
  const high = toHex(signature.subarray(0, 32)) + (ORDER - s).toString(16).padStart(64, '0');
  const point = { curve: 'secp256r1', uncompressed: toHex(pair.getPublicKey()) };
  const tests = [
    { tcId: 1, msg: toHex(MESSAGE), sig: toHex(signature), result: 'valid' },
    { tcId: 2, msg: toHex(MESSAGE), sig: high, result: 'valid' },
    { tcId: 3, msg: toHex(MESSAGE), sig: `${high}00`, result: 'invalid' },
  ];
  const group = { type: 'EcdsaP1363Verify', sha: 'SHA-256', publicKey: point, tests };
  const others = [
    { ...group, sha: 'SHA-512' },
    { ...group, type: 'EcdsaVerify' },
    { ...group, publicKey: { curve: 'secp384r1' } },
    { type: 'EddsaVerify', publicKey: { curve: 'edwards448', pk: '' }, tests },
  ];
  const result = await inFolder({ 'p1363.json': JSON.stringify({ testGroups: [group, ...others] }) }, runWycheproofSuite);
  assert.deepEqual([result.passed, result.failures, result.skipped], [3, [], 4]);
  assert.equal(result.skips[3]?.reason, 'not verified here: EddsaVerify, edwards448');
});
