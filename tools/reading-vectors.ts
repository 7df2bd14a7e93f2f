/**
 * Writes vectors/readings/*.json and vectors/receipts/*.json: envelopes and receipts, true and false, each with its code and why.
 * `node tools/reading-vectors.ts`; specs/readings-and-receipts.md says how to read them. Keys are test keys: nobody's.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Bytes, concatBytes, encodeUint32, toHex } from '@oppidum/formats/bytes';
import { CborFloat, type CborMap, type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import { encodeSign1, parseSign1, sign1ToBeSigned } from '@oppidum/formats/cose';
import type { Signer } from '@oppidum/formats/crypto';
import { deviceIdOf, deviceUrnPrefix } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { encodeReceipt, encodeReceiptLeaf, type Receipt, type ReceiptLeaf, signReceiptHead } from '@oppidum/formats/receipt';
import type { SenmlPack } from '@oppidum/formats/senml';
import { encodeSenmlCbor } from '@oppidum/formats/senml-cbor';
import { nodeCrypto } from '../test/support/crypto.ts';
import { namedId } from '../test/support/ledger.ts';
import { MemoryLog } from '../test/support/memory-log.ts';
import { namedSigner } from '../test/support/signers.ts';
import { es256Signer } from './signature-vectors.ts';

const audience = namedId('city');
const signer = namedSigner('device');
const device = deviceIdOf(nodeCrypto, signer.publicKey);
const PACK: SenmlPack = [
  { bn: deviceUrnPrefix(device), bt: 1_790_000_000, n: 'power', u: 'W', v: 40.5 },
  { n: 'lamp', vb: true },
];
const header = { audience, device, keyNumber: 0, sequence: 1, nonce: namedId('nonce').slice(0, 16) };

const reading = (by: Signer = signer, pack: SenmlPack = PACK): Bytes => signReading(by, header, encodeSenmlCbor(pack));

/** The header labels of a reading, as in specs/readings-and-receipts.md. */
const LABELS: readonly (readonly [number, CborValue])[] = [
  [1, -8],
  [3, 112],
  [4, concatBytes(device, encodeUint32(0))],
  [-70001, audience],
  [-70002, 1],
  [-70003, header.nonce],
];

/** A reading signed truly, over a header and payload that no honest device writes. */
function odd(edit: (header: CborMap) => void, parts: { payload?: Bytes | null; unprotectedHeader?: CborMap } = {}): Bytes {
  const protectedHeader: CborMap = new Map(LABELS);
  edit(protectedHeader);
  const { payload = encodeSenmlCbor(PACK), unprotectedHeader = new Map() } = parts;
  const toBeSigned = sign1ToBeSigned(encodeCbor(protectedHeader), new Uint8Array(0), payload ?? new Uint8Array(0));
  return encodeSign1({ protectedHeader, unprotectedHeader, payload, signature: signer.sign(toBeSigned) });
}

const same = (): void => undefined;

/** Code of the first check that refuses, or OK. The key is the test key `device` unless `key` says otherwise. */
function readingCases(): readonly (readonly [code: string, why: string, envelope: Bytes, key?: Signer])[] {
  const plain = reading();
  const signed = parseSign1(plain);
  const [payload, protectedHeader] = [signed.payload, signed.protectedHeader];
  const withSignature = (signature: Bytes) => encodeSign1({ protectedHeader, payload, signature });
  const untagged = plain.subarray(1);
  return [
    ['OK', 'a reading of two records', plain],
    ['OK', 'ES256 with low s', reading(es256Signer), es256Signer],
    ['OK', 'a clock within 0.25 s', odd((map) => map.set(-70004, 250))],
    ['OK', 'a clock without error', odd((map) => map.set(-70004, 0))],
    ['OK', 'the largest error of a clock', odd((map) => map.set(-70004, 4_294_967_295))],
    ['TRAILING_BYTES', 'a byte after the end', concatBytes(plain, Uint8Array.of(0))],
    ['TRUNCATED', 'cut short', plain.subarray(0, -1)],
    ['WRONG_TYPE', 'without its tag', untagged],
    ['WRONG_TYPE', 'no COSE_Sign1', encodeCbor('hello')],
    ['UNKNOWN_FIELD', 'an unprotected header', odd(same, { unprotectedHeader: new Map([[9, 1]]) })],
    ['UNKNOWN_FIELD', 'a header label more', odd((map) => map.set(15, 1))],
    ['MISSING_FIELD', 'no payload', odd(same, { payload: null })],
    ['MISSING_FIELD', 'no sequence number', odd((map) => map.delete(-70002))],
    ['NUMBER_RANGE', 'sequence number 0', odd((map) => map.set(-70002, 0))],
    ['NUMBER_RANGE', 'another content type', odd((map) => map.set(3, 110))],
    ['NUMBER_RANGE', 'another algorithm', odd((map) => map.set(1, -35))],
    ['NUMBER_RANGE', 'an error of the clock beyond 49 days', odd((map) => map.set(-70004, 4_294_967_296))],
    ['NUMBER_RANGE', 'a negative error of the clock', odd((map) => map.set(-70004, -1))],
    ['WRONG_TYPE', 'an error of the clock that is no integer', odd((map) => map.set(-70004, new CborFloat(0.5)))],
    ['LENGTH_WRONG', 'a key id without key number', odd((map) => map.set(4, device))],
    ['LENGTH_WRONG', '15 random bytes', odd((map) => map.set(-70003, header.nonce.slice(1)))],
    ['LENGTH_WRONG', 'a signature of 63 bytes', withSignature(signed.signature.subarray(1))],
    [
      'SENML_FOREIGN_NAME',
      'a record of another device',
      reading(signer, [{ ...PACK[0], bn: deviceUrnPrefix(namedId('other')) }]),
    ],
    ['SENML_TIME_RELATIVE', 'a relative time', reading(signer, [{ ...PACK[0], bt: 0 }])],
    ['TRUNCATED', 'a payload that is no SenML', odd(same, { payload: new Uint8Array(0) })],
    ['SIGNATURE_INVALID', 'by another key', reading(namedSigner('mallory'))],
    [
      'SIGNATURE_INVALID',
      'one bit of the signature',
      withSignature(signed.signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte))),
    ],
    ['SIGNATURE_INVALID', 'by a key of another algorithm', plain, es256Signer],
  ];
}

