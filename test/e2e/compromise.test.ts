import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { rotateDeviceKey } from '@oppidum/device/actions';
import { type Bytes, compareBytes, toHex } from '@oppidum/formats/bytes';
import { draftChallenge } from '@oppidum/formats/device-challenge';
import { encodeOrder } from '@oppidum/formats/order-statement';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { Action } from '@oppidum/formats/transaction';
import { cometEngine } from '@oppidum/node/comet-engine';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { foundTestCluster, startComet } from '../support/comet.ts';
import {
  act,
  draft,
  enrolLamp,
  LAMP_COMMANDS,
  makeZone,
  runOrderDoors,
  sendReading,
  signOrder,
  type TestZone,
} from '../support/order-city.ts';
import { skipWithout } from '../support/programs.ts';
import { actionOf, envelopeOf, execute, freshBytes } from '../support/running-city.ts';
import { enrolDevice, eventually, type RunningDoors, type TestDevice } from '../support/running-gateway.ts';

async function openEmbedded(root: string): Promise<RunningDoors> {
  return runOrderDoors(join(root, 'city'));
}

async function openComet(root: string): Promise<RunningDoors> {
  const data = join(root, 'city');
  await foundTestCluster([data]);
  const places = cometPlaces(data);
  const comet = startComet(places);
  const doors = await runOrderDoors(data, false, ({ genesis, genesisHash }) => ({
    startEngine: cometEngine({ crypto: nativeCrypto, genesis, genesisHash, listen: places.app, rpc: places.rpc }),
  }));
  const close = async (): Promise<void> => {
    await comet.stop('SIGKILL');
    await doors.close();
  };
  return { ...doors, close };
}

/** A zone whose lamp may be moved while two meters, members of the zone themselves, measure power. */
type Place = { readonly zone: TestZone; readonly lamp: TestDevice; readonly meter: TestDevice; readonly other: TestDevice };

async function makePlace(doors: RunningDoors): Promise<Place> {
  const [meter, other] = [await enrolDevice(doors.city), await enrolDevice(doors.city)];
  for (const { id, model } of [meter, other]) {
    await act(doors.city, 'telemetry/declare-sensor', { device: id, name: 'power', decimals: 1 });
    await act(doors.city, 'model/describe', { id: model, commands: LAMP_COMMANDS, sensors: [] });
  }
  const sensors = [meter, other]
    .map(({ id }) => ({ device: id, name: 'power' }))
    .sort((a, b) => compareBytes(a.device, b.device));
  const zone = await makeZone(doors, {
    quantities: [{ name: 'power', decimals: 1, sensors, least: 2, agreeWithin: 100, freshMs: 600_000 }],
    rules: [{ name: 'no overload', command: 'lamp/level', arguments: [{ min: 0 }], needs: { quantity: 'power', max: 5_000 } }],
    safe: [],
  });
  const lamp = await enrolLamp(doors, zone);
  await act(doors.city, 'zone/add-devices', { zone: zone.id, devices: sensors.map(({ device }) => device) });
  return { zone, lamp, meter, other };
}

/** What the ledger says of an order to this device, and why where it is an interlock. */
async function order({ city }: RunningDoors, zone: TestZone, device: Bytes): Promise<string> {
  const lifetimeMs = 30_000;
  const statement = encodeOrder({
    ...{ city: city.client.genesisHash, zone: zone.id, keys: 1, envelope: 1, command: 'lamp/level', arguments: [50] },
    ...{ target: { device, challenge: freshBytes(32) }, mode: 'ordinary', nonce: freshBytes(16) },
    ...{ lifetimeMs, expiresMs: city.client.head().timeMs + lifetimeMs },
  });
  const action = actionOf('order/issue', { statement, signatures: signOrder(zone, statement, [0]) });
  const { code, details } = await execute(city.client, envelopeOf(city.client, city.operator, [action]));
  return details['because'] === undefined ? code : `${code} ${details['because']}`;
}

const ENGINES = [
  ['embedded', openEmbedded, false],
  ['CometBFT', openComet, skipWithout('cometbft')],
] as const;

