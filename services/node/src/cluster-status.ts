/**
 * How the validators of a city are: those whose data folders lie here, asked on their own sockets and by what the system says of their
 * processes; of the others, what these hear of them.
 */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { at, parseState } from '@oppidum/formats/state-layout';
import { validatorSetKind } from '@oppidum/formats/state-validators';
import type { ClusterStatus, Trouble, ValidatorStatus } from './cluster-status-main.ts';
import { CometRpc } from './comet-rpc.ts';
import { cometPlaces } from './found-cluster.ts';
import { engineOf, memoryOf, pidOfHolder } from './processes.ts';
import { waitsForUpgrade } from './waiting-upgrade.ts';

const BEHIND_BLOCKS = 3;
const COMMIT_COUNT = 10;
/** Whose vote is in one of so many of the newest commits is there, also where no node here is its peer. */
const HEARD_BLOCKS = 3;

/** What one node answers. */
type Answers = {
  readonly height: number;
  readonly appHash: string;
  readonly version: string;
  readonly peers: readonly { readonly name: string; readonly height: number | null }[];
};

type Own = { readonly name: string; readonly folder: string; readonly rpc: CometRpc; readonly answers: Answers | null };
type Named = { readonly name: string; readonly address: string };
/** `isPeer`: it would be a peer of a node here. The validators of the beginning have each other as peers; whoever came later has some of them. */
type Known = Named & { readonly isPeer: boolean };
/** When each validator says that it voted, by CometBFT's address. */
type Commit = ReadonlyMap<string, number>;

/** Asks the validators in these data folders. Throws as reading a file does where one is no validator's. */
export async function clusterStatus(folders: readonly string[], crypto: Crypto): Promise<ClusterStatus> {
  const own = await Promise.all(folders.map((folder) => askOwn(folder)));
  try {
    const known = await validatorsInForce(own, crypto);
    const commits = await newestCommits(own);
    const here = await Promise.all(
      own.map(async (each) => describeOwn(each, own, { voting: votingOf(known, commits, each.name), crypto })),
    );
    const elsewhere = known
      .filter(({ name }) => !own.some((each) => each.name === name))
      .map((each) => describeHeard(each, own, commits, votingOf(known, commits, each.name)));
    const all = [...here, ...elsewhere].sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
    const voting = all.filter(({ isValidator }) => isValidator);
    const faults = Math.floor((voting.length - 1) / 3);
    const there = voting.filter(({ isHeard, troubles }) => isHeard && !troubles.includes('differs')).length;
    const isDeciding = 3 * there > 2 * voting.length;
    return { validators: all, faults, isDeciding, ok: isDeciding && all.every(({ troubles }) => troubles.length === 0) };
  } finally {
    for (const { rpc } of own) rpc.close();
  }
}

async function askOwn(folder: string): Promise<Own> {
  const places = cometPlaces(folder);
  const name = monikerOf(places.home);
  const rpc = new CometRpc(places.rpc);
  try {
    const [info, status, net, consensus] = await Promise.all(
      ['abci_info', 'status', 'net_info', 'dump_consensus_state'].map((method) => rpc.ask(method)),
    );
    return { name, folder, rpc, answers: readAnswers(info, status, net, consensus) };
  } catch {
    return { name, folder, rpc, answers: null };
  }
}

type Json = Readonly<Record<string, unknown>>;

function readAnswers(info?: Json, status?: Json, net?: Json, consensus?: Json): Answers {
  const response = object(info?.['response']);
  const heights = new Map(list(consensus?.['peers']).map((peer) => [addressId(peer['node_address']), peerHeight(peer)]));
  return {
    height: Number(response['last_block_height'] ?? 0),
    appHash: Buffer.from(String(response['last_block_app_hash'] ?? ''), 'base64').toString('hex'),
    version: String(object(status?.['node_info'])['version'] ?? ''),
    peers: list(net?.['peers']).map((peer) => {
      const node = object(peer['node_info']);
      return { name: String(node['moniker']), height: heights.get(String(node['id'])) ?? null };
    }),
  };
}

function addressId(address: unknown): string {
  return String(address).split('@')[0] as string;
}

/** A peer works on the block after its newest. */
function peerHeight(peer: Json): number {
  return Number(object(object(peer['peer_state'])['round_state'])['height'] ?? 1) - 1;
}

