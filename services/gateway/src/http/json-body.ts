/** JSON that strangers send: UTF-8, one spelling of every name, no deeper than anything here is, and nothing that reaches for prototypes. */

import { isUtf8 } from 'node:buffer';
import { formatError } from '@oppidum/formats/errors';
import type { FastifyRequest } from 'fastify';
import { parse as parseSecurely } from 'secure-json-parse';
import type { App } from './app.ts';

const TYPE = 'application/json';
/** Everything that is asked for here is flatter. */
const DEPTH_MAX = 16;

/** Lets the routes of a scope read JSON up to a size. Throws REQUEST_INVALID, TOO_DEEP; larger bodies are TOO_LARGE. */
export function readsJson(scope: App, sizeMax: number): void {
  scope.addContentTypeParser(TYPE, { parseAs: 'buffer', bodyLimit: sizeMax }, async (_request: FastifyRequest, body: Buffer) =>
    parseJsonBody(body),
  );
}

/** The value of a body. Throws REQUEST_INVALID, TOO_DEEP. */
export function parseJsonBody(body: Uint8Array): unknown {
  if (!isUtf8(body)) throw formatError('REQUEST_INVALID', { want: 'UTF-8' });
  const text = new TextDecoder().decode(body);
  if (depthOf(text) > DEPTH_MAX) throw formatError('TOO_DEEP', { depthMax: DEPTH_MAX });
  try {
    return parseSecurely(text, null, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    throw formatError('REQUEST_INVALID', { want: 'JSON' });
  }
}

/** How deep brackets outside of strings are nested; what is no JSON is found later. */
function depthOf(text: string): number {
  let [depth, most, inString] = [0, 0, false];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') most = Math.max(most, ++depth);
    else if (character === '}' || character === ']') depth--;
  }
  return most;
}
