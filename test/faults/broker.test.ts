/**
 * A broker of the operator that is killed under load, again and again, between devices and a city in a process of its own: whatever has no
 * receipt is sent again, and nothing that was acknowledged is lost. What the doors do meanwhile: services/gateway/src/broker-link.test.ts.
 */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { parsePassingRefusal } from '@oppidum/formats/passing-refusal';
import { parseReceipt } from '@oppidum/formats/receipt';
import { connectAsync, type MqttClient } from 'mqtt';
import { type BrokerUser, GATEWAY_USER, TestBroker } from '../support/broker.ts';
import { CityProcess, until } from '../support/city-process.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { skipWithout } from '../support/programs.ts';
import { inTemporaryFolder } from '../support/running-city.ts';
import { countLost, type Kept, Load, type Sender } from './loaded-city.ts';

const KILL_COUNT = 5;
const DEVICE_COUNT = 4;
const SIGNED_EACH = 100;
const AGAIN_MS = 500;

const userOf = ({ device }: Sender): BrokerUser => ({ username: toHex(device.id), password: `password of ${toHex(device.id)}` });

/** Holds a device's receipts; sends whatever has none. */
async function attach({ url }: TestBroker, sender: Sender, kept: Map<string, Kept>) {
  const user = userOf(sender);
  const client: MqttClient = await connectAsync(url, {
    ...user,
    clientId: user.username,
    protocolVersion: 4,
    reconnectPeriod: 50,
  });
  client.on('error', () => undefined);
  const topic = `v1/${toHex(sender.device.audience)}/${user.username}`;
  const signed = new Map(sender.waiting.map((envelope) => [toHex(crypto.sha256(envelope)), envelope]));
  client.on('message', (_topic, payload) => {
    const receipt = new Uint8Array(payload);
    if (parsePassingRefusal(receipt) !== null) return;
    const digest = toHex(parseReceipt(receipt).leaf.digest);
    const envelope = signed.get(digest);
    if (envelope !== undefined) kept.set(digest, { envelope, receipt, atMs: performance.now() });
  });
  await client.subscribeAsync(`${topic}/down`, { qos: 1 });
  const sendMissing = (): void => {
    for (const [digest, envelope] of signed)
      if (!kept.has(digest)) client.publishAsync(`${topic}/up`, Buffer.from(envelope), { qos: 1 }).catch(() => undefined);
  };
  return { sendMissing, end: () => client.end(true) };
}

test('a broker killed under load, five times: nothing acknowledged is lost', { skip: skipWithout('mosquitto') }, (t) =>
  inTemporaryFolder(async (data) => {
    let city = await CityProcess.start(data);
    const load = await Load.enrol(city, data, DEVICE_COUNT);
    load.sign(SIGNED_EACH);
    await city.end('SIGTERM');
    const [sender] = load.senders as [Sender];
    const folder = join(dirname(data), 'broker');
    mkdirSync(folder);
    const broker = await TestBroker.start(folder, toHex(sender.device.audience), load.senders.map(userOf));
    const login = join(folder, 'login.yaml');
    const lines = Object.entries(GATEWAY_USER).map(([name, value]) => `${name}: ${value}\n`);
    writeFileSync(login, lines.join(''), { mode: 0o600 });
    city = await CityProcess.start(data, undefined, ['--mqtt-url', broker.url, '--mqtt-login', login]);
    const kept = new Map<string, Kept>();
    const devices = await Promise.all(load.senders.map((each) => attach(broker, each, kept)));
    try {
      let kills = 0;
      let sentMs = Number.NEGATIVE_INFINITY;
      await until(
        'everything has its receipt',
        async () => {
          if (performance.now() - sentMs < AGAIN_MS) return false;
          sentMs = performance.now();
          for (const { sendMissing } of devices) sendMissing();
          if (kills < KILL_COUNT) {
            kills++;
            // What came before, and what comes while it is away.
            await new Promise((resolve) => setTimeout(resolve, 20 * kills));
            await broker.kill();
            for (const { sendMissing } of devices) sendMissing();
            await broker.again();
          }
          return kills === KILL_COUNT && kept.size === DEVICE_COUNT * SIGNED_EACH;
        },
        () => `${kept.size} have`,
      );
      const lost = await countLost(city, data, [...kept.values()]);
      await load.sendAgain(city, [...kept.values()]);
      t.diagnostic(`broker: kills ${kills}, acknowledged ${kept.size}, lost ${lost}`);
      assert.equal(lost, 0);
    } finally {
      for (const { end } of devices) end();
      await broker.kill();
      await city.end('SIGTERM');
    }
    assert.deepEqual((await checkFolder(data)).damages, []);
  }),
);
