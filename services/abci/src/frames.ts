/**
 * ABCI's framing, both ways: an unsigned varint length (protobuf, LEB128), then as many bytes of one message. A stream may split a
 * frame anywhere and join any number of them.
 */

import { WireError } from './wire-error.ts';

/** Seven bits a byte: enough for 2^35, far above any limit that fits into memory. */
const HEADER_SIZE_MAX = 5;

/** Collects what arrives and hands out whole frames. */
export class FrameReader {
  readonly #sizeMax: number;
  #chunks: Uint8Array[] = [];
  #size = 0;
  /** Size of the frame whose header was read, or null between frames. */
  #wanted: number | null = null;

  /** `sizeMax`: bytes of a frame without its header. */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** Bytes that wait. */
  get size(): number {
    return this.#size;
  }

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    // Sockets give Buffers, whose `slice` shares memory where that of plain bytes copies.
    this.#chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    this.#size += chunk.length;
  }

  /** The next whole frame without its header, a view of what was pushed where it lay in one piece; or null. Throws WireError. */
  take(): Uint8Array | null {
    this.#wanted ??= this.#takeHeader();
    if (this.#wanted === null || this.#size < this.#wanted) return null;
    const frame = this.#takeBytes(this.#wanted);
    this.#wanted = null;
    return frame;
  }

  #takeHeader(): number | null {
    let size = 0;
    for (let i = 0; i < HEADER_SIZE_MAX; i++) {
      const byte = this.#peek(i);
      if (byte === null) return null;
      size += (byte & 0x7f) * 2 ** (7 * i);
      if (byte >= 0x80) continue;
      if (byte === 0 && i > 0) throw new WireError('FRAME_MALFORMED', 'a length in more bytes than it needs');
      if (size > this.#sizeMax) break;
      this.#takeBytes(i + 1);
      return size;
    }
    throw new WireError('FRAME_TOO_LARGE', `a frame has at most ${this.#sizeMax} bytes`);
  }

  #peek(offset: number): number | null {
    let at = offset;
    for (const chunk of this.#chunks) {
      if (at < chunk.length) return chunk[at] as number;
      at -= chunk.length;
    }
    return null;
  }

  #takeBytes(size: number): Uint8Array {
    const first = this.#chunks[0] ?? new Uint8Array(0);
    this.#size -= size;
    if (first.length > size) {
      this.#chunks[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    if (first.length === size) {
      this.#chunks.shift();
      return first;
    }
    return this.#gather(new Uint8Array(size));
  }

  #gather(bytes: Uint8Array): Uint8Array {
    let at = 0;
    let used = 0;
    while (at < bytes.length) {
      const chunk = this.#chunks[used] as Uint8Array;
      const part = chunk.subarray(0, bytes.length - at);
      bytes.set(part, at);
      at += part.length;
      if (part.length < chunk.length) this.#chunks[used] = chunk.subarray(part.length);
      else used++;
    }
    this.#chunks.splice(0, used);
    return bytes;
  }
}

/** The shortest varint of a number below 2^35. */
export function encodeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
