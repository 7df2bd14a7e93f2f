import assert from 'node:assert/strict';
import { connect as connectTcp, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connectPacket, hungUp, refusedConnection, refusedCount, TestLink } from '../../../test/support/mqtt-device.ts';
import { enrolDevice, eventually, openDoors, type RunningDoors, type TestDevice } from '../../../test/support/running-gateway.ts';
import { MQTT_LIMITS } from './mqtt-limits.ts';

/** A PUBLISH or another packet with this first byte and body. */
const packet = (first: number, ...body: readonly number[]): Buffer => Buffer.of(first, body.length, ...body);
/** Topic `ab`, and packet id 1. */
const TOPIC = [0, 2, 0x61, 0x62];
const ID = [0, 1];

/** Before CONNECT, or instead of it. */
const BEFORE: readonly (readonly [what: string, code: string, bytes: Buffer])[] = [
  ['a web browser', 'MQTT_MALFORMED', Buffer.from('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')],
  ['a TLS handshake', 'MQTT_MALFORMED', Buffer.of(0x16, 3, 1, 2, 0, 1)],
  ['a packet type that is none', 'MQTT_MALFORMED', Buffer.of(0xf0, 0)],
  ['a PUBLISH', 'MQTT_MALFORMED', packet(0x30, ...TOPIC, 0x63)],
  ['a CONNECT with flags', 'MQTT_MALFORMED', packet(0x11, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 0)],
  ['a length of five bytes', 'TOO_LARGE', Buffer.of(0x10, 0x80, 0x80, 0x80, 0x80, 1)],
  ['a CONNECT of 256 MB', 'TOO_LARGE', Buffer.of(0x10, 0xff, 0xff, 0xff, 0x7f)],
  ['a CONNECT of 1,025 bytes', 'TOO_LARGE', Buffer.of(0x10, 0x81, 0x08)],
  ['a CONNECT of nothing', 'MQTT_MALFORMED', Buffer.of(0x10, 0)],
  ['another protocol', 'MQTT_MALFORMED', packet(0x10, 0, 4, 0x48, 0x54, 0x54, 0x50, 4, 2, 0, 60, 0, 0)],
  ['MQTT 5', 'MQTT_MALFORMED', packet(0x10, 0, 4, 0x4d, 0x51, 0x54, 0x54, 5, 2, 0, 60, 0, 0, 0)],
  ['the reserved flag of CONNECT', 'MQTT_MALFORMED', packet(0x10, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 3, 0, 60, 0, 0)],
  ['a client id longer than its packet', 'MQTT_MALFORMED', packet(0x10, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0xff, 0xff)],
  ['no keep-alive', 'MQTT_MALFORMED', packet(0x10, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, 0, 1, 0x61)],
  ['a client id that is no device', 'TOPIC_FOREIGN', packet(0x10, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 60, 0, 1, 0x61)],
];

/** From a device that was let in. */
const BEHIND: readonly (readonly [what: string, code: string, bytes: Buffer])[] = [
  ['a PUBLISH beyond the limit', 'TOO_LARGE', Buffer.of(0x32, 0x81, 0x84, 0x04)],
  ['a PUBLISH of 256 MB', 'TOO_LARGE', Buffer.of(0x32, 0xff, 0xff, 0xff, 0x7f)],
  ['both QoS bits', 'MQTT_MALFORMED', packet(0x36, ...TOPIC, ...ID)],
  ['a topic with a wildcard', 'MQTT_MALFORMED', packet(0x30, 0, 1, 0x23, 0x63)],
  ['a topic longer than its packet', 'MQTT_MALFORMED', packet(0x32, 0xff, 0xff, 0x61, 0x62)],
  ['an empty topic', 'MQTT_MALFORMED', packet(0x32, 0, 0, ...ID)],
  ['SUBSCRIBE without topics', 'MQTT_MALFORMED', packet(0x82, ...ID)],
  ['SUBSCRIBE with other flags', 'MQTT_MALFORMED', packet(0x80, ...ID, ...TOPIC, 1)],
  ['a QoS of 3', 'MQTT_MALFORMED', packet(0x82, ...ID, ...TOPIC, 3)],
  ['a retained message', 'TOPIC_FOREIGN', packet(0x33, ...TOPIC, ...ID)],
  ["another's topic", 'TOPIC_FOREIGN', packet(0x32, ...TOPIC, ...ID)],
];

