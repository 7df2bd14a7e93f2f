/**
 * A node from its parts: the store, the application under its engine, the block log as served files, its signer, and the
 * publisher of checkpoints. What a crash left behind is put right here: tiles follow the store, checkpoints follow the tiles.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedCall } from '@oppidum/abci/grammar';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, type Rejection } from '@oppidum/formats/errors';
import { genesisPolicy } from '@oppidum/formats/genesis';
import { cityOrigin } from '@oppidum/formats/ids';
import type { Policy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import type { Registry } from '@oppidum/ledger/action';
import { Application, type CommitAnswer } from './application.ts';
import { cityClient } from './city-client.ts';
import { type CityDoorOptions, openCityDoor } from './city-light-door.ts';
import { CitySigners } from './city-signers.ts';
import { type CitySnapshots, type CitySnapshotsOptions, openSnapshots } from './city-snapshots.ts';
import type { CommittedBlock, NodeClient } from './client.ts';
import type { DataFolder } from './data-folder.ts';
import { EmbeddedEngine, type EmbeddedOptions } from './embedded.ts';
import type { StartEngine } from './engine.ts';
import { HeadSigner } from './head-signer.ts';
import type { LightDoor } from './light-door.ts';
import { NeighbourCheckpoints } from './neighbour-checkpoints.ts';
import { type NodeSettings, readNodeSettings } from './node-settings.ts';
import { NodeStore } from './node-store.ts';
import { type CityPolicy, PolicyInForce } from './policy-in-force.ts';
import { CheckpointPublisher } from './publisher.ts';
import { RestoredLog } from './restored-log.ts';
import { SignatureVerifier } from './signature-verifier.ts';
import { keepSuccessor, type SuccessorArchiveOptions } from './successor-archive.ts';
import { SuccessorChain } from './successor-chain.ts';
import { TileLog } from './tile-log.ts';
import { VoteNotes } from './vote-notes.ts';
import { cityVotes } from './votes.ts';
import { WitnessClient } from './witness-client.ts';
import { WitnessPanel } from './witness-panel.ts';

export type CityOptions = Partial<Pick<EmbeddedOptions, 'gatherMsMax' | 'waitingCountMax'>> & {
  readonly folder: DataFolder;
  readonly crypto: Crypto;
  /** The rules: `cityRegistry` of core/contracts. */
  readonly registry: Registry;
  /** POSIX milliseconds; the system's clock without it. */
  readonly clock?: () => number;
  /** Between two checkpoints. */
  readonly publishIntervalMs?: number;
  /** A block that changes the policy waits at most so long for the old set's checkpoint over it. */
  readonly handOverMs?: number;
  /** Told once why the node has stopped; without it the process ends. */
  readonly onFailure?: (error: Error) => void;
  /** Told of every refusal by an outside witness. */
  readonly onWitnessRefusal?: (refusal: Rejection) => void;
  /** Told of every call that has a place in the engine's order of calls. */
  readonly onCall?: (call: RecordedCall) => void;
  /** The last block that this node takes part in; then it stops by `onFailure` with HALT_HEIGHT. */
  readonly haltHeight?: number;
  /** Who decides on blocks; without it this process alone (`embedded.ts`). */
  readonly startEngine?: StartEngine;
  /** Heights between two snapshots for nodes that begin, where others may: under an engine of several validators. 0: none. */
  readonly snapshotInterval?: number;
  /** Told in a sentence of snapshots that were restored, refused or not taken. */
  readonly onSnapshotNews?: (sentence: string) => void;
  /** Told in a sentence of evidence of changes of policy that came from neighbours, or that nobody has. */
  readonly onSuccessorNews?: (sentence: string) => void;
};

/** Checkpoints follow blocks at once, or after twice as long as the last one took. */
const QUICK = { entryCount: 1, intervalMs: 25 } as const;

/** A running node. `logFolder` is served as C2SP tlog-tiles. The data folder stays its caller's to release. */
export type OpenCity = { readonly client: NodeClient; readonly logFolder: string; readonly close: () => Promise<void> };

/**
 * Starts the node of a data folder. Throws LAST_SIGNED_CONFLICT (the store is older than what was signed or served), LAST_SIGNED_LOST,
 * LOG_DAMAGED, DATA_FOLDER_FOREIGN, what key files throw, and a FormatError where genesis founds no city.
 */
