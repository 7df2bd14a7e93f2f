/**
 * Making the folders of a new node of a running city: a reader, which has no vote. What it needs comes from the light doors of nodes that
 * run; what is believed of it follows from the policy that the operator brought: the genesis document by its hash in the policy's origin,
 * the chain by that, the header that CometBFT begins with by a checkpoint that the policy's quorum cosigned.
 */

import { isDeepStrictEqual } from 'node:util';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Checkpoint } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { type Genesis, genesisHash, parseGenesis } from '@oppidum/formats/genesis';
import { genesisHashOf } from '@oppidum/formats/ids';
import { parsePolicy } from '@oppidum/formats/policy';
import { chainIdOf, consensusValidatorsOf, encodeCometGenesis } from './comet-genesis.ts';
import { type CometSync, makeCometHome, nodeIdOf } from './comet-home.ts';
import { createDataFolder, type DataPaths } from './data-folder.ts';
import { freshSeeds, writeValidatorKeys } from './found-city.ts';
import { cometPlaces } from './found-cluster.ts';
import { openTrust, type TrustOptions } from './join-trust.ts';
import type { JoinAnswer } from './join-wire.ts';
import { askJoin } from './light-client.ts';
import { changeNodeSettings } from './node-settings.ts';

export type JoinOptions = TrustOptions & {
  /** Missing or empty. */
  readonly folder: string;
  readonly name: string;
  /** Where the new CometBFT listens for others. */
  readonly p2p: { readonly host: string; readonly port: number };
  readonly randomBytes: (size: number) => Bytes;
};

/** A running city as several nodes describe it, all of it checked. */
export type TrustedCity = {
  readonly genesis: Genesis;
  readonly genesisHash: Bytes;
  readonly cometGenesis: string;
  /** `<node id>@HOST:PORT`. */
  readonly peers: readonly string[];
  readonly checkpoint: Checkpoint;
  /** True where the policy proves who decides on the chain's blocks, too. */
  readonly isBound: boolean;
  /** How a CometBFT of this city begins by state sync; null where that cannot be: one door, no snapshot yet. */
  readonly sync: CometSync | null;
};

/** CometBFT's light client compares what two servers say. */
const DOORS_FOR_SYNC = 2;

/**
 * Asks the doors and checks what they say. Throws DOOR_SILENT, JOIN_ANSWER_INVALID, GENESIS_DIFFERS, CHAIN_FOREIGN, CHECKPOINT_MISSING,
 * HEADER_UNPROVEN, ENGINE_ANSWER_INVALID, and what refuses the checkpoint under the policy (QUORUM_MISSING, LOG_UNKNOWN …).
 */
export async function askCity({ crypto, doors, policy }: TrustOptions): Promise<TrustedCity> {
  const answers = await Promise.all(doors.map(askJoin));
  const [first] = answers as [JoinAnswer];
  const { genesis, hash } = openGenesis(crypto, policy, first, doors[0] as string);
  for (const [i, other] of answers.entries()) assertSame(crypto, first, other, [doors[0] as string, doors[i] as string]);
  assertChain(genesis, hash, first.cometGenesis);
  const { checkpoint, isBound, ...trust } = await openTrust({ crypto, doors, policy }, answers);
  const snapshots = answers.flatMap(({ snapshotHeight }) => snapshotHeight ?? []);
  const canSync = doors.length >= DOORS_FOR_SYNC && snapshots.length > 0;
  return {
    genesis,
    genesisHash: hash,
    cometGenesis: first.cometGenesis,
    peers: answers.map((answer, i) => peerOf(answer, doors[i] as string)),
    checkpoint,
    isBound,
    sync: canSync ? { servers: doors, ...trust } : null,
  };
}

/** What was made: `nodeId` is by which the others' CometBFTs know the new one, and let it in. */
export type JoinedCity = TrustedCity & { readonly nodeId: string };

/** Makes the data folder and CometBFT's home of a reader. Throws as `askCity` and `createDataFolder` do. */
export async function joinCity(options: JoinOptions): Promise<JoinedCity> {
  const { crypto, folder, policy, name, p2p, doors, randomBytes } = options;
  const city = await askCity(options);
  const { genesis, cometGenesis, peers, sync } = city;
  const fill = (paths: DataPaths): Promise<void> =>
    writeValidatorKeys(paths, { crypto, genesis, seeds: freshSeeds(['log', 'cosigner'], randomBytes) });
  const made = await createDataFolder({ folder, crypto, genesis, policy, fill });
  const { home, app, rpc } = cometPlaces(folder);
  const { validator, node } = freshSeeds(['validator', 'node'], randomBytes);
  const host = p2p.host.includes(':') ? `[${p2p.host}]` : p2p.host;
  await makeCometHome({
    folder: home,
    crypto,
    genesisFile: cometGenesis,
    validatorSeed: validator,
    nodeSeed: node,
    settings: { name, app, rpc, p2p: `tcp://${host}:${p2p.port}`, peers, ...(sync === null ? {} : { sync }) },
  });
  await changeNodeSettings(folder, { neighbours: doors, joined: true });
  made.release();
  return { ...city, nodeId: nodeIdOf(crypto, node) };
}

