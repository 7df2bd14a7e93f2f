/**
 * How a node hands transactions to its own CometBFT: JSON-RPC over HTTP, on a unix socket or a port of this machine. What is given while
 * a request is under way goes together in the next one. Nothing here waits for CheckTx: CometBFT asks that of this very node.
 */

import { Agent, request } from 'node:http';
import { type ListenAddress, parseAddress } from '@oppidum/abci/server';
import type { Bytes } from '@oppidum/formats/bytes';
import { type FormatError, formatError } from '@oppidum/formats/errors';

/** Null where the mempool asks CheckTx next, else why it does not. */
export type Broadcast = { readonly error: string } | null;

/** Where the answer must have come. */
const TIMEOUT_MS = 10_000;
const ANSWER_SIZE_MAX = 4 * 2 ** 20;
/** Transactions of one request, and their bytes. CometBFT takes 1,000,000 bytes at most, and base64 adds a third. */
const TOGETHER_COUNT_MAX = 512;
const TOGETHER_SIZE_MAX = 512 * 2 ** 10;
/** One is answered while another is read. */
const REQUEST_COUNT_MAX = 2;

type Answer = {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message?: string; readonly data?: string };
};

type Given = PromiseWithResolvers<Broadcast> & { readonly envelope: Bytes };

/** One CometBFT. */
export class CometRpc {
  readonly #address: ListenAddress;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: REQUEST_COUNT_MAX });
  #given: Given[] = [];
  #requestCount = 0;
  #isScheduled = false;

  /** As CometBFT's `rpc.laddr` has it. Throws WireError: ADDRESS_INVALID. */
  constructor(address: string) {
    this.#address = parseAddress(address);
  }

  /** Hands a transaction to the mempool. Rejects ENGINE_AWAY. */
  broadcast(envelope: Bytes): Promise<Broadcast> {
    const given = { ...Promise.withResolvers<Broadcast>(), envelope };
    this.#given.push(given);
    this.#schedule();
    return given.promise;
  }

  /** The result of a question without effects (`status`, `net_info`, `abci_info`, `commit`, …). Throws ENGINE_AWAY, also for a refusal. */
  async ask(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    try {
      const { result, error } = JSON.parse(await this.#post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as Answer;
      if (result !== undefined) return result;
      throw new Error(`${error?.message ?? 'no result'} ${error?.data ?? ''}`.trim());
    } catch (error) {
      throw away(error as NodeJS.ErrnoException);
    }
  }

  /** Whether it takes requests: its RPC listens some time after its handshake with the application. */
  async isThere(): Promise<boolean> {
    return this.ask('health').then(
      () => true,
      () => false,
    );
  }

  close(): void {
    this.#agent.destroy();
  }

  /** What one turn of the event loop gives goes together. */
  #schedule(): void {
    if (this.#isScheduled || this.#given.length === 0 || this.#requestCount >= REQUEST_COUNT_MAX) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      void this.#send(this.#takeTogether());
      this.#schedule();
    });
  }

  #takeTogether(): Given[] {
    let size = 0;
    const end = this.#given.findIndex(({ envelope }, i) => {
      size += envelope.length;
      return i >= TOGETHER_COUNT_MAX || (i > 0 && size > TOGETHER_SIZE_MAX);
    });
    return this.#given.splice(0, end < 0 ? this.#given.length : end);
  }

  /** Never rejects: whoever gave something hears of it. */
  async #send(given: readonly Given[]): Promise<void> {
    this.#requestCount++;
    try {
      const answers = parseAnswers(await this.#post(encodeBatch(given)));
      for (const [i, { resolve }] of given.entries()) resolve(broadcastOf(answers.get(i)));
    } catch (error) {
      for (const { reject } of given) reject(away(error as NodeJS.ErrnoException));
    }
    this.#requestCount--;
    this.#schedule();
  }

  #post(body: string): Promise<string> {
    const address = this.#address;
    const where = 'path' in address ? { socketPath: address.path } : address;
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    return new Promise((resolve, reject) => {
      const asked = request(
        { ...where, agent: this.#agent, method: 'POST', path: '/', headers, timeout: TIMEOUT_MS },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            chunks.push(chunk);
            size += chunk.length;
            if (size > ANSWER_SIZE_MAX) asked.destroy(new Error('an answer that is too large'));
          });
          response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
          response.on('error', reject);
        },
      );
      asked.on('timeout', () => asked.destroy(new Error('no answer in time')));
      asked.on('error', reject);
      asked.end(body);
    });
  }
}

function away({ code, message }: NodeJS.ErrnoException): FormatError {
  return formatError('ENGINE_AWAY', { why: code ?? message });
}

/** A batch of JSON-RPC 2.0 (§6). Base64 needs no escaping. */
function encodeBatch(given: readonly Given[]): string {
  const calls = given.map(({ envelope }, id) => {
    const tx = Buffer.from(envelope.buffer, envelope.byteOffset, envelope.length).toString('base64');
    return `{"jsonrpc":"2.0","id":${id},"method":"broadcast_tx_async","params":{"tx":"${tx}"}}`;
  });
  return `[${calls.join(',')}]`;
}

/** By id. CometBFT answers a batch of one without brackets, and a request that it cannot read with an id of its own. */
function parseAnswers(text: string): ReadonlyMap<number, Answer> {
  const parsed = JSON.parse(text) as Answer | Answer[];
  return new Map((Array.isArray(parsed) ? parsed : [parsed]).map((answer) => [answer.id ?? -1, answer]));
}

function broadcastOf(answer: Answer | undefined): Broadcast {
  if (answer === undefined) throw new Error('no answer to one of a batch');
  const { error } = answer;
  return error === undefined ? null : { error: `${error.message ?? ''} ${error.data ?? ''}` };
}