export async function openCity(options: CityOptions): Promise<OpenCity> {
  const { folder, crypto } = options;
  const { paths, genesisHash } = folder;
  const clock = options.clock ?? Date.now;
  const settings = readNodeSettings(paths.folder);
  const { origin, store, log, restoredLog, policies, application } = await openRecords(options);
  const signers = new CitySigners({ paths, origin, crypto, clock }, policies.of(log.size));
  const signer = new HeadSigner({ log, sign: (head) => signers.for(policies.of(head.size)).sign(log, head) });
  const setOf = (size: number): string => toHex(store.newestBlockLeaf(size)?.leaf.validatorSetDigest ?? new Uint8Array(0));
  const notes = new VoteNotes({ crypto, policyOf: (size) => policies.of(size).policy, setOf });
  const publishedSize = (): number => publisher.latest()?.size ?? 0;
  const early: Error[] = [];
  let stop = (error: Error): void => void early.push(error);
  const onFailure = (error: Error): void => stop(error);
  const successors = successorsOf(options, settings.neighbours, { store, publishedSize, onFailure });
  const publisher: CheckpointPublisher = publisherOf(options, {
    ...{ neighbours: settings.neighbours, origin, store, log, policies, signer, notes, publishedSize, onFailure },
  });
  const listeners = new Set<(block: CommittedBlock) => void>();
  const verifier = new SignatureVerifier(crypto);
  const start = options.startEngine ?? embeddedEngine(options, publisher);
  const snapshots = snapshotsOf(options, settings, { store, log, application, restoredLog }, async () => {
    await followStore(log, store, { origin, restoredLog });
    publisher.news();
  });
  const engine = await start({
    application,
    snapshots,
    verifier,
    votes: cityVotes({ store, origin, signer, notes, publishedSize }),
    clock,
    findTransaction: (id) => store.transaction(id),
    onFailure,
    onCommit: ({ block, leaves, hashed }: CommitAnswer) => {
      log.append(leaves, hashed);
      publisher.news();
      snapshots.kept.committed(block);
      for (const listener of listeners) listener(block);
      return mustHandOver(options, application, block) ? handOver(publisher, options).catch(() => undefined) : undefined;
    },
  });
  if (log.size > (publisher.latest()?.size ?? -1)) publisher.news();
  followPolicies(publisher, policies, successors);
  holdPublished(publisher, store);
  const close = async (): Promise<void> => {
    await door?.close();
    await engine.close();
    await snapshots.kept.close();
    await verifier.close();
    await publisher.close();
    await successors.close();
    log.close();
    await store.close();
  };
  stop = (error) => {
    stop = () => undefined;
    void engine.close();
    void publisher.close();
    tellFailure(options, error);
  };
  // What failed while the engine started, and did not keep it from starting.
  for (const error of early) stop(error);
  const client = cityClient({ crypto, genesisHash, origin, store, engine, log, publisher, policies, listeners });
  const door = await openDoor(options, settings, { client, store, kept: snapshots.kept }).catch(async (error: Error) => {
    await close();
    throw error;
  });
  return { client, logFolder: paths.log, close };
}

/** Tells whoever opened the city; where nobody wants to know the process ends. */
function tellFailure({ onFailure }: CityOptions, error: Error): void {
  if (onFailure !== undefined) return onFailure(error);
  setImmediate(() => {
    throw error;
  });
}

function snapshotsOf(
  { crypto, folder: { paths }, startEngine, snapshotInterval, onSnapshotNews }: CityOptions,
  settings: NodeSettings,
  parts: Pick<CitySnapshotsOptions, 'store' | 'log' | 'application' | 'restoredLog'>,
  onRestored: () => Promise<void>,
): CitySnapshots {
  // Under the embedded engine nobody asks for one.
  const interval = startEngine === undefined ? 0 : (snapshotInterval ?? settings.snapshotInterval);
  const { retainBlocks } = settings;
  return openSnapshots({
    crypto,
    paths,
    ...parts,
    interval,
    retainBlocks,
    onRestored,
    onNews: onSnapshotNews ?? (() => undefined),
  });
}

/** For light clients and nodes that begin, where the operator said so; null elsewhere, and under the embedded engine. */
async function openDoor(
  { startEngine, folder, crypto }: CityOptions,
  { lightDoor }: NodeSettings,
  parts: Pick<CityDoorOptions, 'client' | 'store' | 'kept'>,
): Promise<LightDoor | null> {
  return startEngine === undefined || lightDoor === null ? null : openCityDoor({ folder, crypto, door: lightDoor, ...parts });
}

