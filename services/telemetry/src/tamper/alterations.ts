/**
 * What a dishonest operator does to a copy, and how deep it goes:
 *
 *   bytes   stored bytes are changed, nothing that follows from them
 *   shard   digests, receipts, tiles and the head of the shard's log are made anew, signed with the shard's keys
 *   city    the ledger's anchors, every block, the block log and its head as well: all that the operator has keys for
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, concatBytes, encodeBase64, encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { minimizeNote } from '@oppidum/formats/minimal-note';
import { parseReading } from '@oppidum/formats/reading';
import { type DataPaths, identifyDataFolder } from '@oppidum/node/data-folder';
import { writeFileDurably } from '@oppidum/node/durable-file';
import { folderSigners } from '../folder-shard.ts';
import { VAULT_TABLES } from '../fsck/environment.ts';
import { readShardKeys, type ShardPaths, shardPaths } from '../shard-keys.ts';
import type { VaultEntry } from '../vault.ts';
import { alterEnvelope } from './alter-envelope.ts';
import { type HonestFacts, withLog } from './honest.ts';
import { replaceAnchors, rewriteLedger } from './rewrite-ledger.ts';
import { rewriteLog } from './rewrite-log.ts';
import { rewriteVault, type Slot } from './rewrite-vault.ts';
import { publishNote, signCityHead } from './sign-heads.ts';
import { changeRows } from './stored-rows.ts';

export const ALTERATIONS = ['alter', 'drop', 'reorder', 'checkpoint'] as const;
export type Alteration = (typeof ALTERATIONS)[number];
export const DEPTHS = ['bytes', 'shard', 'city'] as const;
export type Depth = (typeof DEPTHS)[number];

/** Bytes of one place before and after; null where there is nothing. */
export type StoredChange = { readonly place: string; readonly before: Bytes | null; readonly after: Bytes | null };

/** What came of it. */
export type Altered = {
  readonly changes: readonly StoredChange[];
  /** What stands in the place of the reading now; null once dropped. */
  readonly envelope: Bytes | null;
  /** The checkpoint that evidence stands under, where it is a made-up one. */
  readonly note: Bytes | null;
};

export type AlterOptions = {
  /** Data folder of the copy, which nobody uses. */
  readonly folder: string;
  readonly crypto: Crypto;
  readonly what: Alteration;
  readonly depth: Depth;
  /** What an altered value becomes; null adds ten. */
  readonly value: number | null;
  readonly honest: HonestFacts;
  readonly nowMs: number;
  readonly blockCountMax: number;
};

type Work = Omit<AlterOptions, 'honest'> & {
  readonly honest: HonestFacts & { readonly neighbour: VaultEntry };
  readonly paths: DataPaths;
  readonly shard: ShardPaths;
  readonly name: string;
};

const PLAIN = Uint8Array.of(0);

/** Does it. Throws REQUEST_INVALID, DESK_TOO_LARGE, STATE_PRUNED, NOT_AUTHORIZED (a key is not here). */
export async function alterCopy(options: AlterOptions): Promise<Altered> {
  const { paths } = identifyDataFolder(options);
  const { number, neighbour } = options.honest;
  if (neighbour === null && options.what === 'reorder') throw formatError('READING_UNKNOWN', { want: 'another one beside it' });
  // Asked for only where something is exchanged.
  const honest = { ...options.honest, neighbour: neighbour as VaultEntry };
  const work = { ...options, honest, paths, shard: shardPaths(paths.shard(number)), name: `shards/${number}` };
  if (options.what === 'checkpoint') return forgeCheckpoint(work);
  return options.depth === 'bytes' ? alterRows(work) : rewrite(work);
}

/** Stored bytes alone. */
async function alterRows({ what, value, honest, shard, name }: Work): Promise<Altered> {
  const { index, envelope, neighbour } = honest;
  const before = concatBytes(PLAIN, envelope);
  const put = (changes: readonly (readonly [index: number, row: Bytes | null])[]) =>
    changeRows(shard.vault, VAULT_TABLES.envelopes, (rows) => {
      for (const [key, row] of changes)
        if (row === null) rows.remove(key);
        else rows.put(key, row);
    });
  const place = (at: number): string => `${name}/vault/envelopes ${at}`;
  if (what === 'drop') {
    await put([[index, null]]);
    return { changes: [{ place: place(index), before, after: null }], envelope: null, note: null };
  }
  if (what === 'reorder') {
    const beside = concatBytes(PLAIN, neighbour.data);
    await put([
      [index, beside],
      [neighbour.index, before],
    ]);
    return { changes: exchanged(place, honest), envelope: neighbour.data, note: null };
  }
  const altered = alterEnvelope(envelope, value);
  const after = concatBytes(PLAIN, altered);
  await put([[index, after]]);
  return { changes: [{ place: place(index), before, after }], envelope: altered, note: null };
}

function exchanged(place: (index: number) => string, { index, envelope, neighbour }: Work['honest']): StoredChange[] {
  const [here, there] = [concatBytes(PLAIN, envelope), concatBytes(PLAIN, neighbour.data)];
  return [
    { place: place(index), before: here, after: there },
    { place: place(neighbour.index), before: there, after: here },
  ];
}

