/** What CometBFT takes as proof of two votes of one validator (its JSON and its sign bytes, v0.38 spec/core/data_structures). */

import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { consensusAddress } from '@oppidum/formats/state-validators';
import { chainIdOf } from '@oppidum/node/comet-genesis';
import { VOTE_POWER } from '@oppidum/node/comet-validators';
import type { DataFolder } from '@oppidum/node/data-folder';
import { cometPlaces } from '@oppidum/node/found-cluster';

const PREVOTE = 1;

/** The second of these nodes votes for two blocks of one height; the first is told, as a peer would be that saw both. */
export async function voteTwice(told: DataFolder, guilty: DataFolder): Promise<void> {
  const { rpc } = cometPlaces(told.paths.folder);
  const call = (method: string, params: object) => callRpc(rpc.replace('unix://', ''), method, params);
  const { sync_info } = (await call('status', {})) as { sync_info: { latest_block_height: string } };
  const height = sync_info.latest_block_height;
  const { block } = (await call('block', { height })) as { block: { header: { time: string } } };
  const { total } = (await call('validators', { height })) as { total: string };
  const vote = voterOf(guilty, height, block.header.time);
  const [first, second] = ['11', '22'].map((byte) => vote(byte.repeat(32)));
  const value = {
    vote_a: first,
    vote_b: second,
    TotalVotingPower: String(Number(total) * VOTE_POWER),
    ValidatorPower: String(VOTE_POWER),
    Timestamp: block.header.time,
  };
  await call('broadcast_evidence', { evidence: { type: 'tendermint/DuplicateVoteEvidence', value } });
}

function voterOf({ paths, genesisHash }: DataFolder, height: string, time: string) {
  const { home } = cometPlaces(paths.folder);
  const file = readFileSync(join(home, 'config', 'priv_validator_key.json'), 'utf8');
  const { priv_key } = JSON.parse(file) as { priv_key: { value: string } };
  const signer = ed25519Signer(new Uint8Array(Buffer.from(priv_key.value, 'base64').subarray(0, 32)));
  const address = toHex(consensusAddress(crypto, signer.publicKey)).toUpperCase();
  return (hash: string) => ({
    type: PREVOTE,
    height,
    round: 0,
    block_id: { hash, parts: { total: 1, hash } },
    timestamp: time,
    validator_address: address,
    validator_index: 0,
    signature: Buffer.from(signer.sign(signBytes(chainIdOf(genesisHash), height, hash, time))).toString('base64'),
    extension: null,
    extension_signature: null,
  });
}

/** CanonicalVote of protobuf, after its size. Round 0 is not written. */
function signBytes(chainId: string, height: string, hash: string, time: string): Buffer {
  const block = Buffer.from(hash, 'hex');
  const parts = Buffer.concat([varintField(1, 1n), bytesField(2, block)]);
  const [whole = '', fraction = ''] = time.replace('Z', '').split('.');
  const timestamp = Buffer.concat([
    varintField(1, BigInt(Date.parse(`${whole}Z`) / 1_000)),
    varintField(2, BigInt(fraction.padEnd(9, '0'))),
  ]);
  const size = Buffer.alloc(9);
  size[0] = (2 << 3) | 1;
  size.writeBigInt64LE(BigInt(height), 1);
  const vote = Buffer.concat([
    varintField(1, BigInt(PREVOTE)),
    size,
    bytesField(4, Buffer.concat([bytesField(1, block), bytesField(2, parts)])),
    bytesField(5, timestamp),
    bytesField(6, Buffer.from(chainId)),
  ]);
  return Buffer.concat([varint(BigInt(vote.length)), vote]);
}

function varintField(field: number, value: bigint): Buffer {
  return value === 0n ? Buffer.alloc(0) : Buffer.concat([varint(BigInt(field << 3)), varint(value)]);
}

function bytesField(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(BigInt((field << 3) | 2)), varint(BigInt(value.length)), value]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7n) {
    const low = Number(rest & 0x7fn);
    if (rest < 0x80n) return Buffer.from([...bytes, low]);
    bytes.push(low | 0x80);
  }
}

async function callRpc(socketPath: string, method: string, params: object): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const answer = await new Promise<string>((resolve, reject) => {
    const calling = request({ socketPath, method: 'POST', headers: { 'content-type': 'application/json' } }, (response) => {
      text(response).then(resolve, reject);
    });
    calling.on('error', reject);
    calling.end(body);
  });
  const { result, error } = JSON.parse(answer) as { result?: unknown; error?: unknown };
  if (error !== undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
  return result;
}
