import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { CityApi } from '@oppidum/device/city-api';
import { HttpOrderLink } from '@oppidum/device/http-order-link';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type AllegedChallenge, draftChallenge } from '@oppidum/formats/device-challenge';
import { parseChallengeRefusal } from '@oppidum/formats/passing-refusal';
import { refusedCount, TestLink } from '../../../../test/support/mqtt-device.ts';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
  withDoors,
} from '../../../../test/support/running-gateway.ts';
import { ChallengeBook } from './challenge-book.ts';

type Changes = Partial<Omit<AllegedChallenge, 'signature'>>;

/** A challenge of this device, also with other fields than the true ones. */
function challengeOf({ city }: RunningDoors, { id, signer }: TestDevice, number: number, changes: Changes = {}): Bytes {
  const body = { city: city.client.genesisHash, device: id, challenge: freshBytes(32), keyNumber: 0, number, ...changes };
  const { toBeSigned, seal } = draftChallenge(nativeCrypto, body);
  return seal(signer.sign(toBeSigned));
}

describe('challenges and orders on their way', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city);
  });
  after(() => doors.close());
  const at = (device: string, rest: string): string => `${doors.gateway.http}/api/v1/devices/${device}/${rest}`;
  const post = (message: Bytes, device = lamp.hex): Promise<Response> =>
    fetch(at(device, 'challenge'), {
      method: 'POST',
      headers: { 'content-type': 'application/cbor' },
      body: Buffer.from(message),
    });
  const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { readonly code: string }).code;
  const ask = (challenge: Bytes, waitS: number, device = lamp.hex): Promise<Response> =>
    fetch(at(device, `order?challenge=${toHex(challenge)}&wait=${waitS}`));

  test('the newest challenge of a device is known, whatever comes again', async () => {
    const first = challengeOf(doors, lamp, 5);
    const newer = challengeOf(doors, lamp, 7);
    for (const [message, number] of [
      [first, 5],
      [first, 5],
      [newer, 7],
    ] as const) {
      const answer = await post(message);
      assert.equal(answer.status, 200);
      assert.deepEqual(await answer.json(), { number });
    }
    assert.equal(await codeOf(await post(first)), 'CHALLENGE_OLD');
    assert.equal(await codeOf(await post(challengeOf(doors, lamp, 7))), 'CHALLENGE_OLD', 'the same number, other bytes');
  });

  test('what is not the device’s own is refused, each with its code', async () => {
    const other = await enrolDevice(doors.city);
    const stranger = ed25519Signer(freshBytes(32));
    const forged = challengeOf(doors, { ...other, signer: stranger }, 1);
    const good = challengeOf(doors, other, 1);
    const cases: readonly (readonly [what: string, message: Bytes, status: number, code: string])[] = [
      ['signed by another key', forged, 401, 'SIGNATURE_INVALID'],
      ['of another device', challengeOf(doors, lamp, 99), 400, 'CHALLENGE_FOREIGN'],
      ['of another city', challengeOf(doors, other, 1, { city: freshBytes(32) }), 400, 'WRONG_CITY'],
      ['of a key that is not yet', challengeOf(doors, other, 1, { keyNumber: 1 }), 404, 'KEY_UNKNOWN'],
      ['number 0', challengeOf(doors, other, 0), 400, 'NUMBER_RANGE'],
      ['cut short', good.slice(0, -1), 400, 'TRUNCATED'],
      ['beyond 512 bytes', new Uint8Array(513), 413, 'TOO_LARGE'],
      ['nothing', new Uint8Array(0), 400, 'REQUEST_INVALID'],
    ];
    for (const [what, message, , code] of cases) assert.equal(await codeOf(await post(message, other.hex)), code, what);
    assert.equal(doors.gateway.orders.challenges.newest(other.hex), null, 'none of them was taken');
    const unknown = toHex(freshBytes(32));
    assert.equal(
      await codeOf(await post(challengeOf(doors, other, 1, { device: Buffer.from(unknown, 'hex') }), unknown)),
      'DEVICE_UNKNOWN',
    );
    assert.equal((await post(good, other.hex)).status, 200);
    const suspend = actionOf('device/suspend', { id: other.id, reason: 'test' });
    await execute(doors.city.client, envelopeOf(doors.city.client, doors.city.operator, [suspend]));
    assert.equal(await codeOf(await post(challengeOf(doors, other, 2), other.hex)), 'DEVICE_SUSPENDED');
  });

  test('over MQTT: a challenge goes up, orders come down to who listens, refusals are told there', async () => {
    const device = await enrolDevice(doors.city);
    const link = await TestLink.open(doors, device);
    const publish = (message: Bytes, qos: 0 | 1 = 1) => link.publish(message, { qos }, `${link.topic}ack`);
    await publish(challengeOf(doors, device, 3));
    assert.equal(doors.gateway.orders.challenges.newest(device.hex)?.number, 3);
    assert.equal(doors.gateway.orders.send(device.hex, Uint8Array.of(0xa5)), false, 'it does not listen yet');
    await link.client.subscribeAsync(`${link.topic}order`, { qos: 1 });
    assert.equal(doors.gateway.orders.send(device.hex, Uint8Array.of(0xa5)), true);
    const order = await link.next();
    assert.deepEqual([order.topic, [...order.payload]], ['order', [0xa5]]);
    const count = await refusedCount(doors, 'CHALLENGE_OLD');
    await publish(challengeOf(doors, device, 2));
    const told = await link.next();
    assert.deepEqual([told.topic, parseChallengeRefusal(told.payload)?.code], ['order', 'CHALLENGE_OLD']);
    assert.equal(await refusedCount(doors, 'CHALLENGE_OLD'), count + 1);
    await publish(challengeOf(doors, device, 4), 0);
    assert.equal(parseChallengeRefusal((await link.next()).payload)?.code, 'MQTT_UNSUPPORTED');
    await link.publish(device.reading(1));
    assert.equal((await link.receipt()).leaf.sequence, 1, 'readings went on');
    await link.client.unsubscribeAsync(`${link.topic}order`);
    assert.equal(doors.gateway.orders.send(device.hex, Uint8Array.of(0xa5)), false);
    await link.end();
  });

  test('over MQTT: another’s topics are closed', async () => {
    const [device, other] = [await enrolDevice(doors.city), await enrolDevice(doors.city)];
    const link = await TestLink.open(doors, device);
    const foreign = link.topic.replace(device.hex, other.hex);
    await assert.rejects(link.client.subscribeAsync(`${foreign}order`, { qos: 1 }));
    // There will be no PUBACK.
    void link.publish(challengeOf(doors, other, 1), { qos: 1 }, `${foreign}ack`).catch(() => undefined);
    assert.equal((await link.refusal()).code, 'TOPIC_FOREIGN');
    await link.closed;
    assert.equal(doors.gateway.orders.challenges.newest(other.hex), null);
  });

  test('over HTTP: only who knows the newest challenge may ask, and a question has an end', async () => {
    const device = await enrolDevice(doors.city);
    assert.equal(await codeOf(await ask(freshBytes(32), 0, device.hex)), 'CHALLENGE_UNKNOWN');
    const challenge = freshBytes(32);
    await post(challengeOf(doors, device, 1, { challenge }), device.hex);
    assert.equal((await ask(challenge, 0, device.hex)).status, 204);
    assert.equal(await codeOf(await ask(challenge, 6, device.hex)), 'REQUEST_INVALID');
    const waiting = ask(challenge, 5, device.hex);
    await eventually(async () => doors.gateway.orders.send(device.hex, Uint8Array.of(0xa6)), Boolean);
    assert.deepEqual([...new Uint8Array(await (await waiting).arrayBuffer())], [0xa6]);
    const questions = [1, 2, 3].map(() => ask(challenge, 5, device.hex));
    assert.equal((await Promise.race(questions)).status, 204, 'the oldest makes room');
    await eventually(async () => doors.gateway.orders.send(device.hex, Uint8Array.of(0xa7)), Boolean);
    const statuses = (await Promise.all(questions)).map(({ status }) => status);
    assert.deepEqual(statuses.sort(), [200, 200, 204]);
  });

  test('over HTTP: who knows a challenge, and did not bring it, takes no place from the device: OVERLOADED', async () => {
    const device = await enrolDevice(doors.city);
    const challenge = freshBytes(32);
    await post(challengeOf(doors, device, 1, { challenge }), device.hex);
    const own = [ask(challenge, 5, device.hex), ask(challenge, 5, device.hex)];
    const stranger = (): Promise<number> =>
      new Promise((resolve, reject) => {
        const options = { localAddress: '127.0.0.2', agent: false };
        const asked = get(at(device.hex, `order?challenge=${toHex(challenge)}&wait=0`), options, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        asked.on('error', reject);
      });
    await eventually(stranger, (status) => status === 503);
    assert.equal(doors.gateway.orders.send(device.hex, Uint8Array.of(0xa8)), true);
    assert.deepEqual(
      (await Promise.all(own)).map(({ status }) => status),
      [200, 200],
    );
  });
});

