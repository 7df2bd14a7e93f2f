/** Which shard takes the readings of a device key (specs/telemetry.md §1.1): a fact of the ledger that never changes. */

import { type Bytes, compareBytes, concatBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { ShardRecord } from '@oppidum/formats/state-telemetry';

/** A shard's record, as far as it says which keys are at home there. */
export type DeclaredShard = Pick<ShardRecord, 'number' | 'from' | 'to'> & { readonly id: Bytes };

/**
 * The shard where a device key is at home that is in force from height `keyFrom`, of all shards that were ever declared: of those in
 * service at that height the one with the highest SHA-256(shard id ‖ device id); where none was, the one declared first after it.
 * Null while there is neither.
 */
export function homeShard(
  crypto: Crypto,
  shards: readonly DeclaredShard[],
  device: Bytes,
  keyFrom: number,
): DeclaredShard | null {
  const inService = shards.filter(({ from, to }) => from <= keyFrom && (to === undefined || keyFrom < to));
  if (inService.length === 1) return inService[0] as DeclaredShard;
  const weighed = inService.map((shard) => ({ shard, weight: crypto.sha256(concatBytes(shard.id, device)) }));
  const [heaviest] = weighed.sort((a, b) => compareBytes(b.weight, a.weight));
  if (heaviest !== undefined) return heaviest.shard;
  const later = shards.filter(({ from }) => from > keyFrom);
  return later.sort((a, b) => a.from - b.from || a.number - b.number)[0] ?? null;
}
