import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parsePassingRefusal } from '@oppidum/formats/passing-refusal';
import { parseReceipt } from '@oppidum/formats/receipt';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { homeShard } from '@oppidum/proofs/home-shard';
import { declareShard } from '@oppidum/telemetry/declare-shard';
import { declaredShards } from '@oppidum/telemetry/device-records';
import { RemoteShard } from '@oppidum/telemetry/remote-shard';
import { connectAsync, type MqttClient } from 'mqtt';
import { pino } from 'pino';
import { type BrokerUser, GATEWAY_USER, TestBroker } from '../../../test/support/broker.ts';
import { skipWithout } from '../../../test/support/programs.ts';
import { freshBytes, inTemporaryFolder } from '../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  type RunningDoors,
  runDoors,
  runGateway,
  type TestDevice,
} from '../../../test/support/running-gateway.ts';
import { readBrokerLogin } from './broker-login.ts';

const skip = skipWithout('mosquitto');

const userOf = ({ hex }: TestDevice): BrokerUser => ({ username: hex, password: `password of ${hex.slice(0, 8)}` });

/** A device at the broker, and what came to it. */
async function attach({ url }: TestBroker, genesis: string, device: TestDevice) {
  const client: MqttClient = await connectAsync(url, { ...userOf(device), clientId: device.hex, protocolVersion: 4 });
  const came: Bytes[] = [];
  client.on('message', (_topic, payload) => came.push(new Uint8Array(payload)));
  client.on('error', () => undefined);
  await client.subscribeAsync(`v1/${genesis}/${device.hex}/down`, { qos: 1 });
  const publish = (envelope: Bytes, topic = device.hex): Promise<unknown> =>
    client.publishAsync(`v1/${genesis}/${topic}/up`, Buffer.from(envelope), { qos: 1 });
  return { client, came, publish };
}

/** Sequence numbers of the receipts among these messages. */
const sequencesOf = (came: readonly Bytes[]): number[] =>
  came.filter((message) => parsePassingRefusal(message) === null).map((message) => parseReceipt(message).leaf.sequence);

type Place = { readonly doors: RunningDoors; readonly broker: TestBroker; readonly genesis: string; readonly lamp: TestDevice };

/** A city whose gateway takes readings from a broker. */
function withBroker(use: (place: Place, again: () => Promise<RunningDoors>) => Promise<void>): Promise<void> {
  return inTemporaryFolder(async (folder) => {
    const city = join(folder, 'city');
    const first = await runDoors(city);
    const lamp = await enrolDevice(first.city);
    const genesis = toHex(first.city.client.genesisHash);
    await first.close();
    const broker = await TestBroker.start(folder, genesis, [userOf(lamp)]);
    const open = (): Promise<RunningDoors> => runDoors(city, false, { broker: { url: broker.url, login: GATEWAY_USER } });
    let doors = await open();
    try {
      await use({ doors, broker, genesis, lamp }, async () => {
        doors = await open();
        return doors;
      });
    } finally {
      await broker.kill();
      await doors.close();
    }
  });
}

/** Resolves when the gateway has its subscription: until then the broker has nobody to give a message to. */
async function untilSubscribed({ publish, came }: Awaited<ReturnType<typeof attach>>): Promise<void> {
  const ask = async (): Promise<number> => {
    await publish(Uint8Array.of(1));
    return came.length;
  };
  await eventually(ask, (count) => count > 0);
}

test('readings come by way of a broker, and receipts and refusals go back', { skip }, () =>
  withBroker(async ({ doors, broker, genesis, lamp }) => {
    const device = await attach(broker, genesis, lamp);
    await untilSubscribed(device);
    assert.equal(parsePassingRefusal(device.came[0] as Bytes)?.code, 'WRONG_TYPE');
    const envelopes = Array.from({ length: 200 }, (_, i) => lamp.reading(i + 1));
    await Promise.all(envelopes.map((envelope) => device.publish(envelope)));
    await eventually(
      async () => new Set(sequencesOf(device.came)).size,
      (count) => count === envelopes.length,
    );
    for (const envelope of envelopes) assert.ok(doors.shard.client.reading(crypto.sha256(envelope)));
    const forged = lamp.reading(500);
    forged[forged.length - 1]! ^= 1;
    await device.publish(forged);
    const codes = (): (string | undefined)[] => device.came.map((message) => parsePassingRefusal(message)?.code);
    await eventually(
      async () => codes(),
      (all) => all.includes('SIGNATURE_INVALID'),
    );
    await device.client.endAsync(true);
  }),
);

