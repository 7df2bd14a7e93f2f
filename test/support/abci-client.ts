/** The other end of ABCI for tests: a client that frames requests and reads responses in the order in which they come. */

import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { encodeVarint, FrameReader } from '@oppidum/abci/frames';
import { Request, Response } from 'cosmjs-types/tendermint/abci/types';

/** A request as one frame. */
export function frameOf(request: Partial<Request>): Uint8Array {
  const body = Request.encode(Request.fromPartial(request)).finish();
  return Uint8Array.of(...encodeVarint(body.length), ...body);
}

/** One connection. */
export class AbciClient {
  readonly #socket: Socket;
  readonly #reader = new FrameReader(2 ** 26);
  readonly #came: Response[] = [];
  readonly #waiting: ((response: Response | null) => void)[] = [];
  #isClosed = false;

  static open(address: NetConnectOpts): Promise<AbciClient> {
    const socket = connect(address);
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('connect', () => resolve(new AbciClient(socket)));
    });
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Uint8Array) => this.#receive(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#isClosed = true;
      for (const resolve of this.#waiting.splice(0)) resolve(null);
    });
  }

  /** Bytes as they are. */
  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  /** Bytes as they are; false when the other end does not take them in so long. */
  writeAndWait(bytes: Uint8Array, waitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), waitMs);
      this.#socket.write(bytes, () => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  /** Says nothing more; still reads. */
  end(): void {
    this.#socket.end();
  }

  send(...requests: readonly Partial<Request>[]): void {
    this.write(Buffer.concat(requests.map(frameOf)));
  }

  /** The next response; null when the other end has closed the connection. */
  next(): Promise<Response | null> {
    const response = this.#came.shift();
    if (response !== undefined) return Promise.resolve(response);
    if (this.#isClosed) return Promise.resolve(null);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** The responses to a request and the Flush after it, as CometBFT makes every synchronous call. */
  async call(request: Partial<Request>): Promise<Response | null> {
    this.send(request, { flush: {} });
    const response = await this.next();
    if (response?.exception === undefined) await this.next();
    return response;
  }

  /** Reads nothing until `resume`. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    for (let frame = this.#reader.take(); frame !== null; frame = this.#reader.take()) {
      const response = Response.decode(frame);
      const resolve = this.#waiting.shift();
      if (resolve === undefined) this.#came.push(response);
      else resolve(response);
    }
  }
}
