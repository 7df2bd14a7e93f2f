/** Asking the city. Its answers are believed for showing only; what is called proven was verified in this browser. */

/** An answer that is a problem (RFC 9457), with the code of the catalogue; UNREACHABLE where none came. */
export class ApiProblem extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiProblem';
    this.code = code;
  }
}

/** JSON of a path of the API. Throws ApiProblem. */
export async function fetchJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(path, 'application/json', signal)).json()) as T;
}

/** Bytes of a path. Throws ApiProblem. */
export async function fetchBytes(path: string, accept: string, signal?: AbortSignal): Promise<Uint8Array> {
  return new Uint8Array(await (await ask(path, accept, signal)).arrayBuffer());
}

async function ask(path: string, accept: string, signal?: AbortSignal): Promise<Response> {
  const answer = await fetch(path, { headers: { accept }, ...(signal === undefined ? {} : { signal }) }).catch((error: Error) => {
    if (error.name === 'AbortError') throw error;
    throw new ApiProblem('UNREACHABLE', error.message);
  });
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { readonly code?: unknown; readonly detail?: unknown };
  throw new ApiProblem(String(problem.code ?? answer.status), String(problem.detail ?? answer.statusText));
}
