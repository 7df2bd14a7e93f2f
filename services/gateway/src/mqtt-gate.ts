/**
 * A socket as the broker sees it, with what the broker itself does not limit: the size of one packet. MQTT 3.1.1 §2.2 frames packets by
 * one byte and a remaining length of up to four bytes; a length beyond the limit ends the connection before its bytes are kept.
 */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** §2.2.3: four bytes of seven bits. */
const LENGTH_BYTES_MAX = 4;
/** Bytes that may wait for one connection before its writer does. */
const LEAVING_SIZE_MAX = 16_384;

/** Where a stream of MQTT packets stands. */
type Frame = { state: 'type' | 'length' | 'body'; lengthBytes: number; left: number };

/** Counts through the packets in a chunk; false at the first packet of more than `sizeMax` bytes behind its fixed header. */
function followFrames(frame: Frame, chunk: Uint8Array, sizeMax: number): boolean {
  let at = 0;
  while (at < chunk.length) {
    if (frame.state === 'type') {
      frame.state = 'length';
      frame.lengthBytes = 0;
      frame.left = 0;
      at++;
    } else if (frame.state === 'length') {
      const byte = chunk[at++] as number;
      frame.left += (byte & 127) * 128 ** frame.lengthBytes++;
      if (frame.left > sizeMax || (byte >= 128 && frame.lengthBytes === LENGTH_BYTES_MAX)) return false;
      if (byte < 128) frame.state = frame.left === 0 ? 'type' : 'body';
    } else {
      const taken = Math.min(frame.left, chunk.length - at);
      frame.left -= taken;
      at += taken;
      if (frame.left === 0) frame.state = 'type';
    }
  }
  return true;
}

/** The stream behind the gate. */
export class MqttGate extends Duplex {
  readonly #socket: Socket;
  #leaving: Buffer[] = [];
  #leavingSize = 0;
  #held: (() => void) | null = null;

  /** `onOversized` hears of a packet of more than `packetSizeMax` bytes; the connection ends then. */
  constructor(socket: Socket, packetSizeMax: number, onOversized: () => void) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    const frame: Frame = { state: 'type', lengthBytes: 0, left: 0 };
    socket.on('data', (chunk: Buffer) => {
      if (!followFrames(frame, chunk, packetSizeMax)) {
        onOversized();
        this.destroy();
      } else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('close', () => this.destroy());
    // Whatever broke the connection: it is gone, and nothing was acknowledged that is not durable.
    socket.on('error', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
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
    // What was written before, a refusal perhaps, still goes out.
    this.#leave();
    this.#socket.destroySoon();
    done();
  }
}
