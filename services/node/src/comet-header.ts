/** Block headers of CometBFT v0.38 as its RPC gives them, and their hash (spec/core/data_structures.md, "Header"). */

import { encodeVarint } from '@oppidum/abci/frames';
import { type Bytes, compareBytes, concatBytes, encodeUtf8 } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { Timestamp } from 'cosmjs-types/google/protobuf/timestamp';
import { BlockID } from 'cosmjs-types/tendermint/types/types';
import { SimpleValidator } from 'cosmjs-types/tendermint/types/validator';
import { Consensus } from 'cosmjs-types/tendermint/version/types';
import { VOTE_POWER } from './comet-validators.ts';

/** What a newcomer looks at; `hash` is computed here, whatever the server says it is. */
export type CometHeader = {
  readonly chainId: string;
  readonly height: number;
  readonly appHash: Bytes;
  /** Of the validators that decide this block, and the next. */
  readonly validatorsHash: Bytes;
  readonly nextValidatorsHash: Bytes;
  readonly hash: Bytes;
};

const ADDRESS_SIZE = 20;
const HEX = /^([0-9A-Fa-f]{2}){0,32}$/;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/;
/** Field 1 of the wrappers of protobuf: as bytes or text, and as a varint. */
const [WRAPPED_BYTES, WRAPPED_NUMBER] = [0x0a, 0x08];
const HASHES = [
  'last_commit_hash',
  'data_hash',
  'validators_hash',
  'next_validators_hash',
  'consensus_hash',
  'app_hash',
  'last_results_hash',
  'evidence_hash',
  'proposer_address',
];

type Json = Readonly<Record<string, unknown>>;

/** Opens `header` of a commit. Throws ENGINE_ANSWER_INVALID. */
export function parseCometHeader(crypto: Crypto, value: unknown): CometHeader {
  const header = objectOf(value, 'header');
  const version = objectOf(header['version'], 'version');
  const chainId = textOf(header['chain_id'], 'chain_id', /^[\x20-\x7e]{1,50}$/);
  const height = numberOf(header['height'], 'height');
  const fields = [
    Consensus.encode({
      block: BigInt(numberOf(version['block'], 'block')),
      app: BigInt(numberOf(version['app'] ?? '0', 'app')),
    }).finish(),
    wrap(encodeUtf8(chainId)),
    concatBytes(Uint8Array.of(WRAPPED_NUMBER), encodeVarint(height)),
    encodeTime(textOf(header['time'], 'time', TIME)),
    encodeBlockId(header['last_block_id']),
    ...HASHES.map((name) => wrap(hexOf(header[name], name))),
  ];
  const tree = new CompactTree(crypto);
  for (const field of fields) tree.append(leafHash(crypto, new Uint8Array(field)));
  const [appHash, validatorsHash, nextValidatorsHash] = ['app_hash', 'validators_hash', 'next_validators_hash'].map((name) =>
    hexOf(header[name], name),
  ) as [Bytes, Bytes, Bytes];
  return { chainId, height, appHash, validatorsHash, nextValidatorsHash, hash: tree.root() };
}

/**
 * The hash of validators of one power, by their consensus keys (spec/core/data_structures.md, "ValidatorSet", "SimpleValidator"):
 * those of one power stand in the order of their addresses.
 */
export function validatorsHashOf(crypto: Crypto, consensusKeys: readonly Bytes[]): Bytes {
  const tree = new CompactTree(crypto);
  const validators = consensusKeys.map((key) => ({ key, address: crypto.sha256(key).slice(0, ADDRESS_SIZE) }));
  for (const { key } of validators.sort((a, b) => compareBytes(a.address, b.address))) {
    const encoded = SimpleValidator.encode({ pubKey: { ed25519: key }, votingPower: BigInt(VOTE_POWER) }).finish();
    tree.append(leafHash(crypto, new Uint8Array(encoded)));
  }
  return tree.root();
}

/** What is empty has no bytes at all (`cdcEncode`). */
function wrap(bytes: Bytes): Bytes {
  if (bytes.length === 0) return bytes;
  return concatBytes(Uint8Array.of(WRAPPED_BYTES), encodeVarint(bytes.length), bytes);
}

function encodeTime(text: string): Bytes {
  const [, whole = '', fraction = ''] = TIME.exec(text) ?? [];
  const seconds = BigInt(Date.parse(`${whole}Z`) / 1_000);
  return Timestamp.encode({ seconds, nanos: Number(fraction.padEnd(9, '0')) }).finish();
}

function encodeBlockId(value: unknown): Bytes {
  const id = objectOf(value, 'last_block_id');
  const parts = objectOf(id['parts'], 'parts');
  const total = parts['total'];
  if (typeof total !== 'number' || !Number.isInteger(total) || total < 0 || total > 0xffff_ffff) throw wrong('total');
  const partSetHeader = { total, hash: hexOf(parts['hash'], 'parts.hash') };
  return BlockID.encode({ hash: hexOf(id['hash'], 'last_block_id.hash'), partSetHeader }).finish();
}

/** An object of CometBFT's JSON. Throws ENGINE_ANSWER_INVALID. */
export function objectOf(value: unknown, field: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(field);
  return value as Json;
}

/** A text of this form. Throws ENGINE_ANSWER_INVALID. */
export function textOf(value: unknown, field: string, form: RegExp): string {
  if (typeof value !== 'string' || !form.test(value)) throw wrong(field);
  return value;
}

function numberOf(value: unknown, field: string): number {
  return Number(textOf(value, field, /^(0|[1-9]\d{0,9})$/));
}

function hexOf(value: unknown, field: string): Bytes {
  return new Uint8Array(Buffer.from(textOf(value, field, HEX), 'hex'));
}

function wrong(field: string): Error {
  return formatError('ENGINE_ANSWER_INVALID', { field });
}
