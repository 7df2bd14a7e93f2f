import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { parseReceipt } from '@oppidum/formats/receipt';
import { connect, type IClientOptions, type IClientPublishOptions, type MqttClient } from 'mqtt';
import { freshBytes } from '../../../test/support/running-city.ts';
import { enrolDevice, type RunningDoors, type TestDevice, withDoors } from '../../../test/support/running-gateway.ts';

/** A device's connection, and what came over it. */
class Link {
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

  static async open(doors: RunningDoors, clientId: string, options: IClientOptions = {}): Promise<Link> {
    const client = connect(doors.gateway.mqtt, { clientId, protocolVersion: 4, reconnectPeriod: 0, ...options });
    const link = new Link(client, `v1/${toHex(doors.city.client.genesisHash)}/${clientId}/`);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
    });
    await client.subscribeAsync([`${link.topic}down`, `${link.topic}ack`], { qos: 1 });
    return link;
  }

  /** The next message. */
  async next(): Promise<{ readonly topic: string; readonly payload: Uint8Array }> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift()!;
  }

  /** The next message as a receipt. */
  async receipt() {
    const { topic, payload } = await this.next();
    assert.equal(topic, 'down', Buffer.from(payload).toString());
    return parseReceipt(payload);
  }

  /** The next message as a refusal that may pass. */
  async refusal(): Promise<{ readonly code: string; readonly message: string; readonly sequence?: number }> {
    const { topic, payload } = await this.next();
    assert.equal(topic, 'ack');
    return JSON.parse(Buffer.from(payload).toString()) as { code: string; message: string };
  }

  publish(payload: Uint8Array, options: IClientPublishOptions = { qos: 1 }, topic = `${this.topic}up`): Promise<unknown> {
    return this.client.publishAsync(topic, Buffer.from(payload), options);
  }

  end(): Promise<void> {
    return this.client.endAsync(true);
  }
}

const withLink = (use: (link: Link, lamp: TestDevice, doors: RunningDoors) => Promise<void>): Promise<void> =>
  withDoors(async (doors) => {
    const lamp = await enrolDevice(doors.city);
    const link = await Link.open(doors, lamp.hex);
    await use(link, lamp, doors);
    await link.end();
  });

/** Connects as this client and expects to be refused; answers the return code of CONNACK. */
function refusedConnection(doors: RunningDoors, clientId: string, options: IClientOptions = {}): Promise<number> {
  const client = connect(doors.gateway.mqtt, { clientId, protocolVersion: 4, reconnectPeriod: 0, ...options });
  return new Promise((resolve, reject) => {
    client.once('error', (error) => resolve((error as unknown as { code: number }).code));
    client.once('connect', () => reject(new Error('it was let in')));
  });
}

/** Sends raw bytes and waits until the broker hangs up. */
function hungUp(doors: RunningDoors, bytes: Uint8Array): Promise<void> {
  const { hostname, port } = new URL(doors.gateway.mqtt);
  const socket = connectTcp(Number(port), hostname);
  return new Promise((resolve) => {
    socket.on('close', () => resolve());
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.write(bytes);
  });
}

/** CONNECT of MQTT 3.1.1 (§3.1), clean session, with this client id. */
function connectPacket(clientId: string): Uint8Array {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, id.length >> 8, id.length & 255]), id]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}

