/** The anchored heads of a shard: the newest one, and as many before it as a report of a fork may want. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Checkpoint } from '@oppidum/formats/checkpoint';
import { LIMITS } from '@oppidum/formats/limits';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, anchorKind, anchorOrderKind } from '@oppidum/formats/state-telemetry';
import type { City } from '@oppidum/ledger/city';

/** Keeps a head as the newest and forgets the one that is LIMITS.anchorHistoryCount older. */
export function applyAnchor(city: City, shard: Bytes, { size, root }: Pick<Checkpoint, 'size' | 'root'>): void {
  const count = city.read(at(anchorHeadKind, shard))?.anchorCount ?? 0;
  city.write(at(anchorHeadKind, shard), { size, root, at: city.height, timeMs: city.timeMs, anchorCount: count + 1 });
  city.write(at(anchorKind, shard, size), { root, at: city.height });
  city.write(at(anchorOrderKind, shard, count), { size });
  const forgotten = count - LIMITS.anchorHistoryCount;
  if (forgotten < 0) return;
  const oldest = at(anchorOrderKind, shard, forgotten);
  city.remove(at(anchorKind, shard, city.get(oldest).size));
  city.remove(oldest);
}
