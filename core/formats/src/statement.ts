/**
 * Statements that the order keys of a zone sign (specs/orders.md §2): deterministic CBOR, signed over its digest behind a context that
 * nothing else signed in a city begins with. So a signature means one sort of statement, and never an order by accident.
 */

import { type Bytes, concatBytes, encodeUtf8 } from './bytes.ts';
import type { Crypto, Signer } from './crypto.ts';
import { verifyEd25519 } from './ed25519.ts';
import { type Rejection, reject } from './errors.ts';
import { LIMITS } from './limits.ts';
import { bytes, type Infer, list, type Schema, struct, uint } from './schema.ts';

/** What a statement is about, by its context. None is a beginning of another: each ends in a zero byte. */
const CONTEXTS = {
  order: 'oppidum/order/v1',
  keys: 'oppidum/zone-keys/v1',
  envelope: 'oppidum/zone-envelope/v1',
  document: 'oppidum/zone-document/v1',
} as const;
export type StatementUse = keyof typeof CONTEXTS;

const signatureSchema = struct({
  /** Index of the key in the key set that the statement is judged by. */
  key: uint({ max: LIMITS.zoneKeyCountMax - 1 }),
  signature: bytes(64),
});
/** A signature that claims to be by an order key of a zone. */
export type StatementSignature = Infer<typeof signatureSchema>;

/** Strictly ascending by the index of the key: nobody counts twice. */
export const statementSignatures = (min = 1): Schema<StatementSignature[]> =>
  list(signatureSchema, { min, max: LIMITS.zoneKeyCountMax, order: (a, b) => a.key - b.key });

/** What an order key signs: context ‖ 0x00 ‖ SHA-256 of the statement. */
export function statementToBeSigned(crypto: Crypto, use: StatementUse, statement: Bytes): Bytes {
  return concatBytes(encodeUtf8(CONTEXTS[use]), Uint8Array.of(0), crypto.sha256(statement));
}

/** Signs a statement by the keys at these indices of the key set, in any order. */
export function signStatement(
  crypto: Crypto,
  use: StatementUse,
  statement: Bytes,
  signers: readonly { readonly key: number; readonly signer: Signer }[],
): StatementSignature[] {
  const message = statementToBeSigned(crypto, use, statement);
  const ascending = signers.toSorted((a, b) => a.key - b.key);
  return ascending.map(({ key, signer }) => ({ key, signature: signer.sign(message) }));
}

/** A statement with its signatures, as they stand in actions and records. */
export type SignedStatement = { readonly statement: Bytes; readonly signatures: readonly StatementSignature[] };

/**
 * Refuses unless every signature is that of the key it names (Ed25519, `keys[key]`), and there are enough of them.
 * Refuses, in this order: per signature KEY_UNKNOWN (no such index), SIGNATURE_INVALID; then SIGNATURES_FEW.
 */
export function checkStatement(
  crypto: Crypto,
  use: StatementUse,
  { statement, signatures }: SignedStatement,
  { keys, count }: { readonly keys: readonly Bytes[]; readonly count: number },
): Rejection | null {
  const message = statementToBeSigned(crypto, use, statement);
  for (const { key, signature } of signatures) {
    const publicKey = keys[key];
    if (publicKey === undefined) return reject('KEY_UNKNOWN', { key, keys: keys.length });
    if (!verifyEd25519(crypto, publicKey, message, signature)) return reject('SIGNATURE_INVALID', { key });
  }
  // The list has each index once: so many different keys signed.
  return signatures.length >= count ? null : reject('SIGNATURES_FEW', { want: count, got: signatures.length });
}