async function describeOwn(
  own: Own,
  all: readonly Own[],
  { voting, crypto }: { readonly voting: Voting; readonly crypto: Crypto },
): Promise<ValidatorStatus> {
  const { name, folder, answers } = own;
  const pid = pidOfHolder(folder);
  const engine = pid === null ? null : engineOf(pid);
  const checkpoint = checkpointOf(folder);
  const known = {
    name,
    isHere: true,
    isHeard: answers !== null,
    height: answers?.height ?? null,
    appHash: answers?.appHash ?? null,
    cosignedSize: checkpoint?.size ?? null,
    cosigners: checkpoint?.cosigners ?? [],
    peerCount: answers?.peers.length ?? null,
    ...voting,
    engineVersion: answers?.version ?? null,
    memorySize: pid === null ? null : memoryOf(pid),
    engineMemorySize: engine === null ? null : memoryOf(engine),
  };
  if (answers !== null) return { ...known, troubles: await findTroubles(own, answers, all) };
  if (pid !== null) return { ...known, troubles: ['engine-away'] };
  return { ...known, troubles: [(await waitsForUpgrade(folder, crypto)) ? 'upgrade' : 'away'] };
}

async function findTroubles(own: Own, answers: Answers, all: readonly Own[]): Promise<readonly Trouble[]> {
  const others = all.filter((each) => each !== own && each.answers !== null);
  const heights = [...others.map((each) => each.answers?.height ?? 0), ...answers.peers.map(({ height }) => height ?? 0)];
  const isBehind = Math.max(0, ...heights) - answers.height >= BEHIND_BLOCKS;
  const hashes = await Promise.all(others.map((other) => appHashAt(other, answers.height)));
  const known = hashes.filter((hash) => hash !== null);
  const differing = known.filter((hash) => hash !== answers.appHash).length;
  return [
    ...(isBehind ? (['behind'] as const) : []),
    ...(2 * differing > known.length ? (['differs'] as const) : []),
    ...(answers.peers.length === 0 && all.length > 1 ? (['alone'] as const) : []),
  ];
}

/** The app hash after this block as another node has it: its own, or what the header of the next block says; null where it knows neither. */
async function appHashAt({ answers, rpc }: Own, height: number): Promise<string | null> {
  if (answers === null || answers.height < height || height === 0) return null;
  if (answers.height === height) return answers.appHash;
  try {
    const { header } = object((await rpc.ask('commit', { height: String(height + 1) }))['signed_header']);
    return String(object(header)['app_hash']).toLowerCase();
  } catch {
    return null;
  }
}

/** Of a validator elsewhere: what is heard of it, by a peer of a node here or, where it would be none, by its votes. */
function describeHeard(known: Known, own: readonly Own[], commits: readonly Commit[], voting: Voting): ValidatorStatus {
  const { name, address } = known;
  const peers = own.flatMap(({ answers }) => answers?.peers ?? []).filter((peer) => peer.name === name);
  const heights = peers.flatMap(({ height }) => height ?? []);
  const newest = Math.max(0, ...own.map(({ answers }) => answers?.height ?? 0));
  const height = heights.length === 0 ? null : Math.max(...heights);
  const isBehind = height !== null && newest - height >= BEHIND_BLOCKS;
  const hasVoted = commits.slice(0, HEARD_BLOCKS).some((commit) => commit.has(address));
  const isHeard = peers.length > 0 || (!known.isPeer && hasVoted);
  return {
    name,
    isHere: false,
    isHeard,
    height,
    appHash: null,
    cosignedSize: null,
    cosigners: [],
    peerCount: null,
    ...voting,
    engineVersion: null,
    memorySize: null,
    engineMemorySize: null,
    troubles: isHeard ? (isBehind ? ['behind'] : []) : ['away'],
  };
}

/** CometBFT's addresses of those whose votes are in the newest commits that a node here has. */
async function newestCommits(own: readonly Own[]): Promise<readonly Commit[]> {
  const [newest] = newestFirst(own);
  const height = newest?.answers?.height ?? 0;
  const heights = Array.from({ length: Math.min(COMMIT_COUNT, height) }, (_, i) => height - i);
  const signers = heights.map(async (at) => {
    const { commit } = object((await (newest as Own).rpc.ask('commit', { height: String(at) }))['signed_header']);
    const signatures = list(object(commit)['signatures']).filter((signature) => signature['block_id_flag'] === VOTED);
    return new Map(
      signatures.map((signature) => [
        String(signature['validator_address']).toLowerCase(),
        Date.parse(String(signature['timestamp'])),
      ]),
    );
  });
  // Old blocks may have been pruned.
  return (await Promise.allSettled(signers)).flatMap((settled) => (settled.status === 'fulfilled' ? [settled.value] : []));
}

/** CometBFT's `BlockIDFlagCommit`: a vote for the block. */
const VOTED = 2;

/**
 * Who votes now, as a node here has it; while none answers, those of the beginning. Names come from genesis, the ledger's set and the homes
 * here.
 */
