import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { deviceIdentity, selfSignedCertificate } from '@oppidum/crypto/certificate';
import { ed25519Signer } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Signer } from '@oppidum/formats/crypto';
import { LIMITS } from '@oppidum/formats/limits';
import { rotationChallenge } from '@oppidum/formats/possession';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { IClientOptions } from 'mqtt';
import { credentialsOf, refusedConnection, refusedCount, TestLink } from '../../../test/support/mqtt-device.ts';
import { actionOf, envelopeOf, execute, freshBytes } from '../../../test/support/running-city.ts';
import { enrolDevice, eventually, openDoors, type RunningDoors, type TestDevice } from '../../../test/support/running-gateway.ts';
import { signToken } from '../../../test/support/tokens.ts';

async function act({ city }: RunningDoors, kind: string, body: object): Promise<void> {
  const { code } = await execute(city.client, envelopeOf(city.client, city.operator, [actionOf(kind, body)]));
  assert.equal(code, 'OK', kind);
}

/** Gives the device a new key; the one before ends. */
async function rotateKey(doors: RunningDoors, { id, signer }: TestDevice): Promise<Signer> {
  const { client } = doors.city;
  const fresh = ed25519Signer(freshBytes(32));
  const { algorithm, publicKey } = fresh;
  const { registration } = client.read(at(deviceKind, id))!;
  const challenge = rotationChallenge({ genesis: client.genesisHash, device: id, registration, keyNumber: 1, publicKey });
  const proofs = { oldProof: signer.sign(challenge), newProof: fresh.sign(challenge) };
  await act(doors, 'device/rotate-key', { id, key: { algorithm, publicKey }, grade: 'device', ...proofs });
  return fresh;
}

const nowS = (): number => Math.floor(Date.now() / 1_000);

