/**
 * Carries the messages of any number of devices over HTTP, many in one request, and brings back their receipts. Each device's messages
 * go oldest first; one whose message met a refusal that may pass waits while the others go on.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { READING_BATCH_COUNT_MAX, type ReadingAnswer } from '@oppidum/formats/reading-answers';
import { Backoff } from './backoff.ts';
import { type CityClient, READING_BATCH_SIZE_MAX } from './city-client.ts';
import type { Device } from './device.ts';
import type { LinkOptions } from './mqtt-link.ts';
import type { Unsent } from './outbox-port.ts';

/** Of one device in one request, so that no device keeps the others waiting. */
const DEVICE_SHARE_COUNT = 64;
const WAIT_MS = 20;

type Lane = { readonly device: Device; readonly backoff: Backoff; heldUntilMs: number };
type Parcel = Unsent & { readonly lane: Lane };

/** The link of many devices. */
export class HttpLink {
  readonly #api: CityClient;
  readonly #options: LinkOptions;
  readonly #lanes: Lane[] = [];
  readonly #backoff = new Backoff();
  #forgets: (() => void)[] = [];
  #wake: () => void = () => undefined;
  #running: Promise<void> | null = null;
  #isStopped = false;

  constructor(api: CityClient, devices: readonly Device[], options: LinkOptions) {
    this.#api = api;
    this.#options = options;
    for (const device of devices) this.#lanes.push({ device, backoff: new Backoff(), heldUntilMs: 0 });
  }

  /** Messages of all devices without a proven receipt. */
  get unsettledCount(): number {
    return this.#lanes.reduce((count, { device }) => count + device.unsettledCount, 0);
  }

  /** Sends whatever is there, and whatever comes, until `stop`. */
  start(): void {
    if (this.#running !== null) return;
    this.#isStopped = false;
    this.#forgets = this.#lanes.map(({ device }) => device.onReport(() => this.#wake()));
    this.#running = this.#run();
  }

  /** Stops after the request that is under way; what has no receipt stays in the outbox. Throws what broke the link, if anything did. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const forget of this.#forgets) forget();
    this.#wake();
    await this.#running;
    this.#running = null;
  }

  /**
   * Resolves when at most `countMax` messages are without a receipt; until then it keeps trying and asks `goesOn` now and then, which may
   * answer false to end the waiting. Throws what broke the link.
   */
  async settled(countMax = 0, goesOn: () => boolean = () => true): Promise<void> {
    while (this.unsettledCount > countMax && !this.#isStopped && goesOn()) await Promise.race([this.#running, sleep(WAIT_MS)]);
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      const parcels = this.#collect(Date.now());
      if (parcels.length === 0) await this.#rest();
      else await this.#deliver(parcels);
    }
  }

  /** A request's worth of messages. */
  #collect(nowMs: number): Parcel[] {
    const parcels: Parcel[] = [];
    let size = 0;
    for (const lane of this.#lanes) {
      if (lane.heldUntilMs > nowMs || lane.device.unsettledCount === 0) continue;
      const room = Math.min(DEVICE_SHARE_COUNT, READING_BATCH_COUNT_MAX - parcels.length);
      for (const unsent of lane.device.unsent(0, room)) {
        size += unsent.envelope.length;
        if (size > READING_BATCH_SIZE_MAX) return parcels;
        parcels.push({ ...unsent, lane });
      }
    }
    // The next request begins where this one ended.
    const last = parcels.at(-1);
    if (last !== undefined) this.#lanes.push(...this.#lanes.splice(0, this.#lanes.indexOf(last.lane)));
    return parcels;
  }

  async #deliver(parcels: readonly Parcel[]): Promise<void> {
    try {
      const answers = await this.#api.sendReadings(parcels.map(({ envelope }) => envelope));
      this.#backoff.reset();
      for (const [i, parcel] of parcels.entries()) await this.#accept(parcel, answers[i] as ReadingAnswer);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      for (const device of new Set(parcels.map(({ lane }) => lane.device)))
        this.#options.onTrouble?.({ device, code: error.code });
      await this.#sleep(this.#backoff.next(), () => this.#isStopped);
    }
  }

  async #accept(parcel: Parcel, { receipt, code }: ReadingAnswer): Promise<void> {
    const rejected = receipt === undefined ? (code ?? 'UNREADABLE') : await this.#acceptReceipt(parcel, receipt);
    const { lane } = parcel;
    if (rejected === null) {
      lane.backoff.reset();
      return;
    }
    this.#options.onTrouble?.({ device: lane.device, code: rejected });
    if (lane.heldUntilMs < Date.now()) lane.heldUntilMs = Date.now() + lane.backoff.next();
  }

  /** Null when the receipt settled its message, else why not. */
  async #acceptReceipt({ lane: { device }, sequence }: Parcel, receipt: Bytes): Promise<string | null> {
    let outcome = device.acceptReceipt(receipt);
    if (outcome.kind === 'unproven') {
      const rejection = await this.#options.shardKeys.learn(outcome.shard);
      if (rejection !== null) return rejection.code;
      outcome = device.acceptReceipt(receipt);
    }
    if (outcome.kind === 'unproven') return 'SHARD_UNPROVEN';
    if (outcome.kind === 'ignored') return outcome.rejection.code;
    if (outcome.sequence !== sequence) return 'RECEIPT_UNMATCHED';
    this.#options.onSettled?.({ device, digest: outcome.digest, code: outcome.kind === 'refused' ? outcome.code : null });
    return null;
  }

  /** Until a device reports, or a held one may go on. */
  #rest(): Promise<void> {
    const waiting = this.#lanes.filter(({ device }) => device.unsettledCount > 0);
    const untilMs = Math.min(...waiting.map(({ heldUntilMs }) => heldUntilMs));
    return this.#sleep(Number.isFinite(untilMs) ? Math.max(1, untilMs - Date.now()) : null, () => true);
  }

  /** Until the time is over (null: never), or something wakes us and we may go on early. */
  #sleep(durationMs: number | null, isEarlyGood: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const timer = durationMs === null ? null : setTimeout(resolve, durationMs);
      this.#wake = () => {
        if (!isEarlyGood()) return;
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }
}

function sleep(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
