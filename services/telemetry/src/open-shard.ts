/**
 * A telemetry shard from its parts: sequencer, publisher, anchorer over vault and log. What a crash left behind is put right here:
 * the log follows the vault, checkpoints follow the log, anchors follow the checkpoints.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { at } from '@oppidum/formats/state-layout';
import { anchorHeadKind, shardKind } from '@oppidum/formats/state-telemetry';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { NodeLink } from '@oppidum/node/client';
import { CheckpointPublisher } from '@oppidum/node/publisher';
import { type AdmissionContext, admitReadings, checkStillEntitled } from './admit.ts';
import { Anchorer } from './anchor.ts';
import { CheckPool } from './check-pool.ts';
import type { LocalTelemetryClient } from './client.ts';
import { CloneReports } from './clone-reports.ts';
import { type CloneFinding, findClones } from './clones.ts';
import { DeviceRecords } from './device-records.ts';
import { Erasures, type LegalBasis } from './erasures.ts';
import { InterlockRiders } from './interlock-riders.ts';
import { Listeners } from './listeners.ts';
import { RetentionKeeper } from './retention.ts';
import { Senders } from './senders.ts';
import { Sequencer } from './sequence.ts';
import { telemetryClient } from './shard-client.ts';
import { openParts, type PartsOptions, type ShardParts } from './shard-parts.ts';
import type { AnchorRecord } from './vault.ts';

export type ShardOptions = PartsOptions & {
  /** The shard's operator account, which signs anchors. */
  readonly anchorSigner: TransactionSigner;
  /** An account with the role data-protection; without it nothing can be erased. */
  readonly erasureSigner: TransactionSigner | null;
  /** Any account: it proves to the ledger that a key is in two places. Without it nothing is reported by itself. */
  readonly cloneReporter?: TransactionSigner;
  /** POSIX milliseconds; the system's clock without it. */
  readonly clock?: () => number;
  /** Between two anchors, at least; without it 1,000, less under load. */
  readonly anchorIntervalMs?: number;
  /** Between two checkpoints of the shard, at least; without it 250, less under load. */
  readonly publishIntervalMs?: number;
  /** Readings that may wait, and their bytes; more are OVERLOADED. */
  readonly waitingCountMax?: number;
  readonly waitingSizeMax?: number;
  /** Data folder whose `retention.json` says how long envelopes are kept; without it for ever. */
  readonly retention?: { readonly data: string; readonly intervalMs?: number };
  /** Told of each anchor or erasure that the ledger refused. */
  readonly onRefusal?: (refusal: Rejection) => void;
  /** Told once why the shard has stopped; without it the process ends. */
  readonly onFailure?: (error: Error) => void;
};

/** A running shard. */
export type OpenShard = {
  readonly client: LocalTelemetryClient;
  /** Erases what a device of a personal model sent until now, see `Erasures.erase`. */
  readonly erase: (device: Bytes, legalBasis: LegalBasis) => Promise<{ readonly id: Bytes; readonly count: number }>;
  /** Device keys that were found in two places. */
  readonly clones: () => readonly CloneFinding[];
  readonly close: () => Promise<void>;
};

const CHECKPOINT_INTERVAL_MS = 250;
const ANCHOR_INTERVAL_MS = 1_000;
/** With so many new entries, checkpoints and anchors come sooner while that costs little: a busy shard's evidence is there at once. */
const QUICK_CHECKPOINT = { entryCount: 48, intervalMs: 25 } as const;
/** An anchor stays on the ledger for ever (about 3 kB with its leaves), and the state keeps the last 1,024: not sooner than this. */
const QUICK_ANCHOR = { entryCount: 48, intervalMs: 75 } as const;

/** The same while the shard is not busy: then readings come first, and checkpoints and anchors at their ordinary pace. */
function whileQuiet(load: Load, { entryCount, intervalMs }: typeof QUICK_CHECKPOINT | typeof QUICK_ANCHOR, ordinaryMs: number) {
  return {
    entryCount,
    get intervalMs(): number {
      return load.isBusy() ? ordinaryMs : intervalMs;
    },
  };
}