test("the broker's rights keep a device from another's topics", { skip }, () =>
  withBroker(async ({ doors, broker, genesis, lamp }) => {
    const device = await attach(broker, genesis, lamp);
    await untilSubscribed(device);
    const size = doors.shard.client.status().size;
    await device.publish(lamp.reading(1), '00'.repeat(32));
    const granted = await device.client.subscribeAsync(`v1/${genesis}/+/up`, { qos: 1 }).catch(() => []);
    await device.publish(lamp.reading(2));
    await eventually(
      async () => sequencesOf(device.came),
      (sequences) => sequences.includes(2),
    );
    assert.equal(doors.shard.client.status().size, size + 1, 'the first was dropped by the broker');
    assert.ok(granted.length === 0 || device.came.every((message) => message[0] !== 0xd2), 'nor does it hear others');
    await device.client.endAsync(true);
  }),
);

test('while the gateway is away the broker keeps its messages, and gives them when it is back', { skip }, () =>
  withBroker(async ({ doors, broker, genesis, lamp }, again) => {
    const device = await attach(broker, genesis, lamp);
    await untilSubscribed(device);
    await doors.close();
    await Promise.all([1, 2, 3].map((sequence) => device.publish(lamp.reading(sequence))));
    assert.deepEqual(sequencesOf(device.came), []);
    await again();
    await eventually(
      async () => sequencesOf(device.came),
      (sequences) => new Set(sequences).size === 3,
    );
    await device.client.endAsync(true);
  }),
);

test(
  'a broker that is killed under load and comes back: whatever has no receipt is sent again, and all of it is kept',
  { skip },
  () =>
    withBroker(async ({ doors, broker, genesis, lamp }) => {
      const device = await attach(broker, genesis, lamp);
      await untilSubscribed(device);
      const envelopes = Array.from({ length: 300 }, (_, i) => lamp.reading(i + 1));
      for (const [i, envelope] of envelopes.entries()) {
        // What its client holds for the broker is lost with the connection, as with any device.
        device.publish(envelope).catch(() => undefined);
        if (i === 150) await broker.kill();
        if (i === 200) await broker.again();
        await new Promise((resolve) => setImmediate(resolve));
      }
      const settledCount = (): number => new Set(sequencesOf(device.came)).size;
      const sendMissing = async (): Promise<number> => {
        const settled = new Set(sequencesOf(device.came));
        const missing = envelopes.filter((_, i) => !settled.has(i + 1));
        await Promise.all(missing.map((envelope) => device.publish(envelope).catch(() => undefined)));
        await new Promise((resolve) => setTimeout(resolve, 250));
        return settledCount();
      };
      await eventually(sendMissing, (count) => count === envelopes.length);
      for (const envelope of envelopes) assert.ok(doors.shard.client.reading(crypto.sha256(envelope)));
      await device.client.endAsync(true);
    }),
);

test(
  'a broker that does not let us in, or is not there, is told in the log, and the city runs on: BROKER_REFUSED, BROKER_UNREACHABLE',
  { skip },
  () =>
    withBroker(async ({ broker, lamp, doors: first }) => {
      await first.close();
      await inTemporaryFolder(async (folder) => {
        const lines: { readonly code?: string }[] = [];
        const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line) as { code?: string }) });
        const login = { username: lamp.hex, password: 'guess' };
        const doors = await runDoors(folder, true, { logger, broker: { url: broker.url, login } });
        await eventually(
          async () => lines,
          (all) => all.some(({ code }) => code === 'BROKER_REFUSED'),
        );
        await broker.kill();
        await eventually(
          async () => lines,
          (all) => all.some(({ code }) => code === 'BROKER_UNREACHABLE'),
        );
        assert.ok(!JSON.stringify(lines).includes('guess'));
        assert.equal((await fetch(`${doors.gateway.http}/livez`)).status, 200);
        await doors.close();
      });
    }),
);

