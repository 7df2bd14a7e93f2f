/** The API of a city over Node's own HTTP, with connections that stay. */

import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { type Answer, type Call, CityClient } from './city-client.ts';

const TIMEOUT_MS = 30_000;
const ANSWER_SIZE_MAX = 16 * 1024 * 1024;
const SOCKET_COUNT_MAX = 8;

/** A connection to one city; methods as of `CityClient`. */
export class CityApi extends CityClient {
  readonly #agents: Agents;

  /**
   * `bases`: e.g. http://127.0.0.1:8420, or several with commas between them. `apiKey`: for a city that lets nobody read without one;
   * shown to the first of them alone, for each gateway has keys of its own. Send it over TLS only.
   */
  constructor(bases: string, { apiKey }: { readonly apiKey?: string } = {}) {
    const options = { keepAlive: true, maxSockets: SOCKET_COUNT_MAX };
    const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };
    super(bases, (url, call) => exchange(agents, url, call, url.origin === first ? apiKey : undefined));
    const first = this.base.origin;
    this.#agents = agents;
  }

  /** Closes idle connections. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

type Agents = { readonly http: HttpAgent; readonly https: HttpsAgent };

function exchange(agents: Agents, url: URL, call: Call, apiKey: string | undefined): Promise<Answer> {
  const isSecure = url.protocol === 'https:';
  const [send, agent] = isSecure ? [requestHttps, agents.https] : [requestHttp, agents.http];
  const type = call.body === undefined ? {} : { 'content-type': call.type, 'content-length': call.body.length };
  const key = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  const headers = { accept: call.accept, ...type, ...key };
  return new Promise((resolve, reject) => {
    const options = { method: call.method, agent, headers, signal: AbortSignal.timeout(TIMEOUT_MS) };
    const request = send(url, options, (response) => readBody(response).then(resolve, reject));
    request.on('error', reject);
    request.end(call.body);
  });
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