/** Known once the sequencer is there. */
type Load = { isBusy: () => boolean };

/** What the running parts tell each other. */
type Wiring = {
  readonly parts: ShardParts;
  readonly publisher: CheckpointPublisher;
  readonly riders: InterlockRiders;
  readonly devices: DeviceRecords;
  readonly pool: CheckPool;
  readonly kept: Listeners<number>;
  readonly anchored: Listeners<AnchorRecord>;
  readonly clock: () => number;
  readonly load: Load;
  readonly onRefusal: (refusal: Rejection) => void;
  readonly onFailure: (error: Error) => void;
  cloneReports: CloneReports | null;
};

/**
 * Opens a declared shard. Throws SHARD_UNKNOWN, KEY_UNKNOWN (the keys in the folder are not the declared ones), LAST_SIGNED_CONFLICT
 * (vault, log, last-signed record and ledger tell different stories), LAST_SIGNED_LOST, LOG_DAMAGED, DATA_FOLDER_FOREIGN, and what key
 * files throw.
 */
export async function openShard(options: ShardOptions): Promise<OpenShard> {
  const { client, crypto } = options;
  const parts = await openParts(options);
  let stop = (_error: Error): void => undefined;
  const wiring = wire(options, parts, (error) => stop(error));
  const sequencer = makeSequencer(options, wiring);
  wiring.load.isBusy = () => sequencer.isBusy;
  const erasures = makeErasures(options, wiring);
  const anchorer = makeAnchorer(options, wiring);
  const retention = makeRetention(options, wiring, sequencer);
  const { publisher } = wiring;
  stop = (error) => {
    stop = () => undefined;
    void anchorer.close();
    void wiring.cloneReports?.close();
    void sequencer.close();
    void publisher.close();
    void wiring.pool.close();
    if (options.onFailure !== undefined) return options.onFailure(error);
    setImmediate(() => {
      throw error;
    });
  };
  if (parts.log.size > (publisher.latest()?.size ?? 0)) publisher.news();
  await anchorer.start();
  await sequencer.exclusive(() => resumeErasures(erasures, wiring));
  wiring.cloneReports = makeCloneReports(options, wiring);
  return {
    client: telemetryClient({ ...wiring, client, crypto, sequencer, erasures, number: options.number }),
    erase: (device, legalBasis) => sequencer.exclusive(() => erasures.erase(device, legalBasis)),
    clones: () => findClones(parts.vault, parts.keys),
    async close() {
      stop = () => undefined;
      await retention?.close();
      await anchorer.close();
      await wiring.cloneReports?.close();
      await sequencer.close();
      await publisher.close();
      await wiring.pool.close();
      wiring.devices.close();
      parts.log.close();
      await parts.vault.close();
    },
  };
}

function wire(options: ShardOptions, parts: ShardParts, onFailure: (error: Error) => void): Wiring {
  const { client, crypto, clock = Date.now, onRefusal = () => undefined } = options;
  const { id, log, logSigner, paths, vault } = parts;
  const load: Load = { isBusy: () => false };
  const quick = whileQuiet(load, QUICK_CHECKPOINT, CHECKPOINT_INTERVAL_MS);
  const publisher = new CheckpointPublisher({
    log,
    folder: paths.log,
    sign: (head) => logSigner.sign(log, head),
    onFailure,
    ...(options.publishIntervalMs === undefined ? { quick } : { intervalMs: options.publishIntervalMs }),
  });
  const riders = new InterlockRiders(client, crypto, clock);
  for (const entry of vault.entriesFrom(client.read(at(anchorHeadKind, id))?.size ?? 0)) riders.offer(entry);
  const [devices, pool] = [new DeviceRecords(client, crypto, id), new CheckPool(crypto)];
  return {
    parts,
    publisher,
    riders,
    devices,
    pool,
    kept: new Listeners(),
    anchored: new Listeners(),
    clock,
    load,
    onRefusal,
    onFailure,
    cloneReports: null,
  };
}

