import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { reportFirmware } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import { attestationChallenge } from '@oppidum/formats/eat';
import type { Action } from '@oppidum/formats/transaction';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { actionOf, envelopeOf, execute, freshAccount } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import { THING_SCHEMA } from '../../../../test/support/thing-schema.ts';
import type { DeviceTrustJson, ModelDescriptionJson, ThingDescriptionJson } from '../api/trust.ts';
import type { DeviceDetailJson } from '../api-types.ts';

const digestOf = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());

describe('how far a device is believed', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  const ask = (path: string): Promise<Response> => fetch(`${doors.gateway.http}/api/v1/${path}`);
  const get = async <T>(path: string): Promise<T> => (await (await ask(path)).json()) as T;
  const trust = (): Promise<DeviceTrustJson> => get<DeviceTrustJson>(`devices/${lamp.hex}/trust`);
  const act = async (...actions: readonly Action[]): Promise<string> => {
    const { client, operator } = doors.city;
    return (await execute(client, envelopeOf(client, operator, actions))).code;
  };

  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city);
  });
  after(() => doors.close());

  test('of a fresh device nothing is against it, and it is its maker’s', async () => {
    const { genesisHash } = doors.city.client;
    const { registration } = await eventually(
      () => get<DeviceDetailJson>(`devices/${lamp.hex}`),
      ({ status }) => status === 'active',
    );
    const challenge = attestationChallenge(nativeCrypto, genesisHash, lamp.id, new Uint8Array(Buffer.from(registration, 'hex')));
    assert.deepEqual(await trust(), {
      ...{ device: lamp.hex, counts: true, because: null, owner: toHex(doors.city.operator.account), links: [] },
      ...{ quarantines: [], firmware: null, lastReport: 0, score: 1_000, threshold: 500, cases: [] },
      attestation: { isAsked: false, challenge: toHex(challenge), newest: null },
    });
  });

  test('a quarantine shows at once, in both answers; what comes meanwhile is taken', async () => {
    assert.equal(await act(actionOf('device/quarantine', { id: lamp.id, reason: 'drifts' })), 'OK');
    const { counts, because, quarantines } = await trust();
    assert.deepEqual([counts, because, quarantines[0]?.reason, quarantines[0]?.to], [false, 'quarantined', 'drifts', null]);
    const detail = await get<DeviceDetailJson>(`devices/${lamp.hex}`);
    assert.deepEqual([detail.status, detail.quarantines], ['active', quarantines]);
    const answer = await fetch(`${doors.gateway.http}/api/v1/readings`, {
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body: Buffer.from(lamp.reading(1)),
    });
    assert.equal(answer.status, 200);
    await answer.bytes();
    assert.equal(await act(actionOf('device/release', { id: lamp.id })), 'OK');
    assert.equal((await trust()).counts, true);
  });

  test('owners, firmware and marks', async () => {
    const { client, operator } = doors.city;
    const owner = freshAccount();
    const image = digestOf('image');
    const permit = { id: lamp.model, digest: image, name: 'lampd', version: '1.0', size: 9, metadata: digestOf('targets') };
    const report = { id: lamp.id, keyNumber: 0, counter: 1, digest: image };
    const code = await act(
      owner.action,
      actionOf('model/permit-firmware', permit),
      reportFirmware(client.genesisHash, report, lamp.signer),
      actionOf('device/vouch', { id: lamp.id, owner: owner.id }),
    );
    assert.equal(code, 'OK');
    const { links, owner: owns, firmware } = await trust();
    assert.equal(owns, toHex(owner.id));
    assert.deepEqual(
      links.map(({ number, seller, owner: to }) => [number, seller, to]),
      [[0, toHex(operator.account), toHex(owner.id)]],
    );
    assert.deepEqual([firmware?.digest, firmware?.isPermitted, firmware?.version], [toHex(image), true, '1.0']);
    const withdrawn = { id: lamp.model, digest: image, reason: 'hangs' };
    assert.equal(await act(actionOf('model/withdraw-firmware', withdrawn)), 'OK');
    const { because, firmware: after } = await trust();
    assert.deepEqual([because, after?.isPermitted, after?.version], ['firmware', false, '1.0']);
    const [listed] = (await get<ModelDescriptionJson>(`models/${toHex(lamp.model)}/description`)).firmware;
    assert.deepEqual([listed?.digest, listed?.reason], [toHex(image), 'hangs']);
  });

  test('what is not there has its code', async () => {
    for (const [path, code] of [
      [`devices/${'ab'.repeat(32)}/trust`, 'DEVICE_UNKNOWN'],
      [`models/${'ab'.repeat(32)}/description`, 'MODEL_UNKNOWN'],
      [`models/${'ab'.repeat(32)}/thing-description`, 'MODEL_UNKNOWN'],
      ['devices/xyz/trust', 'REQUEST_INVALID'],
    ] as const)
      assert.equal((await get<{ code: string }>(path)).code, code, path);
  });
});

