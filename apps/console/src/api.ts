/** Asking the city. Its answers are believed for showing only; what is called proven was verified in this browser. */

import { noteDate, steadyMs } from './server-clock.ts';

/** An answer that is a problem (RFC 9457), with the code of the catalogue; UNREACHABLE where none came. */
export class ApiProblem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.code = code;
  }
}

/** A list of the API: `next` is the cursor of the page after this one. */
export type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

/** Paths of records that say their own id. */
const RECORD =
  /^\/api\/v1\/(?:accounts|devices|manufacturers|models|orders|proposals|readings|transactions|zones)\/([0-9a-f]{64})(?:\?|$)/;

/**
 * JSON of a path of the API. Throws ApiProblem: UNREADABLE where the answer is none, or of another record than the path names: what is
 * looked at under one id is never another, least of all when something about it is signed.
 */
export async function fetchJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await ask(path, 'application/json', signal);
  try {
    return requireAsked(path, await answer.json()) as T;
  } catch (error) {
    throw problemOf(error);
  }
}

function requireAsked(path: string, record: unknown): unknown {
  const [, id] = RECORD.exec(path) ?? [];
  if (id === undefined || (record as { readonly id?: unknown } | null)?.id === id) return record;
  throw new ApiProblem('UNREADABLE', 'the answer is of something else than was asked');
}

/** Whatever went wrong, as a problem; being stopped is none. */
export function problemOf(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof Error && error.name === 'AbortError') throw error;
  if (error instanceof TypeError) return new ApiProblem('UNREACHABLE', error.message);
  return new ApiProblem('UNREADABLE', String(error));
}

/** Bytes of a path. Throws ApiProblem. */
export async function fetchBytes(path: string, accept: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(path, accept, signal)).arrayBuffer());
}

async function ask(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const sentMs = steadyMs();
  const stop = signal === undefined ? {} : { signal };
  const answer = await fetch(path, { headers: { accept }, cache: 'no-cache', ...stop }).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiProblem('UNREACHABLE', error.message);
  });
  noteDate(answer.headers.get('date'), sentMs);
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { readonly code?: unknown; readonly detail?: unknown };
  throw new ApiProblem(String(problem.code ?? answer.status), String(problem.detail ?? answer.statusText));
}
