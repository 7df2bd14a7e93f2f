/**
 * The signed acknowledgement of a reading. One shard signature covers a whole group commit: the shard signs the RFC 6962
 * root over the leaves of the group, each receipt carries its own leaf and path.
 * The device deletes its copy of a reading only on a receipt for its own digest, so a lost reading is provable.
 */

import { type Bytes, concatBytes } from './bytes.ts';
import { type CborMap, type CborValue, encodeCbor } from './cbor.ts';
import { CborWriter } from './cbor-writer.ts';
import { encodeBy, id, merklePath, parseBy, uint32 } from './common-schemas.ts';
import { encodeSign1, parseSign1, sign1ToBeSigned } from './cose.ts';
import type { Crypto, Signer } from './crypto.ts';
import { verifyEd25519 } from './ed25519.ts';
import { formatError } from './errors.ts';
import { EDDSA } from './ids.ts';
import { blob, type Infer, optional, struct, text, uint } from './schema.ts';

/** What a receipt says about one reading: kept at `index` of the shard's log, or refused for good with `refusal`. */
const receiptLeafSchema = struct({
  audience: id(),
  shard: id(),
  device: id(),
  keyNumber: uint32(),
  sequence: uint({ min: 1 }),
  digest: id(),
  index: optional(uint()),
  refusal: optional(text(64, 3)),
});
export type ReceiptLeaf = Infer<typeof receiptLeafSchema>;

/** The signed head of one group commit: the RFC 6962 root over its `count` leaves. */
export const receiptHeadSchema = struct({ shard: id(), count: uint({ min: 1, max: 65_536 }), root: id() });
export type ReceiptHead = Infer<typeof receiptHeadSchema>;

/** A leaf, its place in the group's tree, and the signed head. */
export const receiptSchema = struct({
  leaf: receiptLeafSchema,
  position: uint({ max: 65_535 }),
  path: merklePath(),
  /** COSE_Sign1 with protected {1: −8, 3: "application/vnd.oppidum.receipt+cbor"} over `receiptHeadSchema`, by the shard's receipt key. */
  signedHead: blob(512),
});
export type Receipt = Infer<typeof receiptSchema>;

const CONTENT_TYPE = 'application/vnd.oppidum.receipt+cbor';
const HEADER: CborMap = new Map<number, CborValue>([
  [1, EDDSA],
  [3, CONTENT_TYPE],
]);

const WRITER = new CborWriter();
const MAJOR_UNSIGNED = 0;
const ID_HEAD = Uint8Array.of(0x58, 0x20);
/** Keys of a leaf as they are encoded, those of ids with the head of 32 bytes; a map of seven: index and refusal exclude each other. */
const LEAF_KEYS = {
  begin: Uint8Array.of(0xa7),
  index: encodeCbor('index'),
  shard: concatBytes(encodeCbor('shard'), ID_HEAD),
  device: concatBytes(encodeCbor('device'), ID_HEAD),
  digest: concatBytes(encodeCbor('digest'), ID_HEAD),
  refusal: encodeCbor('refusal'),
  audience: concatBytes(encodeCbor('audience'), ID_HEAD),
  sequence: encodeCbor('sequence'),
  keyNumber: encodeCbor('keyNumber'),
};

/** The bytes of a leaf under the group's tree; hash them with RFC 6962's leaf hash. */
export function encodeReceiptLeaf(leaf: ReceiptLeaf): Bytes {
  const { index, refusal } = leaf;
  if ((index === undefined) === (refusal === undefined)) return encodeBy(receiptLeafSchema, leaf);
  return WRITER.collect((writer) => {
    writer.bytes(LEAF_KEYS.begin);
    if (index !== undefined) {
      writer.bytes(LEAF_KEYS.index);
      writer.head(MAJOR_UNSIGNED, index);
    }
    for (const name of ['shard', 'device', 'digest'] as const) {
      writer.bytes(LEAF_KEYS[name]);
      writer.bytes(leaf[name]);
    }
    if (refusal !== undefined) {
      writer.bytes(LEAF_KEYS.refusal);
      writer.text(refusal);
    }
    writer.bytes(LEAF_KEYS.audience);
    writer.bytes(leaf.audience);
    writer.bytes(LEAF_KEYS.sequence);
    writer.head(MAJOR_UNSIGNED, leaf.sequence);
    writer.bytes(LEAF_KEYS.keyNumber);
    writer.head(MAJOR_UNSIGNED, leaf.keyNumber);
  });
}

/** Signs the head of a group commit. */
export function signReceiptHead(signer: Signer, head: ReceiptHead): Bytes {
  const payload = encodeBy(receiptHeadSchema, head);
  const protectedBytes = encodeCbor(HEADER);
  return encodeSign1({
    protectedHeader: HEADER,
    payload,
    signature: signer.sign(sign1ToBeSigned(protectedBytes, new Uint8Array(0), payload)),
  });
}

/** Deterministic CBOR of a receipt. */
export function encodeReceipt(receipt: Receipt): Bytes {
  return encodeBy(receiptSchema, receipt);
}

/** Parses a receipt; exactly one of index and refusal is present. Throws FormatError. */
export function parseReceipt(data: Bytes): Receipt {
  const receipt = parseBy(receiptSchema, data);
  if ((receipt.leaf.index === undefined) === (receipt.leaf.refusal === undefined))
    throw formatError('WRONG_TYPE', { at: '/leaf', want: 'index or refusal' });
  return receipt;
}

/** Opens the signed head under the shard's receipt key. Throws FormatError; SIGNATURE_INVALID when the key did not sign it. */
export function verifyReceiptHead(crypto: Crypto, signedHead: Bytes, receiptKey: Bytes): ReceiptHead {
  const sign1 = parseSign1(signedHead);
  if (sign1.unprotectedHeader.size !== 0) throw formatError('UNKNOWN_FIELD', { at: '/unprotected' });
  if (sign1.payload === null) throw formatError('MISSING_FIELD', { at: '/payload' });
  const header = sign1.protectedHeader;
  if (header.size !== 2 || header.get(1) !== EDDSA || header.get(3) !== CONTENT_TYPE)
    throw formatError('WRONG_TYPE', { at: '/protected' });
  const head = parseBy(receiptHeadSchema, sign1.payload);
  const signed = sign1ToBeSigned(sign1.protectedBytes, new Uint8Array(0), sign1.payload);
  if (!verifyEd25519(crypto, receiptKey, signed, sign1.signature)) throw formatError('SIGNATURE_INVALID', { by: 'receipt key' });
  return head;
}
