/**
 * What a key file of an account holds once it is unlocked (specs/signing.md §2): the seed, and what its owner pinned when it was made,
 * so that the key signs for no other city and no other account. How it is locked is age's; see `@oppidum/signing/locked-key`.
 */

import type { Bytes } from './bytes.ts';
import { originOf, parseCityPolicy } from './city-policy.ts';
import { encodeBy, id, parseBy } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { FormatError, formatError } from './errors.ts';
import { genesisHashOf } from './ids.ts';
import { LIMITS } from './limits.ts';
import type { Policy } from './policy.ts';
import { blob, bytes, type Infer, oneOf, optional, struct, uint } from './schema.ts';

/** What a key file locks. */
export const accountKeySchema = struct({
  format: oneOf('oppidum-account-key'),
  version: uint({ min: 1, max: 1 }),
  /** Ed25519 (RFC 8032 §5.1.5). */
  seed: bytes(32),
  /** Whose key it is, once that is known. */
  account: optional(id()),
  /** The city it signs for: what a policy names, and whose evidence it believes. */
  policy: optional(blob(LIMITS.policySizeMax, 1)),
});

/** An unlocked key: a secret. */
export type AccountKey = Pick<Infer<typeof accountKeySchema>, 'seed' | 'account' | 'policy'>;

/** The city that somebody trusts: its genesis hash, and the policy that evidence is judged by. */
export type PinnedCity = { readonly genesis: Bytes; readonly origin: string; readonly policy: Policy };

/** Deterministic CBOR: what is locked. */
export function encodeAccountKey(key: AccountKey): Bytes {
  return encodeBy(accountKeySchema, { format: 'oppidum-account-key', version: 1, ...key });
}

/** Parses what was locked, strictly. Throws ACCOUNT_KEY_INVALID, which says nothing of what stood there. */
export function parseAccountKey(data: Bytes): AccountKey {
  try {
    const { format: _format, version: _version, ...key } = parseBy(accountKeySchema, data);
    return key;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw formatError('ACCOUNT_KEY_INVALID', {});
  }
}

/** The city of a policy file. Throws FormatError: no city policy. */
export function pinCity(crypto: Crypto, policyFile: Bytes): PinnedCity {
  const policy = parseCityPolicy(crypto, policyFile);
  const origin = originOf(policy);
  return { genesis: genesisHashOf(origin), origin, policy };
}
