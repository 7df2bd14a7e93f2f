/**
 * What a running node tells one that wants to join (`GET /join` of the light door), as JSON. All of it is checked by whoever reads it: the
 * genesis document by its hash, CometBFT's by that, the checkpoint by the policy that the operator brought, the header by the checkpoint.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { encodeUtf8, parseUtf8 } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';

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
  /** Height of the header whose app hash is the checkpoint's root; null where that header is not there yet. */
  readonly trustHeight: number | null;
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
const P2P = /^tcp:\/\/.{1,255}:\d{1,5}$/;

/** One line of JSON. */
export function encodeJoinAnswer(answer: JoinAnswer): string {
  const { genesis, policy, checkpoint, validators, ...plain } = answer;
  const text = (bytes: Bytes): string => Buffer.from(bytes).toString('base64');
  return `${JSON.stringify({
    version: VERSION,
    ...plain,
    genesis: text(genesis),
    policy: parseUtf8(policy),
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
    trustHeight: height('trustHeight'),
    validators: value['validators'] === null ? null : new Uint8Array(Buffer.from(text('validators'), 'base64')),
    snapshotHeight: height('snapshotHeight'),
    nodeId,
    p2p,
  };
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