describe('what is no MQTT as the door takes it', () => {
  let doors: RunningDoors;
  let [lamp, stranger] = [] as unknown as [TestDevice, TestDevice];
  before(async () => {
    doors = await openDoors();
    [lamp, stranger] = [await enrolDevice(doors.city), await enrolDevice(doors.city)];
  });
  after(() => doors.close());

  /** Sends these bytes: the connection ends, the code is counted, and others go on. */
  async function expectRefused(code: string, bytes: Uint8Array): Promise<void> {
    const count = await refusedCount(doors, code);
    await hungUp(doors, bytes);
    assert.equal(await refusedCount(doors, code), count + 1);
  }

  for (const [what, code, bytes] of BEFORE) test(`${what}: ${code}`, () => expectRefused(code, bytes));
  for (const [what, code, bytes] of BEHIND)
    test(`let in, then ${what}: ${code}`, () => expectRefused(code, Buffer.concat([connectPacket(stranger), bytes])));

  test('a second CONNECT: MQTT_MALFORMED', () =>
    expectRefused('MQTT_MALFORMED', Buffer.concat([connectPacket(stranger), connectPacket(stranger)])));

  test('a will: MQTT_UNSUPPORTED, not let in', async () => {
    const count = await refusedCount(doors, 'MQTT_UNSUPPORTED');
    const will = { topic: 'x', payload: Buffer.from('gone'), qos: 0 as const, retain: false };
    const credentials = { clientId: stranger.hex, username: stranger.hex, password: Buffer.from(stranger.token()) };
    assert.equal(await refusedConnection(doors.gateway.mqtt, { ...credentials, will }), 5);
    assert.equal(await refusedCount(doors, 'MQTT_UNSUPPORTED'), count + 1);
  });

  test('packets may come byte by byte, and behind CONNECT before it is answered', async () => {
    const { hostname, port } = new URL(doors.gateway.mqtt);
    const socket = connectTcp({ port: Number(port), host: hostname, noDelay: true });
    const bytes: number[] = [];
    const answered = new Promise<void>((resolve) =>
      socket.on('data', (chunk) => {
        if (bytes.push(...chunk) === 6) resolve();
      }),
    );
    for (const byte of connectPacket(stranger)) {
      socket.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.write(packet(0xc0));
    await answered;
    assert.deepEqual(bytes, [0x20, 2, 0, 0, 0xd0, 0], 'CONNACK, then PINGRESP');
    socket.destroy();
  });

  test('after all of that, a device is served', async () => {
    const link = await TestLink.open(doors, lamp);
    await link.publish(lamp.reading(1));
    assert.equal((await link.receipt()).leaf.index, 0);
    await link.end();
  });
});

/** Opens a connection that says nothing; resolves when it stands. */
function silent(doors: RunningDoors): Promise<Socket> {
  const { hostname, port } = new URL(doors.gateway.mqtt);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => undefined);
  // Without a reader its end would never be seen.
  socket.resume();
  return new Promise((resolve) => socket.on('connect', () => resolve(socket)));
}

async function ended(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
}

describe('how much of the door strangers may take up', () => {
  test('where too many say nothing, the oldest makes room: CONNECTIONS_FULL', async () => {
    const doors = await openDoors({ mqttLimits: { ...MQTT_LIMITS, pendingPerAddressMax: 3 } });
    const lamp = await enrolDevice(doors.city);
    const sockets = [await silent(doors), await silent(doors), await silent(doors)];
    const link = await TestLink.open(doors, lamp);
    await ended(sockets[0]!);
    await link.publish(lamp.reading(1));
    assert.equal((await link.receipt()).leaf.index, 0);
    assert.equal(await refusedCount(doors, 'CONNECTIONS_FULL'), 1);
    for (const socket of sockets) socket.destroy();
    await link.end();
    await doors.close();
  });

  test('there is an end to all connections: CONNECTIONS_FULL', async () => {
    const doors = await openDoors({ mqttLimits: { ...MQTT_LIMITS, connectionCountMax: 2 } });
    const sockets = [await silent(doors), await silent(doors)];
    const late = await silent(doors);
    await ended(late);
    assert.equal(await refusedCount(doors, 'CONNECTIONS_FULL'), 1);
    sockets[0]!.destroy();
    const lamp = await enrolDevice(doors.city);
    const opened = async (): Promise<TestLink | null> => TestLink.open(doors, lamp).catch(() => null);
    const link = await eventually(opened, (answer) => answer !== null);
    await link?.end();
    for (const socket of sockets) socket.destroy();
    await doors.close();
  });

  test('who is refused too often waits: RATE_LIMITED', async () => {
    const doors = await openDoors({ mqttLimits: { ...MQTT_LIMITS, refusedPerMinuteMax: 3 } });
    const lamp = await enrolDevice(doors.city);
    const link = await TestLink.open(doors, lamp);
    const wrong = { clientId: lamp.hex, username: lamp.hex, password: Buffer.from('guess') };
    const refuse = (): Promise<number> => refusedConnection(doors.gateway.mqtt, wrong);
    for (let i = 0; i < 3; i++) assert.equal(await refuse(), 5);
    await ended(await silent(doors));
    assert.equal(await refusedCount(doors, 'RATE_LIMITED'), 1);
    await link.publish(lamp.reading(1));
    assert.equal((await link.receipt()).leaf.index, 0, 'whoever is in stays in');
    await link.end();
    await doors.close();
  });
});
