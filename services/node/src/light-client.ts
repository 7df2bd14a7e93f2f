/** The other side of the light door: asked by nodes that begin, and by those that missed a checkpoint. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { type CometHeader, objectOf, parseCometHeader } from './comet-header.ts';
import { JOIN_SIZE_MAX, type JoinAnswer, parseJoinAnswer } from './join-wire.ts';

const TIMEOUT_MS = 10_000;
const COMMIT_SIZE_MAX = 2 ** 20;
/** A thousand changes and more. */
const POLICIES_SIZE_MAX = 16_384;

/** What a node tells that one may join. Throws DOOR_SILENT, JOIN_ANSWER_INVALID. */
export async function askJoin(url: string): Promise<JoinAnswer> {
  return parseJoinAnswer(url, (await ask(url, '/join', JOIN_SIZE_MAX)).toString('utf8'));
}

/** The published checkpoint of a node. Throws DOOR_SILENT. */
export async function askCheckpoint(url: string): Promise<Bytes> {
  return new Uint8Array(await ask(url, '/checkpoint', LIMITS.noteSizeMax));
}

/** Heights of the changes of policy of which a node keeps evidence. Throws DOOR_SILENT, also for what is no such list. */
export async function askSuccessors(url: string): Promise<readonly number[]> {
  const text = (await ask(url, '/policies', POLICIES_SIZE_MAX)).toString('utf8');
  try {
    const list = JSON.parse(text) as unknown;
    if (Array.isArray(list) && list.every((height) => Number.isSafeInteger(height) && height > 0)) return list as number[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw formatError('DOOR_SILENT', { url, why: 'no list of heights' });
}

/** Evidence of the policy that the block of this height put into force, unverified. Throws DOOR_SILENT. */
export async function askSuccessor(url: string, height: number): Promise<Bytes> {
  return new Uint8Array(await ask(url, `/policies/${height}`, LIMITS.evidenceSizeMax));
}

/** The header of a height, its hash computed here. Throws DOOR_SILENT, ENGINE_ANSWER_INVALID. */
export async function askHeader(crypto: Crypto, url: string, height: number): Promise<CometHeader> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'commit', params: { height: String(height) } });
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
  const text = (await ask(url, '/', COMMIT_SIZE_MAX, init)).toString('utf8');
  const header = parseCometHeader(crypto, headerIn(url, text));
  if (header.height !== height) throw formatError('ENGINE_ANSWER_INVALID', { field: 'height', want: height, got: header.height });
  return header;
}

function headerIn(url: string, text: string): unknown {
  try {
    const answer = objectOf(JSON.parse(text), 'answer');
    // It has not come so far, or has no such block any more.
    if (answer['error'] !== undefined)
      throw formatError('DOOR_SILENT', { url, why: JSON.stringify(answer['error']).slice(0, 200) });
    return objectOf(objectOf(answer['result'], 'result')['signed_header'], 'signed_header')['header'];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw formatError('ENGINE_ANSWER_INVALID', { field: 'JSON' });
  }
}

/** Throws DOOR_SILENT: not there, not in time, another status, or too much. */
async function ask(url: string, path: string, sizeMax: number, init: RequestInit = {}): Promise<Buffer> {
  try {
    const answer = await fetch(`${url}${path}`, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = await readLimited(answer, sizeMax);
    if (answer.ok) return body;
    throw new Error(`status ${answer.status}`);
  } catch (error) {
    const { message, cause } = error as Error;
    throw formatError('DOOR_SILENT', { url, why: (cause as NodeJS.ErrnoException | undefined)?.code ?? message });
  }
}

async function readLimited(answer: Response, sizeMax: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of answer.body ?? []) {
    size += part.length;
    if (size > sizeMax) throw new Error('too large an answer');
    parts.push(part);
  }
  return Buffer.concat(parts);
}
