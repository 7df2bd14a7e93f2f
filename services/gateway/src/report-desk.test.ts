import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { activateDevice, attestDevice, reportFirmware, rotateDeviceKey } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { DeviceReports, type ReportLink } from '@oppidum/device/device-reports';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import { signSign1 } from '@oppidum/formats/cose';
import type { Signer } from '@oppidum/formats/crypto';
import { encodeDeviceReport } from '@oppidum/formats/device-report';
import { attestationChallenge, ueidOf } from '@oppidum/formats/eat';
import type { FormatError } from '@oppidum/formats/errors';
import { deviceIdOf } from '@oppidum/formats/ids';
import { parseChallengeRefusal } from '@oppidum/formats/passing-refusal';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { attestationKind, deviceTrustKind } from '@oppidum/formats/state-trust';
import type { Action } from '@oppidum/formats/transaction';
import { refusedCount, TestLink } from '../../../test/support/mqtt-device.ts';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../test/support/running-city.ts';
import { enrolDevice, openDoors, type RunningDoors, type TestDevice, withDoors } from '../../../test/support/running-gateway.ts';

const attester = ed25519Signer(freshBytes(32));
/** RFC 9711: a token of a chip that booted securely, signed by its maker. */
const tokenOf = (device: Bytes, challenge: Bytes, signer: Signer = attester): Bytes => {
  const claims = new Map<number, CborValue>([
    [10, challenge],
    [256, ueidOf(device)],
    [262, true],
  ]);
  return signSign1(signer, { payload: encodeCbor(claims) });
};

