/**
 * The MQTT door (3.1.1), in the clear and by TLS: devices publish signed readings and get receipts. A token or a certificate lets a
 * connection in, signatures prove readings; one client id is one device and sees only its own topics.
 *
 *   v1/<genesis hash>/<device>/up     readings, QoS 1        …/down   receipts, and refusals that may pass
 *
 * PUBACK means: durable, or refused for good. A refusal that may pass has none: the device is told and disconnected, so that its own
 * client does not take the message for delivered.
 */

import { createServer, type Server, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import type { TlsIdentity } from '@oppidum/crypto/certificate';
import { FormatError } from '@oppidum/formats/errors';
import { Aedes, type Client } from 'aedes';
import mqttPacket from 'mqtt-packet';
import { LISTEN_BACKLOG, portTaken } from './listen.ts';
import { Admission, type PeerKey } from './mqtt-admission.ts';
import { MqttGate } from './mqtt-gate.ts';
import { MQTT_LIMITS, MqttLimiter, type MqttLimits, type Pending } from './mqtt-limits.ts';
import { PACKET_SIZE_MAX, Sessions, type SessionsContext } from './mqtt-sessions.ts';
import { certificateOf, tlsServer } from './mqtt-tls.ts';

/** Client id, user name and token (at most 512 bytes) with their framing. */
const CONNECT_SIZE_MAX = 1_024;
const CONNECT_TIMEOUT_MS = 10_000;
/** A device is heard of at least so often, or not at all (keep-alive 0 is refused by the broker). */
const KEEP_ALIVE_S_MAX = 3_600;
/** How long a device may leave its receipts unread. */
const DRAIN_TIMEOUT_MS = 20_000;
/** Ways in which a connection ends that are nobody's doing. */
const QUIET_ENDS: ReadonlySet<string> = new Set(['keep alive timeout', 'drain timeout']);
const SILENT_END = 'connect did not arrive in time';

type Place = { readonly host: string; readonly port: number };

export type MqttOptions = Place & {
  /** Listens by TLS, too. */
  readonly tls?: { readonly port: number; readonly identity: TlsIdentity };
  readonly limits?: MqttLimits;
};

/** A listening broker. */
export type MqttDoor = Place & {
  /** `certificate`: PEM of the server's. */
  readonly tls: { readonly port: number; readonly certificate: string } | null;
  readonly connectionCount: () => number;
  /** Ends every connection; what is being made durable still becomes so. */
  readonly close: () => Promise<void>;
};

/** Listens. Throws PORT_TAKEN; nothing stays open then. */
export async function openMqtt(context: SessionsContext, options: MqttOptions): Promise<MqttDoor> {
  const admission = new Admission({ crypto: context.crypto, node: context.node, clock: Date.now });
  const sessions = new Sessions(context, admission);
  const broker = await openBroker(sessions);
  const entrance = new Entrance(context, broker, options.limits ?? MQTT_LIMITS);
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await sessions.settle();
    await new Promise<void>((resolve) => broker.close(resolve));
    entrance.close();
    await Promise.all(closed);
    admission.close();
  };
  try {
    const open = async (take: (socket: Socket) => void, place: Place): Promise<Place> => {
      const server = createServer({ noDelay: true }, take);
      const listening = await listen(server, place);
      servers.push(server);
      return listening;
    };
    const { host, port } = await open((socket) => entrance.takePlain(socket), options);
    if (options.tls === undefined) return { host, port, tls: null, connectionCount: () => entrance.count, close };
    const { identity } = options.tls;
    const secure = entrance.secure(identity);
    const place = await open((socket) => entrance.takeSecure(socket, secure), { host: options.host, port: options.tls.port });
    const tls = { port: place.port, certificate: certificateOf(identity) };
    return { host, port, tls, connectionCount: () => entrance.count, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openBroker(sessions: Sessions): Promise<Aedes> {
  // Else it keeps a buffer for each number of 16 bits: 7 MB.
  mqttPacket.writeToStream.cacheNumbers = false;
  const broker = await Aedes.createBroker({
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepaliveLimit: KEEP_ALIVE_S_MAX,
    drainTimeout: DRAIN_TIMEOUT_MS,
    maxTopicLevels: 4,
    preConnect: (client, packet, done) => sessions.connect(client, packet, done),
    authenticate: (client, username, password, done) => sessions.authenticate(client, { username, password }, done),
    authorizePublish: (client, packet, done) => sessions.publish(client, packet, done),
    authorizeSubscribe: (client, subscription, done) => sessions.subscribe(client, subscription, done),
    authorizeForward: (client, packet) => (sessions.hears(client, packet.topic) ? packet : null),
  });
  // Devices get what the sessions send them; nothing is passed on between them, so nobody need be looked for who listens.
  broker.publish = (_packet, ...rest: unknown[]) => (rest.at(-1) as () => void)();
  broker.on('unsubscribe', (topics: unknown, client: Client) => sessions.unsubscribe(client, topics as readonly string[]));
  broker.on('clientReady', (client) => (client.conn as MqttGate).open());
  return broker;
}

function listen(server: Server, { host, port }: Place): Promise<Place> {
  return new Promise((resolve, rejectListen) => {
    server.once('error', (error) => rejectListen(portTaken(error, { host, port })));
    server.listen({ port, host, backlog: LISTEN_BACKLOG }, () => {
      const address = server.address();
      if (address === null || typeof address === 'string') throw new Error('a TCP server has an address');
      resolve({ host, port: address.port });
    });
  });
}

/** Where connections come in, are counted, and are given to the broker. */
class Entrance {
  readonly #context: SessionsContext;
  readonly #broker: Aedes;
  readonly #limits: MqttLimits;
  readonly #limiter: MqttLimiter;
  readonly #sockets = new Set<Socket>();
  /** Those in a TLS handshake, by the ports that tell them apart. */
  readonly #shakingHands = new Map<string, Pending>();

  constructor(context: SessionsContext, broker: Aedes, limits: MqttLimits) {
    this.#context = context;
    this.#broker = broker;
    this.#limits = limits;
    this.#limiter = new MqttLimiter(limits, () => performance.now());
    // A client that breaks the protocol is disconnected by the broker; it is no fault of ours.
    for (const event of ['clientError', 'connectionError'] as const)
      broker.on(event, (client: Client, error: Error) => this.#onBroken(client.conn as MqttGate, error));
  }

  get count(): number {
    return this.#sockets.size;
  }

  takePlain(socket: Socket): void {
    const pending = this.#arrive(socket);
    if (pending !== null) this.#handle(socket, pending, null);
  }

  takeSecure(socket: Socket, secure: TlsServer): void {
    const pending = this.#arrive(socket);
    if (pending === null) return;
    const name = nameOf(socket);
    this.#shakingHands.set(name, pending);
    socket.on('close', () => this.#shakingHands.delete(name));
    secure.emit('connection', socket);
  }

  /** A TLS server whose connections come from `takeSecure`. */
  secure(identity: TlsIdentity): TlsServer {
    const server = tlsServer(identity, (socket, peerKey) => {
      const pending = this.#shakingHands.get(nameOf(socket));
      if (pending === undefined) socket.destroy();
      else this.#handle(socket, pending, peerKey);
    });
    server.on('tlsClientError', (error, socket) => {
      this.#context.logger.debug({ reason: error.message }, 'a TLS handshake failed');
      const pending = this.#shakingHands.get(nameOf(socket));
      // Others are connections that broke.
      if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_SSL') === true && pending !== undefined)
        this.#onRefused('MQTT_MALFORMED', pending);
      pending?.end();
    });
    return server;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Null for a connection that found no place. */
  #arrive(socket: Socket): Pending | null {
    const { metrics } = this.#context;
    // Errors before anybody listens: the connection is gone, and nothing is to be done.
    socket.on('error', () => undefined);
    const address = socket.remoteAddress;
    const isFull = this.#sockets.size >= this.#limits.connectionCountMax;
    if (address === undefined || isFull || this.#limiter.isBarred(address)) {
      if (address !== undefined) metrics.countRefusedRequest(isFull ? 'CONNECTIONS_FULL' : 'RATE_LIMITED');
      socket.destroy();
      return null;
    }
    const pending = { address, end: () => socket.destroy() };
    const displaced = this.#limiter.arrived(pending);
    if (displaced !== null) {
      metrics.countRefusedRequest('CONNECTIONS_FULL');
      displaced.end();
    }
    this.#sockets.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#limiter.settled(pending);
    });
    return pending;
  }

  #handle(socket: Socket, pending: Pending, peerKey: PeerKey): void {
    const gate = new MqttGate(socket, {
      packetSizeMax: PACKET_SIZE_MAX,
      connectSizeMax: CONNECT_SIZE_MAX,
      peerKey,
      address: pending.address,
      onOpen: () => this.#limiter.settled(pending),
      onRefused: (code) => {
        if (gate.isOpen) this.#context.metrics.countRefusedRequest(code);
        else this.#onRefused(code, pending);
      },
    });
    this.#broker.handle(gate);
  }

  #onBroken(gate: MqttGate, error: Error): void {
    this.#context.logger.debug({ reason: error.message }, 'an MQTT client was disconnected');
    if (QUIET_ENDS.has(error.message)) return;
    // What we refused ourselves is counted where it was.
    if (!(error instanceof FormatError)) this.#context.metrics.countRefusedRequest('MQTT_MALFORMED');
    if (!gate.isOpen && error.message !== SILENT_END) this.#limiter.refused(gate.address);
  }

  #onRefused(code: 'TOO_LARGE' | 'MQTT_MALFORMED', { address }: Pending): void {
    this.#context.metrics.countRefusedRequest(code);
    this.#limiter.refused(address);
  }
}

function nameOf({ remoteAddress, remotePort, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localPort}`;
}
