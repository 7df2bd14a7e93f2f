/**
 * One listener's stream of events. It is pulled from what is durable, never pushed into: after each event it waits until the listener has
 * taken it, so a stream holds one event and what the socket holds, however fast the city is and however slowly somebody reads.
 */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import type { ErrorCode } from '@oppidum/formats/errors';
import { FormatError } from '@oppidum/formats/errors';
import type { NodeClient } from '@oppidum/node/client';
import type { TelemetryClient } from '@oppidum/telemetry/client';
import type { LiveEvent } from './live-events.ts';
import { encodePlace, type LivePlace } from './live-place.ts';

/** Where bytes go: the answer to a request. */
export type LiveSink = {
  /** False: nothing more before `onDrain`. */
  write(text: string): boolean;
  onceDrain(listener: () => void): () => void;
  /** Sends the last text and closes. */
  end(text: string): void;
};

export type LiveStreamOptions = {
  readonly node: Pick<NodeClient, 'blocks'>;
  readonly shards: readonly TelemetryClient[];
  readonly sink: LiveSink;
  readonly place: LivePlace;
  /** Events of a block; of each entry of a shard, none of one that is erased. */
  readonly blockEvents: (block: ReturnType<NodeClient['blocks']>[number]) => readonly LiveEvent[];
  readonly readingEvents: (shard: TelemetryClient, from: number) => Promise<readonly (readonly LiveEvent[])[]>;
  readonly wants: (event: LiveEvent) => boolean;
  /** The code for which the stream ends now, or null: asked before every batch. */
  readonly refusal: () => ErrorCode | null;
  /** Waited for before each batch that is not the last. */
  readonly turn: () => Promise<void>;
  /** Whoever takes nothing for so long is cut off. */
  readonly slowMs: number;
  readonly wantsReadings: boolean;
  readonly wantsBlocks: boolean;
};

const BLOCKS_OF_ONE_BATCH = 16;
/** Places are told this often even where no event of a filter comes, so that a listener who comes back need not begin far behind. */
const HEARTBEAT_MS = 15_000;

/** Runs until it is ended, by either side; never rejects for what the listener does. */
export class LiveStream {
  readonly #options: LiveStreamOptions;
  #isEnded = false;
  #wake: () => void = () => undefined;
  #hasNews = true;
  #lastWriteMs = performance.now();

  constructor(options: LiveStreamOptions) {
    this.#options = options;
  }

  /** There may be something new. */
  wake(): void {
    this.#hasNews = true;
    this.#wake();
  }

  /** The listener is gone, or `code` says why it has to go: the last event tells it. */
  end(code: ErrorCode | null): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const told = code === null ? '' : errorEvent(code);
    this.#options.sink.end(told);
    this.#wake();
  }

  async run(): Promise<void> {
    const { place } = this.#options;
    await this.#write(`retry: 2000\nid: ${encodePlace(place)}\nevent: open\ndata: {}\n\n`);
    while (!this.#isEnded) {
      this.#hasNews = false;
      const hadBlocks = await this.#sendBlocks();
      const found = (await this.#sendReadings()) || hadBlocks;
      const refusal = this.#options.refusal();
      if (refusal !== null) this.end(refusal);
      if (found || this.#hasNews || this.#isEnded) continue;
      await this.#news();
      if (this.#isEnded || performance.now() - this.#lastWriteMs < HEARTBEAT_MS) continue;
      await this.#write(`id: ${encodePlace(place)}\n: still here\n\n`);
    }
  }

  /** Resolves at the next news, or when it is time for a sign of life. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, HEARTBEAT_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #sendBlocks(): Promise<boolean> {
    const { node, place, wantsBlocks } = this.#options;
    const blocks = node.blocks(place.height, BLOCKS_OF_ONE_BATCH);
    const [first] = blocks;
    if (first === undefined) return false;
    if (first.height > place.height) await this.#tellGap({ fromHeight: place.height, toHeight: first.height });
    for (const block of blocks) {
      if (this.#isEnded) return false;
      const skipped = block.height === place.height ? place.event : 0;
      const events = wantsBlocks ? this.#options.blockEvents(block) : [];
      place.height = block.height;
      for (let i = skipped; i < events.length; i++) {
        place.event = i + 1;
        await this.#send(events[i] as LiveEvent);
      }
      place.height = block.height + 1;
      place.event = 0;
    }
    if (blocks.length === BLOCKS_OF_ONE_BATCH) await this.#options.turn();
    return true;
  }

  async #sendReadings(): Promise<boolean> {
    const { shards, place, wantsReadings } = this.#options;
    let found = false;
    for (const shard of shards) {
      const { number, size } = shard.status();
      const from = place.entries.get(number) ?? 0;
      if (from >= size) continue;
      if (!wantsReadings) {
        place.entries.set(number, size);
        continue;
      }
      const events = await this.#readingEvents(shard, from);
      for (const [i, entry] of events.entries()) {
        if (this.#isEnded) return false;
        place.entries.set(number, from + i + 1);
        await this.#sendTogether(entry);
      }
      if (events.length === 0) continue;
      found = true;
      if (from + events.length < size) await this.#options.turn();
    }
    return found;
  }

  /** None while the shard is away: it wakes us when it is back. */
  async #readingEvents(shard: TelemetryClient, from: number): Promise<readonly (readonly LiveEvent[])[]> {
    try {
      return await this.#options.readingEvents(shard, from);
    } catch (error) {
      if (error instanceof FormatError && error.code === 'NOT_READY') return [];
      throw error;
    }
  }

  /** The events of one entry: the last of them has its place, so that who breaks off before it gets all of them again. */
  async #sendTogether(events: readonly LiveEvent[]): Promise<void> {
    const { wants, refusal, place } = this.#options;
    const wanted = events.filter(wants);
    const last = wanted.pop();
    if (last === undefined) return;
    const code = refusal();
    if (code !== null) return this.end(code);
    const before = wanted.map(({ topic, data }) => `event: ${topic}\ndata: ${data}\n\n`).join('');
    await this.#write(`${before}id: ${encodePlace(place)}\nevent: ${last.topic}\ndata: ${last.data}\n\n`);
  }

  async #send(event: LiveEvent): Promise<void> {
    const { wants, refusal, place } = this.#options;
    if (!wants(event)) return;
    const code = refusal();
    if (code !== null) return this.end(code);
    await this.#write(`id: ${encodePlace(place)}\nevent: ${event.topic}\ndata: ${event.data}\n\n`);
  }

  #tellGap(gap: { readonly fromHeight: number; readonly toHeight: number }): Promise<void> {
    return this.#write(`event: gap\ndata: ${JSON.stringify(gap)}\n\n`);
  }

  /** Resolves when the listener has taken it; ends the stream when it does not. */
  async #write(text: string): Promise<void> {
    if (this.#isEnded) return;
    const { sink, slowMs } = this.#options;
    this.#lastWriteMs = performance.now();
    if (sink.write(text)) return;
    const taken = await new Promise<boolean>((resolve) => {
      const forget = sink.onceDrain(() => settle(true));
      const timer = setTimeout(() => settle(false), slowMs);
      const settle = (isTaken: boolean): void => {
        clearTimeout(timer);
        forget();
        resolve(isTaken);
      };
      this.#wake = () => {
        if (this.#isEnded) settle(true);
      };
    });
    if (!taken) this.end('SLOW_READER');
  }
}

function errorEvent(code: ErrorCode): string {
  const { message, action } = ERRORS[code];
  return `event: error\ndata: ${JSON.stringify({ code, message, action })}\n\n`;
}