describe('the MQTT door', () => {
  test('acknowledges a reading when it is durable, and sends the receipt', () =>
    withLink(async (link, lamp, { shard }) => {
      const envelope = lamp.reading(1);
      await link.publish(envelope);
      const kept = shard.client.reading(crypto.sha256(envelope));
      assert.deepEqual(kept?.envelope, envelope, 'it is in the vault once PUBACK has come');
      const receipt = await link.receipt();
      assert.deepEqual([receipt.leaf.sequence, receipt.leaf.index], [1, 0]);
      assert.equal(toHex(receipt.leaf.digest), toHex(crypto.sha256(envelope)));
      await link.publish(envelope);
      assert.equal((await link.receipt()).leaf.index, 0, 'sent again it gets its receipt again');
      await link.publish(lamp.reading(2), { qos: 0 });
      assert.equal((await link.receipt()).leaf.sequence, 2, 'also at QoS 0');
    }));

  test('many at once share commits, and each has its receipt', () =>
    withLink(async (link, lamp) => {
      const count = 200;
      const published = Array.from({ length: count }, (_, i) => link.publish(lamp.reading(i + 1)));
      const sequences = new Set<number>();
      for (let i = 0; i < count; i++) sequences.add((await link.receipt()).leaf.sequence);
      await Promise.all(published);
      assert.equal(sequences.size, count);
    }));

  test('tells of a refusal that may pass, gives no PUBACK, and hangs up', () =>
    withLink(async (link, lamp, { shard }) => {
      const forged = lamp.reading(7);
      forged[forged.length - 1]! ^= 1;
      let isAcknowledged = false;
      link.publish(forged).then(
        () => {
          isAcknowledged = true;
        },
        () => undefined,
      );
      const refusal = await link.refusal();
      assert.deepEqual([refusal.code, refusal.sequence], ['SIGNATURE_INVALID', 7]);
      assert.ok(refusal.message.length > 0);
      await link.closed;
      assert.equal(isAcknowledged, false);
      assert.equal(shard.client.status().size, 0);
    }));

  test('at QoS 0 a refusal is told and the connection stays', () =>
    withLink(async (link, lamp) => {
      await link.publish(Uint8Array.of(1, 2, 3), { qos: 0 });
      assert.equal((await link.refusal()).sequence, undefined, 'what cannot be read has no sequence number');
      await link.publish(lamp.reading(1));
      assert.equal((await link.receipt()).leaf.sequence, 1);
    }));

  const wrongPublishes: readonly (readonly [what: string, code: string, options: IClientPublishOptions, topic?: string])[] = [
    ['a retained message', 'MQTT_UNSUPPORTED', { qos: 1, retain: true }],
    ['QoS 2', 'MQTT_UNSUPPORTED', { qos: 2 }],
    ['another topic', 'TOPIC_FOREIGN', { qos: 1 }, 'elsewhere'],
    ['its own down topic', 'TOPIC_FOREIGN', { qos: 0 }, 'down'],
  ];
  for (const [what, code, options, end] of wrongPublishes) {
    test(`refuses ${what}: ${code}`, () =>
      withLink(async (link, lamp, { shard }) => {
        const topic = end === undefined ? undefined : end === 'down' ? `${link.topic}down` : end;
        link.publish(lamp.reading(1), options, topic).catch(() => undefined);
        assert.equal((await link.refusal()).code, code);
        await link.closed;
        assert.equal(shard.client.status().size, 0);
      }));
  }

  test("a device neither speaks nor hears under another's topic", () =>
    withDoors(async (doors) => {
      const [lamp, other] = [await enrolDevice(doors.city), await enrolDevice(doors.city)];
      const link = await Link.open(doors, lamp.hex);
      const spy = await Link.open(doors, other.hex);
      for (const topic of [
        '#',
        '+/+/+/down',
        `${link.topic}#`,
        `${link.topic}down`,
        `${spy.topic}+`,
        `${spy.topic}up`,
        '$SYS/#',
      ]) {
        const answer = await spy.client.subscribeAsync(topic, { qos: 1 }).catch(() => [{ qos: 128 }]);
        assert.deepEqual(
          answer.map(({ qos }) => qos),
          [128],
          topic,
        );
      }
      await spy.end();
      const speaker = await Link.open(doors, other.hex);
      speaker.publish(lamp.reading(1), { qos: 1 }, `${link.topic}up`).catch(() => undefined);
      assert.equal((await speaker.refusal()).code, 'TOPIC_FOREIGN');
      await speaker.closed;
      assert.equal(doors.shard.client.status().size, 0);
      await link.end();
    }));

  test('who is no device, or leaves a will, is not let in', () =>
    withDoors(async (doors) => {
      const id = toHex(freshBytes(32));
      for (const clientId of ['lamp', id.toUpperCase(), `${id}0`, id.slice(1)]) {
        assert.equal(await refusedConnection(doors, clientId), 2, clientId);
      }
      const will = { topic: 'x', payload: Buffer.from('gone'), qos: 0 as const, retain: false };
      assert.equal(await refusedConnection(doors, id, { will }), 5);
      const metrics = await (await fetch(`${doors.gateway.http}/metrics`)).text();
      assert.match(metrics, /^oppidum_requests_refused_total\{code="MQTT_UNSUPPORTED"\} 1$/m);
    }));

  test('hangs up on what is not MQTT and on packets beyond the limit, and serves the others', () =>
    withLink(async (link, lamp, doors) => {
      const id = toHex(freshBytes(32));
      const connected = connectPacket(id);
      const broken: readonly (readonly [what: string, bytes: Uint8Array])[] = [
        ['a web browser', Buffer.from('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')],
        ['a packet type that is none', Buffer.from([0xf0, 0x00])],
        ['a length of five bytes', Buffer.from([0x10, 0x80, 0x80, 0x80, 0x80, 0x01])],
        ['a CONNECT of 256 MB', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
        ['a PUBLISH before CONNECT', Buffer.from([0x30, 0x05, 0x00, 0x01, 0x61, 0x62, 0x63])],
        ['a PUBLISH beyond the limit', Buffer.concat([connected, Buffer.from([0x32, 0x81, 0x84, 0x04])])],
        ['a second CONNECT', Buffer.concat([connected, connected])],
        ['both QoS bits', Buffer.concat([connected, Buffer.from([0x36, 0x05, 0x00, 0x01, 0x61, 0x62, 0x63])])],
        ['a topic with a wildcard', Buffer.concat([connected, Buffer.from([0x30, 0x05, 0x00, 0x01, 0x23, 0x62, 0x63])])],
        ['MQTT 5', Buffer.from([0x10, 0x0d, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 0, 0])],
      ];
      for (const [what, bytes] of broken) {
        const gone = await Promise.race([
          hungUp(doors, bytes).then(() => true),
          new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 5_000).unref()),
        ]);
        assert.ok(gone, what);
      }
      await link.publish(lamp.reading(1));
      assert.equal((await link.receipt()).leaf.index, 0);
    }));

  test('packets may come byte by byte', () =>
    withDoors(async (doors) => {
      const { hostname, port } = new URL(doors.gateway.mqtt);
      const socket = connectTcp({ port: Number(port), host: hostname, noDelay: true });
      const answered = new Promise<Uint8Array>((resolve) => socket.once('data', resolve));
      for (const byte of connectPacket(toHex(freshBytes(32)))) {
        socket.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      assert.deepEqual([...(await answered)], [0x20, 2, 0, 0], 'CONNACK');
      socket.destroy();
    }));

  test('a second connection of one device ends the first', () =>
    withLink(async (link, lamp, doors) => {
      const second = await Link.open(doors, lamp.hex);
      await link.closed;
      await second.publish(lamp.reading(1));
      assert.equal((await second.receipt()).leaf.index, 0);
      await second.end();
    }));
});
