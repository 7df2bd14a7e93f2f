/** What tests say over MQTT: as a device that is let in, as one that is not, and as bytes that are no MQTT at all. */

import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { toHex } from '@oppidum/formats/bytes';
import { type PassingRefusal, parsePassingRefusal } from '@oppidum/formats/passing-refusal';
import { parseReceipt } from '@oppidum/formats/receipt';
import { connect, type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { enrolDevice, type RunningDoors, type TestDevice, withDoors } from './running-gateway.ts';

/** What a device connects with. */
export function credentialsOf({ hex, token }: TestDevice): IClientOptions {
  return { clientId: hex, username: hex, password: Buffer.from(token()) };
}

/** Calls `use` with a city, a device and its connection. */
export const withLink = (use: (link: TestLink, lamp: TestDevice, doors: RunningDoors) => Promise<void>): Promise<void> =>
  withDoors(async (doors) => {
    const lamp = await enrolDevice(doors.city);
    const link = await TestLink.open(doors, lamp);
    await use(link, lamp, doors);
    await link.end();
  });

/** A device's connection, and what came over it. */
export class TestLink {
  readonly client: MqttClient;
  readonly topic: string;
  readonly closed: Promise<void>;
  readonly #messages: { readonly topic: string; readonly payload: Uint8Array }[] = [];
  #wake: () => void = () => undefined;

  private constructor(client: MqttClient, topic: string) {
    this.client = client;
    this.topic = topic;
    this.closed = new Promise((resolve) => client.once('close', () => resolve()));
    client.on('message', (from, payload) => {
      this.#messages.push({ topic: from.slice(topic.length), payload: new Uint8Array(payload) });
      this.#wake();
    });
    client.on('error', () => undefined);
  }

  static async open(
    doors: RunningDoors,
    device: TestDevice,
    options: IClientOptions = {},
    url = doors.gateway.mqtt,
  ): Promise<TestLink> {
    const client = connect(url, { ...credentialsOf(device), protocolVersion: 4, reconnectPeriod: 0, ...options });
    const link = new TestLink(client, `v1/${toHex(doors.city.client.genesisHash)}/${device.hex}/`);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
    });
    await client.subscribeAsync(`${link.topic}down`, { qos: 1 });
    return link;
  }

  /** The next message. */
  async next(): Promise<{ readonly topic: string; readonly payload: Uint8Array }> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift() as { readonly topic: string; readonly payload: Uint8Array };
  }

  /** The next message as a receipt. */
  async receipt() {
    const { topic, payload } = await this.next();
    assert.equal(topic, 'down', Buffer.from(payload).toString());
    return parseReceipt(payload);
  }

  /** The next message as a refusal that may pass. */
  async refusal(): Promise<PassingRefusal> {
    const { topic, payload } = await this.next();
    assert.equal(topic, 'down');
    const refusal = parsePassingRefusal(payload);
    if (refusal === null) throw new Error('it is a receipt');
    return refusal;
  }

  publish(payload: Uint8Array, options: IClientPublishOptions = { qos: 1 }, topic = `${this.topic}up`): Promise<unknown> {
    return this.client.publishAsync(topic, Buffer.from(payload), options);
  }

  end(): Promise<void> {
    return this.client.endAsync(true);
  }
}

/** Connects as this client and expects to be refused; answers the return code of CONNACK. */
export function refusedConnection(url: string, options: IClientOptions): Promise<number> {
  const client = connect(url, { protocolVersion: 4, reconnectPeriod: 0, ...options });
  return new Promise((resolve, reject) => {
    client.once('error', (error) => resolve((error as unknown as { code: number }).code));
    client.once('connect', () => reject(new Error('it was let in')));
  });
}

/** Sends raw bytes and waits until the broker hangs up. */
export function hungUp(doors: RunningDoors, bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(doors.gateway.mqtt);
  const socket = connectTcp(Number(port), hostname);
  return new Promise((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.write(bytes);
  });
}

/** CONNECT of MQTT 3.1.1 (§3.1): clean session, client id and user name of this device, its token. */
export function connectPacket({ hex, token }: TestDevice): Buffer {
  const field = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 255), bytes]);
  const fields = [Buffer.from(hex), Buffer.from(hex), Buffer.from(token())].map(field);
  const body = Buffer.concat([field(Buffer.from('MQTT')), Buffer.of(4, 0xc2, 0, 60), ...fields]);
  return Buffer.concat([Buffer.of(0x10, (body.length & 127) | 128, body.length >> 7), body]);
}

/** How often a code was given by the doors. */
export async function refusedCount({ gateway }: RunningDoors, code: string): Promise<number> {
  const text = await (await fetch(`${gateway.http}/metrics`)).text();
  return Number(new RegExp(`^oppidum_requests_refused_total\\{code="${code}"\\} ([0-9]+)$`, 'm').exec(text)?.[1] ?? 0);
}