const shard = namedId('shard');
const receiptSigner = namedSigner('receipts');

function receiptsOf(head: Bytes, leaves: readonly ReceiptLeaf[]): readonly Receipt[] {
  const tree = new MemoryLog(leaves.map(encodeReceiptLeaf));
  const signedHead = signReceiptHead(receiptSigner, { shard: head, count: tree.size, root: tree.root() });
  return leaves.map((leaf, position) => ({ leaf, position, path: tree.hop(position).path, signedHead }));
}

function receiptCases(): readonly (readonly [code: string, why: string, receipt: Receipt])[] {
  const leaf = (n: number) => ({ audience, shard, device, keyNumber: 0, sequence: n, digest: namedId(`reading ${n}`) });
  const leaves = [
    { ...leaf(1), index: 41 },
    { ...leaf(2), refusal: 'DEVICE_REVOKED' },
    { ...leaf(3), index: 42 },
  ];
  const [kept, refused, last] = receiptsOf(shard, leaves) as readonly [Receipt, Receipt, Receipt];
  const other = namedId('other shard');
  const [foreignHead] = receiptsOf(other, leaves) as readonly [Receipt];
  const [foreignLeaf] = receiptsOf(shard, [{ ...leaf(1), shard: other, index: 1 }]) as readonly [Receipt];
  const [alone] = receiptsOf(shard, leaves.slice(0, 1)) as readonly [Receipt];
  return [
    ['OK', 'kept, with others in the group', kept],
    ['OK', 'refused for good', refused],
    ['OK', 'alone in its group', alone],
    ['ROOT_MISMATCH', 'another leaf of the group', { ...kept, leaf: last.leaf }],
    ['ROOT_MISMATCH', 'another position', { ...kept, position: 1 }],
    ['ROOT_MISMATCH', 'another digest', { ...kept, leaf: { ...kept.leaf, digest: namedId('another') } }],
    ['NUMBER_RANGE', 'a position beyond the group', { ...kept, position: 3 }],
    ['PROOF_LENGTH_WRONG', 'a hash too few', { ...kept, path: kept.path.slice(1) }],
    ['WRONG_TYPE', 'both index and refusal', { ...kept, leaf: { ...kept.leaf, refusal: 'DEVICE_REVOKED' } }],
    ['RECEIPT_FOREIGN', 'a head of another shard', foreignHead],
    ['RECEIPT_FOREIGN', 'a leaf of another shard', foreignLeaf],
    [
      'SIGNATURE_INVALID',
      'an altered head',
      { ...kept, signedHead: kept.signedHead.map((byte, i, all) => (i === all.length - 1 ? byte ^ 1 : byte)) },
    ],
  ];
}

/** Path below `vectors` and text of every vector file. */
export function renderReadingVectors(): readonly (readonly [string, string])[] {
  const readings = readingCases().map(([code, why, envelope, key = signer]) => ({
    why,
    envelope: toHex(envelope),
    key: { algorithm: key.algorithm, publicKey: toHex(key.publicKey) },
    code,
    ...(code === 'OK' ? { digest: toHex(nodeCrypto.sha256(envelope)) } : {}),
  }));
  const receipts = receiptCases().map(([code, why, receipt]) => ({ why, receipt: toHex(encodeReceipt(receipt)), code }));
  const issuer = { shard: toHex(shard), receiptKey: toHex(receiptSigner.publicKey) };
  return [
    ['readings/readings.json', `${JSON.stringify(readings, null, 2)}\n`],
    ['receipts/receipts.json', `${JSON.stringify({ ...issuer, cases: receipts }, null, 2)}\n`],
  ];
}

if (import.meta.main) {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors');
  for (const [name, text] of renderReadingVectors()) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
