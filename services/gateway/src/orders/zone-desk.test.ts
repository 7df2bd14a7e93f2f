import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { CityApi } from '@oppidum/device/city-api';
import { HttpZoneLink } from '@oppidum/device/http-zone-link';
import { type Bytes, compareBytes, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { envelopeSchema } from '@oppidum/formats/envelope';
import { type StatementUse, signStatement } from '@oppidum/formats/statement';
import { encodeZoneHave, parseZoneNews, type ZoneHave } from '@oppidum/formats/zone-news';
import { encodeKeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import { TestLink } from '../../../../test/support/mqtt-device.ts';
import { act, enrolLamp, makeZone, runOrderDoors, type TestZone } from '../../../../test/support/order-city.ts';
import { freshBytes } from '../../../../test/support/running-city.ts';
import { eventually, type RunningDoors, type TestDevice } from '../../../../test/support/running-gateway.ts';

describe('what was signed for a zone comes to its devices', () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-news-'));
  let doors: RunningDoors;
  let zone: TestZone;
  let lamp: TestDevice;
  let signers: readonly Signer[] = [];
  let version = 1;

  const sign = (use: StatementUse, statement: Bytes, by: readonly Signer[]) =>
    signStatement(
      nativeCrypto,
      use,
      statement,
      by.map((signer, key) => ({ key, signer })),
    );
  /** The next key set, by two fresh keys. */
  const replaceKeys = async (): Promise<void> => {
    const fresh = [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))].sort((a, b) =>
      compareBytes(a.publicKey, b.publicKey),
    );
    version++;
    const keySet = encodeKeySet({ ...zone.keySet, version, keys: fresh.map(({ publicKey }) => publicKey) });
    const envelope = encodeBy(envelopeSchema, zone.envelope);
    const body = {
      zone: zone.id,
      keySet,
      signatures: sign('keys', keySet, signers),
      envelopeSignatures: sign('envelope', envelope, fresh),
    };
    await act(doors.city, 'zone/replace-keys', body);
    signers = fresh;
  };
  const have = (changes: Partial<ZoneHave> = {}): Bytes =>
    encodeZoneHave({ zone: zone.id, keys: 1, envelope: 1, documents: [], ...changes });
  const ask = (message: Bytes, waitS = 0, device = lamp.hex): Promise<Response> =>
    fetch(`${doors.gateway.http}/api/v1/devices/${device}/zone?have=${toHex(message)}&wait=${waitS}`);
  const newsOf = async (answer: Response) => parseZoneNews(new Uint8Array(await answer.arrayBuffer()));
  const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { readonly code: string }).code;

  before(async () => {
    doors = await runOrderDoors(join(root, 'city'));
    zone = await makeZone(doors);
    signers = zone.signers;
    lamp = await enrolLamp(doors, zone);
  });
  after(async () => {
    await doors.close();
    rmSync(root, { recursive: true, force: true });
  });

  test('over MQTT: at once, and when the ledger has a newer one; to nobody who does not listen', async () => {
    const link = await TestLink.open(doors, lamp);
    await link.client.subscribeAsync(`${link.topic}zone`, { qos: 1 });
    await link.publish(have({ envelope: 0 }), { qos: 1 }, `${link.topic}have`);
    const first = await link.next();
    assert.deepEqual([first.topic, parseZoneNews(first.payload).use], ['zone', 'envelope']);
    await link.publish(have(), { qos: 1 }, `${link.topic}have`);
    await replaceKeys();
    const news = parseZoneNews((await link.next()).payload);
    assert.deepEqual([news.use, parseKeySet(news.statement).version, news.signatures.length], ['keys', 2, 2]);
    for (const nothing of [Uint8Array.of(1), have({ zone: freshBytes(32) }), new Uint8Array(2_000)])
      await link.publish(nothing, { qos: 1 }, `${link.topic}have`);
    await link.client.unsubscribeAsync(`${link.topic}zone`);
    await link.publish(have(), { qos: 1 }, `${link.topic}have`);
    await link.client.subscribeAsync(`${link.topic}zone`, { qos: 1 });
    await link.publish(have({ keys: 2, envelope: 0 }), { qos: 1 }, `${link.topic}have`);
    assert.equal(parseZoneNews((await link.next()).payload).use, 'envelope', 'nothing came in between');
    await link.end();
  });

  test('over HTTP: one after the other, waited for, and what is asked in another way is refused', async () => {
    await replaceKeys();
    for (const [keys, want] of [
      [1, 2],
      [2, 3],
    ] as const) {
      const news = await newsOf(await ask(have({ keys })));
      assert.equal(parseKeySet(news.statement).version, want);
    }
    assert.equal((await newsOf(await ask(have({ keys: 3, envelope: 0 })))).use, 'envelope');
    assert.equal((await ask(have({ keys: 3 }))).status, 204);
    assert.equal((await ask(have({ keys: 9, envelope: 9 }))).status, 204, 'who says to have more gets nothing');
    const waiting = ask(have({ keys: 3 }), 5);
    await replaceKeys();
    const answer = await waiting;
    // Asked before or after, it is the same that comes.
    assert.equal(parseKeySet((await newsOf(answer.status === 204 ? await ask(have({ keys: 3 })) : answer)).statement).version, 4);
    assert.equal(await codeOf(await ask(have({ zone: freshBytes(32) }))), 'DEVICE_NOT_IN_ZONE');
    assert.equal(await codeOf(await ask(have(), 0, toHex(freshBytes(32)))), 'DEVICE_NOT_IN_ZONE');
    assert.equal(await codeOf(await ask(Uint8Array.of(0xa1))), 'TRUNCATED');
    assert.equal(await codeOf(await ask(new Uint8Array(1_025))), 'REQUEST_INVALID');
  });

  test('whoever asks in the name of a device is neither heard in its place nor has it told anything', async () => {
    const link = await TestLink.open(doors, lamp);
    await link.client.subscribeAsync(`${link.topic}zone`, { qos: 1 });
    await link.publish(have({ keys: version }), { qos: 1 }, `${link.topic}have`);
    assert.equal((await ask(have({ keys: 9_999, envelope: 9_999 }))).status, 204);
    assert.equal(parseKeySet((await newsOf(await ask(have()))).statement).version, 2, 'to whoever asked');
    await replaceKeys();
    const news = parseZoneNews((await link.next()).payload);
    assert.deepEqual([news.use, parseKeySet(news.statement).version], ['keys', version], 'the first that comes');
    await link.end();
  });

  test('the HTTP link of a device asks on as it takes in, and does not ask at once for what it did not', async (t) => {
    const api = new CityApi(doors.gateway.http);
    const came: number[] = [];
    const link = new HttpZoneLink(api, lamp.id);
    t.after(() => api.close());
    link.onNews((bytes) => {
      const keys = parseKeySet(parseZoneNews(bytes).statement).version;
      came.push(keys);
      if (keys < version) link.tellHave(have({ keys }));
    });
    link.tellHave(have());
    link.start();
    await eventually(
      async () => came.length,
      (count) => count === version - 1,
    );
    await link.stop();
    assert.deepEqual(came, [2, 3, 4, 5], 'and 5, which was not taken in, once');
  });
});
