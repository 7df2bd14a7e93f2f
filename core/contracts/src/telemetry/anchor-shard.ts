/** A shard anchors its log: from now on every entry below this head is as undeniable as a transaction. */

import { ANCHOR_ACTION, anchorFields } from '@oppidum/formats/action-bodies';
import type { Bytes } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { parseReading } from '@oppidum/formats/reading';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, type ShardRecord } from '@oppidum/formats/state-telemetry';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkConsistency } from '@oppidum/proofs/merkle';
import { checkAccount } from '../authority.ts';
import { applyAnchor } from './anchors.ts';
import { checkSensors } from './check-sensors.ts';
import { isNewer, readSensorUpdates } from './sensors.ts';
import { checkInService, isSignedByShard, parseShardHead, readShard } from './shards.ts';

/**
 * Anchors a checkpoint of a shard, with the readings of interlock sensors that are new in it.
 * Rule: the shard's operator signs the transaction, the shard's log key alone the checkpoint. The log only grows, and a proof leads
 * from the last anchored head to this one (RFC 9162 §2.1.4.2); the first anchor has none. What rides along is in the anchored tree.
 * Refuses, in this order: SHARD_UNKNOWN, NOT_AUTHORIZED, SHARD_FROZEN, SHARD_RETIRED, what `parseCheckpointNote` throws,
 * SHARD_ORIGIN_WRONG, NOT_CANONICAL (another number of signatures than one, extension lines), SIGNATURE_INVALID, ANCHOR_NOT_NEWER,
 * PROOF_LENGTH_WRONG, ROOT_MISMATCH; then sensor by sensor what `parseReading` throws, WRONG_CITY, what `parseReadingRecords` throws,
 * SENSOR_VALUE_INVALID, NUMBER_RANGE (value), SENSOR_UNKNOWN, SENSOR_SEQUENCE, SENSOR_CLOCK_AHEAD, KEY_UNKNOWN,
 * MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, KEY_REVOKED, DEVICE_NOT_ACTIVE, DEVICE_SUSPENDED, SIGNATURE_INVALID,
 * NUMBER_RANGE (index), PROOF_LENGTH_WRONG, ROOT_MISMATCH.
 */
export const anchorShard = defineAction({
  kind: ANCHOR_ACTION,
  body: anchorFields,

  check({ shard: id, checkpoint, consistency, sensors }, city) {
    const shard = readShard(city, id);
    if ('code' in shard) return shard;
    const refused = checkAccount(city, shard.operator) ?? checkInService(shard);
    if (refused !== null) return refused;
    const head = openHead(city, shard, checkpoint);
    if ('code' in head) return head;
    return checkGrowth(city, id, head, consistency) ?? checkSensors(city, head, sensors);
  },

  // COMMIT POINT
  apply({ shard, checkpoint, sensors }, city) {
    const { size, root } = parseCheckpointNote(checkpoint).checkpoint;
    applyAnchor(city, shard, { size, root });
    city.emit('telemetry/anchored', { shard, size, root });
    for (const { envelope } of sensors) {
      const reading = parseReading(city.crypto, envelope);
      const updates = readSensorUpdates(city, reading).filter((update) => isNewer(update, update.before));
      for (const { place, after } of updates) {
        city.write(place, after);
        const { name, value, signedMs } = after;
        city.emit('telemetry/sensor-read', { device: reading.device, name, value, signedMs });
      }
    }
  },
});

/** The head that the shard signed, and nobody else, in its only spelling. */
function openHead(city: City, shard: ShardRecord, note: Bytes): Checkpoint | Rejection {
  const head = parseShardHead(shard, note);
  if ('code' in head) return head;
  const [line, ...others] = head.note.signatures;
  if (line === undefined || others.length > 0 || head.checkpoint.extensions.length > 0)
    return reject('NOT_CANONICAL', { want: 'one signature, no extension lines' });
  return isSignedByShard(city, shard, head.note, line)
    ? head.checkpoint
    : reject('SIGNATURE_INVALID', { by: 'log key of the shard' });
}

/** Larger than the last anchored head, and its continuation. */
function checkGrowth(city: City, shard: Bytes, head: Checkpoint, proof: readonly Bytes[]): Rejection | null {
  const last = city.read(at(anchorHeadKind, shard));
  const lastSize = last?.size ?? 0;
  if (head.size <= lastSize) return reject('ANCHOR_NOT_NEWER', { size: head.size, lastSize });
  // Nothing leads from an empty log to any other.
  if (last === null) return proof.length === 0 ? null : reject('PROOF_LENGTH_WRONG', { want: 0, got: proof.length });
  return checkConsistency(city.crypto, { size1: last.size, root1: last.root, size2: head.size, root2: head.root, proof });
}
