/**
 * One game at the tamper desk: a copy of the city is taken, what others hold of it by then is noted, the copy is altered, and evidence is
 * made and a witness is asked as the dishonest operator would. What `fsck` says of the copy is another process's matter.
 */

import { join } from 'node:path';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type ErrorCode, type ErrorDetails, FormatError, reject } from '@oppidum/formats/errors';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { minimizeNote } from '@oppidum/formats/minimal-note';
import type { Policy } from '@oppidum/formats/policy';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { makeEvidence } from '../evidence.ts';
import { type Altered, type AlterOptions, alterCopy, type StoredChange } from './alterations.ts';
import { copyCity } from './copy-city.ts';
import { type Fork, findFork } from './fork.ts';
import { type HonestFacts, type PublishedLog, readHonest, withLog } from './honest.ts';
import { type CopiedCity, openCopy, readPublished } from './open-copy.ts';
import { WitnessTrial } from './witness-trial.ts';

export type PlayOptions = Pick<AlterOptions, 'crypto' | 'what' | 'depth' | 'value' | 'nowMs' | 'blockCountMax'> & {
  /** The city's data folder; only read. */
  readonly data: string;
  /** An empty folder that only its owner may enter; the altered copy is `city` in it. */
  readonly desk: string;
  /** Digest of the reading. */
  readonly reading: Bytes;
  readonly randomBytes: (size: number) => Bytes;
  readonly sizeMax: number;
  readonly freeMin: number;
  readonly say: (stage: Stage) => void;
};

export type Stage = 'copy' | 'alter' | 'prove' | 'witness';

/** Evidence that the operator now serves, or why it cannot make any. */
export type Served = {
  readonly id: string;
  readonly file: Bytes | null;
  readonly refusal: { readonly code: ErrorCode; readonly details: ErrorDetails } | null;
};

/** A log before and after, and the proof that both heads were signed, where there are two stories. */
export type TwoHeads = {
  readonly log: 'city' | 'shard';
  readonly key: VerifierKey;
  readonly before: Bytes;
  readonly after: Bytes;
  readonly fork: Fork | null;
  /** What a witness of this log says of the head after. */
  readonly witness: { readonly code: 'OK' | ErrorCode; readonly details: ErrorDetails };
};

export type Played = {
  readonly index: number;
  readonly shard: Bytes;
  readonly number: number;
  readonly receiptKey: Bytes;
  readonly changes: readonly StoredChange[];
  /** The reading as it was and as it is stored now. */
  readonly before: Bytes;
  readonly after: Bytes | null;
  /** What somebody may have had before: evidence and receipt. */
  readonly evidence: Bytes;
  readonly receipt: Bytes;
  readonly now: Served;
  /** Of the entry beside it, where the reading itself is gone. */
  readonly beside: Served | null;
  readonly heads: readonly TwoHeads[];
};

/** Plays it. Throws as `copyCity`, `readHonest` and `alterCopy` do. */
export async function play(options: PlayOptions): Promise<Played> {
  const { desk, crypto, reading, say, randomBytes } = options;
  const folder = join(desk, 'city');
  const opened = { folder, crypto, randomBytes };
  say('copy');
  await copyCity({ ...options, to: folder });
  const honest = await withCopy(opened, (city) => readHonest(crypto, city, reading, join(desk, 'honest')));
  const witnesses = await openWitnesses(options, honest);
  try {
    say('alter');
    const altered = await alterCopy({ ...options, folder, honest });
    say('prove');
    const isRenamed = options.what === 'alter' && options.depth !== 'bytes' && altered.envelope !== null;
    const id = isRenamed ? crypto.sha256(altered.envelope) : reading;
    const isBeside = options.what === 'drop' && honest.neighbour !== null;
    const served = await withCopy(opened, async (city) => ({
      now: await serve(options, city, honest, altered, id),
      beside: isBeside ? await serve(options, city, honest, altered, honest.neighbour.digest) : null,
    }));
    say('witness');
    const heads = await compareHeads(options, honest, witnesses, folder);
    return { ...describe(honest), changes: altered.changes, after: altered.envelope, ...served, heads };
  } finally {
    for (const witness of Object.values(witnesses)) await witness.close();
  }
}

