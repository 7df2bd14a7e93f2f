/**
 * The MQTT door (3.1.1): devices publish signed readings and get receipts. A connection proves nothing, signatures do; yet one client id
 * is one device and sees only its own topics.
 *
 *   v1/<genesis hash>/<device>/up     readings, QoS 1 (or 0)        …/down   receipts        …/ack   refusals that may pass, as JSON
 *
 * PUBACK means: durable, or refused for good. A refusal that may pass has none: the device is told on `…/ack` and disconnected, so that
 * its own client does not take the message for delivered.
 */

import { createServer, type Server, type Socket } from 'node:net';
import { toHex } from '@oppidum/formats/bytes';
import { FormatError, formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { parseReading } from '@oppidum/formats/reading';
import { Aedes, type AuthenticateError, type Client, type ConnectPacket, type PublishPacket, type Subscription } from 'aedes';
import type { GatewayContext } from './gateway-context.ts';
import { passingMessage } from './http/ingest.ts';
import { portTaken } from './listen.ts';
import { MqttGate } from './mqtt-gate.ts';

const CLIENT_ID_FORM = /^[0-9a-f]{64}$/;
/** A topic and its framing beside one reading. */
const PACKET_SIZE_MAX = LIMITS.readingSizeMax + 512;
const CONNECTION_COUNT_MAX = 4_096;
const CONNECT_TIMEOUT_MS = 10_000;
/** A device is heard of at least so often, or not at all (keep-alive 0 is refused by the broker). */
const KEEP_ALIVE_S_MAX = 3_600;
/** How long a device may leave its receipts unread. */
const DRAIN_TIMEOUT_MS = 20_000;
/** MQTT 3.1.1 §3.2.2.3. */
const CONNACK = { identifierRejected: 2, notAuthorized: 5 } as const;

export type MqttOptions = { readonly host: string; readonly port: number };

/** A listening broker. */
export type MqttDoor = {
  readonly host: string;
  readonly port: number;
  readonly connectionCount: () => number;
  /** Ends every connection; what is being made durable still becomes so. */
  readonly close: () => Promise<void>;
};

type DoorContext = Pick<GatewayContext, 'crypto' | 'node' | 'intake' | 'metrics' | 'logger'>;

/** Listens. Throws PORT_TAKEN. */
export async function openMqtt(context: DoorContext, options: MqttOptions): Promise<MqttDoor> {
  const sessions = new Sessions(context);
  const broker = await Aedes.createBroker({
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepaliveLimit: KEEP_ALIVE_S_MAX,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxTopicLevels: 4,
    preConnect: (client, packet, done) => sessions.connect(client, packet, done),
    authenticate: (client, _username, _password, done) => sessions.authenticate(client, done),
    authorizePublish: (client, packet, done) => sessions.publish(client, packet, done),
    authorizeSubscribe: (client, subscription, done) => sessions.subscribe(client, subscription, done),
    // Devices get what the sessions send them; nothing is passed on between them.
    authorizeForward: (client, packet) => (sessions.hears(client, packet.topic) ? packet : null),
  });
  broker.on('unsubscribe', (topics: unknown, client: Client) => sessions.unsubscribe(client, topics as readonly string[]));
  // A client that breaks the protocol is disconnected by the broker; it is no fault of ours.
  broker.on('clientError', (_client, error) =>
    context.logger.debug({ reason: error.message }, 'an MQTT client was disconnected'),
  );
  broker.on('connectionError', (_client, error) =>
    context.logger.debug({ reason: error.message }, 'an MQTT connection was refused'),
  );
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    broker.handle(new MqttGate(socket, PACKET_SIZE_MAX, () => context.metrics.countRefusedRequest('TOO_LARGE')));
  });
  server.maxConnections = CONNECTION_COUNT_MAX;
  const { host, port } = await listen(server, options);
  return {
    host,
    port,
    connectionCount: () => sockets.size,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await sessions.settle();
      await new Promise<void>((resolve) => broker.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function listen(server: Server, { host, port }: MqttOptions): Promise<MqttOptions> {
  return new Promise((resolve, rejectListen) => {
    server.once('error', (error) => rejectListen(portTaken(error, { host, port })));
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has an address');
      resolve({ host, port: address.port });
    });
  });
}

type Done = (error?: Error | null) => void;

/** What the connected devices may do and are told. */
class Sessions {
  readonly #context: DoorContext;
  readonly #prefix: string;
  /** Connections that asked for what is not given here. */
  readonly #refused = new WeakMap<Client, number>();
  /** Of its own topics, those that a client listens to. */
  readonly #heard = new WeakMap<Client, Set<string>>();
  readonly #pending = new Set<Promise<unknown>>();
  #isClosing = false;

  constructor(context: DoorContext) {
    this.#context = context;
    this.#prefix = `v1/${toHex(context.node.genesisHash)}`;
  }

