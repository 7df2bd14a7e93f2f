/**
 * A socket as the broker sees it, with what the broker itself does not limit: the size of one packet, and everything before a connection
 * is let in. MQTT 3.1.1 §2.2 frames packets by one byte and a remaining length of up to four bytes; a length beyond the limit ends the
 * connection before its bytes are kept. Until `open`, one CONNECT passes and nothing behind it. From then on packets pass whole, and what a
 * device sends all day, a PUBLISH at QoS 1 to its own topic, goes straight to whoever takes readings in: the broker would cost each of them
 * as much as all the rest of this process.
 */

import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { PeerKey } from './mqtt-admission.ts';

/** First byte of CONNECT (§3.1.1). */
const CONNECT = 0x10;
/** §2.2.3: four bytes of seven bits. */
const LENGTH_BYTES_MAX = 4;
/** How long somebody who is being disconnected has to read why. */
const FAREWELL_MS = 5_000;
/** Bytes that may wait for one connection before its writer does. */
const LEAVING_SIZE_MAX = 16_384;

/** Messages of a connection that may be under way before it is read no further, and when it is read again. */
const LANE_COUNT_MAX = 128;
const LANE_RESUMES_AT = 64;
/** PUBLISH at QoS 1 (§3.3.1), with or without DUP. */
const PUBLISH_QOS1 = 0x32;
const DUP = 0x08;

/** Takes the PUBLISH packets of one topic. `take` calls `done` once it is answered and the answer is written; false: the broker shall see to it. */
export type PublishLane = {
  readonly topic: Uint8Array;
  readonly take: (messageId: number, payload: Uint8Array, done: () => void) => boolean;
};

/** Where a packet's variable header begins and where it ends; null while that is not known yet. `end` 0: larger than `sizeMax`. */
function openPacket(bytes: Uint8Array, at: number, sizeMax: number): { readonly begin: number; readonly end: number } | null {
  let size = 0;
  for (let i = 0; i < LENGTH_BYTES_MAX; i++) {
    const byte = bytes[at + 1 + i];
    if (byte === undefined) return null;
    size += (byte & 127) * 128 ** i;
    if (size > sizeMax) break;
    if (byte < 128) return { begin: at + 2 + i, end: at + 2 + i + size };
  }
  return { begin: 0, end: 0 };
}

export type MqttGateOptions = {
  /** Of a packet, behind its fixed header. */
  readonly packetSizeMax: number;
  readonly connectSizeMax: number;
  readonly peerKey: PeerKey;
  readonly address: string;
  /** Milliseconds that what was written may take to leave once the connection is ended. */
  readonly farewellMs?: number;
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
  /** `awaited`: CONNECT has not come whole; `held`: it has, and is being judged. */
  #state: 'awaited' | 'held' | 'open' = 'awaited';
  #waiting: Buffer[] = [];
  #leaving: Buffer[] = [];
  #leavingSize = 0;
  #held: (() => void) | null = null;
  #lane: PublishLane | null = null;
  #underWay = 0;
  /** The broker has as much as it wants. */
  #isFull = false;
  /** The beginning of a packet whose rest has not come, and how many bytes it takes at least to go on. */
  #partial: Buffer[] = [];
  #partialSize = 0;
  #partialNeed = 0;

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

  /** From now on these packets pass the broker by. */
  set lane(lane: PublishLane) {
    this.#lane = lane;
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
    if (this.#partialSize === 0 && chunk[0] !== CONNECT) return this.#refuse('MQTT_MALFORMED');
    const bytes = this.#join(chunk);
    if (bytes === null) return;
    const packet = openPacket(bytes, 0, this.#options.connectSizeMax);
    if (packet?.end === 0) return this.#refuse('TOO_LARGE');
    if (packet === null || packet.end > bytes.length) return this.#keep(bytes, packet?.end ?? 0);
    this.#state = 'held';
    this.push(bytes.subarray(0, packet.end));
    this.#hold(bytes.subarray(packet.end));
  }

  #pass(chunk: Buffer): void {
    const bytes = this.#join(chunk);
    if (bytes === null) return;
    // What goes to the broker begins here.
    let from = 0;
    let at = 0;
    while (at < bytes.length) {
      const packet = openPacket(bytes, at, this.#options.packetSizeMax);
      if (packet?.end === 0) return this.#refuse('TOO_LARGE');
      if (packet === null || packet.end > bytes.length) {
        this.#keep(bytes.subarray(at), packet === null ? 0 : packet.end - at);
        break;
      }
      if (this.#publish(bytes, at, packet)) {
        this.#give(bytes.subarray(from, at));
        from = packet.end;
      }
      at = packet.end;
    }
    this.#give(bytes.subarray(from, at));
    if (this.#isFull || this.#underWay >= LANE_COUNT_MAX) this.#socket.pause();
  }

  /** With what was kept of the packet before; null while it is not whole. */
  #join(chunk: Buffer): Buffer | null {
    if (this.#partialSize === 0) return chunk;
    this.#partial.push(chunk);
    this.#partialSize += chunk.length;
    if (this.#partialSize < this.#partialNeed) return null;
    const bytes = Buffer.concat(this.#partial);
    this.#partial = [];
    this.#partialSize = 0;
    return bytes;
  }

  #keep(rest: Buffer, need: number): void {
    this.#partial = [rest];
    this.#partialSize = rest.length;
    this.#partialNeed = Math.max(need, rest.length + 1);
  }

  #give(bytes: Buffer): void {
    if (bytes.length > 0 && !this.push(bytes)) this.#isFull = true;
  }

  /** True when the packet is one that the lane takes, or that ends the connection. */
  #publish(bytes: Buffer, at: number, { begin, end }: { readonly begin: number; readonly end: number }): boolean {
    const lane = this.#lane;
    if (lane === null || ((bytes[at] as number) & ~DUP) !== PUBLISH_QOS1) return false;
    const topicEnd = begin + 2 + lane.topic.length;
    if (topicEnd + 2 > end || bytes.readUInt16BE(begin) !== lane.topic.length) return false;
    if (bytes.compare(lane.topic, 0, lane.topic.length, begin + 2, topicEnd) !== 0) return false;
    const messageId = bytes.readUInt16BE(topicEnd);
    // MQTT-2.3.1-1; the broker would take it.
    if (messageId === 0) {
      this.#refuse('MQTT_MALFORMED');
      return true;
    }
    if (!lane.take(messageId, bytes.subarray(topicEnd + 2, end), this.#onAnswered)) return false;
    this.#underWay++;
    return true;
  }

  readonly #onAnswered = (): void => {
    if (--this.#underWay === LANE_RESUMES_AT && !this.#isFull) this.#socket.resume();
  };

  #hold(chunk: Buffer): void {
    if (chunk.length > 0) this.#waiting.push(chunk);
    this.#socket.pause();
  }

  #refuse(code: 'TOO_LARGE' | 'MQTT_MALFORMED'): void {
    this.#options.onRefused(code);
    this.destroy();
  }

  override _read(): void {
    this.#isFull = false;
    if (this.#state !== 'held' && this.#underWay < LANE_COUNT_MAX) this.#socket.resume();
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
    this.#partial = [];
    // What was written before, a refusal perhaps, still goes out.
    this.#leave();
    this.#socket.destroySoon();
    // Who reads nothing would keep the place, and megabytes in the kernel, for as long as it likes.
    const timer = setTimeout(() => this.#socket.destroy(), this.#options.farewellMs ?? FAREWELL_MS);
    timer.unref();
    this.#socket.once('close', () => clearTimeout(timer));
    done();
  }
}
