/** A desk of this city: how it stands, asked again while something happens there, and the two things that can be done at it. */

import { useCallback, useEffect, useState } from 'react';
import { ApiProblem, fetchJson } from './api.ts';

const POLL_MS = 400;
/** Until a city that is gone is there again. */
const RETRY_MS = 2_000;

export type Desk<State, Request> = {
  /** Null before the first answer. */
  readonly desk: State | null;
  readonly problem: ApiProblem | null;
  /** Null where there is no such desk, or none for whoever asks; then why. */
  readonly absence: 'ROUTE_UNKNOWN' | 'DESK_AWAY' | null;
  readonly begin: (request: Request) => Promise<void>;
  readonly clear: () => Promise<void>;
};

/** Asks its path at once, and again while the desk works or cannot be reached. */
export function useDesk<State extends { readonly state: string }, Request>(path: string): Desk<State, Request> {
  const [desk, setDesk] = useState<State | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const take = useCallback(async (answer: Promise<State>): Promise<void> => {
    try {
      setDesk(await answer);
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem('UNREACHABLE', String(error)));
    }
  }, []);
  const againMs = problem?.code === 'UNREACHABLE' ? RETRY_MS : desk?.state === 'working' ? POLL_MS : null;
  useEffect(() => {
    void take(fetchJson<State>(path));
  }, [path, take]);
  useEffect(() => {
    if (againMs === null) return undefined;
    const timer = setInterval(() => void take(fetchJson<State>(path)), againMs);
    return () => clearInterval(timer);
  }, [againMs, path, take]);
  const code = problem?.code;
  return {
    desk,
    problem,
    absence: code === 'ROUTE_UNKNOWN' || code === 'DESK_AWAY' ? code : null,
    begin: (request) => take(send<State>(path, 'POST', request)),
    clear: () => take(send<State>(path, 'DELETE', null)),
  };
}

async function send<State>(path: string, method: 'POST' | 'DELETE', request: unknown): Promise<State> {
  const body = request === null ? {} : { body: JSON.stringify(request), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(path, { method, ...body });
  if (answer.ok) return (await answer.json()) as State;
  const { code, detail } = (await answer.json().catch(() => ({}))) as { readonly code?: string; readonly detail?: string };
  throw new ApiProblem(code ?? String(answer.status), detail ?? answer.statusText);
}