function makeSequencer(options: ShardOptions, wiring: Wiring): Sequencer {
  const { client, crypto } = options;
  const { parts, publisher, riders, kept, clock, onFailure, devices, pool } = wiring;
  const context: AdmissionContext = { crypto, audience: client.genesisHash, senders: new Senders(devices), pool, clock };
  return new Sequencer({
    ...parts,
    crypto,
    audience: client.genesisHash,
    shard: parts.id,
    clock,
    closedBecause: () => closedBecause(client, parts.id),
    admit: (envelopes) => admitReadings(context, envelopes),
    admitConcurrency: pool.concurrency,
    height: () => devices.height,
    recheck: (reading) => checkStillEntitled(context, reading),
    onKept(entries) {
      publisher.news();
      for (const entry of entries) riders.offer(entry);
      kept.tell(parts.vault.size);
    },
    onClones: () => wiring.cloneReports?.news(),
    onFailure,
    ...(options.waitingCountMax === undefined ? {} : { waitingCountMax: options.waitingCountMax }),
    ...(options.waitingSizeMax === undefined ? {} : { waitingSizeMax: options.waitingSizeMax }),
  });
}

/** Why the shard acknowledges nothing now, or null. Whoever cannot ask the ledger cannot know of a revocation. */
function closedBecause(client: Pick<NodeLink, 'isAlive' | 'isCutOff' | 'read'>, shard: Bytes): Rejection | null {
  if (!client.isAlive() || client.isCutOff()) return reject('NODE_SILENT');
  const status = client.read(at(shardKind, shard))?.status;
  if (status === 'frozen') return reject('SHARD_FROZEN');
  return status === 'retired' ? reject('SHARD_RETIRED') : null;
}

function makeErasures(options: ShardOptions, { parts, clock }: Wiring): Erasures {
  const { client, crypto, randomBytes, erasureSigner } = options;
  return new Erasures({ ...parts, client, crypto, randomBytes, signer: erasureSigner, shard: parts.id, clock });
}

function makeCloneReports(options: ShardOptions, wiring: Wiring): CloneReports | null {
  const { client, randomBytes, cloneReporter, erasureSigner } = options;
  if (cloneReporter === undefined) return null;
  const { vault, keys } = wiring.parts;
  return new CloneReports({ ...wiring, vault, keys, client, randomBytes, reporter: cloneReporter, operator: erasureSigner });
}

function makeRetention(options: ShardOptions, { parts, clock, onRefusal, onFailure }: Wiring, sequencer: Sequencer) {
  if (options.retention === undefined) return null;
  return new RetentionKeeper({
    ...options.retention,
    vault: parts.vault,
    exclusive: (work) => sequencer.exclusive(work),
    clock,
    onRefusal: ({ code, details }) => onRefusal(reject(code, details)),
    onFailure,
  });
}

async function resumeErasures(erasures: Erasures, { onRefusal }: Wiring): Promise<void> {
  try {
    await erasures.resume();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    onRefusal(reject(error.code, error.details));
  }
}

function makeAnchorer(options: ShardOptions, wiring: Wiring): Anchorer {
  const { client, randomBytes, anchorSigner, anchorIntervalMs = ANCHOR_INTERVAL_MS } = options;
  const { parts, anchored, load } = wiring;
  return new Anchorer({
    ...wiring,
    ...parts,
    client,
    randomBytes,
    signer: anchorSigner,
    shard: parts.id,
    intervalMs: anchorIntervalMs,
    ...(options.anchorIntervalMs === undefined ? { quick: whileQuiet(load, QUICK_ANCHOR, ANCHOR_INTERVAL_MS) } : {}),
    onAnchored: (anchor) => anchored.tell(anchor),
  });
}
