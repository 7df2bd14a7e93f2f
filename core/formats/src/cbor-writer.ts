/** The output side of `cbor.ts`: bytes, heads and texts into one buffer. */

import { type Bytes, encodeUtf8 } from './bytes.ts';

/** RFC 8949 §3.1: the major type of texts. */
export const MAJOR_TEXT = 3;

const BUFFER_SIZE = 4_096;
/** What the output buffer may keep between two calls. */
const SPARE_SIZE_MAX = 1_048_576;

/** Growing output buffer, kept from call to call: encoding allocates nothing but its result. */
export class CborWriter {
  private buffer = new Uint8Array(BUFFER_SIZE);
  private size = 0;
  private readonly view = new DataView(new ArrayBuffer(8));

  private reserve(count: number): number {
    const start = this.size;
    this.size += count;
    if (this.size > this.buffer.length) {
      const grown = new Uint8Array(Math.max(this.size, 2 * this.buffer.length));
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
    }
    return start;
  }

  byte(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  bytes(value: Bytes): void {
    const at = this.reserve(value.length);
    if (value.length > 64) this.buffer.set(value, at);
    else for (let i = 0; i < value.length; i++) this.buffer[at + i] = value[i] as number;
  }

  /** RFC 8949 §3: initial byte and the shortest argument. */
  head(major: number, argument: number | bigint): void {
    const first = major << 5;
    if (argument < 24) return this.byte(first | Number(argument));
    const width = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
    const at = this.reserve(1 + width);
    this.buffer[at] = first | (width === 1 ? 24 : width === 2 ? 25 : width === 4 ? 26 : 27);
    if (width === 8) {
      this.view.setBigUint64(0, BigInt(argument));
      for (let i = 0; i < 8; i++) this.buffer[at + 1 + i] = this.view.getUint8(i);
      return;
    }
    let rest = Number(argument);
    for (let i = width; i > 0; i--) {
      this.buffer[at + i] = rest & 255;
      rest = Math.floor(rest / 256);
    }
  }

  text(value: string): void {
    if (value.length < 24 && this.ascii(value)) return;
    const text = encodeUtf8(value);
    this.head(MAJOR_TEXT, text.length);
    this.bytes(text);
  }

  /** Writes a short text of ASCII alone; false and nothing for others. */
  private ascii(value: string): boolean {
    const at = this.reserve(1 + value.length);
    this.buffer[at] = (MAJOR_TEXT << 5) | value.length;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) {
        this.size = at;
        return false;
      }
      this.buffer[at + 1 + i] = unit;
    }
    return true;
  }

  /** Calls `write` and takes what it wrote; calls may nest. */
  collect(write: (writer: CborWriter) => void): Bytes {
    const start = this.size;
    try {
      write(this);
      return this.buffer.slice(start, this.size);
    } finally {
      this.size = start;
      if (start === 0 && this.buffer.length > SPARE_SIZE_MAX) this.buffer = new Uint8Array(BUFFER_SIZE);
    }
  }
}
