/** A shard ends: its place is taken by others, or its key or last-signed record is lost. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { at } from '@oppidum/formats/state-layout';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { defineAction } from '@oppidum/ledger/action';
import { checkRole } from '../authority.ts';
import { checkInService, readShard } from './shards.ts';

/**
 * Retires a shard for good: it anchors no more. What it anchored stays provable, and a fork of it may still be reported.
 * Refuses, in this order: NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, SHARD_UNKNOWN, SHARD_FROZEN, SHARD_RETIRED.
 */
export const retireShard = defineAction({
  kind: 'shard/retire',
  body: ACTION_FIELDS['shard/retire'],

  check({ id: shard }, city) {
    const refused = checkRole(city, 'operator', 'full');
    if (refused !== null) return refused;
    const record = readShard(city, shard);
    return 'code' in record ? record : checkInService(record);
  },

  // COMMIT POINT
  apply({ id: shard, reason }, city) {
    const place = at(shardKind, shard);
    city.write(place, { ...city.get(place), status: 'retired', to: city.height });
    city.emit('shard/retired', { shard, reason });
  },
});
