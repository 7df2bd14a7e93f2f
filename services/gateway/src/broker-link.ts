/**
 * Readings by way of a broker that the city does not run itself: one client of it (MQTT 5) that shares a subscription with the other
 * gateways of the city. A message is acknowledged to the broker when it is durable and its receipt is on its way; until then the broker
 * keeps it, and sends it again after every break. How many may be under way is the window that we tell it, so it holds back what is too
 * much. Nothing that the broker says is believed: readings are signed, and receipts prove themselves.
 *
 *   $share/oppidum/v1/<genesis hash>/+/up        readings, QoS 1        v1/<genesis hash>/<device>/down     receipts and refusals
 *                  v1/<genesis hash>/+/ack       challenges, QoS 1                              …/order    orders
 *                  v1/<genesis hash>/+/have      what devices have of their zones, QoS 1        …/zone     signed statements of them
 *
 * Challenges come to every gateway of the city, for an order may be made at any of them.
 */

import { createHash } from 'node:crypto';
import { connect as connectTcp, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { connect as connectTls } from 'node:tls';
import { toHex } from '@oppidum/formats/bytes';
import { isReport } from '@oppidum/formats/device-report';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeChallengeRefusal, encodePassingRefusal } from '@oppidum/formats/passing-refusal';
import { generate, type IConnackPacket, type IPublishPacket, type Packet, type Parser, parser } from 'mqtt-packet';
import type { GatewayContext } from './gateway-context.ts';
import { passingMessage } from './http/ingest.ts';
import type { ZoneLine } from './orders/zone-desk.ts';

const PROTOCOL = { protocolVersion: 5 } as const;
const GROUP = 'oppidum';
const DEFAULT_PORT = { 'mqtt:': 1883, 'mqtts:': 8883 } as const;
/** Messages under way: what the broker may send beyond the last one acknowledged (MQTT 5 §3.1.2.11.3). */
const RECEIVE_COUNT_MAX = 1_024;
/** Topic, packet id and properties beside one reading. */
const PACKET_SIZE_MAX = LIMITS.readingSizeMax + 1_024;
/** Bytes of one read from the socket. */
const CHUNK_SIZE_MAX = 65_536;
/** For so long the broker keeps what it could not deliver to us. */
const SESSION_S = 3_600;
const KEEP_ALIVE_S = 30;
const CONNECT_TIMEOUT_MS = 10_000;
const RETRY_MS = { min: 250, max: 30_000 } as const;
/** MQTT 5 §3.9.3: reason codes from here on are refusals. */
const REFUSED = 0x80;
const DEVICE_FORM = /^[0-9a-f]{64}$/;
/** What is no fault of the device and has to wait here: the broker keeps the message. */
const OURS: ReadonlySet<string> = new Set(['NOT_READY', 'NODE_SILENT']);

export type BrokerLogin = { readonly username: string; readonly password: string };

export type BrokerOptions = {
  /** `mqtt://` or `mqtts://`; the certificate of the broker is checked as for a web server (NODE_EXTRA_CA_CERTS for one's own authority). */
  readonly url: string;
  readonly login: BrokerLogin | null;
  /** Tells gateways on one broker apart: the folder of this one. */
  readonly folder: string;
};

type LinkContext = Pick<GatewayContext, 'node' | 'intake' | 'orders' | 'reports' | 'metrics' | 'logger'>;

/** One connection, from when it is made until it ends. */
type Line = { readonly socket: Socket; readonly ended: Promise<void>; heardMs: number };

/** A client of a broker, from `start` to `stop`. */
export class BrokerLink {
  readonly #context: LinkContext;
  readonly #options: BrokerOptions;
  readonly #prefix: string;
  readonly #clientId: string;
  readonly #pending = new Set<Promise<void>>();
  /** Devices whose challenges came this way: how each is forgotten. */
  readonly #hearers = new Map<string, () => void>();
  readonly #followers = new Map<string, ZoneLine>();
  #line: Line | null = null;
  #retryMs: number = RETRY_MS.min;
  #timer: NodeJS.Timeout | null = null;
  #isOpen = false;
  #isStopped = false;

  constructor(context: LinkContext, options: BrokerOptions) {
    this.#context = context;
    this.#options = options;
    const genesis = toHex(context.node.genesisHash);
    this.#prefix = `v1/${genesis}/`;
    const place = createHash('sha256').update(`${hostname()}\n${options.folder}`).digest('hex');
    this.#clientId = `oppidum-${genesis.slice(0, 16)}-${place.slice(0, 16)}`;
  }