/** The document that the policy's origin names. */
function openGenesis(
  crypto: Crypto,
  policy: Bytes,
  answer: JoinAnswer,
  door: string,
): { readonly genesis: Genesis; readonly hash: Bytes } {
  const [log] = parsePolicy(crypto, policy).logs;
  if (log === undefined) throw formatError('LOG_UNKNOWN', { why: 'the policy names no log' });
  const want = genesisHashOf(log.key.name);
  const genesis = parseGenesis(answer.genesis);
  const hash = genesisHash(crypto, genesis);
  if (!equalBytes(hash, want)) throw formatError('GENESIS_DIFFERS', { field: 'hash', policy: toHex(want), [door]: toHex(hash) });
  return { genesis, hash };
}

/** Two nodes of one city have the same documents; what differs is named. */
function assertSame(crypto: Crypto, a: JoinAnswer, b: JoinAnswer, [here, there]: readonly [string, string]): void {
  const documents = [
    { a: parseGenesis(a.genesis), b: parseGenesis(b.genesis), name: 'genesis' },
    { a: parseJson(a.cometGenesis, here), b: parseJson(b.cometGenesis, there), name: 'CometBFT genesis' },
  ];
  for (const { a: one, b: other, name } of documents) {
    const found = findDifference(one, other, '');
    if (found !== null)
      throw formatError('GENESIS_DIFFERS', {
        document: name,
        field: found.field,
        [here]: shown(crypto, found.a),
        [there]: shown(crypto, found.b),
      });
  }
}

/** CometBFT's genesis follows from the city's; but for the keys of validators, where that does not name them. */
function assertChain(genesis: Genesis, hash: Bytes, text: string): void {
  const named = consensusValidatorsOf(genesis);
  const got = parseJson(text, 'CometBFT genesis') as Readonly<Record<string, unknown>>;
  const want = parseJson(encodeCometGenesis({ genesis, genesisHash: hash, validators: named }), '') as Readonly<
    Record<string, unknown>
  >;
  if (got['chain_id'] !== chainIdOf(hash))
    throw formatError('CHAIN_FOREIGN', { want: chainIdOf(hash), got: String(got['chain_id']) });
  const unnamed = named.length === 0 ? { validators: null } : {};
  const found = findDifference({ ...got, ...unnamed }, { ...want, ...unnamed }, '');
  if (found !== null)
    throw formatError('GENESIS_DIFFERS', {
      document: 'CometBFT genesis',
      field: found.field,
      got: String(found.a),
      want: String(found.b),
    });
}

type Difference = { readonly field: string; readonly a: unknown; readonly b: unknown };

/** The first place where two documents differ, by its path. */
function findDifference(a: unknown, b: unknown, field: string): Difference | null {
  if (isDeepStrictEqual(a, b)) return null;
  const areParts = [a, b].every((each) => typeof each === 'object' && each !== null && !(each instanceof Uint8Array));
  if (!areParts) return { field: field === '' ? 'document' : field, a, b };
  const [one, other] = [a, b] as readonly Readonly<Record<string, unknown>>[] as [
    Readonly<Record<string, unknown>>,
    Readonly<Record<string, unknown>>,
  ];
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const found = findDifference(one[name], other[name], field === '' ? name : `${field}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

function shown(crypto: Crypto, value: unknown): string {
  if (value === undefined) return 'absent';
  if (value instanceof Uint8Array) return toHex(value);
  const text = JSON.stringify(value);
  return text.length <= 100 ? text : `SHA-256 ${toHex(crypto.sha256(new TextEncoder().encode(text)))}`;
}

/** Where a node listens at every address, it is reached where its door is. */
function peerOf({ nodeId, p2p }: JoinAnswer, door: string): string {
  const at = p2p.replace('tcp://', '');
  const port = at.slice(at.lastIndexOf(':') + 1);
  const isEverywhere = /^(0\.0\.0\.0|\[::\]|):/.test(at);
  return `${nodeId}@${isEverywhere ? `${new URL(door).hostname}:${port}` : at}`;
}

function parseJson(text: string, from: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw formatError('JOIN_ANSWER_INVALID', { from, field: 'cometGenesis' });
  }
}