describe('a Thing Description', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const fits = ajv.compile(THING_SCHEMA);

  test('of a model has a property for each sensor and an action for each command, as the W3C has it', async () => {
    const doors = await openDoors();
    try {
      const lamp = await enrolDevice(doors.city);
      const { client, operator } = doors.city;
      const path = `${doors.gateway.http}/api/v1/models/${toHex(lamp.model)}/thing-description`;
      const get = async (): Promise<ThingDescriptionJson> => (await (await fetch(path)).json()) as ThingDescriptionJson;
      const bare = await get();
      assert.ok(fits(bare), JSON.stringify(fits.errors));
      assert.deepEqual([bare.properties, bare.actions], [{}, {}]);
      const level = { name: 'light/level', parameters: [{ name: 'level', min: 0, max: 100, unit: '%' }] };
      const sensors = [
        { name: 'power', unit: 'W', decimals: 1 },
        { name: 'starts', decimals: 0 },
      ];
      const described = actionOf('model/describe', { id: lamp.model, commands: [level], sensors });
      assert.equal((await execute(client, envelopeOf(client, operator, [described]))).code, 'OK');
      const thing = await get();
      assert.ok(fits(thing), JSON.stringify(fits.errors));
      const { input } = thing.actions['light/level'] ?? assert.fail('no action');
      assert.deepEqual(input, {
        type: 'object',
        properties: { level: { type: 'integer', minimum: 0, maximum: 100, unit: '%' } },
        required: ['level'],
      });
      const { power, starts } = thing.properties;
      assert.deepEqual([power?.type, power?.unit, power?.multipleOf, power?.readOnly], ['number', 'W', 0.1, true]);
      assert.deepEqual([starts?.type, starts?.multipleOf], ['integer', undefined]);
      const href = power?.forms[0]?.href.replace('{?device}', `?device=${lamp.hex}`) ?? '';
      const values = await fetch(`${thing.base}${href}`);
      await values.arrayBuffer();
      assert.equal(values.status, 200, 'the addresses in it are there');
    } finally {
      await doors.close();
    }
  });

  test('what is none is refused by the schema that judges it', () => {
    const good = {
      '@context': 'https://www.w3.org/2022/wot/td/v1.1',
      title: 'x',
      security: 'n',
      securityDefinitions: { n: { scheme: 'nosec' } },
    };
    assert.ok(fits(good), JSON.stringify(fits.errors));
    const bad = [
      { ...good, title: undefined },
      { ...good, '@context': 'https://www.w3.org/2019/wot/td/v1' },
      { ...good, securityDefinitions: { n: { scheme: 'trust-me' } } },
      { ...good, properties: { power: { type: 'number' } } },
      { ...good, properties: { power: { type: 'number', forms: [] } } },
      { ...good, actions: { on: { forms: [{ href: '/', op: ['readproperty'] }] } } },
      { ...good, actions: { on: { input: { type: 'lumen' }, forms: [{ href: '/' }] } } },
    ];
    for (const one of bad) assert.ok(!fits(JSON.parse(JSON.stringify(one))), JSON.stringify(one));
  });
});
