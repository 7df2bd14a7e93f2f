/**
 * Codecs of our own for what comes with every transaction: CheckTx, and the lists of transactions and results in proposals and blocks.
 * Each takes the short way for the bytes that CometBFT writes, and leaves every other spelling, and the rest of each message, to the
 * generated codec beside it: so both read the same from any bytes, and refuse the same.
 */

import {
  ExecTxResult,
  RequestCheckTx,
  ResponseCheckTx,
  ResponseFinalizeBlock,
  type ResponsePrepareProposal,
} from 'cosmjs-types/tendermint/abci/types';
import { encodeVarint } from './frames.ts';

/** Wire types of protobuf. */
const [VARINT, SIZED] = [0, 2] as const;
/** Field numbers of types.proto. */
const [CHECKED_TX, CHECKED_TYPE] = [1, 2] as const;
const TX_RESULTS = 2;
const PROPOSED_TXS = 1;

type WithTxs = { txs: Uint8Array[] };

/** RequestCheckTx: a transaction, and a type where it is checked again. */
export function parseCheckTx(message: Uint8Array): RequestCheckTx {
  const body = plain(message);
  const at = { at: 0 };
  if (readVarint(body, at) === tagOf(CHECKED_TX, SIZED)) {
    const size = readVarint(body, at);
    const end = at.at + size;
    if (end === body.length) return { tx: body.subarray(at.at), type: 0 };
    const isTyped = end + 2 === body.length && body[end] === tagOf(CHECKED_TYPE, VARINT) && (body[end + 1] as number) <= 1;
    if (isTyped) return { tx: body.subarray(at.at, end), type: body[end + 1] as 0 | 1 };
  }
  return RequestCheckTx.decode(body);
}

/** A codec that reads a message without the transactions in field `number` that it begins with; they are put in their place. */
export function withTxs<T extends WithTxs>(
  number: number,
  { decode }: { decode(body: Uint8Array): T },
): { decode(body: Uint8Array): T } {
  return {
    decode(given) {
      const body = plain(given);
      const split = takeList(body, number);
      if (split === null) return decode(body);
      const message = decode(split.rest);
      message.txs = split.list.concat(message.txs);
      return message;
    },
  };
}

/** ResponseCheckTx. A frozen answer is encoded once. */
export const checkTxAnswer = { encode: (answer: ResponseCheckTx) => finished(encodedOnce(answer, encodeCheckTxAnswer)) };

/** ResponsePrepareProposal. */
export const proposal = {
  encode: ({ txs }: ResponsePrepareProposal) => finished(encodeList(tagOf(PROPOSED_TXS, SIZED), txs)),
};

/** ResponseFinalizeBlock. A frozen result is encoded once. Order of fields means nothing. */
export const blockAnswer = {
  encode(answer: ResponseFinalizeBlock) {
    const rest = ResponseFinalizeBlock.encode({ ...answer, txResults: [] }).finish();
    const results = answer.txResults.map((result) => encodedOnce(result, encodeTxResult));
    return finished(encodeList(tagOf(TX_RESULTS, SIZED), results, rest));
  },
};

const encodeCheckTxAnswer = (answer: ResponseCheckTx): Uint8Array => ResponseCheckTx.encode(answer).finish();
const encodeTxResult = (result: ExecTxResult): Uint8Array => ExecTxResult.encode(result).finish();

/** By encoder, what frozen objects were encoded as. */
const encodedBefore = new WeakMap<object, WeakMap<object, Uint8Array>>();

function encodedOnce<T extends object>(value: T, encode: (value: T) => Uint8Array): Uint8Array {
  if (!Object.isFrozen(value)) return encode(value);
  const known = encodedBefore.get(encode) ?? new WeakMap<object, Uint8Array>();
  encodedBefore.set(encode, known);
  const bytes = known.get(value) ?? encode(value);
  known.set(value, bytes);
  return bytes;
}

/** As the generated codecs answer. */
function finished(bytes: Uint8Array): { finish(): Uint8Array } {
  return { finish: () => bytes };
}

/** Fields of one tag, each a size and bytes, and whatever follows them. */
function encodeList(tag: number, list: readonly Uint8Array[], rest: Uint8Array = new Uint8Array(0)): Uint8Array {
  let size = rest.length;
  for (const { length } of list) size += 1 + sizeOfVarint(length) + length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const item of list) {
    bytes[at++] = tag;
    for (const byte of encodeVarint(item.length)) bytes[at++] = byte;
    bytes.set(item, at);
    at += item.length;
  }
  bytes.set(rest, at);
  return bytes;
}

/**
 * The transactions of field `number` at the start of a message, in order, as views, and the bytes of what stands before and after them;
 * null where that is not how CometBFT writes. What follows stays in one piece, with whatever transactions are in it: the generated codec
 * reads on where a message within a message ended, be it beyond its size, and so would read other bytes if any were taken from between.
 */
function takeList(body: Uint8Array, number: number): { readonly list: Uint8Array[]; readonly rest: Uint8Array } | null {
  const list: Uint8Array[] = [];
  const others: Uint8Array[] = [];
  const at = { at: 0 };
  while (at.at < body.length) {
    const start = at.at;
    const found = readVarint(body, at);
    const isTx = found === tagOf(number, SIZED);
    const isBefore = found % 8 === VARINT && found > 7 && found < tagOf(number, VARINT);
    if (!isTx && !isBefore) {
      others.push(body.subarray(start));
      break;
    }
    const size = isTx ? readVarint(body, at) : sizeOfVarintAt(body, at.at);
    const end = at.at + size;
    // Not a number where a varint has no end.
    if (!(end <= body.length)) return null;
    if (isTx) list.push(body.subarray(at.at, end));
    else others.push(body.subarray(start, end));
    at.at = end;
  }
  return { list, rest: joined(others) };
}

/** Bytes of the varint that begins there; NaN where it has no end. */
function sizeOfVarintAt(body: Uint8Array, at: number): number {
  for (let size = 1; size <= 10; size++) if ((body[at + size - 1] ?? 0xff) < 0x80) return size;
  return Number.NaN;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Sockets give Buffers, whose views are Buffers, and `slice` of one shares its memory: whoever copies a transaction would copy nothing. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A number below 2^28 in as few bytes as it needs, and moves on; NaN for any other. */
function readVarint(bytes: Uint8Array, at: { at: number }): number {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes[at.at++];
    if (byte === undefined || (byte === 0 && i > 0)) return Number.NaN;
    value += (byte & 0x7f) << (7 * i);
    if (byte < 0x80) return value;
  }
  return Number.NaN;
}

function sizeOfVarint(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

function tagOf(number: number, wireType: number): number {
  return number * 8 + wireType;
}
