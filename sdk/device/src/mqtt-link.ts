/**
 * Carries the messages of one device over MQTT 3.1.1 at QoS 1 and brings back its receipts. A connection that ends is made anew, later
 * each time; whatever has no receipt is then sent again, oldest first. PUBACK settles nothing, only receipts do.
 *
 *   v1/<genesis hash>/<device>/up    envelopes        …/down   receipts        …/ack   refusals that may pass, as JSON
 */

import { type Bytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { connect, type MqttClient } from 'mqtt';
import { Backoff } from './backoff.ts';
import type { Device } from './device.ts';
import type { ShardKeys } from './shard-keys.ts';

/** Messages sent and not yet settled, at most. Below the window of sequence numbers that a shard remembers (`LIMITS.sequenceWindow`). */
const IN_FLIGHT_COUNT_MAX = 64;
/** Sent again when no receipt came for this long. */
const RECEIPT_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 60;
const ACK_SIZE_MAX = 4_096;

/** What a link tells its owner; `code` is of the error catalogue or the system's. Nothing is lost by any of it. */
export type LinkTrouble = { readonly device: Device; readonly code: string };

export type LinkOptions = {
  readonly shardKeys: Pick<ShardKeys, 'learn'>;
  readonly onTrouble?: (trouble: LinkTrouble) => void;
  /** A receipt settled a message; `code` is null when it was kept, else why it was refused for good. */
  readonly onSettled?: (settled: { readonly device: Device; readonly digest: Bytes; readonly code: string | null }) => void;
};

/** The link of one device. */
export class MqttLink {
  readonly #device: Device;
  readonly #url: string;
  readonly #options: LinkOptions;
  readonly #topic: string;
  readonly #backoff = new Backoff();
  readonly #inFlight = new Set<number>();
  #client: MqttClient | null = null;
  /** True between the broker's acknowledgement of our subscriptions and the end of the connection. */
  #isOpen = false;
  #isStopped = true;
  /** True from a trouble until the next try: what is reported meanwhile waits behind what is older. */
  #isHeld = false;
  #sentThrough = 0;
  #timer: NodeJS.Timeout | null = null;
  #forget: () => void = () => undefined;

  constructor(url: string, device: Device, options: LinkOptions) {
    this.#url = url;
    this.#device = device;
    this.#options = options;
    this.#topic = `v1/${toHex(device.audience)}/${toHex(device.id)}`;
  }

  /** Connects, and keeps connecting until `stop`. */
  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#forget = this.#device.onReport(() => this.#send());
    this.#connect();
  }

  /** Ends the connection; what has no receipt stays in the outbox. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#forget();
    this.#setTimer(null);
    const client = this.#client;
    this.#client = null;
    this.#isOpen = false;
    if (client !== null) await new Promise<void>((resolve) => client.end(true, {}, () => resolve()));
  }

  #connect(): void {
    const client = connect(this.#url, {
      clientId: toHex(this.#device.id),
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
    });
    this.#client = client;
    let reason = 'CLOSED';
    client.on('error', (error) => {
      reason = String((error as NodeJS.ErrnoException).code ?? error.message);
      // An error before the connection stands is not followed by `close` in every case.
      client.end(true);
    });
    client.on('connect', () => this.#subscribe(client));
    client.on('message', (topic, payload) => {
      if (client === this.#client) this.#receive(topic, new Uint8Array(payload));
    });
    client.on('close', () => {
      client.end(true);
      if (client !== this.#client) return;
      this.#client = null;
      this.#isOpen = false;
      this.#trouble(reason);
      this.#retryLater(() => this.#connect());
    });
  }

  #subscribe(client: MqttClient): void {
    client.subscribe([`${this.#topic}/down`, `${this.#topic}/ack`], { qos: 1 }, (error) => {
      if (client !== this.#client) return;
      if (error !== null) {
        client.end(true);
        return;
      }
      this.#isOpen = true;
      this.#restart();
    });
  }

  /** Sends everything without a receipt again, oldest first. */
  #restart(): void {
    this.#isHeld = false;
    this.#inFlight.clear();
    this.#sentThrough = 0;
    this.#send();
  }

  #send(): void {
    const client = this.#client;
    if (client === null || !this.#isOpen || this.#isHeld) return;
    const room = IN_FLIGHT_COUNT_MAX - this.#inFlight.size;
    if (room <= 0) return;
    for (const { sequence, envelope } of this.#device.unsent(this.#sentThrough, room)) {
      this.#sentThrough = sequence;
      this.#inFlight.add(sequence);
      // Whether the publish is acknowledged or fails, only a receipt or its absence matters.
      client.publish(`${this.#topic}/up`, Buffer.from(envelope), { qos: 1 }, () => undefined);
    }
    if (this.#inFlight.size > 0 && this.#timer === null) this.#awaitReceipt();
  }

  #awaitReceipt(): void {
    this.#setTimer(RECEIPT_TIMEOUT_MS, () => {
      this.#trouble('RECEIPT_LATE');
      this.#retryLater(() => this.#restart());
    });
  }

  #receive(topic: string, payload: Bytes): void {
    if (topic === `${this.#topic}/down`) this.#receiveReceipt(payload, true);
    else if (topic === `${this.#topic}/ack`) {
      this.#trouble(readCode(payload));
      this.#retryLater(() => this.#restart());
    }
  }

  #receiveReceipt(receipt: Bytes, mayLearn: boolean): void {
    const outcome = this.#device.acceptReceipt(receipt);
    if (outcome.kind === 'ignored') {
      const { code, details } = outcome.rejection;
      // A second receipt for what is settled already: the message was sent twice.
      if (code !== 'RECEIPT_UNMATCHED' || details['at'] !== '/leaf/sequence') this.#trouble(code);
      return;
    }
    if (outcome.kind === 'unproven') {
      if (mayLearn) this.#learn(outcome.shard, receipt);
      return;
    }
    const code = outcome.kind === 'refused' ? outcome.code : null;
    this.#options.onSettled?.({ device: this.#device, digest: outcome.digest, code });
    this.#inFlight.delete(outcome.sequence);
    if (this.#isHeld) return;
    this.#backoff.reset();
    this.#setTimer(null);
    this.#send();
    if (this.#inFlight.size > 0) this.#awaitReceipt();
  }

  #learn(shard: Bytes, receipt: Bytes): void {
    this.#options.shardKeys.learn(shard).then((rejection) => {
      // The outbox may be closed by now; the message is sent again at the next start.
      if (this.#isStopped) return;
      if (rejection === null) this.#receiveReceipt(receipt, false);
      else this.#trouble(rejection.code);
    });
  }

  #trouble(code: string): void {
    this.#options.onTrouble?.({ device: this.#device, code });
  }

  #retryLater(work: () => void): void {
    if (this.#isStopped) return;
    this.#isHeld = true;
    this.#setTimer(this.#backoff.next(), work);
  }

  #setTimer(delayMs: number | null, work: () => void = () => undefined): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (delayMs === null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      work();
    }, delayMs);
  }
}

/** The code of a passing refusal. */
function readCode(payload: Bytes): string {
  try {
    if (payload.length > ACK_SIZE_MAX) return 'TOO_LARGE';
    const { code } = JSON.parse(parseUtf8(payload)) as { readonly code?: unknown };
    return typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code) ? code : 'UNREADABLE';
  } catch {
    return 'UNREADABLE';
  }
}
