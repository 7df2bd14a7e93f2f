/**
 * The home folder of CometBFT for one node: keys, genesis document, settings. What differs from CometBFT's defaults, and why, is in
 * decisions/0020.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { writeAllowedPeers } from './allowed-peers.ts';
import { encodeKey } from './comet-genesis.ts';
import { writeFileDurably } from './durable-file.ts';
import { makeSecretFolder } from './key-files.ts';

export type CometHomeOptions = {
  readonly folder: string;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** `encodeCometGenesis`, the same for every node. */
  readonly genesisFile: string;
  /** Seeds of 32 bytes: the key that signs votes, and the one that other nodes know this node by. */
  readonly validatorSeed: Bytes;
  readonly nodeSeed: Bytes;
  readonly settings: CometSettings;
};

/** Addresses as CometBFT has them: `unix://PATH` or `tcp://HOST:PORT`. */
export type CometSettings = {
  readonly name: string;
  readonly app: string;
  readonly rpc: string;
  /** Where others find it, at this machine's addresses. */
  readonly p2p: string;
  /** `<node id>@HOST:PORT` of the others. */
  readonly peers: readonly string[];
  /** A node that begins by state sync; without it, with the first block. */
  readonly sync?: CometSync;
};

/** What CometBFT's light client begins with. */
export type CometSync = {
  /** Light doors, two at least: what they say is compared. */
  readonly servers: readonly string[];
  readonly trustHeight: number;
  /** Hash of that header. */
  readonly trustHash: Bytes;
};

const SECRET_MODE = 0o600;
const SEED_SIZE = 32;
/** The last section, where there is one. */
const STATE_SYNC = '\n[statesync]';

/** Makes the home. */
export async function makeCometHome(options: CometHomeOptions): Promise<void> {
  const { folder, crypto, genesisFile, validatorSeed, nodeSeed, settings } = options;
  for (const part of [folder, join(folder, 'config'), join(folder, 'data')]) await makeSecretFolder(part);
  const write = (path: string, text: string): Promise<void> =>
    writeFileDurably(join(folder, path), encodeUtf8(text), SECRET_MODE);
  await writeValidatorKey(folder, crypto, validatorSeed);
  await write('config/node_key.json', JSON.stringify({ priv_key: privateKey(nodeSeed) }));
  // What this validator signed last: never restored from a backup, or it might sign twice.
  await write('data/priv_validator_state.json', JSON.stringify({ height: '0', round: 0, step: 0 }));
  await write('config/genesis.json', genesisFile);
  await write('config/config.toml', encodeConfig(settings));
  await writeAllowedPeers(
    folder,
    settings.peers.map((peer) => ({ id: peer.split('@')[0] as string, note: peer.split('@')[1] ?? '' })),
  );
}

/** Gives the home the key by which its CometBFT votes, in place of the one it had. */
export async function writeValidatorKey(home: string, crypto: Pick<Crypto, 'sha256'>, seed: Bytes): Promise<void> {
  const publicKey = ed25519Signer(seed).publicKey;
  const key = {
    address: addressOf(crypto, publicKey).toUpperCase(),
    pub_key: encodeKey('PubKey', publicKey),
    priv_key: privateKey(seed),
  };
  await writeFileDurably(join(home, 'config', 'priv_validator_key.json'), encodeUtf8(JSON.stringify(key)), SECRET_MODE);
}

/** By which others dial a node. */
export function nodeIdOf(crypto: Pick<Crypto, 'sha256'>, nodeSeed: Bytes): string {
  return addressOf(crypto, ed25519Signer(nodeSeed).publicKey);
}

/** The node id of a home, by its key. Throws as reading a file does. */
export function readNodeId(home: string, crypto: Pick<Crypto, 'sha256'>): string {
  const { priv_key } = JSON.parse(readFileSync(join(home, 'config', 'node_key.json'), 'utf8')) as {
    readonly priv_key: { readonly value: string };
  };
  return nodeIdOf(crypto, new Uint8Array(Buffer.from(priv_key.value, 'base64').subarray(0, SEED_SIZE)));
}

/** The peers that a home's settings name, `<node id>@HOST:PORT`. Throws as reading a file does. */
export function readPeers(home: string): readonly string[] {
  const [, peers = ''] = /^persistent_peers = "(.*)"$/m.exec(readFileSync(join(home, 'config', 'config.toml'), 'utf8')) ?? [];
  return peers
    .split(',')
    .map((peer) => peer.trim())
    .filter((peer) => peer !== '');
}

/** Where the CometBFT of a home listens for others, `HOST:PORT`. Throws CONFIG_INVALID, and as reading a file does. */
export function readPeerAddress(home: string): string {
  const file = join(home, 'config', 'config.toml');
  const [, address] = /^\[p2p\]\n(?:.*\n)*?laddr = "tcp:\/\/(.*:\d+)"$/m.exec(readFileSync(file, 'utf8')) ?? [];
  if (address === undefined) throw formatError('CONFIG_INVALID', { from: file, setting: '[p2p] laddr', want: 'tcp://HOST:PORT' });
  return address;
}

/** The first 20 bytes of SHA-256, as hex. */
function addressOf(crypto: Pick<Crypto, 'sha256'>, publicKey: Bytes): string {
  return toHex(crypto.sha256(publicKey)).slice(0, 40);
}

function privateKey(seed: Bytes): ReturnType<typeof encodeKey> {
  return encodeKey('PrivKey', Uint8Array.of(...seed, ...ed25519Signer(seed).publicKey));
}

/**
 * Settings with another way to begin, or none but the first block. The light client believes a header for a year after its time: the header
 * is as fresh as the checkpoint it was proven by, but where nothing happens no header is made, so the usual week would keep newcomers out.
 */
export function withSync(config: string, sync: CometSync | null): string {
  const at = config.indexOf(STATE_SYNC);
  const rest = at < 0 ? config : config.slice(0, at);
  if (sync === null) return rest;
  return `${rest}${STATE_SYNC}
enable = true
rpc_servers = ${quote(sync.servers.join(','))}
trust_height = ${sync.trustHeight}
trust_hash = ${quote(toHex(sync.trustHash))}
trust_period = "8760h0m0s"
discovery_time = "5s"
`;
}

function encodeConfig({ name, app, rpc, p2p, peers, sync }: CometSettings): string {
  return withSync(encodeBasics({ name, app, rpc, p2p, peers }), sync ?? null);
}

function encodeBasics({ name, app, rpc, p2p, peers }: CometSettings): string {
  return `proxy_app = ${quote(app)}
moniker = ${quote(name)}
abci = "socket"
filter_peers = true
log_level = "error"
log_format = "plain"

[rpc]
laddr = ${quote(rpc)}
max_request_batch_size = 0

[p2p]
laddr = ${quote(p2p)}
persistent_peers = ${quote(peers.join(','))}
unconditional_peer_ids = ${quote(peers.map((peer) => peer.split('@')[0]).join(','))}
pex = false
addr_book_strict = false
allow_duplicate_ip = true
flush_throttle_timeout = "10ms"
max_packet_msg_payload_size = 10240
send_rate = 102400000
recv_rate = 102400000

[mempool]
recheck = false
size = 50000
cache_size = 100000

[consensus]
timeout_propose = "1s"
timeout_prevote = "500ms"
timeout_precommit = "500ms"
timeout_commit = "0s"
skip_timeout_commit = true
create_empty_blocks = false
peer_gossip_sleep_duration = "5ms"

[storage]
discard_abci_responses = true

[tx_index]
indexer = "null"
`;
}

function quote(text: string): string {
  return JSON.stringify(text);
}
