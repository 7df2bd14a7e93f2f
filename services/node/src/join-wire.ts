/**
 * What a running node tells one that wants to join (`GET /join` of the light door), as JSON. All of it is checked by whoever reads it: the
 * genesis document by its hash, CometBFT's by that, the checkpoint by the policy that the operator brought, the header by the checkpoint.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeUtf8, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { HASH_SIZE } from '@oppidum/proofs/merkle-hash';

/** A header whose app hash is the root of the first `size` leaves, and that the checkpoint's log begins with them (RFC 9162 §2.1.4). */
export type HeaderProof = { readonly height: number; readonly size: number; readonly proof: readonly Bytes[] };

/** What is told. */
export type JoinAnswer = {
  /** The genesis document. */
  readonly genesis: Bytes;
  /** `config/genesis.json` of CometBFT. */
  readonly cometGenesis: string;
  /** The policy under which the checkpoint stands. */
  readonly policy: Bytes;
  /** The published checkpoint, or null before the first. */
  readonly checkpoint: Bytes | null;
  /** A header to begin with, or null where none is there yet. */
  readonly trust: HeaderProof | null;
  /** Evidence of the validators in force under that checkpoint, or of there being no such record; null where there is none. */
  readonly validators: Bytes | null;
  /** Height of the newest snapshot that the node offers, or null. */
  readonly snapshotHeight: number | null;
  /** By which CometBFT dials the node: its id, and where it listens. */
  readonly nodeId: string;
  readonly p2p: string;
};

const VERSION = 1;
/** A genesis document of many accounts, twice, in base64. */
export const JOIN_SIZE_MAX = 4 * 2 ** 20;
const NODE_ID = /^[0-9a-f]{40}$/;
const HASH = /^[0-9a-f]{64}$/;
const P2P = /^tcp:\/\/.{1,255}:\d{1,5}$/;

/** One line of JSON. */
export function encodeJoinAnswer(answer: JoinAnswer): string {
  const { genesis, policy, checkpoint, validators, trust, ...plain } = answer;
  const text = (bytes: Bytes): string => Buffer.from(bytes).toString('base64');
  return `${JSON.stringify({
    version: VERSION,
    ...plain,
    genesis: text(genesis),
    policy: parseUtf8(policy),
    trust: trust === null ? null : { ...trust, proof: trust.proof.map(toHex) },
    validators: validators === null ? null : text(validators),
    checkpoint: checkpoint === null ? null : parseUtf8(checkpoint),
  })}\n`;
}

/** Throws JOIN_ANSWER_INVALID. */
export function parseJoinAnswer(from: string, body: string): JoinAnswer {
  const value = parseObject(from, body);
  if (value['version'] !== VERSION) throw wrong(from, 'version');
  const text = (field: string): string => {
    const found = value[field];
    if (typeof found !== 'string') throw wrong(from, field);
    return found;
  };
  const height = (field: string): number | null => {
    const found = value[field];
    if (found !== null && !(Number.isSafeInteger(found) && (found as number) > 0)) throw wrong(from, field);
    return found as number | null;
  };
  const [nodeId, p2p] = [text('nodeId'), text('p2p')];
  if (!NODE_ID.test(nodeId)) throw wrong(from, 'nodeId');
  if (!P2P.test(p2p)) throw wrong(from, 'p2p');
  return {
    genesis: new Uint8Array(Buffer.from(text('genesis'), 'base64')),
    cometGenesis: text('cometGenesis'),
    policy: encodeUtf8(text('policy')),
    checkpoint: value['checkpoint'] === null ? null : encodeUtf8(text('checkpoint')),
    trust: value['trust'] === null ? null : parseTrust(from, value['trust']),
    validators: value['validators'] === null ? null : new Uint8Array(Buffer.from(text('validators'), 'base64')),
    snapshotHeight: height('snapshotHeight'),
    nodeId,
    p2p,
  };
}

function parseTrust(from: string, value: unknown): HeaderProof {
  const { height, size, proof } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isSize = (each: unknown): each is number => Number.isSafeInteger(each) && (each as number) > 0;
  const isProof = Array.isArray(proof) && proof.length <= LIMITS.merkleProofHashCountMax;
  if (!isSize(height) || !isSize(size) || !isProof || !proof.every((hash) => HASH.test(String(hash)))) throw wrong(from, 'trust');
  return { height, size, proof: proof.map((hash) => parseHex(String(hash), HASH_SIZE)) };
}

function parseObject(from: string, body: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(body) as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof FormatError)) throw error;
  }
  throw wrong(from, 'JSON');
}

function wrong(from: string, field: string): Error {
  return formatError('JOIN_ANSWER_INVALID', { from, field });
}
