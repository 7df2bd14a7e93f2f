/**
 * What somebody is asked to sign apart from the city (specs/signing.md §3): the very bytes under the signatures, the keys that are
 * asked, and evidence of what those bytes only name. Nothing in it is believed: whoever signs reads the bytes and proves the rest.
 */

import { type Bytes, equalBytes } from './bytes.ts';
import { type CborValue, parseCbor } from './cbor.ts';
import { assertPublicKey, encodeBy, id, publicKeySchema, uint32 } from './common-schemas.ts';
import { formatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { blob, type Infer, list, oneOf, struct, uint } from './schema.ts';
import { parsePayload, type TransactionPayload } from './transaction.ts';

const REQUEST_VERSION = 1;

/** A key that is asked to sign, by its place in the account. */
const askedKeySchema = struct({ account: id(), keyNumber: uint32(), key: publicKeySchema });
export type AskedKey = Infer<typeof askedKeySchema>;

/** A request as bytes. */
export const requestSchema = struct({
  format: oneOf('oppidum-signing-request'),
  version: uint({ min: REQUEST_VERSION, max: REQUEST_VERSION }),
  /** `transaction-payload`, as it will be signed. */
  payload: blob(LIMITS.transactionSizeMax, 1),
  /** One per signer of the payload, in its order. */
  keys: list(askedKeySchema, { min: 1, max: LIMITS.transactionSignerCountMax }),
  /** Evidence of each change of policy since the one that signers know, oldest first. */
  successors: list(blob(LIMITS.signingRequestSizeMax, 1), { max: LIMITS.requestEvidenceCountMax }),
  /** Evidence of records: of the proposals that are approved or withdrawn, and of names. */
  records: list(blob(LIMITS.signingRequestSizeMax, 1), { max: LIMITS.requestEvidenceCountMax }),
});

export type SigningRequestParts = Omit<Infer<typeof requestSchema>, 'format' | 'version'>;
export type SigningRequest = SigningRequestParts & { readonly transaction: TransactionPayload };

/** Deterministic CBOR. */
export function encodeSigningRequest(parts: SigningRequestParts): Bytes {
  return encodeBy(requestSchema, { format: 'oppidum-signing-request', version: REQUEST_VERSION, ...parts });
}

/**
 * Parses a request strictly, its payload too. Throws TOO_LARGE, VERSION_UNSUPPORTED, what CBOR and schema throw, KEY_INVALID, and
 * SIGNER_UNEXPECTED where the keys are not exactly those of the signers in their order.
 */
export function parseSigningRequest(data: Bytes): SigningRequest {
  if (data.length > LIMITS.signingRequestSizeMax) throw formatError('TOO_LARGE', { sizeMax: LIMITS.signingRequestSizeMax });
  const value = parseCbor(data);
  requireVersion(value);
  const { format: _format, version: _version, ...parts } = requestSchema.parse(value, '');
  const transaction = parsePayload(parts.payload);
  for (const { key } of parts.keys) assertPublicKey(key);
  const areSigners =
    parts.keys.length === transaction.signers.length &&
    transaction.signers.every((signer, i) => equalBytes(signer, (parts.keys[i] as AskedKey).account));
  if (!areSigners) throw formatError('SIGNER_UNEXPECTED', { want: transaction.signers.length, got: parts.keys.length });
  return { ...parts, transaction };
}

function requireVersion(value: CborValue): void {
  const found = value instanceof Map ? value.get('version') : undefined;
  if (typeof found === 'number' && found !== REQUEST_VERSION)
    throw formatError('VERSION_UNSUPPORTED', { found, want: REQUEST_VERSION });
}
