/** Somebody shows that a shard told two stories: it is frozen. */

import { ACTION_FIELDS, type shardHead } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Checkpoint } from '@oppidum/formats/checkpoint';
import { formatError, type Rejection, reject } from '@oppidum/formats/errors';
import type { Infer } from '@oppidum/formats/schema';
import { at } from '@oppidum/formats/state-layout';
import { anchorKind, type ShardRecord, shardKind } from '@oppidum/formats/state-telemetry';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkConsistency } from '@oppidum/proofs/merkle';
import { checkAnybody } from '../authority.ts';
import { isSignedByShard, parseShardHead, readShard } from './shards.ts';

/**
 * Freezes a shard for good, when two of its heads contradict each other.
 * Rule: `consistency` leads from (size of `earlier`, `root`) to `later` (RFC 9162 §2.1.4.2; empty for two heads of one size), and `root`
 * is not the root of `earlier`. The tree of `later` then has another beginning than the one the shard stands by. A tree has one root at
 * each size, so no report of this form is true of a shard that keeps one log. Anybody may report; a retired shard is frozen, too.
 * Refuses, in this order: NOT_AUTHORIZED, SHARD_UNKNOWN, SHARD_FROZEN; of `later`, then of `earlier` WRONG_TYPE (not exactly one),
 * what `parseCheckpointNote` throws, SHARD_ORIGIN_WRONG, SIGNATURE_INVALID, ANCHOR_UNKNOWN; then NUMBER_RANGE, PROOF_LENGTH_WRONG,
 * ROOT_MISMATCH, FORK_UNPROVEN.
 */
export const reportFork = defineAction({
  kind: 'telemetry/report-fork',
  body: ACTION_FIELDS['telemetry/report-fork'],

  check(body, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const shard = readShard(city, body.shard);
    if ('code' in shard) return shard;
    if (shard.status === 'frozen') return reject('SHARD_FROZEN', { frozenAt: shard.to ?? 0 });
    const later = openHead(city, body.shard, shard, body.later);
    if ('code' in later) return later;
    const earlier = openHead(city, body.shard, shard, body.earlier);
    if ('code' in earlier) return earlier;
    return checkContradiction(city, later, earlier, body.root, body.consistency);
  },

  // COMMIT POINT
  apply({ shard }, city) {
    const place = at(shardKind, shard);
    const record = city.get(place);
    city.write(place, { ...record, status: 'frozen', to: record.to ?? city.height });
    city.emit('shard/frozen', { shard });
  },
});

type Head = Pick<Checkpoint, 'size' | 'root'>;

/** Size and root of a head, when the shard stands by it. */
function openHead(city: City, id: Bytes, shard: ShardRecord, { note, anchored }: Infer<typeof shardHead>): Head | Rejection {
  if (note !== undefined && anchored === undefined) return openNote(city, shard, note);
  if (note !== undefined || anchored === undefined) throw formatError('WRONG_TYPE', { want: 'note or anchored' });
  const anchor = city.read(at(anchorKind, id, anchored));
  return anchor === null ? reject('ANCHOR_UNKNOWN', { size: anchored }) : { size: anchored, root: anchor.root };
}

/** Others may have signed the note, too. */
function openNote(city: City, shard: ShardRecord, note: Bytes): Head | Rejection {
  const head = parseShardHead(shard, note);
  if ('code' in head) return head;
  const signed = head.note.signatures.some((line) => isSignedByShard(city, shard, head.note, line));
  return signed ? head.checkpoint : reject('SIGNATURE_INVALID', { by: 'log key of the shard' });
}

function checkContradiction(city: City, later: Head, earlier: Head, root: Bytes, proof: readonly Bytes[]): Rejection | null {
  const claim = { size1: earlier.size, root1: root, size2: later.size, root2: later.root, proof };
  const refused = checkConsistency(city.crypto, claim);
  if (refused !== null) return refused;
  return equalBytes(root, earlier.root) ? reject('FORK_UNPROVEN', { size: earlier.size }) : null;
}