describe('what devices report of themselves, without an account', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  let api: CityApi;
  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city);
    api = new CityApi(doors.gateway.http);
  });
  after(async () => {
    api.close();
    await doors.close();
  });
  const act = async (...actions: readonly Action[]): Promise<string> => {
    const { client, operator } = doors.city;
    return (await execute(client, envelopeOf(client, operator, actions))).code;
  };
  const city = (): Bytes => doors.city.client.genesisHash;
  const running = (counter: number, digest: Bytes, { id, signer } = lamp): Bytes =>
    encodeDeviceReport([reportFirmware(city(), { id, keyNumber: 0, counter, digest }, signer)]);
  const post = async (message: Bytes, device = lamp.hex): Promise<string> => {
    const headers = { 'content-type': 'application/cbor' };
    const answer = await fetch(`${doors.gateway.http}/api/v1/devices/${device}/report`, {
      method: 'POST',
      headers,
      body: Buffer.from(message),
    });
    const { code } = (await answer.json()) as { readonly code?: string };
    assert.equal(answer.ok, code === undefined);
    return code ?? 'OK';
  };
  type Speaker = Pick<TestDevice, 'id' | 'signer'>;
  const reportsOf = ({ id, signer }: Speaker, link: ReportLink = api, keyNumber = 0): DeviceReports => {
    const records = new ProvenRecords(nativeCrypto, doors.city.client.policyFile(), api);
    return new DeviceReports({ crypto: nativeCrypto, id, keyNumber, signer, records, link, retryMs: 50 });
  };
  /** Blocks so far: what is refused leaves none. */
  const height = (): number => doors.city.client.head().height;
  const trustOf = (id: Bytes) => doors.city.client.read(at(deviceTrustKind, id));
  const quarantineOf = (id: Bytes) => doors.city.client.read(at(deviceKind, id))?.quarantines?.at(-1);
  const image = (text: string): Bytes => nativeCrypto.sha256(new TextEncoder().encode(text));
  const permit = (model: Bytes, digest: Bytes) =>
    act(actionOf('model/permit-firmware', { id: model, digest, name: 'lampd', version: '1', size: 9, metadata: image('m') }));

  test('a permitted image is on the ledger, and what is said twice or was said before is refused without a trace', async () => {
    assert.equal(await permit(lamp.model, image('good')), 'OK');
    await reportsOf(lamp).firmware(image('good'));
    assert.deepEqual(trustOf(lamp.id)?.firmware?.digest, image('good'));
    assert.equal(quarantineOf(lamp.id), undefined);
    const before = height();
    await reportsOf(lamp).firmware(image('good'));
    assert.equal(await post(running(1, image('good'))), 'FIRMWARE_REPORT_OLD', 'replayed');
    assert.equal(await post(running(1, image('bad'))), 'FIRMWARE_REPORT_OLD', 'an old number with another image');
    const stranger = { ...lamp, signer: ed25519Signer(freshBytes(32)) };
    assert.equal(await post(running(2, image('bad'), stranger)), 'SIGNATURE_INVALID');
    const other = await enrolDevice(doors.city);
    const later = height();
    assert.equal(await post(running(2, image('good')), other.hex), 'REPORT_FOREIGN');
    assert.equal(await post(encodeDeviceReport([actionOf('device/revoke', { id: lamp.id, reason: 'x' })])), 'REPORT_FOREIGN');
    assert.equal(await post(Uint8Array.of(0x80)), 'LENGTH_WRONG');
    assert.equal(await post(new Uint8Array(0)), 'REQUEST_INVALID');
    assert.equal(await post(new Uint8Array(4_097)), 'TOO_LARGE');
    assert.equal(await post(running(1, image('good'), { ...lamp, id: freshBytes(32) }), 'ab'.repeat(32)), 'REPORT_FOREIGN');
    const unknown = { ...lamp, id: freshBytes(32) };
    assert.equal(await post(running(1, image('good'), unknown), toHex(unknown.id)), 'DEVICE_UNKNOWN');
    assert.equal(height(), later, 'no block, no leaf');
    assert.ok(later > before);
  });

  test('an image that nobody permitted sets the device apart in the block that has the report', async () => {
    const device = await enrolDevice(doors.city);
    await permit(device.model, image('good'));
    await reportsOf(device).firmware(image('bad'));
    const found = quarantineOf(device.id);
    assert.deepEqual([found?.cause, found?.to], ['firmware', undefined]);
    assert.equal(found?.from, trustOf(device.id)?.firmware?.from);
    await reportsOf(device).firmware(image('good'));
    assert.equal(quarantineOf(device.id)?.to, undefined, 'a liar would say so, too');
  });

  test('a device that its maker registered attests and is activated by its own word, and only with a token', async () => {
    const signer = ed25519Signer(freshBytes(32));
    const id = deviceIdOf(nativeCrypto, signer.publicKey);
    const key = { algorithm: attester.algorithm, publicKey: attester.publicKey };
    assert.equal(
      await act(
        actionOf('device/register', {
          ...{ id, model: lamp.model, grade: 'device' },
          key: { algorithm: signer.algorithm, publicKey: signer.publicKey },
        }),
        actionOf('model/require-attestation', { id: lamp.model, keys: [key], claims: { oemboot: true } }),
      ),
      'OK',
    );
    const reports = reportsOf({ id, signer });
    const refusal = (code: string) => (error: FormatError) => error.code === code;
    await assert.rejects(reports.activate(), refusal('ATTESTATION_MISSING'));
    const forged = (challenge: Bytes): Bytes => tokenOf(id, challenge, signer);
    await assert.rejects(reports.activate(forged), refusal('SIGNATURE_INVALID'), 'the attester signs, not the device');
    const { registration } = doors.city.client.read(at(deviceKind, id)) ?? assert.fail();
    const first = attestationChallenge(nativeCrypto, city(), id, registration);
    await reports.activate((challenge) => tokenOf(id, challenge));
    assert.equal(doors.city.client.read(at(deviceKind, id))?.status, 'active');
    const attested = doors.city.client.read(at(attestationKind, id));
    assert.equal(attested?.by, 'attester');
    const replayed = encodeDeviceReport([attestDevice(id, tokenOf(id, first))]);
    assert.equal(await post(replayed, toHex(id)), 'ATTESTATION_CLAIM', 'its challenge is spent');
    await reports.attest((challenge) => tokenOf(id, challenge));
    assert.notDeepEqual(doors.city.client.read(at(attestationKind, id))?.transaction, attested?.transaction);
    const again = encodeDeviceReport([activateDevice(city(), registration, { id, signer })]);
    assert.equal(await post(again, toHex(id)), 'DEVICE_ACTIVE');
  });

  test('whoever used up the numbers of a key has not used up those of the next one', async () => {
    const device = await enrolDevice(doors.city);
    await permit(device.model, image('good'));
    assert.equal(await post(running(Number.MAX_SAFE_INTEGER, image('good'), device), device.hex), 'OK');
    await assert.rejects(
      reportsOf(device).firmware(image('another')),
      (error: FormatError) => error.code === 'FIRMWARE_REPORT_OLD',
      'no number is left, and nothing breaks of it',
    );
    const next = ed25519Signer(freshBytes(32));
    const registration = doors.city.client.read(at(deviceKind, device.id))?.registration ?? assert.fail();
    const place = { id: device.id, registration, keyNumber: 1, grade: 'device' } as const;
    assert.equal(await act(rotateDeviceKey(city(), place, device.signer, next)), 'OK');
    await permit(device.model, image('later'));
    await reportsOf({ id: device.id, signer: next }, api, 1).firmware(image('later'));
    const known = trustOf(device.id)?.firmware;
    assert.deepEqual([known?.digest, known?.counter], [image('later'), 1]);
  });

  test('over MQTT it comes on the topic of challenges; refusals where orders come', async () => {
    const device = await enrolDevice(doors.city);
    await permit(device.model, image('good'));
    const link = await TestLink.open(doors, device);
    await link.client.subscribeAsync(`${link.topic}order`, { qos: 1 });
    const send = (message: Bytes, qos: 0 | 1 = 1) => link.client.publishAsync(`${link.topic}ack`, Buffer.from(message), { qos });
    await send(running(1, image('good'), device));
    assert.deepEqual(trustOf(device.id)?.firmware?.digest, image('good'), 'PUBACK follows the block');
    for (const [message, code, qos] of [
      [running(1, image('good'), device), 'FIRMWARE_REPORT_OLD', 1],
      [running(2, image('good')), 'REPORT_FOREIGN', 1],
      [running(2, image('good'), device), 'MQTT_UNSUPPORTED', 0],
    ] as const) {
      await send(message, qos);
      const { topic, payload } = await link.next();
      assert.deepEqual([topic, parseChallengeRefusal(payload)?.code], ['order', code]);
    }
    assert.equal(await refusedCount(doors, 'MQTT_UNSUPPORTED'), 1);
    await link.client.endAsync();
  });

  test('a device has six reports a minute, however quickly it restarts; the same bytes at once are one', async () => {
    const device = await enrolDevice(doors.city);
    await permit(device.model, image('good'));
    const before = height();
    const twice = await Promise.all([1, 2].map(() => post(running(1, image('good'), device), device.hex)));
    assert.deepEqual(twice, ['OK', 'OK']);
    assert.equal(height(), before + 1);
    const second = running(2, image('good'), device);
    const inNameOf = await Promise.all([device.hex, lamp.hex].map((name) => post(second, name)));
    assert.deepEqual(inNameOf, ['OK', 'REPORT_FOREIGN'], 'under way or not, it is of one device');
    for (let n = 3; n <= 6; n++) assert.equal(await post(running(n, image('good'), device), device.hex), 'OK');
    assert.equal(await post(running(7, image('good'), device), device.hex), 'RATE_LIMITED');
    assert.equal(await post(running(3, image('good'))), 'OK', 'others are not held up');
  });

  test('a gateway that answers yes and carries nothing is found out', async () => {
    const device = await enrolDevice(doors.city);
    const silent: ReportLink = { sendReport: async () => undefined };
    await assert.rejects(
      reportsOf(device, silent).firmware(image('good')),
      (error: FormatError) => error.code === 'REPORT_UNPROVEN',
    );
    assert.equal(trustOf(device.id), null);
  });
});

test('without an account that carries, the door says so', async () => {
  await withDoors(
    async (doors) => {
      const lamp = await enrolDevice(doors.city);
      const report = { id: lamp.id, keyNumber: 0, counter: 1, digest: freshBytes(32) };
      const message = encodeDeviceReport([reportFirmware(doors.city.client.genesisHash, report, lamp.signer)]);
      const api = new CityApi(doors.gateway.http);
      await assert.rejects(api.sendReport(lamp.id, message), (error: FormatError) => error.code === 'NOT_READY');
      api.close();
    },
    { carrier: null },
  );
});
