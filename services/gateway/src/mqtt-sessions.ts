/** What connected devices may do and are told: the rules of specs/doors.md §1, one connection for each device. */

import { toHex } from '@oppidum/formats/bytes';
import { isReport } from '@oppidum/formats/device-report';
import { type ErrorCode, formatError, orNull, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { encodeChallengeRefusal, encodePassingRefusal } from '@oppidum/formats/passing-refusal';
import { parseReading } from '@oppidum/formats/reading';
import type { IngestAnswer } from '@oppidum/telemetry/client';
import type { AuthenticateError, Client, ConnectPacket, PublishPacket, Subscription } from 'aedes';
import type { GatewayContext } from './gateway-context.ts';
import { passingMessage } from './http/ingest.ts';
import type { Admission, Admitted } from './mqtt-admission.ts';
import type { MqttGate } from './mqtt-gate.ts';
import type { ZoneLine } from './orders/zone-desk.ts';

const CLIENT_ID_FORM = /^[0-9a-f]{64}$/;
/** A PUBLISH from a device: packet id and topic beside one reading. */
export const PACKET_SIZE_MAX = LIMITS.readingSizeMax + 512;
/** MQTT 3.1.1 §2.2.1: the type with no flags set. */
const PUBLISH = 0x30;
const PUBACK = 0x40;
const PUBACK_SIZE = 4;
/** MQTT 3.1.1 §3.2.2.3. */
/** While the city takes no readings an actuator stays connected: break-glass must reach it. */
const OURS: ReadonlySet<string> = new Set(['NOT_READY', 'NODE_SILENT']);
const CONNACK = { identifierRejected: 2, unavailable: 3, malformedCredentials: 4, notAuthorized: 5 } as const;

export type SessionsContext = Pick<GatewayContext, 'crypto' | 'node' | 'intake' | 'orders' | 'reports' | 'metrics' | 'logger'>;

type Done = (error?: Error | null) => void;

/** A connection of a device: its topics, and whether it listens; `deafen` where it hears orders, too. */
type Session = {
  readonly device: string;
  readonly up: string;
  readonly down: string;
  readonly ack: string;
  readonly order: string;
  readonly have: string;
  readonly zone: string;
  isListening: boolean;
  deafen: (() => void) | null;
  /** Where it hears signed statements of its zone. */
  zoneLine: ZoneLine | null;
  readonly end: () => void;
};

/** The devices that are connected. */
export class Sessions {
  readonly #context: SessionsContext;
  readonly #admission: Admission;
  readonly #prefix: string;
  /** What CONNECT says and is judged by, until it is. */
  readonly #connecting = new WeakMap<Client, Pick<ConnectPacket, 'clientId' | 'will'>>();
  readonly #sessions = new WeakMap<Client, Session>();
  /** Messages that have no answer yet, and who waits until there are none. */
  #underWay = 0;
  #onSettled: () => void = () => undefined;
  #isClosing = false;

  constructor(context: SessionsContext, admission: Admission) {
    this.#context = context;
    this.#admission = admission;
    this.#prefix = `v1/${toHex(context.node.genesisHash)}`;
  }

  connect(client: Client, packet: ConnectPacket, done: (error: Error | null, success: boolean) => void): void {
    this.#connecting.set(client, { clientId: packet.clientId, ...(packet.will === undefined ? {} : { will: packet.will }) });
    // No session outlives its connection (§3.1.2.4 lets us say so in CONNACK): receipts come again with the message.
    packet.clean = true;
    delete packet.will;
    done(null, true);
  }

  authenticate(
    client: Client,
    credentials: { readonly username: string | undefined; readonly password: Uint8Array | undefined },
    done: (error: AuthenticateError | null, success: boolean | null) => void,
  ): void {
    const packet = this.#connecting.get(client);
    this.#connecting.delete(client);
    if (packet === undefined) return done(null, false);
    const gate = client.conn as MqttGate;
    const judged = this.#judge(packet, gate, credentials);
    if ('code' in judged) {
      this.#context.metrics.countRefusedRequest(judged.code);
      this.#context.logger.debug({ code: judged.code, details: judged.details }, 'an MQTT connection was refused');
      return done(
        Object.assign(formatError(judged.code, judged.details), { returnCode: returnCodeOf(judged.code) }) as never,
        false,
      );
    }
    this.#begin(client, gate, judged);
    done(null, true);
  }

  #judge(
    { clientId, will }: Pick<ConnectPacket, 'clientId' | 'will'>,
    gate: MqttGate,
    credentials: { readonly username: string | undefined; readonly password: Uint8Array | undefined },
  ): Admitted | Rejection {
    if (this.#isClosing) return reject('NOT_READY', { part: 'MQTT' });
    if (!CLIENT_ID_FORM.test(clientId)) return reject('TOPIC_FOREIGN', { clientId: true });
    if (will !== undefined) return reject('MQTT_UNSUPPORTED', { will: true });
    return this.#admission.judge({ clientId, ...credentials, peerKey: gate.peerKey });
  }

  #begin(client: Client, gate: MqttGate, admitted: Admitted): void {
    const device = toHex(admitted.device);
    const topic = `${this.#prefix}/${device}`;
    const session: Session = {
      ...{ device, up: `${topic}/up`, down: `${topic}/down`, ack: `${topic}/ack`, order: `${topic}/order` },
      ...{ have: `${topic}/have`, zone: `${topic}/zone` },
      ...{ isListening: false, deafen: null, zoneLine: null, end: () => client.close() },
    };
    this.#sessions.set(client, session);
    gate.lane = {
      topic: Buffer.from(session.up, 'latin1'),
      take: (id, payload, done) => this.#takePast(client, session, id, payload, done),
    };
    const forget = this.#admission.watch({
      ...admitted,
      end: (rejection) => {
        this.#context.metrics.countRefusedRequest(rejection.code);
        void this.#tell(client, rejection).finally(session.end);
      },
    });
    gate.once('close', () => {
      forget();
      session.deafen?.();
      session.zoneLine?.end();
    });
  }

  subscribe(
    client: Client,
    subscription: Subscription,
    done: (error: Error | null, subscription?: Subscription | null) => void,
  ): void {
    const session = this.#sessions.get(client);
    const isOrders = session !== undefined && subscription.topic === session.order;
    const isZone = session !== undefined && subscription.topic === session.zone;
    if (session === undefined || (subscription.topic !== session.down && !isOrders && !isZone)) {
      this.#context.metrics.countRefusedRequest('TOPIC_FOREIGN');
      // Null is SUBACK 0x80 (§3.9.3): refused, and the connection stays.
      return done(null, null);
    }
    if (!isOrders && !isZone) session.isListening = true;
    done(null, subscription);
    // Behind SUBACK: an order may be waiting.
    if (isOrders && session.deafen === null && !client.closed)
      session.deafen = this.#context.orders.listen(session.device, (order) => this.#sendOrder(client, session.order, order));
    if (isZone && session.zoneLine === null && !client.closed)
      session.zoneLine = this.#context.orders.zones.open(session.device, (news) => this.#sendOrder(client, session.zone, news));
  }

  hears(client: Client, topic: string): boolean {
    const session = this.#sessions.get(client);
    if (session === undefined) return false;
    return (
      (session.isListening && session.down === topic) ||
      (session.deafen !== null && session.order === topic) ||
      (session.zoneLine !== null && session.zone === topic)
    );
  }

  unsubscribe(client: Client, topics: readonly string[]): void {
    const session = this.#sessions.get(client);
    if (session === undefined) return;
    if (topics.includes(session.down)) session.isListening = false;
    if (topics.includes(session.zone)) {
      session.zoneLine?.end();
      session.zoneLine = null;
    }
    if (!topics.includes(session.order)) return;
    session.deafen?.();
    session.deafen = null;
  }

  /** QoS 0: an order comes again until the device's signed answer is here. Who does not read gets no more of them meanwhile. */
  #sendOrder(client: Client, topic: string, order: Uint8Array): void {
    if (client.closed || client.conn.writableNeedDrain) return;
    client.conn.write(publishQos0(topic, order));
  }

  publish(client: Client | null, packet: PublishPacket, done: Done): void {
    const session = client === null ? undefined : this.#sessions.get(client);
    if (client === null || session === undefined || this.#isClosing) return done(new Error('nothing is published here'));
    const end = (outcome: Error | null): void => {
      done(outcome);
      if (--this.#underWay === 0) this.#onSettled();
    };
    this.#underWay++;
    this.#take(client, session, packet).then(end, (error: Error) => end(this.#failed(error)));
  }

  /** A reading that did not go through the broker: the same promises, receipt and PUBACK in one write. */
  #takePast(client: Client, session: Session, messageId: number, payload: Uint8Array, done: () => void): boolean {
    if (this.#isClosing || client.closed) return false;
    // The broker counts the time since it last heard of a client, and has not heard of this.
    (client as { readonly _keepaliveTimer?: { readonly refresh: () => void } })._keepaliveTimer?.refresh();
    const end = (outcome: Error | null): void => {
      done();
      if (outcome !== null) client.emit('error', outcome);
      if (--this.#underWay === 0) this.#onSettled();
    };
    this.#underWay++;
    this.#ingest(payload).then(
      (answer) => {
        if (answer.kind === 'passing' && session.deafen !== null && OURS.has(answer.rejection.code)) {
          void this.#tell(client, answer.rejection, this.#sequenceOf(payload)).then(() => end(null), end);
          return;
        }
        if (answer.kind === 'passing') {
          void this.#refuse(client, answer.rejection, this.#sequenceOf(payload)).then(end, end);
          return;
        }
        if (client.closed) return end(null);
        const receipt = session.isListening
          ? publishQos0(session.down, answer.receipt, PUBACK_SIZE)
          : Buffer.allocUnsafe(PUBACK_SIZE);
        client.conn.write(endWithPuback(receipt, messageId), () => end(null));
      },
      (error: Error) => end(this.#failed(error)),
    );
    return true;
  }

  async #ingest(envelope: Uint8Array): Promise<IngestAnswer> {
    const answer = await this.#context.intake.ingestInTurn(envelope);
    this.#context.metrics.countReading('mqtt', answer.kind);
    return answer;
  }

  #failed(error: Error): Error {
    this.#context.logger.error({ error: { message: error.message, stack: error.stack } }, 'a reading could not be taken in');
    return error;
  }

  /** Takes nothing more in; resolves when what was being taken in has its answer. */
  async settle(): Promise<void> {
    this.#isClosing = true;
    if (this.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      this.#onSettled = resolve;
    });
  }

  /** Null when the publish is settled, else why the connection must end. */
  async #take(client: Client, session: Session, { topic, payload, qos, retain }: PublishPacket): Promise<Error | null> {
    if (topic !== session.up && topic !== session.ack && topic !== session.have)
      return this.#refuse(client, reject('TOPIC_FOREIGN', {}));
    if (retain === true || qos === 2) return this.#refuse(client, reject('MQTT_UNSUPPORTED', { qos, retain: retain === true }));
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
    const envelope = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (topic === session.ack && isReport(envelope)) return this.#takeReport(client, session, envelope, qos);
    if (topic === session.ack) return this.#takeChallenge(client, session, envelope, qos);
    if (topic === session.have) return this.#takeHave(session, envelope);
    if (qos === 0) {
      await this.#refuse(client, reject('MQTT_UNSUPPORTED', { qos }), this.#sequenceOf(envelope));
      return null;
    }
    const answer = await this.#ingest(envelope);
    if (answer.kind === 'passing') return this.#refuse(client, answer.rejection, this.#sequenceOf(envelope));
    // Nobody waits for it here: the PUBACK that follows it is what waits until the client reads (aedes, lib/write.js).
    if (session.isListening && !client.closed) client.conn.write(publishQos0(session.down, answer.receipt));
    return null;
  }

  /** Null: a challenge that is refused is told where orders come, and the connection stays. */
  #takeChallenge(client: Client, session: Session, message: Uint8Array, qos: number): null {
    const unsupported = qos === 0 ? reject('MQTT_UNSUPPORTED', { qos }) : null;
    const rejection = unsupported ?? this.#context.orders.takeChallenge(session.device, message.slice());
    return rejection === null ? null : this.#refuseOnOrder(client, session, rejection);
  }

  /** PUBACK says that it was looked at, and follows the block that has it; the proof is the record on the ledger. */
  async #takeReport(client: Client, session: Session, message: Uint8Array, qos: number): Promise<null> {
    const unsupported = qos === 0 ? reject('MQTT_UNSUPPORTED', { qos }) : null;
    const taken = unsupported ?? (await this.#context.reports.take(session.device, message.slice()));
    return 'code' in taken ? this.#refuseOnOrder(client, session, taken) : null;
  }

  #refuseOnOrder(client: Client, session: Session, rejection: Rejection): null {
    this.#context.metrics.countRefusedRequest(rejection.code);
    const refusal = encodeChallengeRefusal({ code: rejection.code, message: passingMessage(rejection) });
    if (session.deafen !== null) this.#sendOrder(client, session.order, refusal);
    return null;
  }

  /** Null: what is no statement of what it has is as none; it says again. */
  #takeHave({ zoneLine }: Session, message: Uint8Array): null {
    // Who does not listen is given nothing.
    const rejection = zoneLine?.tell(message.slice()) ?? null;
    if (rejection !== null) this.#context.metrics.countRefusedRequest(rejection.code);
    return null;
  }

  async #refuse(client: Client, rejection: Rejection, sequence: number | null = null): Promise<Error> {
    this.#context.metrics.countRefusedRequest(rejection.code);
    await this.#tell(client, rejection, sequence);
    return formatError(rejection.code, rejection.details);
  }

  #tell(client: Client, rejection: Rejection, sequence: number | null = null): Promise<void> {
    const session = this.#sessions.get(client);
    if (session === undefined) return Promise.resolve();
    const refusal = { code: rejection.code, message: passingMessage(rejection), ...(sequence === null ? {} : { sequence }) };
    return this.#send(client, session, Buffer.from(encodePassingRefusal(refusal)));
  }

  /** Waits until the client takes it: who does not read is not read from. */
  #send(client: Client, { isListening, down }: Session, payload: Buffer): Promise<void> {
    if (!isListening) return Promise.resolve();
    // QoS 0: a receipt that is lost with its connection comes again when the reading does.
    const packet: PublishPacket = { cmd: 'publish', topic: down, payload, qos: 0, retain: false, dup: false };
    return new Promise((resolve) => client.publish(packet, () => resolve()));
  }

  #sequenceOf(envelope: Uint8Array): number | null {
    return orNull(() => parseReading(this.#context.crypto, envelope).sequence);
  }
}

