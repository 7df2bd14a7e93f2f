/**
 * Calls of a city's HTTP API by the command line. What comes back is shown, never believed: proof is what `verify` is for.
 * Every call throws CITY_UNREACHABLE, a CliFailure with the code that the city gave, or CITY_ANSWER_INVALID.
 */

import { formatError } from '@oppidum/formats/errors';
import type { ProblemJson } from '@oppidum/gateway/api-types';
import { askEach, splitAddresses } from './addresses.ts';
import { apiKey } from './api-key.ts';
import { CliFailure, EXIT, exitCodeOf, isErrorCode } from './failure.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_SIZE_MAX = 64 * 1024 * 1024;

type Query = Readonly<Record<string, string | number | undefined>>;
type Send = { readonly type: string; readonly body: Uint8Array };

/** A city, by the addresses of its gateways: the next one is asked when one is away. */
export class CityCalls {
  readonly #addresses: readonly string[];
  readonly #isKeyShown: boolean;

  /** `api`: e.g. http://127.0.0.1:8420, or several with commas between them. `isKeyShown` false: nobody here gets the API key. */
  constructor(api: string, { isKeyShown = true }: { readonly isKeyShown?: boolean } = {}) {
    this.#addresses = splitAddresses(api);
    this.#isKeyShown = isKeyShown;
  }

  /** GET of a JSON answer. The caller names the type that the API documents for this path. */
  async get<T>(path: string, query: Query = {}): Promise<T> {
    return parseJson<T>(await this.#call(path, query, 'application/json'));
  }

  /** GET of bytes in one media type. */
  async bytes(path: string, accept: string, query: Query = {}): Promise<Uint8Array> {
    return this.#call(path, query, accept);
  }

  /** POST of bytes, with an answer in one media type. */
  async bytesFor(path: string, accept: string, send: Send): Promise<Uint8Array> {
    return this.#call(path, {}, accept, send);
  }

  /** GET of bytes in one media type as they come, however many and for however long. */
  async stream(path: string, accept: string, query: Query = {}): Promise<ReadableStream<Uint8Array>> {
    return askEach(this.#addresses, async (address) => {
      const response = await this.#fetch(address, urlOf(address, path, query), accept, undefined, null);
      if (!response.ok || response.body === null) throw failureOf(response.status, path, await readBody(response));
      return response.body;
    });
  }

  /** POST of bytes, with a JSON answer. */
  async post<T>(path: string, send: Send): Promise<T> {
    return parseJson<T>(await this.#call(path, {}, 'application/json', send));
  }

  #call(path: string, query: Query, accept: string, send?: Send): Promise<Uint8Array> {
    return askEach(this.#addresses, async (address) => {
      const response = await this.#fetch(address, urlOf(address, path, query), accept, send);
      const body = await readBody(response);
      if (!response.ok) throw failureOf(response.status, path, body);
      return body;
    });
  }

  async #fetch(address: string, url: URL, accept: string, send?: Send, timeoutMs: number | null = TIMEOUT_MS): Promise<Response> {
    const signal = timeoutMs === null ? null : AbortSignal.timeout(timeoutMs);
    // Each gateway has keys of its own: the others would only learn it.
    const key = this.#isKeyShown && address === this.#addresses[0] ? apiKey() : null;
    const headers = { accept, ...(key === null ? {} : { authorization: `Bearer ${key}` }) };
    const request =
      send === undefined
        ? { headers }
        : { method: 'POST', headers: { ...headers, 'content-type': send.type }, body: send.body as Uint8Array<ArrayBuffer> };
    try {
      return await fetch(url, { ...request, redirect: 'error', signal });
    } catch (error) {
      const { cause, name } = error as {
        readonly cause?: { readonly code?: string; readonly message?: string };
        readonly name: string;
      };
      throw formatError('CITY_UNREACHABLE', { api: address, reason: cause?.code ?? cause?.message ?? name });
    }
  }
}

function urlOf(address: string, path: string, query: Query): URL {
  const url = new URL(`${address}${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

/** The body, counted while it comes: also one that was sent compressed and grows here. */
async function readBody(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    size += part.length;
    if (size > ANSWER_SIZE_MAX) throw formatError('CITY_ANSWER_INVALID', { sizeMax: ANSWER_SIZE_MAX });
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

/** What the city refused, in its own words; the exit code follows the code where we know it, else the status. */
export function failureOf(status: number, path: string, body: Uint8Array): CliFailure {
  const problem = readProblem(body);
  const isAway = status >= 500;
  if (problem === null)
    return new CliFailure(`The city refused ${path} with status ${status}`, { exitCode: exitCodeOfStatus(status), isAway });
  const { code, detail, traceId } = problem;
  const exitCode = isErrorCode(code) ? exitCodeOf(code) : exitCodeOfStatus(status);
  return new CliFailure(detail, { exitCode, code, isAway, ...(typeof traceId === 'string' ? { traceId } : {}) });
}

function readProblem(body: Uint8Array): ProblemJson | null {
  try {
    const problem = JSON.parse(new TextDecoder().decode(body)) as Partial<ProblemJson> | null;
    const isProblem = typeof problem?.detail === 'string' && typeof problem.code === 'string';
    return isProblem ? (problem as ProblemJson) : null;
  } catch {
    return null;
  }
}

function exitCodeOfStatus(status: number): number {
  if (status === 401 || status === 403) return EXIT.notAllowed;
  return status === 429 || status >= 500 ? EXIT.unavailable : EXIT.failed;
}

/** JSON of an answer. Throws CITY_ANSWER_INVALID. */
export function parseJson<T>(body: Uint8Array): T {
  try {
    return JSON.parse(new TextDecoder().decode(body)) as T;
  } catch {
    throw formatError('CITY_ANSWER_INVALID', { want: 'JSON' });
  }
}