/** The vault and the shard's log, made anew; and at the depth of the city, the ledger. */
async function rewrite(work: Work): Promise<Altered> {
  const { crypto, what, depth, honest, paths, shard, name } = work;
  const keys = readShardKeys(shard);
  const altered = what === 'alter' ? alterEnvelope(honest.envelope, work.value) : null;
  const from = what === 'reorder' ? Math.min(honest.index, honest.neighbour.index) : honest.index;
  const audience = { audience: honest.genesisHash, shard: honest.shard, receiptSigner: keys.receipt };
  const digests = await rewriteVault({ folder: shard.vault, crypto, from, ...audience, change: rearrange(work, altered, from) });
  const head = await rewriteLog(crypto, shard.log, digests, digests.length);
  const { origin } = honest.record;
  const note = signCheckpoint(crypto, keys.log, { origin, ...head });
  await publishNote(shard.log, origin, head, note);
  const changes = [...rowChanges(work, altered), noteChange(`${name}/log/checkpoint`, honest.shardLog.published.note, note)];
  if (depth === 'city') changes.push(await rewriteCity(work, from, paths));
  const there = what === 'reorder' ? honest.neighbour.data : null;
  return { changes, envelope: altered ?? there, note: null };
}

/** Slots from `from` on, as they are to be. */
function rearrange({ crypto, what, honest }: Work, altered: Bytes | null, from: number) {
  return (slots: readonly Slot[]): readonly Slot[] => {
    const here = honest.index - from;
    if (what === 'drop') return slots.slice(1);
    if (altered !== null) {
      const { digest, payload } = parseReading(crypto, altered);
      const slot = slots[here] as Slot;
      const decision = { ...slot.decision, digest, contentDigest: crypto.sha256(payload) };
      return slots.map((old, i) => (i === here ? { decision, row: concatBytes(PLAIN, altered) } : old));
    }
    const there = honest.neighbour.index - from;
    return slots.map((old, i) => (i === here ? slots[there] : i === there ? slots[here] : old) as Slot);
  };
}

function rowChanges({ what, honest, name }: Work, altered: Bytes | null): StoredChange[] {
  const place = (at: number): string => `${name}/vault/envelopes ${at}`;
  if (what === 'reorder') return exchanged(place, honest);
  const before = concatBytes(PLAIN, honest.envelope);
  return [{ place: place(honest.index), before, after: altered === null ? null : concatBytes(PLAIN, altered) }];
}

function noteChange(place: string, before: Bytes, after: Bytes): StoredChange {
  return { place, before, after };
}

async function rewriteCity(work: Work, from: number, paths: DataPaths): Promise<StoredChange> {
  const { crypto, honest, shard, what, nowMs, blockCountMax } = work;
  const { telemetry } = folderSigners(paths);
  if (telemetry === null) throw formatError('NOT_AUTHORIZED', { want: 'the key of the account telemetry' });
  const { leaves, anchors } = await withLog(crypto, shard.log, (log) =>
    rewriteLedger({
      folder: paths.node,
      crypto,
      genesisFile: new Uint8Array(readFileSync(paths.genesis)),
      genesisHash: honest.genesisHash,
      shard: {
        id: honest.shard,
        origin: honest.record.origin,
        log,
        logSigner: readShardKeys(shard).log,
        from,
        removed: what === 'drop' ? 1 : 0,
      },
      anchorSigner: telemetry,
      blockCountMax,
    }),
  );
  await changeRows(shard.vault, VAULT_TABLES.anchors, replaceAnchors(anchors));
  const size = Math.min(honest.city.published.size, leaves.length);
  const head = await rewriteLog(crypto, paths.log, leaves, size);
  const { origin, policy } = honest;
  const note = signCityHead(crypto, paths, policy, { ...head, origin, timeS: Math.floor(nowMs / 1_000) });
  await publishNote(paths.log, origin, head, note);
  return noteChange('log/checkpoint', honest.city.published.note, note);
}

/** A head of the city's log with a root that no log has; at the depth of the city signed and cosigned, else with the old signatures. */
async function forgeCheckpoint(work: Work): Promise<Altered> {
  const { crypto, depth, honest, paths, nowMs } = work;
  if (depth === 'shard') throw formatError('REQUEST_INVALID', { at: '/depth', want: 'bytes or city' });
  const { origin, policy, city, evidence } = honest;
  const { size, root: trueRoot, note: before } = city.published;
  const root = crypto.sha256(trueRoot);
  const signed = signCityHead(crypto, paths, policy, { origin, size, root, timeS: Math.floor(nowMs / 1_000) });
  const after = depth === 'city' ? signed : withRoot(before, trueRoot, root);
  await writeFileDurably(join(paths.log, 'checkpoint'), after);
  const minimal =
    depth === 'city' ? minimizeNote(crypto, policy, signed) : { note: withRoot(evidence.checkpoint, trueRoot, root) };
  const note = 'code' in minimal ? after : minimal.note;
  return { changes: [noteChange('log/checkpoint', before, after)], envelope: honest.envelope, note };
}

/** The note with another root in its text and the signatures that it had. */
function withRoot(note: Bytes, before: Bytes, after: Bytes): Bytes {
  return encodeUtf8(parseUtf8(note).replace(`\n${encodeBase64(before)}\n`, `\n${encodeBase64(after)}\n`));
}