/** PUBLISH at QoS 0 (MQTT 3.1.1 §3.3), with room behind it: a receipt that is lost with its connection comes again when the reading does. */
function publishQos0(topic: string, payload: Uint8Array, spare = 0): Buffer {
  const remaining = 2 + topic.length + payload.length;
  const lengthSize = remaining < 128 ? 1 : remaining < 16_384 ? 2 : 3;
  const packet = Buffer.allocUnsafe(1 + lengthSize + remaining + spare);
  packet[0] = PUBLISH;
  for (let i = 0, left = remaining; i < lengthSize; i++, left >>= 7)
    packet[1 + i] = (left & 127) | (i < lengthSize - 1 ? 128 : 0);
  packet.writeUInt16BE(topic.length, 1 + lengthSize);
  packet.write(topic, 3 + lengthSize, 'latin1');
  packet.set(payload, 3 + lengthSize + topic.length);
  return packet;
}

/** PUBACK (§3.4) in the last four bytes. */
function endWithPuback(packet: Buffer, messageId: number): Buffer {
  const at = packet.length - PUBACK_SIZE;
  packet[at] = PUBACK;
  packet[at + 1] = 2;
  packet.writeUInt16BE(messageId, at + 2);
  return packet;
}

/** What CONNACK can say of a code: come again, say it properly, or not at all. */
function returnCodeOf(code: ErrorCode): number {
  if (code === 'TOPIC_FOREIGN') return CONNACK.identifierRejected;
  if (code === 'NOT_READY' || code === 'RATE_LIMITED') return CONNACK.unavailable;
  if (code === 'CREDENTIALS_MISSING') return CONNACK.malformedCredentials;
  return CONNACK.notAuthorized;
}
