/**
 * The few calls of a city's HTTP API that a device or its maker needs. Nothing that comes back is believed here: records are verified
 * by `shard-keys.ts` and `enrol.ts` under the city's policy, receipts by the device.
 */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { type Bytes, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { type ErrorCode, formatError } from '@oppidum/formats/errors';
import type { StateClaim } from '@oppidum/formats/evidence';
import { ID_SIZE } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeReadingBatch, parseReadingAnswers, type ReadingAnswer } from '@oppidum/formats/reading-answers';

const TIMEOUT_MS = 30_000;
const ANSWER_SIZE_MAX = 16 * 1024 * 1024;
const SOCKET_COUNT_MAX = 8;

/** What a city says of itself: its genesis hash, where its MQTT door is (null when it has none), and its shards. Unproven. */
export type CityFacts = {
  readonly name: string;
  readonly genesis: Bytes;
  readonly mqttUrl: string | null;
  readonly shards: readonly Bytes[];
};

/** The result of an executed transaction: `code` is OK or why the ledger refused it. */
export type TransactionResult = { readonly id: Bytes; readonly code: string; readonly details: string };

type Answer = { readonly status: number; readonly body: Bytes };
type Call = { readonly method: 'GET' | 'POST'; readonly path: string; readonly accept: string } & (
  | { readonly type: string; readonly body: Bytes }
  | { readonly body?: never }
);

/**
 * A connection to one city. Every method throws CITY_UNREACHABLE when no answer came, the code that the city gave with its refusal,
 * CITY_REFUSED for a refusal with a code that is not ours, and CITY_ANSWER_INVALID for an answer that is not of the API.
 */
export class CityApi {
  readonly base: URL;
  readonly #agent: HttpAgent | HttpsAgent;

  /** `base`: e.g. http://127.0.0.1:8420 */
  constructor(base: string) {
    this.base = new URL(base.endsWith('/') ? base : `${base}/`);
    const options = { keepAlive: true, maxSockets: SOCKET_COUNT_MAX };
    this.#agent = this.base.protocol === 'https:' ? new HttpsAgent(options) : new HttpAgent(options);
  }

  /** GET /api/v1/city. */
  async city(): Promise<CityFacts> {
    const body = await this.#call({ method: 'GET', path: 'api/v1/city', accept: 'application/json' });
    return readCity(readJson(body), this.base);
  }

  /** GET /city.policy: to be compared with, or pinned as, the policy that the owner trusts. */
  policy(): Promise<Bytes> {
    return this.#call({ method: 'GET', path: 'city.policy', accept: 'text/plain' });
  }

  /** GET /log/checkpoint: the newest checkpoint of the city, not verified. */
  checkpoint(): Promise<Bytes> {
    return this.#call({ method: 'GET', path: 'log/checkpoint', accept: 'text/plain' });
  }

  /** GET /api/v1/evidence/state: unverified evidence of the records under these segments. */
  stateEvidence(claim: Pick<StateClaim, 'kind' | 'segments'>): Promise<Bytes> {
    const segments = claim.segments.map((segment) => (typeof segment === 'number' ? String(segment) : toHex(segment))).join(',');
    const query = new URLSearchParams({ kind: claim.kind, segments });
    return this.#call({ method: 'GET', path: `api/v1/evidence/state?${query}`, accept: 'application/cbor' });
  }

  /** POST /api/v1/transactions: resolves when the transaction was executed and is durable; a retry gets the first answer. */
  async submit(envelope: Bytes): Promise<TransactionResult> {
    const path = 'api/v1/transactions';
    const body = await this.#call({ method: 'POST', path, accept: 'application/json', type: 'application/cose', body: envelope });
    const { id, code, details } = readJson(body);
    if (typeof id !== 'string' || typeof code !== 'string') throw formatError('CITY_ANSWER_INVALID', { path });
    return { id: parseHex(id, ID_SIZE), code, details: JSON.stringify(details ?? {}) };
  }

  /** POST /api/v1/readings: one answer for each envelope, in their order. */
  async sendReadings(envelopes: readonly Bytes[]): Promise<readonly ReadingAnswer[]> {
    const path = 'api/v1/readings';
    const body = encodeReadingBatch(envelopes);
    const type = 'application/cbor';
    const answers = parseReadingAnswers(await this.#call({ method: 'POST', path, accept: type, type, body }));
    if (answers.length !== envelopes.length) throw formatError('CITY_ANSWER_INVALID', { path, want: envelopes.length });
    return answers;
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #call(call: Call): Promise<Bytes> {
    const { status, body } = await this.#exchange(call);
    if (status >= 200 && status < 300) return body;
    const problem = body.length === 0 ? {} : readJson(body);
    const { code, detail } = problem;
    const at = call.path.replace(/\?.*/, '');
    if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) throw formatError(code as ErrorCode, { at });
    throw formatError('CITY_REFUSED', { at, status, ...(typeof detail === 'string' ? { detail: detail.slice(0, 200) } : {}) });
  }

  #exchange(call: Call): Promise<Answer> {
    const url = new URL(call.path, this.base);
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const type = call.body === undefined ? {} : { 'content-type': call.type, 'content-length': call.body.length };
    const headers = { accept: call.accept, ...type };
    return new Promise((resolve, rejectCall) => {
      const failed = (error: Error): void => {
        const reason = (error as NodeJS.ErrnoException).code ?? error.message;
        rejectCall(formatError('CITY_UNREACHABLE', { api: this.base.origin, reason }));
      };
      const options = { method: call.method, agent: this.#agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
      const request = send(url, options, (response) => readBody(response).then(resolve, failed));
      request.on('error', failed);
      request.end(call.body);
    });
  }
}

async function readBody(response: IncomingMessage): Promise<Answer> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > ANSWER_SIZE_MAX) throw new Error(`an answer of more than ${ANSWER_SIZE_MAX} bytes`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, body: new Uint8Array(Buffer.concat(parts)) };
}

type JsonObject = { readonly [name: string]: unknown };

function readJson(body: Bytes): JsonObject {
  const json = parseJson(body);
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw formatError('CITY_ANSWER_INVALID', { want: 'JSON' });
  return json as JsonObject;
}

function parseJson(body: Bytes): unknown {
  try {
    return JSON.parse(parseUtf8(body));
  } catch {
    return null;
  }
}

function readCity(json: JsonObject, base: URL): CityFacts {
  const { name, genesis, mqtt, shards } = json;
  if (typeof name !== 'string' || typeof genesis !== 'string' || !Array.isArray(shards))
    throw formatError('CITY_ANSWER_INVALID', { path: 'api/v1/city' });
  const ids = shards.map((shard) => (shard as { readonly id?: unknown } | null)?.id);
  return {
    name,
    genesis: parseHex(genesis, ID_SIZE),
    mqttUrl: readMqttUrl(mqtt, base),
    shards: ids.filter((id) => typeof id === 'string').map((id) => parseHex(id, ID_SIZE)),
  };
}

function readMqttUrl(mqtt: unknown, base: URL): string | null {
  if (typeof mqtt !== 'object' || mqtt === null) return null;
  const { host, port } = mqtt as { readonly host?: unknown; readonly port?: unknown };
  if (typeof port !== 'number') return null;
  return `mqtt://${typeof host === 'string' ? host : base.hostname}:${port}`;
}

/** Bytes of envelopes in one call of `sendReadings`: a gateway accepts a body of 1 MiB. */
export const READING_BATCH_SIZE_MAX = 12 * LIMITS.readingSizeMax;
