/**
 * How a node hands transactions to its own CometBFT: JSON-RPC over HTTP, on a unix socket or a port of this machine. What is given
 * within some milliseconds goes together, in parcels. Nothing here waits for CheckTx: CometBFT asks that of this very node.
 */

import { Agent, request } from 'node:http';
import { type ListenAddress, parseAddress } from '@oppidum/abci/server';
import type { Bytes } from '@oppidum/formats/bytes';
import { type FormatError, formatError } from '@oppidum/formats/errors';
import { encodeParcel, PARCEL_COUNT_MAX, PARCEL_SIZE_MAX } from './parcel.ts';

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
/**
 * Between the beginnings of two requests; what comes after a pause waits for nothing. A block takes longer than that, and each parcel costs
 * every validator a fraction of a millisecond, however little is in it.
 */
const PACE_MS = 50;

type Answer = {
  readonly id?: number;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message?: string; readonly data?: string };
};

type Given = PromiseWithResolvers<Broadcast> & { readonly envelope: Bytes };
type Parcel = { readonly transaction: Bytes; readonly given: readonly Given[] };

type CometRpcOptions = {
  /** Hears of each transaction and what it carries. */
  readonly onParcel?: (transaction: Bytes, envelopes: readonly Bytes[]) => void;
  /** Envelopes of one parcel; 1 for an application that knows no parcels. */
  readonly parcelCountMax?: number;
};

/** One CometBFT. */
export class CometRpc {
  readonly #address: ListenAddress;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: REQUEST_COUNT_MAX });
  readonly #options: CometRpcOptions;
  #given: Given[] = [];
  #requestCount = 0;
  #isScheduled = false;
  #sentMs = Number.NEGATIVE_INFINITY;

  /** `address` as CometBFT's `rpc.laddr` has it. Throws WireError: ADDRESS_INVALID. */
  constructor(address: string, options: CometRpcOptions = {}) {
    this.#address = parseAddress(address);
    this.#options = options;
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

  /** What one turn of the event loop gives goes together, and what comes sooner after a request than `PACE_MS`. */
  #schedule(): void {
    if (this.#isScheduled || this.#given.length === 0 || this.#requestCount >= REQUEST_COUNT_MAX) return;
    this.#isScheduled = true;
    const send = (): void => {
      this.#isScheduled = false;
      this.#sentMs = performance.now();
      void this.#send(this.#takeTogether());
      this.#schedule();
    };
    const waitMs = this.#sentMs + PACE_MS - performance.now();
    // A full request need not wait for more.
    if (waitMs <= 0 || this.#given.length >= TOGETHER_COUNT_MAX) setImmediate(send);
    else setTimeout(send, waitMs);
  }

  #takeTogether(): Given[] {
    return takeFirst(this.#given, TOGETHER_COUNT_MAX, TOGETHER_SIZE_MAX);
  }

  /** Never rejects: whoever gave something hears of it. */
  async #send(given: readonly Given[]): Promise<void> {
    this.#requestCount++;
    try {
      const parcels = this.#parcelsOf(given);
      const answers = parseAnswers(await this.#post(encodeBatch(parcels)));
      for (const [i, parcel] of parcels.entries()) for (const { resolve } of parcel.given) resolve(broadcastOf(answers.get(i)));
    } catch (error) {
      for (const { reject } of given) reject(away(error as NodeJS.ErrnoException));
    }
    this.#requestCount--;
    this.#schedule();
  }

  #parcelsOf(given: readonly Given[]): readonly Parcel[] {
    const { onParcel, parcelCountMax = PARCEL_COUNT_MAX } = this.#options;
    const [rest, parcels]: [Given[], Parcel[]] = [[...given], []];
    while (rest.length > 0) {
      const together = takeFirst(rest, parcelCountMax, PARCEL_SIZE_MAX);
      const envelopes = together.map(({ envelope }) => envelope);
      const transaction = encodeParcel(envelopes);
      onParcel?.(transaction, envelopes);
      parcels.push({ transaction, given: together });
    }
    return parcels;
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

/** Takes as many as fit, one at least. */
function takeFirst(given: Given[], countMax: number, sizeMax: number): Given[] {
  let size = 0;
  const end = given.findIndex(({ envelope }, i) => {
    size += envelope.length;
    return i >= countMax || (i > 0 && size > sizeMax);
  });
  return given.splice(0, end < 0 ? given.length : end);
}

/** A batch of JSON-RPC 2.0 (§6). Base64 needs no escaping. */
function encodeBatch(parcels: readonly Parcel[]): string {
  const calls = parcels.map(({ transaction }, id) => {
    const tx = Buffer.from(transaction.buffer, transaction.byteOffset, transaction.length).toString('base64');
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