test('while one shard is away its devices are told so, and the messages of the others go on', { skip }, () =>
  inTemporaryFolder(async (folder) => {
    const doors = await runDoors(join(folder, 'city'));
    const { city, shard } = doors;
    const { client: node, operator, telemetry } = city;
    const place = { client: node, crypto, folder: city.folder.paths.shard(1), number: 1, randomBytes: freshBytes };
    const id = await declareShard({ ...place, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
    const found = new Map<number, TestDevice>();
    while (found.size < 2) {
      const device = await enrolDevice(city);
      const from = node.read(at(deviceKeyKind, device.id, 0))?.from ?? 0;
      found.set(homeShard(crypto, declaredShards(node), device.id, from)?.number ?? -1, device);
    }
    const [here, there] = [found.get(0)!, found.get(1)!];
    const genesis = toHex(node.genesisHash);
    const broker = await TestBroker.start(folder, genesis, [userOf(here), userOf(there)]);
    const known = { id, number: 1, origin: `${node.origin}/shard-1`, tilesFolder: '' };
    const away = new RemoteShard({ path: join(folder, 'shard-1.sock'), genesisHash: node.genesisHash, ...known });
    const gateway = await runGateway(city, {
      shards: [shard.client, away.client],
      folder: join(folder, 'second'),
      accessFolder: join(folder, 'access'),
      broker: { url: broker.url, login: GATEWAY_USER },
    });
    const [one, other] = [await attach(broker, genesis, here), await attach(broker, genesis, there)];
    await untilSubscribed(one);
    await other.publish(there.reading(1));
    await eventually(
      async () => other.came.map((message) => parsePassingRefusal(message)?.code),
      (codes) => codes.includes('NOT_READY'),
    );
    await Promise.all([1, 2, 3].map((sequence) => one.publish(here.reading(sequence))));
    await eventually(
      async () => sequencesOf(one.came),
      (sequences) => new Set(sequences).size === 3,
    );
    assert.deepEqual(sequencesOf(other.came), []);
    await Promise.all([one, other].map(({ client }) => client.endAsync(true)));
    await gateway.close();
    await away.close();
    await broker.kill();
    await doors.close();
  }),
);

test('user name and password come from a file of mode 600 or the environment', () =>
  inTemporaryFolder(async (folder) => {
    mkdirSync(folder);
    const write = (name: string, text: string, mode = 0o600): string => {
      const file = join(folder, name);
      writeFileSync(file, text, { mode });
      return file;
    };
    const good = write('good', 'username: city\npassword: "correct: horse"\n');
    assert.deepEqual(readBrokerLogin(good, {}), { username: 'city', password: 'correct: horse' });
    const environment = { OPPIDUM_MQTT_USERNAME: 'city', OPPIDUM_MQTT_PASSWORD: 'x' };
    assert.deepEqual(readBrokerLogin(undefined, environment), { username: 'city', password: 'x' });
    assert.equal(readBrokerLogin(undefined, {}), null);
    assert.throws(() => readBrokerLogin(write('open', 'username: a\n', 0o644), {}), { code: 'KEY_FILE_PERMISSIONS' });
    assert.throws(() => readBrokerLogin(join(folder, 'none'), {}), { code: 'KEY_FILE_MISSING' });
    for (const text of ['', 'secret', 'username: a\n', 'username: a\npassword: b\nextra: c\n', '{']) {
      const file = write('bad', text);
      assert.throws(
        () => readBrokerLogin(file, {}),
        ({ code, message }: { readonly code: string; readonly message: string }) =>
          code === 'CONFIG_INVALID' && !message.includes('secret'),
      );
    }
  }));