test('the HTTP link of a device: its challenge goes up again to a gateway that was started anew, orders come down', (t) =>
  withDoors(async (doors) => {
    const lamp = await enrolDevice(doors.city);
    const api = new CityApi(doors.gateway.http);
    const [orders, told]: [Bytes[], string[]] = [[], []];
    const link = new HttpOrderLink(api, { pollS: 1, onTrouble: ({ code }) => told.push(code) });
    t.after(() => api.close());
    link.onOrder((order) => orders.push(order));
    link.start();
    const challenge = freshBytes(32);
    link.sendChallenge(challengeOf(doors, lamp, 1, { challenge }));
    const { orders: desk } = doors.gateway;
    await eventually(async () => desk.send(lamp.hex, Uint8Array.of(1)), Boolean);
    await eventually(
      async () => orders.length,
      (count) => count === 1,
    );
    // As after a restart: this gateway has heard of nobody.
    desk.challenges.spend(lamp.hex, challenge);
    await eventually(async () => told.includes('CHALLENGE_UNKNOWN'), Boolean);
    await eventually(
      async () => desk.challenges.newest(lamp.hex)?.number,
      (number) => number === 1,
    );
    await link.stop();
    assert.deepEqual(
      orders.map((order) => [...order]),
      [[1]],
    );
  }));

test('the book keeps so many challenges and no more; who was heard of longest ago makes room', () =>
  withDoors(async (doors) => {
    const { city } = doors;
    const book = new ChallengeBook({ crypto: nativeCrypto, node: city.client, now: () => 0, countMax: 2 });
    const lamps = [await enrolDevice(city), await enrolDevice(city), await enrolDevice(city)] as const;
    for (const lamp of lamps) assert.equal(book.take(lamp.hex, challengeOf(doors, lamp, 1)), null);
    assert.deepEqual(
      lamps.map(({ hex }) => book.newest(hex)?.number),
      [undefined, 1, 1],
    );
    assert.equal(book.take(lamps[1].hex, challengeOf(doors, lamps[1], 2)), null);
    assert.equal(book.take(lamps[0].hex, challengeOf(doors, lamps[0], 1)), null);
    assert.deepEqual(
      lamps.map(({ hex }) => book.newest(hex)?.number),
      [1, 2, undefined],
    );
  }));