  /** Name and port of the broker. */
  get host(): string {
    return new URL(this.#options.url).host;
  }

  /** True between the broker's word that we are subscribed and the end of the connection. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Connects, and keeps connecting until `stop`. */
  start(): void {
    const { protocol, hostname: host, port } = new URL(this.#options.url);
    const isSecure = protocol === 'mqtts:';
    const place = { host, port: port === '' ? DEFAULT_PORT[isSecure ? 'mqtts:' : 'mqtt:'] : Number(port), noDelay: true };
    const socket = isSecure ? connectTls({ ...place, servername: host }) : connectTcp(place);
    const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const line = { socket, ended, heardMs: performance.now() };
    this.#line = line;
    const timeout = setTimeout(() => socket.destroy(new Error('the broker did not answer')), CONNECT_TIMEOUT_MS);
    const beat = setInterval(() => this.#beat(line), (KEEP_ALIVE_S * 1_000) / 2);
    let reason = 'the broker ended the connection';
    socket.once(isSecure ? 'secureConnect' : 'connect', () => this.#write(line, this.#connectPacket()));
    socket.on('error', (error) => {
      reason = error.message;
    });
    void ended.then(() => {
      clearTimeout(timeout);
      clearInterval(beat);
      this.#isOpen = false;
      if (this.#isStopped) return;
      this.#context.logger.warn({ code: 'BROKER_UNREACHABLE', reason }, 'no readings come by way of the broker');
      this.#timer = setTimeout(() => this.start(), this.#retryMs * (0.5 + Math.random() / 2));
      this.#retryMs = Math.min(RETRY_MS.max, 2 * this.#retryMs);
    });
    this.#follow(line, parser(PROTOCOL), () => clearTimeout(timeout));
  }

  /** Takes nothing more in; resolves when what was being taken in is answered. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const forget of this.#hearers.values()) forget();
    for (const { end } of this.#followers.values()) end();
    const line = this.#line;
    line?.socket.pause();
    await Promise.allSettled(this.#pending);
    if (line === null) return;
    if (this.#isOpen) this.#write(line, { cmd: 'disconnect' });
    line.socket.destroySoon();
    await line.ended;
  }

  #connectPacket(): Packet {
    const { login } = this.#options;
    return {
      ...{ cmd: 'connect', protocolId: 'MQTT', ...PROTOCOL, clientId: this.#clientId, clean: false, keepalive: KEEP_ALIVE_S },
      ...(login === null ? {} : { username: login.username, password: Buffer.from(login.password) }),
      properties: {
        sessionExpiryInterval: SESSION_S,
        receiveMaximum: RECEIVE_COUNT_MAX,
        maximumPacketSize: PACKET_SIZE_MAX,
        requestProblemInformation: false,
      },
    };
  }

  #follow(line: Line, packets: Parser, onAnswer: () => void): void {
    const { socket } = line;
    let size = 0;
    packets.on('packet', (packet: Packet) => {
      size = 0;
      line.heardMs = performance.now();
      if (packet.cmd === 'connack') onAnswer();
      this.#take(line, packet);
    });
    packets.on('error', (error: unknown) => socket.destroy(error as Error));
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length;
      // The parser keeps what is not whole: never more than one packet of the size that we asked for.
      if (size > PACKET_SIZE_MAX + CHUNK_SIZE_MAX) socket.destroy(new Error('a packet beyond the limit'));
      else packets.parse(chunk);
    });
    socket.on('drain', () => {
      if (!this.#isStopped) socket.resume();
    });
  }

  #take(line: Line, packet: Packet): void {
    if (packet.cmd === 'connack') this.#subscribe(line, packet);
    else if (packet.cmd === 'suback') {
      const [readings = 0, challenges = 0] = packet.granted.map(Number);
      if (readings >= REFUSED) return this.#refused(line, readings);
      // Rights of a broker that were set before there were orders: readings go on.
      if (challenges >= REFUSED)
        this.#context.logger.warn({ code: 'BROKER_REFUSED', reasonCode: challenges }, 'no challenges come by way of the broker');
      this.#isOpen = true;
      this.#retryMs = RETRY_MS.min;
      this.#context.logger.info('readings come by way of the broker');
    } else if (packet.cmd === 'publish' && !this.#isStopped) {
      const work = this.#ingest(line, packet).catch((error: Error) => {
        this.#context.logger.error({ error: { message: error.message, stack: error.stack } }, 'a reading could not be taken in');
        line.socket.destroy();
      });
      this.#pending.add(work);
      void work.finally(() => this.#pending.delete(work));
    } else if (packet.cmd === 'disconnect') line.socket.destroy(new Error(`the broker closed with reason ${packet.reasonCode}`));
  }

  #subscribe(line: Line, { reasonCode = 0 }: IConnackPacket): void {
    if (reasonCode >= REFUSED) return this.#refused(line, reasonCode);
    const topics = [`$share/${GROUP}/${this.#prefix}+/up`, `${this.#prefix}+/ack`, `${this.#prefix}+/have`];
    this.#write(line, { cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 1 })) });
  }

  #refused({ socket }: Line, reasonCode: number): void {
    this.#context.logger.error({ code: 'BROKER_REFUSED', reasonCode }, 'the broker does not let this city in');
    socket.destroy(new Error(`refused with reason ${reasonCode}`));
  }

  async #ingest(line: Line, { topic, payload, qos, retain, messageId }: IPublishPacket): Promise<void> {
    if (topic.endsWith('/ack'))
      return this.#takeChallenge(line, topic, new Uint8Array(Buffer.from(payload as Buffer)), messageId);
    if (topic.endsWith('/have')) return this.#takeHave(line, topic, new Uint8Array(Buffer.from(payload as Buffer)), messageId);
    const device = topic.slice(this.#prefix.length, -'/up'.length);
    // Of others, the filter of our subscription lets nothing in; a device id in another form has no `down` to answer on.
    if (!DEVICE_FORM.test(device)) return this.#acknowledge(line, messageId);
    const envelope = new Uint8Array(Buffer.from(payload as Buffer));
    if (qos === 0 || retain) {
      this.#tell(line, device, reject('MQTT_UNSUPPORTED', { qos, retain }));
      return this.#acknowledge(line, messageId);
    }
    const answer = await this.#context.intake.ingestInTurn(envelope);
    this.#context.metrics.countReading('mqtt', answer.kind);
    // Where one shard of several is away, its devices are told so, and the messages of the others go on.
    if (answer.kind === 'passing' && OURS.has(answer.rejection.code) && !this.#context.intake.accepts()) {
      // Not acknowledged: the broker sends it again once we are back.
      line.socket.destroy(new Error(answer.rejection.code));
      return;
    }
    if (answer.kind === 'passing') this.#tell(line, device, answer.rejection);
    else this.#publish(line, device, answer.receipt);
    this.#acknowledge(line, messageId);
  }

  async #takeChallenge(line: Line, topic: string, message: Uint8Array, messageId: number | undefined): Promise<void> {
    const device = topic.slice(this.#prefix.length, -'/ack'.length);
    if (DEVICE_FORM.test(device) && isReport(message)) return this.#takeReport(line, device, message, messageId);
    const rejection = DEVICE_FORM.test(device) ? this.#context.orders.takeChallenge(device, message) : null;
    if (rejection !== null) {
      this.#context.metrics.countRefusedRequest(rejection.code);
      const refusal = encodeChallengeRefusal({ code: rejection.code, message: passingMessage(rejection) });
      this.#publish(line, device, refusal, 'order');
    } else if (DEVICE_FORM.test(device) && !this.#hearers.has(device)) {
      const send = (order: Uint8Array): void => {
        if (this.#line !== null) this.#publish(this.#line, device, order, 'order');
      };
      this.#hearers.set(device, this.#context.orders.listen(device, send));
    }
    this.#acknowledge(line, messageId);
  }

  async #takeReport(line: Line, device: string, message: Uint8Array, messageId: number | undefined): Promise<void> {
    const taken = await this.#context.reports.take(device, message);
    if ('code' in taken) {
      this.#context.metrics.countRefusedRequest(taken.code);
      this.#publish(line, device, encodeChallengeRefusal({ code: taken.code, message: passingMessage(taken) }), 'order');
    }
    this.#acknowledge(line, messageId);
  }

  #takeHave(line: Line, topic: string, message: Uint8Array, messageId: number | undefined): void {
    const { zones } = this.#context.orders;
    const device = topic.slice(this.#prefix.length, -'/have'.length);
    if (DEVICE_FORM.test(device)) {
      const send = (news: Uint8Array): void => {
        if (this.#line !== null) this.#publish(this.#line, device, news, 'zone');
      };
      const known = this.#followers.get(device);
      const follower = known ?? zones.open(device, send);
      const rejection = follower.tell(message);
      // Whoever publishes at the broker may name devices that never were.
      if (rejection === null) this.#followers.set(device, follower);
      else if (known === undefined) follower.end();
      if (rejection !== null) this.#context.metrics.countRefusedRequest(rejection.code);
    }
    this.#acknowledge(line, messageId);
  }

  #tell(line: Line, device: string, rejection: Rejection): void {
    this.#context.metrics.countRefusedRequest(rejection.code);
    this.#publish(line, device, encodePassingRefusal({ code: rejection.code, message: passingMessage(rejection) }));
  }

  /** QoS 0: a receipt that is lost comes again when the reading does, an order until it is answered. */
  #publish(line: Line, device: string, payload: Uint8Array, end: 'down' | 'order' | 'zone' = 'down'): void {
    const topic = `${this.#prefix}${device}/${end}`;
    this.#write(line, { cmd: 'publish', topic, payload: Buffer.from(payload), qos: 0, retain: false, dup: false });
  }

  #acknowledge(line: Line, messageId: number | undefined): void {
    if (messageId !== undefined) this.#write(line, { cmd: 'puback', messageId, reasonCode: 0 });
  }

  /** A broker that does not read is not read from. */
  #write({ socket }: Line, packet: Packet): void {
    if (socket.destroyed || !socket.writable) return;
    if (!socket.write(generate(packet, PROTOCOL))) socket.pause();
  }

  #beat(line: Line): void {
    if (performance.now() - line.heardMs > 2 * KEEP_ALIVE_S * 1_000) line.socket.destroy(new Error('the broker fell silent'));
    else if (this.#isOpen) this.#write(line, { cmd: 'pingreq' });
  }
}
