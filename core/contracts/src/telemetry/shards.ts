/** Shards and the heads of their logs. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { type NoteSignature, type SignedNote, verifyNoteSignature } from '@oppidum/formats/signed-note';
import { at } from '@oppidum/formats/state-layout';
import { type ShardRecord, shardKind } from '@oppidum/formats/state-telemetry';
import type { City } from '@oppidum/ledger/city';

/** The shard, or SHARD_UNKNOWN. */
export function readShard(city: City, shard: Bytes): ShardRecord | Rejection {
  return city.read(at(shardKind, shard)) ?? reject('SHARD_UNKNOWN', { shard: toHex(shard) });
}

/** Refuses a shard that anchors no more: SHARD_FROZEN, SHARD_RETIRED. */
export function checkInService({ status, to = 0 }: ShardRecord): Rejection | null {
  if (status === 'frozen') return reject('SHARD_FROZEN', { frozenAt: to });
  return status === 'retired' ? reject('SHARD_RETIRED', { retiredAt: to }) : null;
}

/** A signed note over a checkpoint of this shard's log, its signatures not judged yet. */
export type AllegedHead = { readonly checkpoint: Checkpoint; readonly note: SignedNote };

/** Parses a note. Throws as `parseCheckpointNote` does; refuses SHARD_ORIGIN_WRONG. */
export function parseShardHead({ origin }: ShardRecord, note: Bytes): AllegedHead | Rejection {
  const head = parseCheckpointNote(note);
  return head.checkpoint.origin === origin ? head : reject('SHARD_ORIGIN_WRONG', { want: origin });
}

/** True when the line is the signature of the shard's log key over this note's text. */
export function isSignedByShard(city: City, shard: ShardRecord, { text }: SignedNote, line: NoteSignature): boolean {
  const key = { name: shard.origin, algorithm: 'log', publicKey: shard.logKey } as const;
  return verifyNoteSignature(city.crypto, key, text, line);
}
