/** What is true before anything is altered, and what others already hold by then: evidence, a receipt, signed heads. */

import { cpSync } from 'node:fs';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { ReadingEvidence } from '@oppidum/formats/evidence';
import type { Policy } from '@oppidum/formats/policy';
import type { ShardRecord } from '@oppidum/formats/state-telemetry';
import type { PublishedCheckpoint } from '@oppidum/node/publisher';
import { TileLog } from '@oppidum/node/tile-log';
import { makeEvidence } from '../evidence.ts';
import { storedReceipt } from '../stored-receipts.ts';
import type { VaultEntry } from '../vault.ts';
import { type CopiedCity, type CopiedShard, readPublished } from './open-copy.ts';

/** A log with the head that was published of it. */
export type PublishedLog = { readonly published: PublishedCheckpoint; readonly folder: string };

export type HonestFacts = {
  readonly index: number;
  readonly envelope: Bytes;
  /** The entry beside it that a reordering exchanges it with; null where there is none that anybody may see. */
  readonly neighbour: VaultEntry | null;
  /** Of the entry, as anybody could have it before. */
  readonly evidence: ReadingEvidence;
  readonly receipt: Bytes;
  readonly number: number;
  readonly shard: Bytes;
  readonly record: ShardRecord;
  readonly origin: string;
  readonly genesisHash: Bytes;
  readonly policy: Policy;
  /** Copies of the logs as they were. */
  readonly city: PublishedLog;
  readonly shardLog: PublishedLog;
};

/** How far a neighbour is looked for whose readings anybody may see. */
const NEIGHBOUR_REACH = 32;

/**
 * Reads them for the entry with this digest; copies of the logs go to `keep`. Throws READING_UNKNOWN, NOT_ANCHORED, PERSONAL_DATA,
 * ENVELOPE_RETIRED.
 */
export async function readHonest(crypto: Crypto, city: CopiedCity, digest: Bytes, keep: string): Promise<HonestFacts> {
  const { shard, entry } = findEntry(city, digest);
  if (entry.form === 'sealed') throw formatError('PERSONAL_DATA', { id: toHex(digest) });
  if (entry.form !== 'plain') throw formatError('ENVELOPE_RETIRED', { id: toHex(digest), index: entry.index });
  const evidence = await makeEvidence(shard.sources, digest);
  if (evidence.fact !== 'reading') throw formatError('ENVELOPE_RETIRED', { id: toHex(digest), index: entry.index });
  const issuer = { crypto, audience: city.genesisHash, shard: shard.id };
  const shardLog = keepLog(shard.paths.log, `${keep}/shard`);
  if (shardLog.published.size <= entry.index) throw formatError('NOT_ANCHORED', { id: toHex(digest) });
  const cityLog = keepLog(city.paths.log, `${keep}/city`);
  return {
    index: entry.index,
    envelope: entry.data.slice(),
    neighbour: findNeighbour(shard, entry.index, shardLog.published.size),
    evidence,
    receipt: storedReceipt(shard.vault, issuer, digest) as Bytes,
    number: shard.number,
    shard: shard.id,
    record: shard.record,
    origin: city.origin,
    genesisHash: city.genesisHash,
    policy: city.policies.of(cityLog.published.size).policy,
    city: cityLog,
    shardLog,
  };
}

function findEntry({ shards }: CopiedCity, digest: Bytes): { readonly shard: CopiedShard; readonly entry: VaultEntry } {
  for (const shard of shards) {
    const index = shard.vault.indexOf(digest);
    const entry = index === null ? null : shard.vault.entry(index);
    if (entry !== null) return { shard, entry };
  }
  throw formatError('READING_UNKNOWN', { id: toHex(digest) });
}

/** The next entry whose envelope anybody may see, else one before it. */
function findNeighbour({ vault }: CopiedShard, index: number, size: number): VaultEntry | null {
  const near = Array.from({ length: NEIGHBOUR_REACH }, (_, i) => index + 1 + i);
  const before = Array.from({ length: NEIGHBOUR_REACH }, (_, i) => index - 1 - i);
  for (const other of [...near, ...before]) {
    const entry = other >= 0 && other < size ? vault.entry(other) : null;
    if (entry?.form === 'plain') return { ...entry, data: entry.data.slice() };
  }
  return null;
}

function keepLog(folder: string, copy: string): PublishedLog {
  const published = readPublished(folder);
  if (published === null) throw formatError('NOT_ANCHORED', { want: 'a published checkpoint' });
  cpSync(folder, copy, { recursive: true });
  return { published, folder: copy };
}

/** Calls `use` with the log of a folder. */
export async function withLog<T>(crypto: Crypto, folder: string, use: (log: TileLog) => T | Promise<T>): Promise<T> {
  const log = TileLog.open({ folder, crypto });
  try {
    return await use(log);
  } finally {
    log.close();
  }
}
