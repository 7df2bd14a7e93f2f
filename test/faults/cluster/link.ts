/**
 * A wire between two programs on this machine that a test may cut or make slow: whoever dials its port reaches the other end. Silence is
 * a cut that nobody notices at first: what is sent meanwhile arrives when the wire is whole again, as TCP sends it again.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** `open`; `silent`: bytes wait; `cut`: connections are reset and refused. */
export type LinkState = 'open' | 'silent' | 'cut';

/** A TCP proxy of one direction of dialling; bytes go both ways. */
export class Link {
  readonly #server: Server;
  readonly #target: number;
  readonly #lanes = new Set<Lane>();
  #state: LinkState = 'open';
  #delayMs = 0;

  /** Opens a free port of this machine; `target` is another port of it. */
  static async open(target: number): Promise<Link> {
    const server = createServer();
    const link = new Link(server, target);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (socket) => this.#accept(socket));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  set(state: LinkState, delayMs = 0): void {
    this.#state = state;
    this.#delayMs = delayMs;
    for (const lane of this.#lanes)
      if (state === 'cut') lane.end();
      else lane.pump();
  }

  close(): void {
    this.#server.close();
    for (const lane of this.#lanes) lane.end();
  }

  #accept(near: Socket): void {
    if (this.#state === 'cut') return void near.resetAndDestroy();
    const far = connect(this.#target, '127.0.0.1');
    const way = { isOpen: () => this.#state === 'open', delayMs: () => this.#delayMs };
    const lanes = [new Lane(near, far, way), new Lane(far, near, way)];
    for (const lane of lanes) {
      this.#lanes.add(lane);
      lane.from.on('close', () => this.#lanes.delete(lane));
    }
  }
}

type Way = { readonly isOpen: () => boolean; readonly delayMs: () => number };
/** What waits for its time; null: the end of the stream. */
type Parcel = { readonly chunk: Buffer | null; readonly dueMs: number };

const WAITING_SIZE_MAX = 8 * 2 ** 20;

/** Bytes of one direction. */
class Lane {
  readonly from: Socket;
  readonly #to: Socket;
  readonly #way: Way;
  readonly #parcels: Parcel[] = [];
  #size = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(from: Socket, to: Socket, way: Way) {
    this.from = from;
    this.#to = to;
    this.#way = way;
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#take(null));
    from.on('error', () => this.end());
    from.on('close', () => to.destroySoon());
    to.on('drain', () => this.pump());
  }

  end(): void {
    // Not by a reset: one while a shutdown waits left Node turning for ever when it was to exit.
    for (const socket of [this.from, this.#to]) socket.destroy();
  }

  /** Passes on what is due. */
  pump(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    while (this.#way.isOpen() && !this.#to.writableNeedDrain) {
      const parcel = this.#parcels[0];
      if (parcel === undefined) break;
      const leftMs = parcel.dueMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => this.pump(), leftMs);
        break;
      }
      this.#parcels.shift();
      this.#size -= parcel.chunk?.length ?? 0;
      if (parcel.chunk === null) this.#to.end();
      else this.#to.write(parcel.chunk);
    }
    if (this.#size < WAITING_SIZE_MAX) this.from.resume();
  }

  #take(chunk: Buffer | null): void {
    this.#parcels.push({ chunk, dueMs: performance.now() + this.#way.delayMs() });
    this.#size += chunk?.length ?? 0;
    if (this.#size >= WAITING_SIZE_MAX) this.from.pause();
    this.pump();
  }
}
