/**
 * Leaves and receipts of a whole group, written in place one after the other: the bytes of `encodeReceiptLeaf` and `encodeReceipt`
 * without an object or a buffer of its own for each part. A shard makes tens of thousands a second.
 */

import { type Bytes, concatBytes, encodeUtf8 } from './bytes.ts';
import { encodeCbor } from './cbor.ts';

/** What a group says about one reading. */
export type LeafContent = {
  readonly device: Bytes;
  readonly keyNumber: number;
  readonly sequence: number;
  readonly digest: Bytes;
  /** Index in the log, or the code of a refusal. */
  readonly outcome: number | string;
};

const HASH_SIZE = 32;
const MAJOR = { unsigned: 0, text: 3, array: 4 } as const;
const ID_HEAD = Uint8Array.of(0x58, HASH_SIZE);
/** Codes have at most 64 characters, numbers nine bytes: no leaf is longer. */
const LEAF_SIZE_MAX = 320;
const CODE_LENGTH_MAX = 64;

const key = (name: string): Bytes => encodeCbor(name);
const INDEX = concatBytes(Uint8Array.of(0xa7), key('index'));
const DIGEST = concatBytes(key('digest'), ID_HEAD);
const REFUSAL = key('refusal');
const KEY_NUMBER = key('keyNumber');

/** Writes an argument in its shortest form (RFC 8949 §3); gives where it ends. */
function writeHead(out: Bytes, at: number, major: number, argument: number): number {
  const first = major << 5;
  if (argument < 24) {
    out[at] = first | argument;
    return at + 1;
  }
  const width = argument < 0x100 ? 1 : argument < 0x10000 ? 2 : argument < 0x100000000 ? 4 : 8;
  out[at] = first | (width === 1 ? 24 : width === 2 ? 25 : width === 4 ? 26 : 27);
  let rest = argument;
  for (let i = width; i > 0; i--) {
    out[at + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return at + 1 + width;
}

function write(out: Bytes, at: number, bytes: Bytes): number {
  out.set(bytes, at);
  return at + bytes.length;
}

/** Leaves of one group, each behind the byte 0x00, as RFC 6962 §2.1 hashes them. */
export class ReceiptLeaves {
  readonly #shardAndDevice: Bytes;
  readonly #audienceAndSequence: Bytes;
  #out: Bytes;
  /** Where each begins, and where the last one ends. */
  readonly #starts: number[] = [0];

  /** For about `count` leaves of this shard. */
  constructor(audience: Bytes, shard: Bytes, count: number) {
    this.#shardAndDevice = concatBytes(key('shard'), ID_HEAD, shard, key('device'), ID_HEAD);
    this.#audienceAndSequence = concatBytes(key('audience'), ID_HEAD, audience, key('sequence'));
    this.#out = new Uint8Array(count * LEAF_SIZE_MAX);
  }

  /** Adds the next leaf. Throws RangeError for a code that is no code. */
  add({ device, keyNumber, sequence, digest, outcome }: LeafContent): void {
    const start = this.#starts.at(-1) as number;
    if (start + LEAF_SIZE_MAX > this.#out.length) {
      const grown = new Uint8Array(2 * this.#out.length + LEAF_SIZE_MAX);
      grown.set(this.#out);
      this.#out = grown;
    }
    const out = this.#out;
    // RFC 6962 §2.1: leaves are hashed behind a zero.
    out[start] = 0;
    let at = start + 1;
    if (typeof outcome === 'number') at = writeHead(out, write(out, at, INDEX), MAJOR.unsigned, outcome);
    else out[at++] = INDEX[0] as number;
    at = write(out, at, this.#shardAndDevice);
    at = write(out, at, device);
    at = write(out, at, DIGEST);
    at = write(out, at, digest);
    if (typeof outcome === 'string') {
      const code = encodeUtf8(outcome);
      if (code.length > CODE_LENGTH_MAX) throw new RangeError(`not a code: ${outcome}`);
      at = write(out, writeHead(out, write(out, at, REFUSAL), MAJOR.text, code.length), code);
    }
    at = writeHead(out, write(out, at, this.#audienceAndSequence), MAJOR.unsigned, sequence);
    at = writeHead(out, write(out, at, KEY_NUMBER), MAJOR.unsigned, keyNumber);
    this.#starts.push(at);
  }

  /** Leaf number i, as a view. */
  leaf(i: number): Bytes {
    return this.#out.subarray((this.#starts[i] as number) + 1, this.#starts[i + 1]);
  }

  /** The same behind its zero: what is hashed. */
  hashed(i: number): Bytes {
    return this.#out.subarray(this.#starts[i], this.#starts[i + 1]);
  }
}

const RECEIPT_BEGIN = concatBytes(Uint8Array.of(0xa4), key('leaf'));
const PATH = key('path');
const POSITION = key('position');
/** Receipts share buffers of this size at most. */
const CHUNK_SIZE_MAX = 262_144;

/** Receipts of one group, written behind each other into a few buffers, no larger than those need that are still to come. */
export class ReceiptChunks {
  readonly #end: Bytes;
  #out = new Uint8Array(0);
  #at = 0;
  #leftCount: number;

  /** `count`: receipts that are to be made; there may be more. */
  constructor(signedHead: Bytes, count: number) {
    this.#leftCount = count;
    this.#end = concatBytes(key('signedHead'), encodeCbor(signedHead));
  }

  /**
   * The receipt of an encoded leaf at this position: its path leads through `levels`, from the leaf hashes up to the root, where a node
   * without a right neighbour stands on the next level as it is.
   */
  make(leaf: Bytes, position: number, levels: readonly Bytes[]): Bytes {
    const pathSizeMax = PATH.length + 9 + levels.length * (2 + HASH_SIZE);
    const sizeMax = RECEIPT_BEGIN.length + leaf.length + pathSizeMax + POSITION.length + 9 + this.#end.length;
    if (this.#at + sizeMax > this.#out.length) {
      this.#out = new Uint8Array(Math.max(sizeMax, Math.min(CHUNK_SIZE_MAX, this.#leftCount * sizeMax)));
      this.#at = 0;
    }
    this.#leftCount--;
    const [out, start] = [this.#out, this.#at];
    let at = write(out, write(out, start, RECEIPT_BEGIN), leaf);
    at = writeHead(out, write(out, at, PATH), MAJOR.array, countNeighbours(position, levels));
    let i = position;
    for (const level of levels) {
      const from = (i ^ 1) * HASH_SIZE;
      if (from < level.length) {
        at = write(out, at, ID_HEAD);
        for (let j = 0; j < HASH_SIZE; j++) out[at++] = level[from + j] as number;
      }
      i >>= 1;
    }
    at = writeHead(out, write(out, at, POSITION), MAJOR.unsigned, position);
    this.#at = write(out, at, this.#end);
    return out.subarray(start, this.#at);
  }
}

function countNeighbours(position: number, levels: readonly Bytes[]): number {
  let [count, i] = [0, position];
  for (const level of levels) {
    if ((i ^ 1) * HASH_SIZE < level.length) count++;
    i >>= 1;
  }
  return count;
}
