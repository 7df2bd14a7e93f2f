/**
 * The few calls of a city's HTTP API that a device or its maker needs, over whatever carries them. Nothing that comes back is believed here:
 * records are verified by `key-book.ts` and `enrol.ts` under the city's policy, receipts by the device.
 */

import { type Bytes, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { type ErrorCode, formatError } from '@oppidum/formats/errors';
import type { StateClaim } from '@oppidum/formats/evidence';
import { ID_SIZE } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeReadingBatch, parseReadingAnswers, type ReadingAnswer } from '@oppidum/formats/reading-answers';

/** What a city says of itself: its genesis hash, where its MQTT door is (null when it has none), and its shards. Unproven. */
export type CityFacts = {
  readonly name: string;
  readonly genesis: Bytes;
  readonly mqttUrl: string | null;
  readonly shards: readonly Bytes[];
};

/** The result of an executed transaction: `code` is OK or why the ledger refused it. */
export type TransactionResult = { readonly id: Bytes; readonly code: string; readonly details: string };

/** What came back over HTTP. */
export type Answer = { readonly status: number; readonly body: Bytes };
/** One request. `path` is relative to the base. */
export type Call = { readonly method: 'GET' | 'POST'; readonly path: string; readonly accept: string } & (
  | { readonly type: string; readonly body: Bytes }
  | { readonly body?: never }
);

/** Carries a request to a city. Rejects with any error when no answer came. */
export type Exchange = (url: URL, call: Call) => Promise<Answer>;

/**
 * A connection to one city, by any of its gateways: the one that last answered is asked first, and the next one when it is away (no
 * answer, or a status of 500 and more). Nothing is done twice by that: a transaction has its id, a reading its number.
 * Every method throws CITY_UNREACHABLE when no answer came, the code that the city gave with its refusal,
 * CITY_REFUSED for a refusal with a code that is not ours, and CITY_ANSWER_INVALID for an answer that is not of the API.
 */
export class CityClient {
  readonly #bases: readonly URL[];
  readonly #exchange: Exchange;
  #at = 0;

  /** `bases`: e.g. http://127.0.0.1:8420, or several of one city with commas between them. */
  constructor(bases: string, exchange: Exchange) {
    this.#bases = splitBases(bases);
    this.#exchange = exchange;
  }

  /** The gateway that last answered. */
  get base(): URL {
    return this.#bases[this.#at] as URL;
  }

  /** What the gateway said did not hold: another one is asked first from now on. */
  passOver(): void {
    this.#at = (this.#at + 1) % this.#bases.length;
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

  /** GET /api/v1/policies and each of them: evidence of every change of policy, the oldest first, not verified. */
  async successors(): Promise<readonly Bytes[]> {
    const path = `api/v1/policies?limit=${POLICY_CHANGE_COUNT_MAX}`;
    const { items } = readJson(await this.#call({ method: 'GET', path, accept: 'application/json' }));
    if (!Array.isArray(items)) throw formatError('CITY_ANSWER_INVALID', { path });
    const files: Bytes[] = [];
    for (const item of items) {
      const height = Number((item as { readonly height?: unknown } | null)?.height);
      if (!Number.isSafeInteger(height)) throw formatError('CITY_ANSWER_INVALID', { path });
      files.push(await this.#call({ method: 'GET', path: `api/v1/policies/${height}`, accept: 'application/cbor' }));
    }
    return files;
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

  /** POST /api/v1/devices/{id}/challenge: a signed challenge, for which orders can be made from now on. */
  async sendChallenge(device: Bytes, message: Bytes): Promise<void> {
    const path = `api/v1/devices/${toHex(device)}/challenge`;
    await this.#call({ method: 'POST', path, accept: 'application/json', type: 'application/cbor', body: message });
  }

  /** POST /api/v1/devices/{id}/report: resolves when what the device reports of itself is on the ledger. */
  async sendReport(device: Bytes, message: Bytes): Promise<void> {
    const path = `api/v1/devices/${toHex(device)}/report`;
    await this.#call({ method: 'POST', path, accept: 'application/json', type: 'application/cbor', body: message });
  }

  /** GET /api/v1/devices/{id}/zone: the next statement of its zone that it lacks, not verified; null when none came within so many seconds. */
  async nextNews(device: Bytes, have: Bytes, waitS: number): Promise<Bytes | null> {
    const path = `api/v1/devices/${toHex(device)}/zone?have=${toHex(have)}&wait=${waitS}`;
    const news = await this.#call({ method: 'GET', path, accept: 'application/cbor' });
    return news.length === 0 ? null : news;
  }

  /** GET /api/v1/devices/{id}/order: the order for this challenge, not verified; null when none came within so many seconds. */
  async nextOrder(device: Bytes, challenge: Bytes, waitS: number): Promise<Bytes | null> {
    const path = `api/v1/devices/${toHex(device)}/order?challenge=${toHex(challenge)}&wait=${waitS}`;
    const order = await this.#call({ method: 'GET', path, accept: 'application/cbor' });
    return order.length === 0 ? null : order;
  }

  async #call(call: Call): Promise<Bytes> {
    const { status, body } = await this.#askEach(call);
    if (status >= 200 && status < 300) return body;
    const problem = body.length === 0 ? {} : readJson(body);
    const { code, detail } = problem;
    const at = call.path.replace(/\?.*/, '');
    if (typeof code === 'string' && Object.hasOwn(ERRORS, code)) throw formatError(code as ErrorCode, { at });
    throw formatError('CITY_REFUSED', { at, status, ...(typeof detail === 'string' ? { detail: detail.slice(0, 200) } : {}) });
  }

  /** The first answer that is none of a gateway that is away, else what the last one said. */
  async #askEach(call: Call): Promise<Answer> {
    const [first, count] = [this.#at, this.#bases.length];
    for (let tried = 1; ; tried++) {
      const at = (first + tried - 1) % count;
      const answer = await this.#ask(this.#bases[at] as URL, call).catch((error: Error) => {
        if (tried >= count) throw error;
        return null;
      });
      if (answer === null || (answer.status >= 500 && tried < count)) continue;
      if (answer.status < 500) this.#at = at;
      return answer;
    }
  }

  async #ask(base: URL, call: Call): Promise<Answer> {
    try {
      return await this.#exchange(new URL(call.path, base), call);
    } catch (error) {
      const reason = (error as { readonly code?: string }).code ?? (error as Error).message;
      throw formatError('CITY_UNREACHABLE', { api: base.origin, reason });
    }
  }
}

/** Addresses with commas between them. Throws a TypeError for what is none. */
function splitBases(text: string): readonly URL[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map((part) => new URL(part.endsWith('/') ? part : `${part}/`));
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

/** Changes of policy that one call lists. */
const POLICY_CHANGE_COUNT_MAX = 100;

/** Bytes of envelopes in one call of `sendReadings`: a gateway accepts a body of 1 MiB. */
export const READING_BATCH_SIZE_MAX = 12 * LIMITS.readingSizeMax;
