/**
 * Carries the messages of one device over MQTT 3.1.1 at QoS 1 and brings back its receipts. A connection that ends is made anew, later
 * each time; whatever has no receipt is then sent again, oldest first. PUBACK settles nothing, only receipts do.
 *
 *   v1/<genesis hash>/<device>/up    envelopes        …/down   receipts, and refusals that may pass
 *                              /ack   challenges       …/order  orders, and refusals of challenges; for actuators (specs/doors.md §9)
 *                              /have  what it has       …/zone   signed statements of its zone
 *
 * It is let in by a fresh token each time, or over mqtts:// by a certificate of the device's key (`deviceIdentity`).
 */

import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { type PassingRefusal, parseChallengeRefusal, parsePassingRefusal } from '@oppidum/formats/passing-refusal';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { Backoff } from './backoff.ts';
import type { Device } from './device.ts';
import type { OrderLink, ZoneLink } from './order-link.ts';
import type { ShardKeys } from './shard-keys.ts';

/** Messages sent and not yet settled, at most. Below the window of sequence numbers that a shard remembers (`LIMITS.sequenceWindow`). */
const IN_FLIGHT_COUNT_MAX = 64;
/** Sent again when no receipt came for this long. */
const RECEIPT_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_S = 60;
/** A challenge that was refused is sent again within so long. */
const CHALLENGE_RETRY_MS_MAX = 10_000;

/** What a link tells its owner; `code` is of the error catalogue or the system's. Nothing is lost by any of it. */
export type LinkTrouble = { readonly device: Device; readonly code: string };

/** All PEM. */
export type LinkTls = {
  /** The one certificate that the server may have; without it, whoever issues for web servers must have issued it for its name. */
  readonly server?: string;
  /** The device's own, by its key on the ledger; with it no token is needed. */
  readonly cert?: string;
  readonly key?: string;
};

export type LinkOptions = {
  readonly shardKeys: Pick<ShardKeys, 'learn'>;
  readonly tls?: LinkTls;
  /** Of a broker that is not the city's own and knows its clients by password. */
  readonly login?: { readonly username: string; readonly password: string };
  readonly onTrouble?: (trouble: LinkTrouble) => void;
  /** A receipt settled a message; `code` is null when it was kept, else why it was refused for good. */
  readonly onSettled?: (settled: { readonly device: Device; readonly digest: Bytes; readonly code: string | null }) => void;
};

/** The link of one device. */
export class MqttLink implements OrderLink, ZoneLink {
  readonly #device: Device;
  readonly #urls: readonly string[];
  readonly #options: LinkOptions;
  readonly #topic: string;
  readonly #backoff = new Backoff();
  readonly #inFlight = new Set<number>();
  /** Which of the doors is next. */
  #door = 0;
  #client: MqttClient | null = null;
  /** True between the broker's acknowledgement of our subscriptions and the end of the connection. */
  #isOpen = false;
  #isStopped = true;
  /** True from a trouble until the next try: what is reported meanwhile waits behind what is older. */
  #isHeld = false;
  #sentThrough = 0;
  #timer: NodeJS.Timeout | null = null;
  #forget: () => void = () => undefined;
  readonly #orderListeners = new Set<(order: Bytes) => void>();
  readonly #challengeBackoff = new Backoff(CHALLENGE_RETRY_MS_MAX);
  #challenge: Bytes | null = null;
  #challengeTimer: NodeJS.Timeout | null = null;
  #hearsOrders = false;
  readonly #newsListeners = new Set<(news: Bytes) => void>();
  #have: Bytes | null = null;
  #hearsNews = false;

