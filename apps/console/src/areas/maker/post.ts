/** Sending to the city: what carries its own signatures, and questions too long for an address. */

import { ApiProblem, problemOf } from '../../api.ts';

type Sent = { readonly type: string; readonly accept: string; readonly body: Uint8Array };

/** The text that a path answers to a POST. Throws ApiProblem. */
export async function postBytes(path: string, { type, accept, body }: Sent): Promise<string> {
  try {
    const headers = { accept, 'content-type': type };
    const answer = await fetch(path, { method: 'POST', headers, body: body as BodyInit });
    const text = await answer.text();
    if (answer.ok) return text;
    throw problemIn(text, answer);
  } catch (error) {
    throw problemOf(error);
  }
}

function problemIn(text: string, { status, statusText }: Response): ApiProblem {
  try {
    const { code, detail } = JSON.parse(text) as { readonly code?: unknown; readonly detail?: unknown };
    return new ApiProblem(String(code ?? status), String(detail ?? statusText));
  } catch {
    return new ApiProblem(String(status), statusText);
  }
}
