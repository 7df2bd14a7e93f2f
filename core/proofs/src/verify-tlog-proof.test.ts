import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { encodeCheckpoint, signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { encodeTlogProof } from '@oppidum/formats/tlog-proof';
import { namedSigner } from '../../../test/support/signers.ts';
import { leafHash, nodeHash } from './merkle-hash.ts';
import { proveInclusion, treeRoot } from './merkle-tree.ts';
import { verifyTlogProof } from './verify-tlog-proof.ts';

const ORIGIN = 'demo.oppidum.example';
const policy = policyOfValidators(ORIGIN, [
  { name: 'v0', logKey: namedSigner('log 0').publicKey, cosignerKey: namedSigner('cosigner 0').publicKey },
]);

const entries = Array.from({ length: 11 }, (_, i) => encodeUtf8(`entry ${i}`));

/** Hash of the complete subtree, from the entries themselves. */
function subtree(level: number, index: number): Bytes {
  if (level === 0) return leafHash(crypto, entries[index] as Bytes);
  return nodeHash(crypto, subtree(level - 1, 2 * index), subtree(level - 1, 2 * index + 1));
}

function makeProof(index: number, cosigners: readonly string[] = ['cosigner 0']): Bytes {
  const head = { origin: ORIGIN, size: entries.length, root: treeRoot(crypto, subtree, entries.length) };
  const signed = signCheckpoint(crypto, namedSigner('log 0'), head);
  const note = addSignatures(
    signed,
    cosigners.map((name) => cosignCheckpoint(crypto, namedSigner(name), 'v0', encodeCheckpoint(head), 1_790_000_000)),
  );
  return encodeTlogProof({ extra: null, index, proof: proveInclusion(crypto, subtree, index, entries.length), note });
}

const verdictOf = (proof: Bytes, entry: Bytes | undefined) =>
  verifyTlogProof(crypto, { policy, proof, entry: entry as Bytes }).verdict;

test('every entry verifies by its proof, no other entry does', () => {
  entries.forEach((entry, i) => {
    const report = verifyTlogProof(crypto, { policy, proof: makeProof(i), entry });
    assert.equal(report.verdict, 'OK');
    assert.deepEqual(report.facts, { origin: ORIGIN, size: 11, index: i, cosigners: [{ name: 'v0', timeS: 1_790_000_000 }] });
    assert.equal(verdictOf(makeProof(i), entries[(i + 1) % entries.length]), 'NOT_IN_LOG');
  });
});

const proofText = parseUtf8(makeProof(3));
const altered: readonly (readonly [why: string, proof: string, verdict: string])[] = [
  ['another index', proofText.replace('index 3', 'index 2'), 'NOT_IN_LOG'],
  ['an index beyond the log', proofText.replace('index 3', 'index 11'), 'NOT_IN_LOG'],
  ['a hash left out', proofText.replace(/(index 3\n).*\n/, '$1'), 'NOT_IN_LOG'],
  ['a hash too many', proofText.replace(/(index 3\n)(.*\n)/, '$1$2$2'), 'NOT_IN_LOG'],
  ['another size', proofText.replace('\n11\n', '\n12\n'), 'SIGNATURE_INVALID'],
  ['another log', proofText.replace(`\n${ORIGIN}\n`, '\nother.example\n'), 'NOT_OURS'],
  ['no log signature', proofText.replace(/\u2014 demo.*\n/, ''), 'SIGNATURE_INVALID'],
  ['another version', proofText.replace('@v1', '@v9'), 'UNSUPPORTED_VERSION'],
  ['cut off', proofText.slice(0, -2), 'UNREADABLE'],
];

for (const [why, proof, verdict] of altered) {
  test(`${verdict}: ${why}`, () => {
    const report = verifyTlogProof(crypto, { policy, proof: encodeUtf8(proof), entry: entries[3] as Bytes });
    assert.equal(report.verdict, verdict);
    assert.deepEqual(report.facts, {});
  });
}

test('QUORUM_MISSING without the cosigner, SIGNATURE_INVALID with a forged one', () => {
  assert.equal(verdictOf(makeProof(3, []), entries[3]), 'QUORUM_MISSING');
  assert.equal(verdictOf(makeProof(3, ['stranger']), entries[3]), 'QUORUM_MISSING');
  const forged = encodeUtf8(proofText.replace(/(\u2014 v0 .{20})(.)/, (_, head, digit) => head + (digit === 'A' ? 'B' : 'A')));
  assert.equal(verdictOf(forged, entries[3]), 'SIGNATURE_INVALID');
});

test('extra data changes nothing', () => {
  const withExtra = proofText.replace('index 3', 'extra AQID\nindex 3');
  assert.equal(verdictOf(encodeUtf8(withExtra), entries[3]), 'OK');
});