let doors: RunningDoors;
let folder: string;
let file: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'oppidum-tls-'));
  file = join(folder, 'mqtt.pem');
  doors = await openDoors({ mqttTls: { port: 0, file } });
});
after(async () => {
  await doors.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Expects a connection to be refused with this return code, and this code to be counted. */
async function expectRefused(returnCode: number, code: string, options: IClientOptions, url = doors.gateway.mqtt): Promise<void> {
  const count = await refusedCount(doors, code);
  assert.equal(await refusedConnection(url, options), returnCode);
  assert.equal(await refusedCount(doors, code), count + 1, code);
}

describe('a token lets a device in', () => {
  const wrongTokens: readonly (readonly [what: string, code: string, token: (lamp: TestDevice) => Bytes])[] = [
    ['of another city', 'WRONG_CITY', (lamp) => lamp.token({ audience: freshBytes(32) })],
    [
      'past its time',
      'EXPIRED',
      (lamp) => lamp.token({ issuedS: nowS() - 900, expiresS: nowS() - LIMITS.tokenClockErrorMaxS - 1 }),
    ],
    ['from the future', 'NOT_YET_VALID', (lamp) => lamp.token({ issuedS: nowS() + LIMITS.tokenClockErrorMaxS + 60 })],
    ['of a key number that is not yet', 'KEY_UNKNOWN', (lamp) => lamp.token({ keyNumber: 1 })],
    ['of another device', 'TOPIC_FOREIGN', (lamp) => lamp.token({ device: freshBytes(32) })],
    [
      'by another key',
      'SIGNATURE_INVALID',
      (lamp) => signToken(ed25519Signer(freshBytes(32)), { audience: doors.city.client.genesisHash, device: lamp.id }),
    ],
    ['that is none', 'WRONG_TYPE', () => Uint8Array.of(1)],
    ['of 513 bytes', 'TOO_LARGE', () => new Uint8Array(LIMITS.tokenSizeMax + 1)],
    ['that is a reading', 'UNKNOWN_FIELD', (lamp) => lamp.reading(1)],
  ];
  for (const [what, code, token] of wrongTokens) {
    test(`not one ${what}: ${code}`, async () => {
      const lamp = await enrolDevice(doors.city);
      await expectRefused(code === 'TOPIC_FOREIGN' ? 2 : 5, code, { ...credentialsOf(lamp), password: Buffer.from(token(lamp)) });
    });
  }

  test('not without one, nor under another user name: CREDENTIALS_MISSING', async () => {
    const lamp = await enrolDevice(doors.city);
    await expectRefused(4, 'CREDENTIALS_MISSING', { clientId: lamp.hex });
    await expectRefused(4, 'CREDENTIALS_MISSING', { ...credentialsOf(lamp), username: 'cose' });
  });

  test('not twice: TOKEN_USED', async () => {
    const lamp = await enrolDevice(doors.city);
    const credentials = credentialsOf(lamp);
    const link = await TestLink.open(doors, lamp, credentials);
    await link.end();
    await expectRefused(5, 'TOKEN_USED', credentials);
    await (await TestLink.open(doors, lamp)).end();
  });

  test('not a device that nobody registered: DEVICE_UNKNOWN', async () => {
    const lamp = await enrolDevice(doors.city);
    const [id, hex] = [new Uint8Array(32).fill(7), '07'.repeat(32)];
    const stranger = {
      ...lamp,
      id,
      hex,
      token: () => signToken(lamp.signer, { audience: doors.city.client.genesisHash, device: id }),
    };
    await expectRefused(5, 'DEVICE_UNKNOWN', credentialsOf(stranger));
  });

  test('not by a key number that another has replaced: KEY_REVOKED', async () => {
    const lamp = await enrolDevice(doors.city);
    const fresh = await rotateKey(doors, lamp);
    await expectRefused(5, 'KEY_REVOKED', credentialsOf(lamp));
    const renewed = {
      ...lamp,
      token: () => signToken(fresh, { audience: doors.city.client.genesisHash, device: lamp.id, keyNumber: 1 }),
    };
    await (await TestLink.open(doors, renewed)).end();
  });

  test('and a device that connects too often waits: RATE_LIMITED', async () => {
    const lamp = await enrolDevice(doors.city);
    for (let i = 0; i < 256; i++) await (await TestLink.open(doors, lamp)).end();
    await expectRefused(3, 'RATE_LIMITED', credentialsOf(lamp));
  });
});

/** What a device with this seed connects with by TLS; the server's certificate is pinned by its file. */
function tlsOf(seed: Bytes, hex: string): IClientOptions {
  const { cert, key } = deviceIdentity(seed, { commonName: hex, from: new Date(0) });
  return { clientId: hex, cert, key, ca: readFileSync(file) };
}

/** A device whose seed is known. */
async function withSeed(): Promise<{ readonly lamp: TestDevice; readonly seed: Bytes }> {
  const seed = freshBytes(32);
  return { lamp: await enrolDevice(doors.city, { seed }), seed };
}

describe('a certificate of its own key lets a device in', () => {
  const url = (): string => doors.gateway.mqtts!;

  test('and its readings are taken in', async () => {
    const { lamp, seed } = await withSeed();
    const link = await TestLink.open(
      doors,
      lamp,
      { ...tlsOf(seed, lamp.hex), username: undefined, password: undefined } as unknown as IClientOptions,
      url(),
    );
    await link.publish(lamp.reading(1));
    assert.equal((await link.receipt()).leaf.sequence, 1);
    await link.end();
  });

  test('a token does, too, where TLS only hides', async () => {
    const lamp = await enrolDevice(doors.city);
    await (await TestLink.open(doors, lamp, { ...credentialsOf(lamp), ca: readFileSync(file) }, url())).end();
  });

  test("not one of another device's key, of nobody's, or of a key that no device can have: CERTIFICATE_FOREIGN", async () => {
    const [{ lamp }, other] = [await withSeed(), await withSeed()];
    await expectRefused(5, 'CERTIFICATE_FOREIGN', tlsOf(other.seed, lamp.hex), url());
    await expectRefused(5, 'CERTIFICATE_FOREIGN', tlsOf(freshBytes(32), lamp.hex), url());
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const own = deviceIdentity(freshBytes(32), { commonName: lamp.hex, from: new Date(0) });
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    const cert = selfSignedCertificate(p384, { commonName: lamp.hex, from: new Date(0) });
    const key = p384.export({ format: 'pem', type: 'pkcs8' });
    await expectRefused(5, 'CERTIFICATE_FOREIGN', { ...tlsOf(freshBytes(32), lamp.hex), cert, key }, url());
    assert.ok(own.cert !== cert && privateKey.asymmetricKeyType === 'rsa');
  });

  test('not one of a key that another has replaced: KEY_REVOKED', async () => {
    const { lamp, seed } = await withSeed();
    await rotateKey(doors, lamp);
    await expectRefused(5, 'KEY_REVOKED', tlsOf(seed, lamp.hex), url());
  });

  test('not one of a suspended or revoked device: DEVICE_SUSPENDED, DEVICE_REVOKED', async () => {
    const { lamp, seed } = await withSeed();
    await act(doors, 'device/suspend', { id: lamp.id, reason: 'lost' });
    await expectRefused(5, 'DEVICE_SUSPENDED', tlsOf(seed, lamp.hex), url());
    await act(doors, 'device/revoke', { id: lamp.id, reason: 'lost' });
    await expectRefused(5, 'DEVICE_REVOKED', tlsOf(seed, lamp.hex), url());
  });

  test('a certificate without its key is worth nothing: the handshake fails', async () => {
    const { lamp, seed } = await withSeed();
    const { cert } = deviceIdentity(seed, { commonName: lamp.hex, from: new Date(0) });
    const { key } = deviceIdentity(freshBytes(32), { commonName: lamp.hex, from: new Date(0) });
    assert.throws(() => connectTls({ cert, key }), /key values mismatch/);
  });

  test('nothing older than TLS 1.2, and nothing that is no TLS: MQTT_MALFORMED', async () => {
    const { port, hostname } = new URL(url());
    const count = await refusedCount(doors, 'MQTT_MALFORMED');
    const old = connectTls({
      host: hostname,
      port: Number(port),
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    await new Promise((resolve) => old.once('error', resolve));
    await eventually(
      () => refusedCount(doors, 'MQTT_MALFORMED'),
      (counted) => counted === count + 1,
    );
    const lamp = await enrolDevice(doors.city);
    const plain = refusedConnection(`mqtt://${hostname}:${port}`, credentialsOf(lamp));
    assert.notEqual(await Promise.race([plain, new Promise((resolve) => setTimeout(() => resolve('silent'), 500).unref())]), 0);
  });

  test('the key of the server is for its owner alone, and stays', async () => {
    const { mode } = statSync(file);
    assert.equal(mode & 0o777, 0o600);
    const again = await openDoors({ mqttTls: { port: 0, file } });
    const city = (await (await fetch(`${again.gateway.http}/api/v1/city`)).json()) as {
      readonly mqtt: { readonly tls: { readonly certificate: string } };
    };
    assert.ok(readFileSync(file, 'utf8').includes(city.mqtt.tls.certificate));
    await again.close();
  });

  test('one may bring a certificate along; what is none is CONFIG_INVALID', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [cert, key] = [join(folder, 'own.crt'), join(folder, 'own.key')];
    writeFileSync(cert, selfSignedCertificate(privateKey, { commonName: 'own', hosts: ['localhost'], from: new Date(0) }));
    writeFileSync(key, privateKey.export({ format: 'pem', type: 'pkcs8' }), { mode: 0o600 });
    const own = await openDoors({ mqttTls: { port: 0, file, cert, key } });
    await own.close();
    const code = 'CONFIG_INVALID';
    await assert.rejects(openDoors({ mqttTls: { port: 0, file, cert } }), { code });
    await assert.rejects(openDoors({ mqttTls: { port: 0, file, cert: key, key } }), { code });
    await assert.rejects(openDoors({ mqttTls: { port: 0, file, cert: join(folder, 'none'), key } }), { code });
  });
});

describe('what the ledger takes back ends at once', () => {
  const endings: readonly (readonly [code: string, end: (lamp: TestDevice) => Promise<unknown>])[] = [
    ['KEY_REVOKED', (lamp) => rotateKey(doors, lamp)],
    ['DEVICE_SUSPENDED', (lamp) => act(doors, 'device/suspend', { id: lamp.id, reason: 'lost' })],
    ['DEVICE_REVOKED', (lamp) => act(doors, 'device/revoke', { id: lamp.id, reason: 'lost' })],
    ['MODEL_REVOKED', (lamp) => act(doors, 'model/revoke', { id: lamp.model, reason: 'faulty' })],
  ];
  for (const [code, end] of endings) {
    test(`${code}: open connections are told and end with that block; those of others stay`, async () => {
      const [{ lamp, seed }, other] = [await withSeed(), await enrolDevice(doors.city)];
      const stays = await TestLink.open(doors, other);
      const link = await TestLink.open(doors, lamp, tlsOf(seed, lamp.hex), doors.gateway.mqtts!);
      const count = await refusedCount(doors, code);
      await end(lamp);
      assert.equal(await refusedCount(doors, code), count + 1, 'whoever learns of the block learns that it is over');
      assert.equal((await link.refusal()).code, code);
      await link.closed;
      await stays.publish(other.reading(1));
      assert.equal((await stays.receipt()).leaf.sequence, 1);
      await stays.end();
    });
  }
});
