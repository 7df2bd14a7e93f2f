/**
 * One order on its way to the devices it is for: sent to all that can be reached, again after 1, 2, 4 and then every 8 seconds to those whose
 * signed answer is not here, until all have answered or its time is over. What is sent proves itself, and a device knows what it
 * answered, so sending twice does nothing twice.
 */

import type { Bytes } from '@oppidum/formats/bytes';

const RETRY_MS = [1_000, 2_000, 4_000, 8_000] as const;
/** To more devices the first two are left out: while their answers come in, sending again would only keep them waiting. */
const MANY_COUNT = 256;
const MANY_ROUNDS = 2;
/** A device that comes back gets the order at once, but not again within so long. */
const AGAIN_MS = 1_000;
/** Devices that are written to in one turn of the event loop. */
const TOGETHER = 256;

/** What is to be delivered. */
export type Parcel = {
  /** Of the order, in hex. */
  readonly id: string;
  /** Milliseconds since 1970 from which on no device obeys it. */
  readonly endsMs: number;
  /** Ids in hex. */
  readonly devices: readonly string[];
  /** What this device is given. */
  readonly bytesFor: (device: string) => Bytes;
};

export type Ways = {
  /** False where the device cannot be reached now. */
  readonly send: (device: string, bytes: Bytes) => boolean;
  /** Devices (hex) that answered for good. */
  readonly answered: (order: string) => Promise<ReadonlySet<string>>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** The answers could not be looked at. */
  readonly onTrouble: (error: Error) => void;
};

/** An order under way, from `run` to its end. */
export class Delivery {
  readonly parcel: Parcel;
  readonly #ways: Ways;
  readonly #members: ReadonlySet<string>;
  readonly #sentMs = new Map<string, number>();
  #answered: ReadonlySet<string> = new Set();
  #isOver = false;
  #wake: () => void = () => undefined;

  constructor(parcel: Parcel, ways: Ways) {
    this.parcel = parcel;
    this.#ways = ways;
    this.#members = new Set(parcel.devices);
  }

  /** True once it was handed to whatever leads to this device. */
  isSent(device: string): boolean {
    return this.#sentMs.has(device);
  }

  /** Devices that it was handed to. */
  get sentCount(): number {
    return this.#sentMs.size;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** This device can be reached by a new way. */
  reach(device: string): void {
    if (!this.#members.has(device) || !this.#isUnderWay() || this.#answered.has(device)) return;
    const lastMs = this.#sentMs.get(device);
    if (lastMs === undefined || this.#ways.clock() - lastMs >= AGAIN_MS) this.#send(device);
  }

  /** It is cancelled, superseded, or nobody is there to deliver it. */
  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  /** Resolves when there is nothing left to do. */
  async run(): Promise<void> {
    for (let round = 0; this.#isUnderWay(); round++) {
      if (round > 0) await this.#look();
      const waiting = this.parcel.devices.filter((device) => !this.#answered.has(device));
      if (waiting.length === 0) break;
      await this.#sendAll(waiting);
      const pace = round + (waiting.length > MANY_COUNT ? MANY_ROUNDS : 0);
      await this.#rest(RETRY_MS[Math.min(pace, RETRY_MS.length - 1)] as number);
    }
    this.#isOver = true;
  }

  /** A look that fails ends nothing: devices that answered get the order once more, and the next round looks again. */
  async #look(): Promise<void> {
    try {
      this.#answered = await this.#ways.answered(this.parcel.id);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.#ways.onTrouble(error);
    }
  }

  #isUnderWay(): boolean {
    return !this.#isOver && this.#ways.clock() < this.parcel.endsMs;
  }

  /** A few at a time: readings of others come in between. */
  async #sendAll(devices: readonly string[]): Promise<void> {
    for (let first = 0; first < devices.length && this.#isUnderWay(); first += TOGETHER) {
      for (const device of devices.slice(first, first + TOGETHER)) this.#send(device);
      if (first + TOGETHER < devices.length) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #send(device: string): void {
    if (this.#ways.send(device, this.parcel.bytesFor(device))) this.#sentMs.set(device, this.#ways.clock());
  }

  #rest(durationMs: number): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
