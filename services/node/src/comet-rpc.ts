/** The few questions that a node asks its own CometBFT, by JSON-RPC over HTTP: on a unix socket, or a port of this machine. */

import { Agent, request } from 'node:http';
import { type ListenAddress, parseAddress } from '@oppidum/abci/server';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';

/** What CheckTx answered, or why the mempool did not ask it. */
export type Broadcast = { readonly code: number; readonly log: string } | { readonly error: string };

/** Where the answer must have come. */
const TIMEOUT_MS = 10_000;
const ANSWER_SIZE_MAX = 2 ** 20;
/** Each waits about 20 ms for CheckTx, since CometBFT flushes its own questions that seldom. */
const CONNECTION_COUNT_MAX = 128;

/** One CometBFT. */
export class CometRpc {
  readonly #address: ListenAddress;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTION_COUNT_MAX });

  /** As CometBFT's `rpc.laddr` has it. Throws WireError: ADDRESS_INVALID. */
  constructor(address: string) {
    this.#address = parseAddress(address);
  }

  /** Hands a transaction to the mempool and waits for CheckTx. Throws ENGINE_AWAY. */
  async broadcast(envelope: Bytes): Promise<Broadcast> {
    const { result, error } = await this.#call('broadcast_tx_sync', { tx: Buffer.from(envelope).toString('base64') });
    if (error !== undefined) return { error: `${error.message ?? ''} ${error.data ?? ''}` };
    return { code: Number(result?.['code'] ?? 0), log: String(result?.['log'] ?? '') };
  }

  close(): void {
    this.#agent.destroy();
  }

  async #call(method: string, params: object): Promise<Answer> {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
    try {
      return JSON.parse(await this.#post(body)) as Answer;
    } catch (error) {
      throw formatError('ENGINE_AWAY', { why: (error as NodeJS.ErrnoException).code ?? (error as Error).message });
    }
  }

  #post(body: string): Promise<string> {
    const address = this.#address;
    const where = 'path' in address ? { socketPath: address.path } : address;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const asked = request(
        { ...where, agent: this.#agent, method: 'POST', path: '/', headers, timeout: TIMEOUT_MS },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => {
            text += chunk;
            if (text.length > ANSWER_SIZE_MAX) asked.destroy(new Error('an answer that is too large'));
          });
          response.on('end', () => resolve(text));
          response.on('error', reject);
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

type Answer = {
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message?: string; readonly data?: string };
};