type Followed = { readonly origin: string; readonly restoredLog: RestoredLog };

/** What is stored, made to agree. */
async function openRecords(options: CityOptions) {
  const { folder, crypto, registry } = options;
  const { paths, genesis, genesisHash } = folder;
  const origin = cityOrigin(genesis.name, genesisHash);
  const store = NodeStore.open({ folder: paths.node, crypto, genesisHash });
  const log = TileLog.open({ folder: paths.log, crypto });
  const restoredLog = new RestoredLog(paths.restoredLog);
  await followStore(log, store, { origin, restoredLog });
  const policies = new PolicyInForce({ crypto, store, path: paths.policy });
  const rules = { crypto, registry, genesis: genesisHash };
  const application = new Application({ store, rules, genesis, ...pick(options, 'onCall', 'haltHeight') });
  return { origin, store, log, restoredLog, policies, application };
}

/** Appends to the log what the store has and the files have not. The store is never behind: its blocks were durable first. */
async function followStore(log: TileLog, store: NodeStore, { origin, restoredLog }: Followed): Promise<void> {
  const size = store.head?.logSize ?? 0;
  if (log.size > size) throw formatError('LAST_SIGNED_CONFLICT', { origin, signedSize: log.size, size });
  await restoredLog.fill(log, store.firstIndex);
  for (const leaves of store.leavesFrom(log.size)) log.append(leaves);
  const want = store.head?.appHash ?? log.root();
  if (log.size !== size || !equalBytes(log.root(), want))
    throw formatError('LOG_DAMAGED', { size: log.size, want: toHex(want), got: toHex(log.root()) });
  restoredLog.remove();
}

/** The way from the first policy to the newest, whole also where this node was away. */
function successorsOf(
  { crypto, folder: { genesis, paths }, onSuccessorNews }: CityOptions,
  urls: readonly string[],
  { store, publishedSize, onFailure }: Pick<PublisherParts, 'store' | 'publishedSize' | 'onFailure'>,
): SuccessorChain {
  const newest = (): number => {
    const value = store.state.read(at(policyEffectiveKind).key);
    const from = value === null ? 0 : parseState(policyEffectiveKind, value).from;
    // Before its checkpoint is out, a change is this node's own to prove.
    return from <= (store.newestBlockLeaf(publishedSize())?.leaf.height ?? 0) ? from : 0;
  };
  const onNews = onSuccessorNews ?? (() => undefined);
  const first = genesisPolicy(crypto, genesis);
  return new SuccessorChain({ crypto, folder: paths.policies, urls, first, newest, onNews, onFailure });
}

/** Looks now, and whenever a checkpoint stands under another policy than the one before it. */
function followPolicies(publisher: CheckpointPublisher, policies: PolicyInForce, successors: SuccessorChain): void {
  let before: Bytes | null = null;
  const look = (): void => {
    if (policies.published === before) return;
    before = policies.published;
    void successors.news();
  };
  publisher.onCheckpoint(look);
  look();
}

/** The state under the newest checkpoint stays provable until there is a newer one, however many blocks come meanwhile. */
function holdPublished(publisher: CheckpointPublisher, store: NodeStore): void {
  let letGo = (): void => undefined;
  const hold = (): void => {
    const newest = store.newestBlockLeaf(publisher.latest()?.size ?? 0);
    if (newest === null) return;
    const letGoBefore = letGo;
    letGo = store.state.hold(newest.leaf.height);
    letGoBefore();
  };
  publisher.onCheckpoint(hold);
  hold();
}

type PublisherParts = Heard & {
  /** Light doors of others. */
  readonly neighbours: readonly string[];
  readonly origin: string;
  readonly store: NodeStore;
  readonly log: TileLog;
  readonly policies: PolicyInForce;
  readonly signer: HeadSigner;
  readonly onFailure: (error: Error) => void;
};