async function validatorsInForce(own: readonly Own[], crypto: Pick<Crypto, 'sha256'>): Promise<readonly Known[]> {
  const first = knownValidators((own[0] as Own).folder, crypto);
  const isFirst = (name: string): boolean => first.some((each) => each.name === name);
  const isFirstHere = own.some(({ name }) => isFirst(name));
  const named = (name: string, address: string): Known => ({ name, address, isPeer: isFirstHere && isFirst(name) });
  const [newest] = newestFirst(own);
  const later = newest === undefined ? [] : await validatorsOfLedger(newest.rpc, crypto);
  const names = new Map([...first, ...later, ...own.flatMap(ownKey)].map(({ name, address }) => [address, name]));
  try {
    const { validators } = (await newest?.rpc.ask('validators', { per_page: '100' })) ?? {};
    const voting = list(validators).map((validator) => String(validator['address']).toLowerCase());
    if (voting.length > 0) return voting.map((address) => named(names.get(address) ?? address, address));
  } catch {
    // None answers: those of the beginning.
  }
  return first.map(({ name, address }) => named(name, address));
}

/** Those whom the ledger's record of the set in force names; none where there is none or it is not to be had. */
async function validatorsOfLedger(rpc: CometRpc, crypto: Pick<Crypto, 'sha256'>): Promise<readonly Named[]> {
  try {
    const { response } = await rpc.ask('abci_query', { path: 'state', data: toHex(at(validatorSetKind).key) });
    const value = Buffer.from(String(object(response)['value'] ?? ''), 'base64');
    return parseState(validatorSetKind, new Uint8Array(value)).validators.map(({ name, consensusKey }) => ({
      name,
      address: addressOf(consensusKey, crypto),
    }));
  } catch {
    return [];
  }
}

/** CometBFT's name of whoever votes by this key. */
function addressOf(consensusKey: Bytes, crypto: Pick<Crypto, 'sha256'>): string {
  return toHex(crypto.sha256(consensusKey)).slice(0, 40);
}

function newestFirst(own: readonly Own[]): readonly Own[] {
  const answering = own.filter(({ answers }) => answers !== null);
  return answering.sort((a, b) => (b.answers?.height ?? 0) - (a.answers?.height ?? 0));
}

/** The key by which a node here votes, where it has one. */
function ownKey({ name, folder }: Own): readonly Named[] {
  const file = join(cometPlaces(folder).home, 'config', 'priv_validator_key.json');
  if (!existsSync(file)) return [];
  const { address } = JSON.parse(readFileSync(file, 'utf8')) as Json;
  return [{ name, address: String(address).toLowerCase() }];
}

/** The validators that the engine's genesis document names. */
function knownValidators(folder: string, crypto: Pick<Crypto, 'sha256'>): readonly Named[] {
  const file = join(cometPlaces(folder).home, 'config', 'genesis.json');
  const { validators } = JSON.parse(readFileSync(file, 'utf8')) as Json;
  return list(validators).map((validator) => {
    const key: Bytes = new Uint8Array(Buffer.from(String(object(validator['pub_key'])['value']), 'base64'));
    return { name: String(validator['name']), address: addressOf(key, crypto) };
  });
}

type Voting = Pick<ValidatorStatus, 'isValidator' | 'votes' | 'clockAheadMs'>;

function votingOf(known: readonly Known[], commits: readonly Commit[], name: string): Voting {
  const validator = known.find((each) => each.name === name);
  const isValidator = validator !== undefined;
  if (!isValidator || commits.length === 0) return { isValidator, votes: null, clockAheadMs: null };
  const aheadMs = commits.flatMap((commit) => {
    const votedMs = commit.get(validator.address);
    return votedMs === undefined || commit.size < 2 ? [] : [votedMs - median([...commit.values()])];
  });
  const count = commits.filter((commit) => commit.has(validator.address)).length;
  return {
    isValidator,
    votes: { count, of: commits.length },
    clockAheadMs: aheadMs.length === 0 ? null : Math.round(median(aheadMs)),
  };
}

/** The lower one of the two in the middle. */
function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] as number;
}

function monikerOf(home: string): string {
  const [, name] = /^moniker = "(.*)"$/m.exec(readFileSync(join(home, 'config', 'config.toml'), 'utf8')) ?? [];
  return name ?? home;
}

/** Size and signers of the published checkpoint, unverified: whoever wants to be sure has the policy. */
function checkpointOf(folder: string): { readonly size: number; readonly cosigners: readonly string[] } | null {
  const file = join(folder, 'log', 'checkpoint');
  if (!existsSync(file)) return null;
  const note = readFileSync(file, 'utf8');
  const [origin = '', size = ''] = note.split('\n');
  const names = [...note.matchAll(/^— (\S+) /gm)].map(([, name]) => name as string);
  return { size: Number(size), cosigners: [...new Set(names)].filter((name) => name !== origin) };
}

function object(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : {};
}

function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(object) : [];
}