  /** `urls`: e.g. mqtt://127.0.0.1:8421, or several doors of one city with commas between them: the next one when one is away. */
  constructor(urls: string, device: Device, options: LinkOptions) {
    this.#urls = urls.split(',').map((url) => url.trim());
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
    if (this.#challengeTimer !== null) clearTimeout(this.#challengeTimer);
    const client = this.#client;
    this.#client = null;
    this.#isOpen = false;
    if (client !== null) await new Promise<void>((resolve) => client.end(true, {}, () => resolve()));
  }

  /** True while the city hears what is sent. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  sendChallenge(message: Bytes): void {
    this.#challenge = message;
    this.#publishChallenge();
  }

  /** As `CityClient.sendReport`, of this device: resolves when the city has looked at it; what it refused is told as a trouble. */
  async sendReport(_device: Bytes, message: Bytes): Promise<void> {
    const client = this.#client;
    if (client === null || !this.#isOpen) throw formatError('CITY_UNREACHABLE', { over: 'MQTT' });
    await client.publishAsync(`${this.#topic}/ack`, Buffer.from(message), { qos: 1 }).catch((error: Error) => {
      throw formatError('CITY_UNREACHABLE', { over: 'MQTT', reason: readReason(error) });
    });
  }

  onOrder(listener: (order: Bytes) => void): () => void {
    this.#orderListeners.add(listener);
    this.#subscribeToOrders();
    return () => this.#orderListeners.delete(listener);
  }

  #subscribeToOrders(): void {
    const client = this.#client;
    if (client === null || !this.#isOpen || this.#hearsOrders || this.#orderListeners.size === 0) return;
    this.#hearsOrders = true;
    client.subscribe(`${this.#topic}/order`, { qos: 1 }, (error) => {
      if (client !== this.#client) return;
      // A city that knows no orders: readings go on.
      if (error !== null) this.#trouble('TOPIC_FOREIGN');
      else this.#publishChallenge();
    });
  }

  tellHave(message: Bytes): void {
    this.#have = message;
    if (this.#hearsNews) this.#publishHave();
  }

  onNews(listener: (news: Bytes) => void): () => void {
    this.#newsListeners.add(listener);
    this.#subscribeToNews();
    return () => this.#newsListeners.delete(listener);
  }

  #subscribeToNews(): void {
    const client = this.#client;
    if (client === null || !this.#isOpen || this.#hearsNews || this.#newsListeners.size === 0) return;
    client.subscribe(`${this.#topic}/zone`, { qos: 1 }, (error) => {
      // A city that does not tell: whoever is behind follows when an order names what it lacks.
      if (client !== this.#client || error !== null) return;
      this.#hearsNews = true;
      this.#publishHave();
    });
  }

  #publishHave(): void {
    if (this.#client === null || !this.#isOpen || this.#have === null) return;
    this.#client.publish(`${this.#topic}/have`, Buffer.from(this.#have), { qos: 1 }, () => undefined);
  }

  /** The city forgets challenges when it is started anew, so each connection begins with ours. */
  #publishChallenge(): void {
    if (this.#challengeTimer !== null) clearTimeout(this.#challengeTimer);
    this.#challengeTimer = null;
    const client = this.#client;
    if (client === null || !this.#isOpen || this.#challenge === null) return;
    client.publish(`${this.#topic}/ack`, Buffer.from(this.#challenge), { qos: 1 }, () => undefined);
  }

  #receiveOrder(payload: Bytes): void {
    const refusal = readRefusal(payload, parseChallengeRefusal);
    if (refusal === null) {
      this.#challengeBackoff.reset();
      for (const listener of this.#orderListeners) listener(payload);
      return;
    }
    this.#trouble(refusal.code);
    if (this.#challengeTimer !== null) clearTimeout(this.#challengeTimer);
    this.#challengeTimer = setTimeout(() => this.#publishChallenge(), this.#challengeBackoff.next());
  }

  #connect(): void {
    this.#credentials().then(
      (credentials) => {
        if (!this.#isStopped) this.#open(credentials);
      },
      () => {
        this.#trouble('SIGNER_FAILED');
        this.#retryLater(() => this.#connect());
      },
    );
  }

  async #credentials(): Promise<IClientOptions> {
    const { login, tls } = this.#options;
    const secure = tls === undefined ? {} : tlsOptions(tls);
    if (login !== undefined) return { ...secure, ...login };
    if (tls?.cert !== undefined) return secure;
    const password = Buffer.from(await this.#device.token());
    return { ...secure, username: toHex(this.#device.id), password };
  }

  #open(credentials: IClientOptions): void {
    const client = connect(this.#urls[this.#door % this.#urls.length] as string, {
      ...credentials,
      clientId: toHex(this.#device.id),
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      keepalive: KEEPALIVE_S,
      connectTimeout: CONNECT_TIMEOUT_MS,
      // A buffer for each number of 16 bits: 7 MB.
      writeCache: false,
    });
    this.#client = client;
    let reason = 'CLOSED';
    client.on('error', (error) => {
      reason = readReason(error);
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
      if (this.#challengeTimer !== null) clearTimeout(this.#challengeTimer);
      this.#door++;
      this.#trouble(reason);
      this.#retryLater(() => this.#connect());
    });
  }

  #subscribe(client: MqttClient): void {
    client.subscribe(`${this.#topic}/down`, { qos: 1 }, (error) => {
      if (client !== this.#client) return;
      if (error !== null) {
        client.end(true);
        return;
      }
      this.#isOpen = true;
      this.#hearsOrders = false;
      this.#subscribeToOrders();
      this.#hearsNews = false;
      this.#subscribeToNews();
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
    if (topic === `${this.#topic}/order`) return this.#receiveOrder(payload);
    if (topic === `${this.#topic}/zone`) {
      for (const listener of this.#newsListeners) listener(payload);
      return;
    }
    if (topic !== `${this.#topic}/down`) return;
    const refusal = readRefusal(payload, parsePassingRefusal);
    if (refusal === null) return this.#receiveReceipt(payload, true);
    this.#trouble(refusal.code);
    this.#retryLater(() => this.#restart());
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

/** What the return codes of CONNACK mean (MQTT 3.1.1 §3.2.2.3, specs/doors.md §1.1). */
const CONNACK_CODES: Readonly<Record<string, string>> = {
  2: 'TOPIC_FOREIGN',
  3: 'NOT_READY',
  4: 'CREDENTIALS_MISSING',
  5: 'NOT_AUTHORIZED',
};

function readReason(error: Error): string {
  const code = String((error as NodeJS.ErrnoException).code ?? error.message);
  return CONNACK_CODES[code] ?? code;
}

/** A refusal, or null for what is none. */
function readRefusal(payload: Bytes, parse: (message: Bytes) => PassingRefusal | null): Pick<PassingRefusal, 'code'> | null {
  try {
    return parse(payload);
  } catch (error) {
    if (error instanceof FormatError) return { code: 'UNREADABLE' };
    throw error;
  }
}

/** Where one certificate is given, that very one must come back, whatever name it is for. */
function tlsOptions({ server, cert, key }: LinkTls): IClientOptions {
  const own = cert === undefined || key === undefined ? {} : { cert, key };
  if (server === undefined) return own;
  const pinned = new X509Certificate(server).fingerprint256;
  const checkServerIdentity = (_host: string, peer: PeerCertificate): Error | undefined =>
    peer.fingerprint256 === pinned ? undefined : new Error('CERTIFICATE_FOREIGN');
  // Handed on to TLS as it is; the types of the client do not know it.
  return { ...own, ca: server, ...({ checkServerIdentity } as IClientOptions) };
}
