/**
 * One connection of CometBFT: requests in, responses out in their order. Calls of CheckTx and Query run side by side, so that their
 * application may verify many signatures at once; every other method begins when all before it have been answered. What a turn of the
 * event loop answers goes out in one write; a Flush is answered only after everything before it, and at once.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FrameReader } from './frames.ts';
import {
  encodeException,
  encodeResponse,
  type Method,
  type MethodCall,
  parseRequest,
  type Requests,
  type Responses,
} from './methods.ts';

/** What an application answers; Echo and Flush are the server's own. What it throws goes out as an exception and ends the node. */
export type AbciApplication = {
  readonly [M in Exclude<Method, 'echo' | 'flush'>]: (request: Requests[M]) => Responses[M] | Promise<Responses[M]>;
};

export type ConnectionOptions = {
  readonly application: AbciApplication;
  /** Bytes of one request. CometBFT's own limit is 104,857,600; 32 MiB are enough for blocks of up to about 30 MB. */
  readonly frameSizeMax?: number;
  /** Told of each connection that did not end by itself: a WireError of the peer, or what the application threw. */
  readonly onFault: (error: Error) => void;
  /**
   * Told of each closed connection that had carried consensus or state sync: the engine behind it has ended, and what it had decided and
   * not committed is void. The next one begins with Info.
   */
  readonly onEngineGone?: () => void;
};

const FRAME_SIZE_MAX = 32 * 2 ** 20;
/** So many CheckTx a turn: consensus waits on another connection of the same thread. */
const CALLS_PER_TURN = 32;
/** Calls that run side by side on one connection. */
const OPEN_COUNT_MAX = 1_024;
/** What may wait to be read before the peer has to wait. */
const UNREAD_SIZE_MAX = 2 ** 20;
/** Answers of one write. */
const WRITE_SIZE_MAX = 256 * 2 ** 10;

/** Who asks these alone, as a person with `abci-cli` or CometBFT's other connections do, is no engine. */
const OUTSIDE_CONSENSUS: ReadonlySet<Method> = new Set<Method>([
  'echo',
  'flush',
  'info',
  'checkTx',
  'query',
  'listSnapshots',
  'loadSnapshotChunk',
]);

const SIDE_BY_SIDE: ReadonlySet<Method> = new Set<Method>(['checkTx', 'query']);

type Answer = { readonly frame: Uint8Array; readonly fault: Error | null };

/** Serves a socket until either end closes it. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  #isServing = false;
  #isEnded = false;
  #isOfEngine = false;
  /** Resolves when everything asked so far is answered. */
  #answered: Promise<void> = Promise.resolve();
  #openCount = 0;
  #unsent: Uint8Array[] = [];
  #unsentSize = 0;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#reader = new FrameReader(options.frameSizeMax ?? FRAME_SIZE_MAX);
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('error', () => this.close());
    socket.on('close', () => {
      this.close();
      if (this.#isOfEngine) options.onEngineGone?.();
    });
  }

  /** Answers nothing more. */
  close(): void {
    this.#isEnded = true;
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#isEnded) return;
    this.#reader.push(chunk);
    if (this.#isServing && this.#reader.size > UNREAD_SIZE_MAX) this.#socket.pause();
    if (!this.#isServing) void this.#serve();
  }

  /** Takes whole frames until there is none. */
  async #serve(): Promise<void> {
    this.#isServing = true;
    try {
      let count = 0;
      for (let frame = this.#reader.take(); frame !== null && !this.#isEnded; frame = this.#reader.take()) {
        await this.#begin(parseRequest(frame));
        if (this.#openCount >= OPEN_COUNT_MAX) await this.#answered;
        if (++count % CALLS_PER_TURN === 0) await nextTurn();
        if (this.#socket.writableNeedDrain) await this.#drained();
      }
    } catch (error) {
      await this.#answered;
      this.#end(error as Error, encodeException((error as Error).message));
    }
    this.#isServing = false;
    // What is left is part of a frame: the rest must come.
    if (!this.#isEnded) this.#socket.resume();
  }

  async #begin(call: MethodCall): Promise<void> {
    this.#isOfEngine ||= !OUTSIDE_CONSENSUS.has(call.method);
    if (SIDE_BY_SIDE.has(call.method)) return this.#order(this.#answer(call));
    await this.#answered;
    this.#order(this.#answer(call));
    await this.#answered;
    if (call.method === 'flush') this.#send();
  }

  /** Lets an answer out after all before it. */
  #order(answer: Promise<Answer>): void {
    this.#openCount++;
    const before = this.#answered;
    this.#answered = answer.then(async ({ frame, fault }) => {
      await before;
      this.#openCount--;
      if (this.#isEnded) return;
      if (fault !== null) this.#end(fault, frame);
      else this.#put(frame);
    });
  }

  /** Never rejects. */
  async #answer(call: MethodCall): Promise<Answer> {
    try {
      return { frame: encodeResponse(call.method, (await this.#call(call)) as never), fault: null };
    } catch (error) {
      const fault = error instanceof Error ? error : new Error(String(error));
      return { frame: encodeException(`${call.method}: ${fault.message}`), fault };
    }
  }

  #call({ method, request }: MethodCall): Responses[Method] | Promise<Responses[Method]> {
    if (method === 'echo') return { message: request.message };
    if (method === 'flush') return {};
    return this.#options.application[method](request as never);
  }

  #put(frame: Uint8Array): void {
    if (this.#unsent.push(frame) === 1) setImmediate(() => this.#send());
    this.#unsentSize += frame.length;
    if (this.#unsentSize >= WRITE_SIZE_MAX) this.#send();
  }

  #send(): void {
    if (this.#unsent.length === 0 || this.#isEnded) return;
    this.#socket.write(this.#unsent.length === 1 ? (this.#unsent[0] as Uint8Array) : Buffer.concat(this.#unsent));
    this.#unsent = [];
    this.#unsentSize = 0;
  }

  async #drained(): Promise<void> {
    const waiting = new AbortController();
    const { signal } = waiting;
    await Promise.race([once(this.#socket, 'drain', { signal }), once(this.#socket, 'close', { signal })]).catch(() => undefined);
    // Whichever did not come listens no longer.
    waiting.abort();
  }

  /** The exception is the last thing that the peer reads. */
  #end(fault: Error, exception: Uint8Array): void {
    if (this.#isEnded) return;
    this.#put(exception);
    this.#send();
    this.#isEnded = true;
    this.#socket.end(() => this.#socket.destroy());
    this.#options.onFault(fault);
  }
}
