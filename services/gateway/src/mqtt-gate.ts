/**
 * A socket as the broker sees it, with what the broker itself does not limit: the size of one packet, and everything before a connection
 * is let in. MQTT 3.1.1 §2.2 frames packets by one byte and a remaining length of up to four bytes; a length beyond the limit ends the
 * connection before its bytes are kept. Until `open`, one CONNECT passes and nothing behind it.
 */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { PeerKey } from './mqtt-admission.ts';

/** First byte of CONNECT (§3.1.1). */
const CONNECT = 0x10;
/** §2.2.3: four bytes of seven bits. */
const LENGTH_BYTES_MAX = 4;
/** Bytes that may wait for one connection before its writer does. */
const LEAVING_SIZE_MAX = 16_384;

/** Where a stream of MQTT packets stands. */
type Frame = { state: 'type' | 'length' | 'body'; lengthBytes: number; left: number };

/** Goes on from `at` to the end of the packet or of the chunk; −1 for a packet of more than `sizeMax` bytes behind its fixed header. */
function followFrame(frame: Frame, chunk: Uint8Array, from: number, sizeMax: number): number {
  let at = from;
  while (at < chunk.length) {
    if (frame.state === 'type') {
      frame.state = 'length';
      frame.lengthBytes = 0;
      frame.left = 0;
      at++;
    } else if (frame.state === 'length') {
      const byte = chunk[at++] as number;
      frame.left += (byte & 127) * 128 ** frame.lengthBytes++;
      if (frame.left > sizeMax || (byte >= 128 && frame.lengthBytes === LENGTH_BYTES_MAX)) return -1;
      if (byte < 128) frame.state = frame.left === 0 ? 'type' : 'body';
    } else {
      const taken = Math.min(frame.left, chunk.length - at);
      frame.left -= taken;
      at += taken;
      if (frame.left === 0) frame.state = 'type';
    }
    if (frame.state === 'type') return at;
  }
  return at;
}

export type MqttGateOptions = {
  /** Of a packet, behind its fixed header. */
  readonly packetSizeMax: number;
  readonly connectSizeMax: number;
  readonly peerKey: PeerKey;
  readonly address: string;
  readonly onOpen: () => void;
  /** Hears why the connection ends: TOO_LARGE, or MQTT_MALFORMED where it does not begin with CONNECT. */
  readonly onRefused: (code: 'TOO_LARGE' | 'MQTT_MALFORMED') => void;
};

/** The stream behind the gate. */
export class MqttGate extends Duplex {
  readonly peerKey: PeerKey;
  readonly address: string;
  readonly #socket: Socket;
  readonly #options: MqttGateOptions;
  readonly #frame: Frame = { state: 'type', lengthBytes: 0, left: 0 };
  /** `awaited`: CONNECT has not come whole; `held`: it has, and is being judged. */
  #state: 'awaited' | 'held' | 'open' = 'awaited';
  #hasBegun = false;
  #waiting: Buffer[] = [];
  #leaving: Buffer[] = [];
  #leavingSize = 0;
  #held: (() => void) | null = null;

  constructor(socket: Socket, options: MqttGateOptions) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#options = options;
    this.peerKey = options.peerKey;
    this.address = options.address;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    // Whatever broke the connection: it is gone, and nothing was acknowledged that is not durable.
    socket.on('error', () => this.destroy());
  }

  /** True once the connection was let in. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Lets in what comes behind CONNECT. */
  open(): void {
    this.#state = 'open';
    this.#options.onOpen();
    for (const chunk of this.#waiting.splice(0)) this.#take(chunk);
    this.#socket.resume();
  }

  #take(chunk: Buffer): void {
    if (this.#state === 'open') return this.#pass(chunk);
    if (this.#state === 'held') return this.#hold(chunk);
    if (!this.#hasBegun && chunk[0] !== CONNECT) return this.#refuse('MQTT_MALFORMED');
    this.#hasBegun = true;
    const end = followFrame(this.#frame, chunk, 0, this.#options.connectSizeMax);
    if (end === -1) return this.#refuse('TOO_LARGE');
    this.push(chunk.subarray(0, end));
    if (this.#frame.state !== 'type') return;
    this.#state = 'held';
    this.#hold(chunk.subarray(end));
  }

  #pass(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      at = followFrame(this.#frame, chunk, at, this.#options.packetSizeMax);
      if (at === -1) return this.#refuse('TOO_LARGE');
    }
    if (!this.push(chunk)) this.#socket.pause();
  }

  #hold(chunk: Buffer): void {
    if (chunk.length > 0) this.#waiting.push(chunk);
    this.#socket.pause();
  }

  #refuse(code: 'TOO_LARGE' | 'MQTT_MALFORMED'): void {
    this.#options.onRefused(code);
    this.destroy();
  }

  override _read(): void {
    if (this.#state !== 'held') this.#socket.resume();
  }

  /** What is written in one turn of the event loop leaves together: a group of readings is answered by one packet of the network each. */
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#leaving.push(chunk) === 1) setImmediate(() => this.#leave());
    this.#leavingSize += chunk.length;
    if (this.#leavingSize + this.#socket.writableLength < LEAVING_SIZE_MAX) done();
    else this.#held = done;
  }

  override _final(done: () => void): void {
    this.#leave();
    this.#socket.end(done);
  }

  /** Whoever does not read is not written to: the next chunk waits until the socket has taken these. */
  #leave(): void {
    const [leaving, held] = [this.#leaving, this.#held];
    this.#leaving = [];
    this.#leavingSize = 0;
    this.#held = null;
    if (leaving.length > 0) this.#socket.write(Buffer.concat(leaving), () => held?.());
    else held?.();
  }

  override _destroy(_error: Error | null, done: (error?: Error | null) => void): void {
    this.#waiting = [];
    // What was written before, a refusal perhaps, still goes out.
    this.#leave();
    this.#socket.destroySoon();
    done();
  }
}
