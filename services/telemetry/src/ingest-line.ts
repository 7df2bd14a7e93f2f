/**
 * Readings on their way to a shard in another process: those of one turn of the event loop travel together, and no more are under way
 * than may wait in a shard (the same promises as `Sequencer`: all or none, OVERLOADED at once, or in turn).
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Bytes } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import type { IngestAnswer } from './client.ts';
import { ENVELOPES_OF_ONE_FRAME } from './shard-wire.ts';

/** Answers in the order of the envelopes; never rejects. */
export type Send = (envelopes: readonly Bytes[]) => Promise<readonly IngestAnswer[]>;

type Waiting = { readonly envelope: Bytes; readonly resolve: (answer: IngestAnswer) => void };

const WAITING_COUNT_MAX = 8_192;
const WAITING_SIZE_MAX = 64 * 2 ** 20;
/** What may be filled by those who wait for room: the rest is for those who are told that there is none. */
const IN_TURN_SHARE = 0.75;
/** Frames under way: what comes meanwhile travels together, the more the busier the shard is. */
const TRAVELLING_MAX = 8;
/** Bytes of envelopes that travel together, beyond the first. */
const FRAME_SIZE = 2 ** 20;

/** The readings of one shard that have no answer yet. */
export class IngestLine {
  readonly #send: Send;
  readonly #countMax: number;
  #leaving: Waiting[] = [];
  #inTurn: Waiting[] = [];
  #count = 0;
  #size = 0;
  #isLeaving = false;
  #travelling = 0;

  constructor(send: Send, countMax = WAITING_COUNT_MAX) {
    this.#send = send;
    this.#countMax = countMax;
  }

  ingest(envelope: Bytes): Promise<IngestAnswer> {
    if (this.#hasRoom(1, envelope.length, 1)) return this.#enter(envelope);
    const facts = { waitingCountMax: this.#countMax, waitingSizeMax: WAITING_SIZE_MAX };
    return Promise.resolve({ kind: 'passing', rejection: reject('OVERLOADED', facts) });
  }

  ingestAll(envelopes: readonly Bytes[]): Promise<readonly IngestAnswer[]> | null {
    const size = envelopes.reduce((sum, { length }) => sum + length, 0);
    return this.#hasRoom(envelopes.length, size, 1) ? Promise.all(envelopes.map((envelope) => this.#enter(envelope))) : null;
  }

  ingestInTurn(envelope: Bytes): Promise<IngestAnswer> {
    if (this.#inTurn.length === 0 && this.#mayComeIn(envelope)) return this.#enter(envelope);
    return new Promise((resolve) => this.#inTurn.push({ envelope, resolve }));
  }

  #hasRoom(count: number, size: number, share: number): boolean {
    return this.#count + count <= share * this.#countMax && this.#size + size <= share * WAITING_SIZE_MAX;
  }

  /** One alone always may: else the largest would wait for ever. */
  #mayComeIn({ length }: Bytes): boolean {
    return this.#count === 0 || this.#hasRoom(1, length, IN_TURN_SHARE);
  }

  #enter(envelope: Bytes): Promise<IngestAnswer> {
    return new Promise((resolve) => this.#wait({ envelope, resolve }));
  }

  #wait(waiting: Waiting): void {
    this.#count++;
    this.#size += waiting.envelope.length;
    this.#leaving.push(waiting);
    void this.#leave();
  }

  async #leave(): Promise<void> {
    if (this.#isLeaving) return;
    this.#isLeaving = true;
    // Whoever comes in this turn of the event loop travels along.
    await nextTurn();
    while (this.#leaving.length > 0 && this.#travelling < TRAVELLING_MAX)
      void this.#travel(this.#leaving.splice(0, countOfFrame(this.#leaving)));
    this.#isLeaving = false;
  }

  async #travel(frame: readonly Waiting[]): Promise<void> {
    this.#travelling++;
    const answers = await this.#send(frame.map(({ envelope }) => envelope));
    this.#travelling--;
    for (const [i, { envelope, resolve }] of frame.entries()) {
      this.#count--;
      this.#size -= envelope.length;
      resolve(answers[i] as IngestAnswer);
    }
    let count = 0;
    for (const waiting of this.#inTurn) {
      if (!this.#mayComeIn(waiting.envelope)) break;
      this.#wait(waiting);
      count++;
    }
    this.#inTurn.splice(0, count);
    if (this.#leaving.length > 0) void this.#leave();
  }
}

/** The first that wait, at least one, until they fill a frame. */
function countOfFrame(waiting: readonly Waiting[]): number {
  let size = 0;
  const end = waiting.findIndex(({ envelope }, i) => {
    size += envelope.length;
    return i === ENVELOPES_OF_ONE_FRAME || (i > 0 && size > FRAME_SIZE);
  });
  return end < 0 ? waiting.length : end;
}