for (const [engine, open, skip] of ENGINES)
  describe(`a device whose key is in other hands, ${engine}: ingest, interlocks and new orders`, {
    skip,
    timeout: 300_000,
  }, () => {
    const root = mkdtempSync(join(tmpdir(), 'oppidum-compromise-'));
    let doors: RunningDoors;
    before(async () => {
      doors = await open(root);
    });
    after(async () => {
      await doors.close();
      rmSync(root, { recursive: true, force: true });
    });

    /** Everything works; then this is done to the meter, and the first try after its block says what is asserted. */
    const prepare = async () => {
      const place = await makePlace(doors);
      let sequence = 0;
      const say = async (): Promise<string> => {
        sequence++;
        await sendReading(doors, place.other.reading(sequence));
        return sendReading(doors, place.meter.reading(sequence));
      };
      assert.equal(await say(), 'OK');
      assert.equal(
        await eventually(
          () => order(doors, place.zone, place.lamp.id),
          (code) => code === 'OK',
        ),
        'OK',
      );
      assert.equal(await order(doors, place.zone, place.meter.id), 'OK');
      return { ...place, say };
    };
    const run = async (...actions: readonly Action[]): Promise<void> => {
      const { client, operator } = doors.city;
      assert.equal((await execute(client, envelopeOf(client, operator, actions))).code, 'OK');
    };

    test('revoked: readings are refused, do not count, and nothing is ordered', async () => {
      const { zone, lamp, meter, say } = await prepare();
      await run(actionOf('device/revoke', { id: meter.id, reason: 'stolen' }));
      assert.equal(await say(), 'DEVICE_REVOKED');
      assert.equal(await order(doors, zone, lamp.id), 'INTERLOCK_QUARANTINED revoked');
      assert.equal(await order(doors, zone, meter.id), 'DEVICE_REVOKED');
    });

    test('in quarantine: readings are kept, do not count, and nothing is ordered', async () => {
      const { zone, lamp, meter, say } = await prepare();
      await run(actionOf('device/quarantine', { id: meter.id, reason: 'odd' }));
      assert.equal(await say(), 'OK', 'what it says is evidence, too');
      assert.equal(await order(doors, zone, lamp.id), 'INTERLOCK_QUARANTINED quarantined');
      assert.equal(await order(doors, zone, meter.id), 'DEVICE_QUARANTINED');
    });

    test('its key retired: what the old one signs is refused, does not count, and no order is made for its challenge', async () => {
      const { zone, lamp, meter, say } = await prepare();
      const [city, { registration }] = [
        doors.city.client.genesisHash,
        doors.city.client.read(at(deviceKind, meter.id)) ?? assert.fail(),
      ];
      const challenge = async (number: number, keyNumber = 0, signer = meter.signer): Promise<string> => {
        const body = { city, device: meter.id, challenge: freshBytes(32), keyNumber, number };
        const { toBeSigned, seal } = draftChallenge(nativeCrypto, body);
        const answer = await fetch(`${doors.gateway.http}/api/v1/devices/${meter.hex}/challenge`, {
          method: 'POST',
          headers: { 'content-type': 'application/cbor' },
          body: Buffer.from(seal(signer.sign(toBeSigned))),
        });
        return ((await answer.json()) as { readonly code?: string }).code ?? 'OK';
      };
      const wish = { zone: zone.hex, device: meter.hex, command: 'lamp/level', arguments: [50] };
      // A thief claims the highest number that there is.
      assert.equal(await challenge(Number.MAX_SAFE_INTEGER), 'OK');
      assert.equal((await draft(doors, wish)).deviceCount, 1);
      const fresh = ed25519Signer(freshBytes(32));
      const place = { id: meter.id, registration, keyNumber: 1, grade: 'device' } as const;
      await run(rotateDeviceKey(city, place, meter.signer, fresh));
      assert.equal(await say(), 'KEY_REVOKED');
      assert.equal(await order(doors, zone, lamp.id), 'INTERLOCK_QUARANTINED key-ended');
      await assert.rejects(draft(doors, wish), /CHALLENGE_UNKNOWN/, 'what the old key drew is forgotten');
      assert.equal(await challenge(1), 'KEY_REVOKED');
      assert.equal(await challenge(1, 1, fresh), 'OK', 'and holds up nobody');
      assert.equal(toHex((await draft(doors, wish)).bytes).length > 0, true);
    });
  });