  connect(client: Client, packet: ConnectPacket, done: (error: Error | null, success: boolean) => void): void {
    if (!CLIENT_ID_FORM.test(packet.clientId)) this.#refused.set(client, CONNACK.identifierRejected);
    else if (packet.will !== undefined) this.#refused.set(client, CONNACK.notAuthorized);
    // No session outlives its connection (§3.1.2.4 lets us say so in CONNACK): receipts come again with the message.
    packet.clean = true;
    done(null, true);
  }

  authenticate(client: Client, done: (error: AuthenticateError | null, success: boolean | null) => void): void {
    const returnCode = this.#refused.get(client);
    if (returnCode === undefined) return done(null, true);
    this.#context.metrics.countRefusedRequest(returnCode === CONNACK.identifierRejected ? 'TOPIC_FOREIGN' : 'MQTT_UNSUPPORTED');
    done(Object.assign(new Error('refused'), { returnCode }) as AuthenticateError, false);
  }

  subscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    const { topic } = subscription;
    if (topic !== this.#topic(client, 'down') && topic !== this.#topic(client, 'ack')) {
      this.#context.metrics.countRefusedRequest('TOPIC_FOREIGN');
      // Null is SUBACK 0x80 (§3.9.3): refused, and the connection stays.
      return done(null, null);
    }
    const heard = this.#heard.get(client) ?? new Set();
    this.#heard.set(client, heard.add(topic));
    done(null, subscription);
  }

  hears(client: Client, topic: string): boolean {
    return this.#heard.get(client)?.has(topic) === true;
  }

  unsubscribe(client: Client, topics: readonly string[]): void {
    for (const topic of topics) this.#heard.get(client)?.delete(topic);
  }

  publish(client: Client | null, packet: PublishPacket, done: Done): void {
    if (client === null || this.#isClosing) return done(new Error('nothing is published here'));
    const work = this.#take(client, packet).then(
      (outcome) => done(outcome),
      (error: Error) => {
        this.#context.logger.error({ error: { message: error.message, stack: error.stack } }, 'a reading could not be taken in');
        done(error);
      },
    );
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  /** Takes nothing more in; resolves when what was being taken in has its answer. */
  async settle(): Promise<void> {
    this.#isClosing = true;
    await Promise.allSettled(this.#pending);
  }

  /** Null when the publish is settled, else why the connection must end. */
  async #take(client: Client, packet: PublishPacket): Promise<Error | null> {
    const { topic, payload, qos } = packet;
    const rejection = this.#checkPublish(client, packet);
    if (rejection !== null) return this.#refuse(client, rejection);
    const envelope = typeof payload === 'string' ? new Uint8Array(Buffer.from(payload)) : new Uint8Array(payload);
    const answer = await this.#context.intake.ingestInTurn(envelope);
    this.#context.metrics.countReading('mqtt', answer.kind);
    if (answer.kind !== 'passing') {
      await this.#send(client, topic.replace(/up$/, 'down'), Buffer.from(answer.receipt));
      return null;
    }
    const refusal = await this.#refuse(client, answer.rejection, this.#sequenceOf(envelope));
    return qos === 0 ? null : refusal;
  }

  #checkPublish(client: Client, { topic, qos, retain }: PublishPacket): Rejection | null {
    if (topic !== this.#topic(client, 'up')) return reject('TOPIC_FOREIGN', {});
    if (retain === true || qos === 2) return reject('MQTT_UNSUPPORTED', { qos, retain: retain === true });
    return null;
  }

  async #refuse(client: Client, rejection: Rejection, sequence: number | null = null): Promise<Error> {
    this.#context.metrics.countRefusedRequest(rejection.code);
    const message = { code: rejection.code, message: passingMessage(rejection), ...(sequence === null ? {} : { sequence }) };
    await this.#send(client, this.#topic(client, 'ack'), Buffer.from(JSON.stringify(message)));
    return formatError(rejection.code, rejection.details);
  }

  /** Waits until the client takes it: who does not read is not read from. */
  #send(client: Client, topic: string, payload: Buffer): Promise<void> {
    if (!this.hears(client, topic)) return Promise.resolve();
    // QoS 0: a receipt that is lost with its connection comes again when the reading does.
    const packet: PublishPacket = { cmd: 'publish', topic, payload, qos: 0, retain: false, dup: false };
    return new Promise((resolve) => client.publish(packet, () => resolve()));
  }

  #topic(client: Client, end: 'up' | 'down' | 'ack'): string {
    return `${this.#prefix}/${client.id}/${end}`;
  }

  #sequenceOf(envelope: Uint8Array): number | null {
    try {
      return parseReading(this.#context.crypto, envelope).sequence;
    } catch (error) {
      if (error instanceof FormatError) return null;
      throw error;
    }
  }
}
