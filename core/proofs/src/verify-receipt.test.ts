import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { type CborMap, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { encodeSign1, parseSign1, signSign1 } from '@oppidum/formats/cose';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import {
  encodeReceipt,
  encodeReceiptLeaf,
  parseReceipt,
  type Receipt,
  type ReceiptLeaf,
  signReceiptHead,
} from '@oppidum/formats/receipt';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { verifyReceipt } from './verify-receipt.ts';

const shard = namedId('shard');
const signer = namedSigner('receipts');
const issuer = { shard, receiptKey: signer.publicKey };

function leaf(n: number, changes: Partial<ReceiptLeaf> = {}): ReceiptLeaf {
  const base = {
    audience: namedId('city'),
    shard,
    device: namedId(`device ${n}`),
    keyNumber: 0,
    sequence: n,
    digest: namedId(`reading ${n}`),
  };
  return changes.refusal === undefined ? { ...base, index: 100 + n, ...changes } : { ...base, ...changes };
}

/** The receipts of one group commit. */
function receipts(leaves: readonly ReceiptLeaf[], head = { shard }): Receipt[] {
  const tree = new MemoryLog(leaves.map(encodeReceiptLeaf));
  const signedHead = signReceiptHead(signer, { ...head, count: tree.size, root: tree.root() });
  return leaves.map((one, position) => ({ leaf: one, position, path: tree.hop(position).path, signedHead }));
}

function codeOf(receipt: Bytes, by = issuer): string {
  const answer = verifyReceipt(nodeCrypto, receipt, by);
  return 'code' in answer ? answer.code : 'OK';
}

const [first, second, third] = receipts([leaf(1), leaf(2, { refusal: 'DEVICE_REVOKED' }), leaf(3)]) as [
  Receipt,
  Receipt,
  Receipt,
];

test('every receipt of a group proves its own leaf, whatever the size of the group', () => {
  for (const count of [1, 2, 3, 7, 8, 65]) {
    for (const receipt of receipts(Array.from({ length: count }, (_, n) => leaf(n + 1)))) {
      const data = encodeReceipt(receipt);
      assert.deepEqual(verifyReceipt(nodeCrypto, data, issuer), receipt.leaf);
      assert.deepEqual(parseReceipt(data), receipt);
    }
  }
  assert.deepEqual(verifyReceipt(nobleCrypto, encodeReceipt(second), issuer), second.leaf);
});

test('no bit of a receipt can change', () => {
  const data = encodeReceipt(second);
  for (let bit = 0; bit < 8 * data.length; bit++) {
    const flipped = data.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    assert.notEqual(codeOf(flipped), 'OK', `bit ${bit}`);
  }
  for (let size = 0; size < data.length; size++) assert.notEqual(codeOf(data.subarray(0, size)), 'OK');
});

describe('refused', () => {
  const head = parseSign1(first.signedHead);
  const payload = head.payload ?? assert.fail();
  const headWith = (changes: object) => ({
    ...first,
    signedHead: encodeSign1({ protectedHeader: head.protectedHeader, payload, signature: head.signature, ...changes }),
  });
  const resigned = (header: CborMap, body: Bytes = payload) => ({
    ...first,
    signedHead: signSign1(signer, { protectedHeader: header, payload: body }),
  });
  const other = namedId('other shard');
  const cases: readonly (readonly [why: string, code: string, receipt: Receipt])[] = [
    ['another leaf of the group', 'ROOT_MISMATCH', { ...first, leaf: third.leaf }],
    ['an altered digest', 'ROOT_MISMATCH', { ...first, leaf: { ...first.leaf, digest: namedId('another') } }],
    ['a refusal turned into another', 'ROOT_MISMATCH', { ...second, leaf: { ...second.leaf, refusal: 'KEY_REVOKED' } }],
    ['another position', 'ROOT_MISMATCH', { ...first, position: 1 }],
    ['a position beyond the group', 'NUMBER_RANGE', { ...first, position: 3 }],
    ['a path too short', 'PROOF_LENGTH_WRONG', { ...first, path: first.path.slice(1) }],
    ['a path too long', 'PROOF_LENGTH_WRONG', { ...first, path: [...first.path, shard] }],
    ['signed by another key', 'SIGNATURE_INVALID', headWith({ signature: namedSigner('x').sign(payload) })],
    ['a signature too short', 'SIGNATURE_INVALID', headWith({ signature: head.signature.subarray(0, 63) })],
    ['an unprotected header', 'UNKNOWN_FIELD', headWith({ unprotectedHeader: new Map([[9, 1]]) })],
    ['no payload', 'MISSING_FIELD', headWith({ payload: null })],
    ['another content type', 'WRONG_TYPE', resigned(new Map([[3, 'text/plain']]))],
    ['a header more', 'WRONG_TYPE', resigned(new Map([...head.protectedHeader, [9, 1]]))],
    [
      'a head of something else',
      'MISSING_FIELD',
      resigned(new Map(head.protectedHeader), encodeCbor(new Map([['shard', shard]]))),
    ],
    ['no head at all', 'TRUNCATED', { ...first, signedHead: new Uint8Array(0) }],
    ['a head of another shard', 'RECEIPT_FOREIGN', receipts([leaf(1)], { shard: other })[0] ?? assert.fail()],
    ['a leaf of another shard', 'RECEIPT_FOREIGN', receipts([leaf(1, { shard: other })])[0] ?? assert.fail()],
  ];
  for (const [why, code, receipt] of cases) test(`${why}: ${code}`, () => assert.equal(codeOf(encodeReceipt(receipt)), code));

  test('neither index nor refusal, or both: WRONG_TYPE', () => {
    const { index: _, ...none } = first.leaf;
    assert.equal(codeOf(encodeReceipt({ ...first, leaf: none })), 'WRONG_TYPE');
    assert.equal(codeOf(encodeReceipt({ ...first, leaf: { ...first.leaf, refusal: 'KEY_REVOKED' } })), 'WRONG_TYPE');
  });

  test('under the key of another shard: SIGNATURE_INVALID', () => {
    assert.equal(codeOf(encodeReceipt(first), { shard, receiptKey: namedSigner('other').publicKey }), 'SIGNATURE_INVALID');
  });

  test('bytes that are no receipt never throw', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (data) => assert.notEqual(codeOf(data), 'OK')));
    assert.equal(codeOf(encodeCbor([parseCbor(encodeReceipt(first))])), 'WRONG_TYPE');
  });
});
