/**
 * One erased reading under the root that an erasure commits: deterministic CBOR of [salt, shard, index], hashed as an RFC 6962 leaf.
 * The salt is random for each leaf and kept with the erasure, so the root says nothing about which readings are gone until a path
 * with its salt is shown.
 */

import type { Bytes } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import { formatError } from './errors.ts';
import { ID_SIZE } from './ids.ts';

/** Size of the random salt of each leaf. */
export const ERASURE_SALT_SIZE = 16;

/** Where an erased reading stood: the shard's id and the index in its log, behind a salt of 16 random bytes. */
export type ErasureLeaf = { readonly salt: Bytes; readonly shard: Bytes; readonly index: number };

/** The bytes of a leaf. Throws LENGTH_WRONG when salt or shard have another size. */
export function encodeErasureLeaf({ salt, shard, index }: ErasureLeaf): Bytes {
  if (salt.length !== ERASURE_SALT_SIZE) throw formatError('LENGTH_WRONG', { at: '/salt', want: ERASURE_SALT_SIZE });
  if (shard.length !== ID_SIZE) throw formatError('LENGTH_WRONG', { at: '/shard', want: ID_SIZE });
  return encodeCbor([salt, shard, index]);
}