function describe(honest: HonestFacts) {
  const { index, shard, number, record, envelope, evidence, receipt } = honest;
  const before = { before: envelope, evidence: encodeEvidence(evidence), receipt };
  return { index, shard, number, receiptKey: record.receiptKey, ...before };
}

type Opened = Pick<PlayOptions, 'crypto' | 'randomBytes'> & { readonly folder: string };

async function withCopy<T>(opened: Opened, use: (city: CopiedCity) => Promise<T>): Promise<T> {
  const city = await openCopy(opened);
  try {
    return await use(city);
  } finally {
    await city.close();
  }
}

/** Evidence as a gateway over the altered copy would make it. */
async function serve(
  { crypto, what }: PlayOptions,
  { shards, client }: CopiedCity,
  { evidence, policy, number }: HonestFacts,
  { note }: Altered,
  digest: Bytes,
): Promise<Served> {
  const id = toHex(digest);
  if (what === 'checkpoint' && note !== null)
    return { id, file: encodeEvidence({ ...evidence, checkpoint: note }), refusal: null };
  const published = client.checkpoint();
  const believed = published === null ? reject('NOT_ANCHORED') : minimizeNote(crypto, policy, published.note);
  if ('code' in believed) return { id, file: null, refusal: believed };
  const sources = shards.find((shard) => shard.number === number)?.sources;
  if (sources === undefined) throw new Error(`the copy has no shard ${number}`);
  try {
    return { id, file: encodeEvidence(await makeEvidence(sources, digest)), refusal: null };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { id, file: null, refusal: { code: error.code, details: error.details } };
  }
}

type Witnesses = Readonly<Record<'city' | 'shard', WitnessTrial>>;

/** Each has cosigned the honest head of its log before anything happens to it. */
async function openWitnesses({ crypto, desk }: PlayOptions, honest: HonestFacts): Promise<Witnesses> {
  const open = async (name: 'city' | 'shard', policy: Policy, { published, folder }: PublishedLog): Promise<WitnessTrial> => {
    const witness = await WitnessTrial.open({ folder: join(desk, `witness-${name}`), policy, name: `witness-${name}`, crypto });
    const refused = await withLog(crypto, folder, (log) => witness.ask(published.note, log));
    if (refused !== null) throw new Error(`the witness refused an honest head: ${refused.code}`);
    return witness;
  };
  const key = shardKey(honest);
  const shardPolicy: Policy = { logs: [{ key, url: null }], witnesses: [], groups: [], quorum: null };
  return { city: await open('city', honest.policy, honest.city), shard: await open('shard', shardPolicy, honest.shardLog) };
}

function shardKey({ record: { origin, logKey } }: HonestFacts): VerifierKey {
  return { name: origin, algorithm: 'log', publicKey: logKey };
}

function cityKey({ policy, origin }: HonestFacts): VerifierKey {
  const log = policy.logs.find(({ key }) => key.name === origin);
  if (log === undefined) throw new Error('the policy names the log of the city');
  return log.key;
}

async function compareHeads(
  { crypto }: PlayOptions,
  honest: HonestFacts,
  witnesses: Witnesses,
  folder: string,
): Promise<TwoHeads[]> {
  const compare = async (name: 'city' | 'shard', key: VerifierKey, before: PublishedLog, path: string): Promise<TwoHeads> =>
    withLog(crypto, before.folder, (former) =>
      withLog(crypto, path, async (log) => {
        const published = readPublished(path);
        if (published === null) throw new Error(`${path} has no checkpoint`);
        const refused = await witnesses[name].ask(published.note, log);
        const fork = findFork({ published: before.published, log: former }, { published, log });
        const witness = refused ?? { code: 'OK' as const, details: {} };
        return { log: name, key, before: before.published.note, after: published.note, fork, witness };
      }),
    );
  return [
    await compare('city', cityKey(honest), honest.city, join(folder, 'log')),
    await compare('shard', shardKey(honest), honest.shardLog, join(folder, 'shards', String(honest.number), 'log')),
  ];
}
