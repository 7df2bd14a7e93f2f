import assert from 'node:assert/strict';
import { connect as connectTcp, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { parseReceipt } from '@oppidum/formats/receipt';
import mqttPacket, { type IPublishPacket, type Packet } from 'mqtt-packet';
import { connectPacket, TestLink } from '../../../test/support/mqtt-device.ts';
import { enrolDevice, eventually, openDoors, type RunningDoors, type TestDevice } from '../../../test/support/running-gateway.ts';

/** A device's bare connection: what it sends is cut as the test says, what comes back is kept as packets. */
class BareLink {
  readonly socket: Socket;
  readonly up: string;
  readonly packets: Packet[] = [];
  readonly #down: string;
  #isClosed = false;

  constructor(doors: RunningDoors, device: TestDevice) {
    const { hostname, port } = new URL(doors.gateway.mqtt);
    const topic = `v1/${toHex(doors.city.client.genesisHash)}/${device.hex}`;
    [this.up, this.#down] = [`${topic}/up`, `${topic}/down`];
    this.socket = connectTcp({ host: hostname, port: Number(port), noDelay: true });
    const parser = mqttPacket.parser();
    parser.on('packet', (packet) => this.packets.push(packet));
    this.socket.on('data', (chunk) => parser.parse(chunk));
    this.socket.on('close', () => {
      this.#isClosed = true;
    });
    this.socket.on('error', () => undefined);
    this.socket.write(connectPacket(device));
    const subscriptions = [{ topic: this.#down, qos: 0 as const }];
    this.socket.write(mqttPacket.generate({ cmd: 'subscribe', messageId: 1, subscriptions }));
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  publish(messageId: number, payload: Uint8Array, more: Partial<IPublishPacket> = {}): Buffer {
    return mqttPacket.generate({
      cmd: 'publish',
      topic: this.up,
      payload: Buffer.from(payload),
      qos: 1,
      retain: false,
      dup: false,
      messageId,
      ...more,
    });
  }

  async ready(): Promise<void> {
    await eventually(async () => this.packets.some(({ cmd }) => cmd === 'suback'), Boolean);
  }

  acknowledged(): readonly number[] {
    return this.packets.flatMap((packet) => (packet.cmd === 'puback' ? [packet.messageId ?? 0] : []));
  }

  /** Sequence numbers of receipts, in the order in which they came. */
  receipted(): readonly number[] {
    return this.packets.flatMap((packet) =>
      packet.cmd === 'publish' ? [parseReceipt(new Uint8Array(packet.payload as Buffer)).leaf.sequence] : [],
    );
  }
}

describe('readings that pass the broker by', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  before(async () => {
    doors = await openDoors();
  });
  after(() => doors.close());

  const open = async (): Promise<BareLink> => {
    lamp = await enrolDevice(doors.city);
    const link = new BareLink(doors, lamp);
    await link.ready();
    return link;
  };
  const count = (from: number, to: number): readonly number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  test('cut anywhere, each arrives once; PUBACK and receipts come in their order', async () => {
    const link = await open();
    const bytes = Buffer.concat(count(1, 40).map((n) => link.publish(n + 100, lamp.reading(n), { dup: n % 3 === 0 })));
    for (let at = 0, step = 1; at < bytes.length; at += step, step = (step * 7 + 3) % 331) {
      link.socket.write(bytes.subarray(at, at + step));
      if (step % 5 === 0) await new Promise(setImmediate);
    }
    await eventually(
      async () => link.acknowledged().length,
      (length) => length === 40,
    );
    assert.deepEqual(link.acknowledged(), count(101, 140));
    assert.deepEqual(link.receipted(), count(1, 40));
    link.socket.destroy();
  });

  test('a thousand at once: all are answered, in order', async () => {
    const link = await open();
    link.socket.write(Buffer.concat(count(1, 1_000).map((n) => link.publish(n, lamp.reading(n)))));
    await eventually(
      async () => link.acknowledged().length,
      (length) => length === 1_000,
    );
    assert.deepEqual(link.acknowledged(), count(1, 1_000));
    assert.deepEqual(link.receipted(), count(1, 1_000));
    link.socket.destroy();
  });

  test('what else a device may say goes on between them', async () => {
    const link = await open();
    const ping = mqttPacket.generate({ cmd: 'pingreq' });
    link.socket.write(Buffer.concat([link.publish(1, lamp.reading(1)), ping, link.publish(2, lamp.reading(2)), ping]));
    await eventually(
      async () => link.packets.filter(({ cmd }) => cmd === 'pingresp').length,
      (length) => length === 2,
    );
    await eventually(
      async () => link.acknowledged(),
      (ids) => ids.length === 2,
    );
    link.socket.destroy();
  });

  test('a refusal that may pass has no PUBACK: it is told, and the connection ends', async () => {
    const link = await open();
    const stranger = await enrolDevice(doors.city);
    const forged = new Uint8Array(stranger.reading(1));
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    link.socket.write(link.publish(1, forged));
    await eventually(async () => link.isClosed, Boolean);
    assert.deepEqual(link.acknowledged(), []);
    assert.equal(link.packets.filter(({ cmd }) => cmd === 'publish').length, 1);
  });

  for (const [what, change] of [
    [
      'packet id 0',
      (packet: Buffer, up: string) => packet.fill(0, packet.indexOf(up) + up.length, packet.indexOf(up) + up.length + 2),
    ],
    [
      'a topic beside its own',
      (packet: Buffer, up: string) => packet.fill('q', packet.indexOf(up) + up.length - 1, packet.indexOf(up) + up.length),
    ],
  ] as const)
    test(`${what} ends the connection`, async () => {
      const link = await open();
      link.socket.write(change(link.publish(1, lamp.reading(1)), link.up));
      await eventually(async () => link.isClosed, Boolean);
      assert.deepEqual(link.acknowledged(), []);
    });

  test('who only publishes is heard of, and not taken for gone', async () => {
    const device = await enrolDevice(doors.city);
    const link = await TestLink.open(doors, device, { keepalive: 3, reschedulePings: true });
    for (let n = 1; n <= 26; n++) {
      await link.publish(device.reading(n));
      await new Promise((wait) => setTimeout(wait, 200));
    }
    assert.ok(link.client.connected);
    await link.end();
  });
});