/** Alone: one signature. Among several: what validators said with their votes, or what a neighbour has published. */
function publisherOf(options: CityOptions, parts: PublisherParts): CheckpointPublisher {
  const { folder, crypto, startEngine, publishIntervalMs } = options;
  const { neighbours: urls, origin, store, log, policies, signer, onFailure } = parts;
  const panel = panelOf(options, policies, { crypto, store, log, folder: folder.paths.policies });
  const policyOf = (size: number): Policy => policies.of(size).policy;
  const neighbours = new NeighbourCheckpoints({ crypto, urls, origin, log, policyOf });
  return new CheckpointPublisher({
    log,
    folder: folder.paths.log,
    sign: startEngine === undefined ? async () => (await signer.newest()).note : () => signer.newestOrNothing(),
    witnesses: startEngine === undefined ? panel : withVotes(parts, neighbours, panel),
    onFailure,
    // Who asks for an interval gets it; else checkpoints come sooner while that costs little.
    ...(publishIntervalMs === undefined ? { quick: QUICK } : { intervalMs: publishIntervalMs }),
  });
}

type Heard = { readonly notes: VoteNotes; readonly publishedSize: () => number };

/** Other validators first: what they said with their votes. Only a checkpoint that their quorum cosigned goes to outside witnesses. */
function withVotes(
  { notes, publishedSize }: Heard,
  neighbours: NeighbourCheckpoints,
  panel: Pick<WitnessPanel, 'cosign'>,
): Pick<WitnessPanel, 'cosign'> {
  return {
    async cosign(note, log) {
      if (note.length > 0) notes.accept(note, parseCheckpointNote(note).checkpoint);
      const sizeMin = publishedSize() + 1;
      const cosigned = (await notes.quorumNote(sizeMin)) ?? (await neighbours.newest(sizeMin));
      return cosigned === null ? null : panel.cosign(cosigned, log);
    },
  };
}

/**
 * Cosigns by the witnesses of whichever policy a head stands under, and makes that policy, and evidence of its
 * successor, public before the checkpoint.
 */
function panelOf(options: CityOptions, policies: PolicyInForce, archive: SuccessorArchiveOptions): Pick<WitnessPanel, 'cosign'> {
  let seated: { readonly policy: CityPolicy; readonly panel: WitnessPanel } | null = null;
  return {
    async cosign(note, log) {
      const size = parseCheckpointNote(note).checkpoint.size;
      const policy = policies.of(size);
      if (seated?.policy !== policy) seated = { policy, panel: makePanel(options, policy) };
      const cosigned = await seated.panel.cosign(note, log);
      if (cosigned === null) return null;
      await keepSuccessor(archive, policy, cosigned);
      await policies.publish(policy);
      return cosigned;
    },
  };
}

function makePanel({ crypto, onWitnessRefusal }: CityOptions, { policy }: CityPolicy): WitnessPanel {
  const clients = policy.witnesses.flatMap(({ key, url }) => (url === null ? [] : [new WitnessClient({ url, key, crypto })]));
  return new WitnessPanel({
    crypto,
    clients,
    policy: () => policy,
    ...(onWitnessRefusal === undefined ? {} : { onRefusal: onWitnessRefusal }),
  });
}

/** A block that changes the policy. Under another engine the votes for the next one bring its checkpoint: they cannot come while Commit waits. */
function mustHandOver({ startEngine }: CityOptions, application: Application, { height }: { readonly height: number }): boolean {
  return startEngine === undefined && height > 0 && application.read(at(policyEffectiveKind))?.from === height;
}

/** The old set's last word is said before the first block: a stop may have come before it, and by the next head its key signs no more. */
function embeddedEngine(options: CityOptions, publisher: CheckpointPublisher): StartEngine {
  return async (parts) => {
    const { application } = parts;
    if (mustHandOver(options, application, application)) await handOver(publisher, options);
    return EmbeddedEngine.start({ ...parts, ...pick(options, 'gatherMsMax', 'waitingCountMax') });
  };
}

/**
 * Waits a while for the old set's checkpoint over the block that ends its term: by it clients learn of the new set. Without it (a lost
 * witness, a node that stops) the ledger goes on: the new policy may be the remedy. Rejects as `flush` does.
 */
async function handOver(publisher: CheckpointPublisher, { handOverMs = 5_000 }: CityOptions): Promise<void> {
  await Promise.race([publisher.flush(), sleep(handOverMs, undefined, { ref: false })]);
}

function pick<T extends object, const K extends keyof T>(from: T, ...names: readonly K[]): Partial<Pick<T, K>> {
  return Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]]))) as Partial<
    Pick<T, K>
  >;
}
