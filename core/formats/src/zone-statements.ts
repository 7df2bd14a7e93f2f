/**
 * What the order keys of a zone say about the zone itself (specs/orders.md §4): who they are from now on, and the documents that its
 * machines work by. The envelope, which they sign too, is in `envelope.ts`.
 */

import { type Bytes, compareBytes } from './bytes.ts';
import { encodeBy, id, parseBy } from './common-schemas.ts';
import { checkEd25519PublicKey } from './ed25519.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, bytes, type Infer, list, struct, text, uint } from './schema.ts';

/** How a number of a version is counted: from 1, one by one. */
export const versionNumber = () => uint({ min: 1 });

const count = () => uint({ min: 1, max: LIMITS.zoneKeyCountMax });

export const keySetSchema = struct({
  city: id(),
  zone: id(),
  version: versionNumber(),
  /** Ed25519, ascending: a set has one spelling and no key twice. Signatures name them by their index. */
  keys: list(bytes(32), { min: 1, max: LIMITS.zoneKeyCountMax, order: compareBytes }),
  /** How many must sign an order; and one in a dangerous class, an envelope, a document, the next key set. */
  threshold: count(),
  dangerousThreshold: count(),
});
/** The order keys of a zone. Version 1 is pinned by hand on each device; every other is signed under the one before. */
export type KeySet = Infer<typeof keySetSchema>;

/** Deterministic CBOR of a key set. */
export function encodeKeySet(keySet: KeySet): Bytes {
  return encodeBy(keySetSchema, keySet);
}

/** Parses a key set strictly. Throws FormatError: as its schema, KEY_SET_THRESHOLD, KEY_INVALID. */
export function parseKeySet(data: Bytes): KeySet {
  if (data.length > LIMITS.keySetSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.keySetSizeMax });
  const keySet = parseBy(keySetSchema, data);
  const { keys, threshold, dangerousThreshold } = keySet;
  if (threshold > dangerousThreshold || dangerousThreshold > keys.length)
    throw formatError('KEY_SET_THRESHOLD', { threshold, dangerousThreshold, keys: keys.length });
  for (const [i, key] of keys.entries()) if (!checkEd25519PublicKey(key)) throw formatError('KEY_INVALID', { at: `/keys/${i}` });
  return keySet;
}

/** The name of a document: lower-case letters, digits and hyphens after a letter. */
const DOCUMENT_NAME = /^[a-z][a-z0-9-]*$/;

export const zoneDocumentSchema = struct({
  city: id(),
  zone: id(),
  name: text(64),
  version: versionNumber(),
  /** What it says is for the zone's domain to read: a matrix, plans, a programme. */
  body: blob(LIMITS.zoneDocumentSizeMax, 1),
});
/** A document of a zone, e.g. which phases of a crossing are compatible. */
export type ZoneDocument = Infer<typeof zoneDocumentSchema>;

/** Deterministic CBOR of a document. */
export function encodeZoneDocument(document: ZoneDocument): Bytes {
  return encodeBy(zoneDocumentSchema, document);
}

/** Parses a document strictly; its body is not read. Throws FormatError: as its schema, TEXT_INVALID (name). */
export function parseZoneDocument(data: Bytes): ZoneDocument {
  const document = parseBy(zoneDocumentSchema, data);
  if (!DOCUMENT_NAME.test(document.name))
    throw formatError('TEXT_INVALID', { at: '/name', want: 'lower-case letters, digits and hyphens' });
  return document;
}
