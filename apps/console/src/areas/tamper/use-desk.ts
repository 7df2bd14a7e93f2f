/** The desk of this city: how it stands, asked again while something happens, and the two things that can be done there. */

import type { TamperDeskJson, TamperRequestJson } from '@oppidum/gateway/api/tamper';
import { useCallback, useEffect, useState } from 'react';
import { ApiProblem, fetchJson } from '../../api.ts';

const PATH = '/api/v1/tamper';
const POLL_MS = 400;

export type Desk = {
  /** Null before the first answer. */
  readonly desk: TamperDeskJson | null;
  readonly problem: ApiProblem | null;
  readonly begin: (request: TamperRequestJson) => Promise<void>;
  readonly clear: () => Promise<void>;
};

/** Asks at once, and while the desk works. */
export function useDesk(): Desk {
  const [desk, setDesk] = useState<TamperDeskJson | null>(null);
  const [problem, setProblem] = useState<ApiProblem | null>(null);
  const take = useCallback(async (answer: Promise<TamperDeskJson>): Promise<void> => {
    try {
      setDesk(await answer);
      setProblem(null);
    } catch (error) {
      setProblem(error instanceof ApiProblem ? error : new ApiProblem('UNREACHABLE', String(error)));
    }
  }, []);
  const isWorking = desk?.state === 'working';
  useEffect(() => {
    void take(fetchJson<TamperDeskJson>(PATH));
  }, [take]);
  useEffect(() => {
    if (!isWorking) return undefined;
    const timer = setInterval(() => void take(fetchJson<TamperDeskJson>(PATH)), POLL_MS);
    return () => clearInterval(timer);
  }, [isWorking, take]);
  return {
    desk,
    problem,
    begin: (request) => take(send('POST', request)),
    clear: () => take(send('DELETE', null)),
  };
}

async function send(method: 'POST' | 'DELETE', request: TamperRequestJson | null): Promise<TamperDeskJson> {
  const body = request === null ? {} : { body: JSON.stringify(request), headers: { 'content-type': 'application/json' } };
  const answer = await fetch(PATH, { method, ...body });
  if (answer.ok) return (await answer.json()) as TamperDeskJson;
  const { code, detail } = (await answer.json().catch(() => ({}))) as { readonly code?: string; readonly detail?: string };
  throw new ApiProblem(code ?? String(answer.status), detail ?? answer.statusText);
}
