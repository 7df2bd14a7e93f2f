/**
 * Calls and notices between two processes of one city, over a stream: frames of u32 size (big-endian) and as many bytes of deterministic
 * CBOR. Both ends may call; answers come in any order, notices in the order in which they were given.
 *
 *   [0, id, name, body]   a call          [1, id, body]            its answer
 *   [3, name, body]       a notice        [2, id, code, details]   its refusal
 *
 * Whatever else comes ends the channel: who sends it is no process of this city.
 */

import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type CborMap, type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { type ErrorCode, type ErrorDetails, FormatError, formatError } from '@oppidum/formats/errors';

export type ChannelOptions = {
  readonly socket: Socket;
  /** Answers a call of the other end; a FormatError goes back as a refusal, anything else ends the channel. */
  readonly answer: (name: string, body: CborValue) => Promise<CborValue> | CborValue;
  readonly onNotice: (name: string, body: CborValue) => void;
  /** Told once; `fault` is null where the other end just went. */
  readonly onEnd: (fault: Error | null) => void;
  /** What calls are refused with that have no answer when the channel ends. */
  readonly endCode: ErrorCode;
};

/** One frame: a block with its transactions, or a batch of the largest readings. */
export const FRAME_SIZE_MAX = 64 * 2 ** 20;
const HEADER_SIZE = 4;
/** What may wait for a reader before it is cut off: whoever comes again begins anew. */
const UNREAD_SIZE_MAX = 4 * FRAME_SIZE_MAX;
/** Calls answered at the same time; more are not read until one of these has its answer. */
const ANSWERING_COUNT_MAX = 256;
const [CALL, ANSWER, REFUSAL, NOTICE] = [0, 1, 2, 3] as const;

type Call = { readonly resolve: (body: CborValue) => void; readonly reject: (error: Error) => void };

/** One end of a channel. */
export class Channel {
  readonly #options: ChannelOptions;
  readonly #calls = new Map<number, Call>();
  #nextId = 0;
  #received: Buffer[] = [];
  #receivedSize = 0;
  #answeringCount = 0;
  #isEnded = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
    const { socket } = options;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => this.#end(null));
    socket.on('close', () => this.#end(null));
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Rejects with a FormatError: the other end's refusal, or `endCode`. */
  call(name: string, body: CborValue): Promise<CborValue> {
    if (this.#isEnded) return Promise.reject(formatError(this.#options.endCode));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#send([CALL, id, name, body]);
    });
  }

  notify(name: string, body: CborValue): void {
    this.#send([NOTICE, name, body]);
  }

  /** Resolves when the other end has taken most of what was sent, or is gone. */
  async drained(): Promise<void> {
    const { socket } = this.#options;
    while (!this.#isEnded && socket.writableNeedDrain)
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
  }

  /** Calls without an answer are refused with `endCode`. */
  close(): void {
    this.#end(null);
  }

  #send(message: CborValue): void {
    const { socket } = this.#options;
    if (this.#isEnded) return;
    const bytes = encodeCbor(message);
    if (bytes.length > FRAME_SIZE_MAX) return this.#end(new Error(`a frame of ${bytes.length} bytes is too large`));
    const header = Buffer.alloc(HEADER_SIZE);
    header.writeUInt32BE(bytes.length);
    socket.cork();
    socket.write(header);
    socket.write(bytes);
    socket.uncork();
    if (socket.writableLength > UNREAD_SIZE_MAX) this.#end(new Error('the other end does not read'));
  }

  #receive(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedSize += chunk.length;
    try {
      for (let frame = this.#takeFrame(); frame !== null; frame = this.#takeFrame()) this.#open(parseCbor(frame));
    } catch (error) {
      this.#end(error as Error);
    }
  }

  /** The next whole frame, or null. Throws TOO_LARGE. */
  #takeFrame(): Uint8Array | null {
    if (this.#isEnded || this.#receivedSize < HEADER_SIZE) return null;
    if ((this.#received[0] as Buffer).length < HEADER_SIZE) this.#received = [Buffer.concat(this.#received)];
    const size = (this.#received[0] as Buffer).readUInt32BE(0);
    if (size > FRAME_SIZE_MAX) throw formatError('TOO_LARGE', { size, sizeMax: FRAME_SIZE_MAX });
    if (this.#receivedSize < HEADER_SIZE + size) return null;
    const all = this.#received.length === 1 ? (this.#received[0] as Buffer) : Buffer.concat(this.#received);
    const rest = all.subarray(HEADER_SIZE + size);
    this.#received = rest.length === 0 ? [] : [rest];
    this.#receivedSize = rest.length;
    return new Uint8Array(all.buffer, all.byteOffset + HEADER_SIZE, size);
  }

  #open(message: CborValue): void {
    if (!Array.isArray(message)) throw formatError('WRONG_TYPE', { want: 'a list' });
    const [kind, second, third, fourth] = message;
    if (kind === CALL && message.length === 4 && isId(second) && typeof third === 'string') {
      void this.#answer(second, third, fourth as CborValue);
    } else if (kind === ANSWER && message.length === 3 && isId(second)) {
      this.#take(second)?.resolve(third as CborValue);
    } else if (kind === REFUSAL && message.length === 4 && isId(second)) {
      this.#take(second)?.reject(formatError(parseCode(third), parseDetails(fourth)));
    } else if (kind === NOTICE && message.length === 3 && typeof second === 'string') {
      this.#options.onNotice(second, third as CborValue);
    } else throw formatError('WRONG_TYPE', { want: 'a call, an answer, a refusal or a notice' });
  }

  #take(id: number): Call | undefined {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    return call;
  }

  async #answer(id: number, name: string, body: CborValue): Promise<void> {
    const { socket, answer } = this.#options;
    this.#answeringCount++;
    if (this.#answeringCount >= ANSWERING_COUNT_MAX) socket.pause();
    try {
      this.#send([ANSWER, id, await answer(name, body)]);
    } catch (error) {
      if (error instanceof FormatError) this.#send([REFUSAL, id, error.code, encodeDetails(error.details)]);
      else this.#end(error as Error);
    }
    this.#answeringCount--;
    if (socket.isPaused() && !this.#isEnded) socket.resume();
  }

  #end(fault: Error | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#options.socket.destroy();
    this.#received = [];
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const { reject } of calls) reject(formatError(this.#options.endCode));
    this.#options.onEnd(fault);
  }
}

function isId(value: CborValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Throws TEXT_INVALID. */
export function parseCode(value: CborValue | undefined): ErrorCode {
  if (typeof value === 'string' && Object.hasOwn(ERRORS, value)) return value as ErrorCode;
  throw formatError('TEXT_INVALID', { want: 'an error code' });
}

/** Facts of a refusal as a map; numbers that are no integers as text. */
export function encodeDetails(details: ErrorDetails): CborMap {
  const isPlain = (value: string | number | boolean): boolean => typeof value !== 'number' || Number.isSafeInteger(value);
  return new Map(Object.entries(details).map(([name, value]) => [name, isPlain(value) ? value : String(value)]));
}

/** Throws WRONG_TYPE. */
export function parseDetails(value: CborValue | undefined): ErrorDetails {
  if (!(value instanceof Map)) throw formatError('WRONG_TYPE', { want: 'a map of facts' });
  const details: Record<string, string | number | boolean> = {};
  for (const [name, fact] of value) {
    if (typeof fact !== 'string' && typeof fact !== 'number' && typeof fact !== 'boolean')
      throw formatError('WRONG_TYPE', { at: `/${name}`, want: 'a text, a number or a truth value' });
    details[String(name)] = fact;
  }
  return details;
}
