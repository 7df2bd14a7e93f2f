import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { type Bytes, compareBytes, concatBytes } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import { signReading } from '@oppidum/formats/reading';
import type { IngestAnswer } from '@oppidum/telemetry/client';
import { declareShard } from '@oppidum/telemetry/declare-shard';
import { openShard } from '@oppidum/telemetry/open-shard';
import { foundTestCity, freshBytes, inTemporaryFolder, runCity } from '../../../test/support/running-city.ts';
import { act, createMake, enrolDevice, startShard, type TestDevice } from '../../../test/support/running-shard.ts';
import { Intake } from './intake.ts';

const codeOf = (answer: IngestAnswer): string => (answer.kind === 'kept' ? 'kept' : answer.rejection.code);

test('each reading goes where its key is at home; who is away keeps nobody from the others', () =>
  inTemporaryFolder(async (folder) => {
    const city = await runCity(await foundTestCity(folder));
    const { client, operator, telemetry } = city;
    const zero = await startShard(city);
    const place = { client, crypto, folder: join(folder, 'shards', '1'), number: 1, randomBytes: freshBytes };
    const id = await declareShard({ ...place, signer: operator, anchorAccount: telemetry.account, clock: Date.now });
    const one = await openShard({ ...place, anchorSigner: telemetry, erasureSigner: operator });
    const make = await createMake(city);
    const devices: TestDevice[] = [];
    // As many as it takes until each shard is the home of one, by the rule of the specification.
    const isAtOne = ({ id: device }: TestDevice): boolean => {
      const weightOf = (shard: Bytes): Bytes => crypto.sha256(concatBytes(shard, device));
      return compareBytes(weightOf(id), weightOf(zero.client.status().id)) > 0;
    };
    while (devices.length < 16 || new Set(devices.map(isAtOne)).size < 2) devices.push(await enrolDevice(city, make));

    const intake = new Intake({ crypto, node: client, shards: [zero.client, one.client] });
    const answers = await intake.ingestAll(devices.map((device) => device.sign(1)));
    assert.deepEqual(new Set(answers?.map(codeOf)), new Set(['kept']));
    const [atZero, atOne] = [zero.client.status().size, one.client.status().size];
    assert.ok(atZero > 0 && atOne > 0 && atZero + atOne === devices.length);
    const isHere = (device: TestDevice, i: number): boolean => answers?.[i]?.kind === 'kept' && isKeptBy(device);
    const isKeptBy = (device: TestDevice): boolean =>
      one.client
        .readings(0, 99)
        .some(({ envelope }) => envelope !== null && Buffer.from(envelope).includes(Buffer.from(device.id)));
    const there = devices.filter(isHere);
    const here = devices.filter((device) => !there.includes(device));
    assert.equal(there.length, atOne);

    const stranger = signReading(
      ed25519Signer(freshBytes(32)),
      { audience: client.genesisHash, device: freshBytes(32), keyNumber: 0, sequence: 1, nonce: freshBytes(16) },
      encodeCbor([]),
    );
    const mixed = await intake.ingestAll([stranger, there[0]!.sign(2), freshBytes(30), here[0]!.sign(2)]);
    assert.deepEqual(
      mixed?.map(codeOf).filter((_, i) => i !== 2),
      ['DEVICE_UNKNOWN', 'kept', 'kept'],
    );

    const alone = new Intake({ crypto, node: client, shards: [zero.client, { ...one.client, accepts: () => false }] });
    const parted = await alone.ingestAll([here[0]!.sign(3), there[0]!.sign(3)]);
    assert.deepEqual(parted?.map(codeOf), ['kept', 'NOT_READY']);
    assert.throws(() => alone.ingestAll([there[0]!.sign(3)]), { code: 'NOT_READY' });
    assert.equal(codeOf(await alone.ingestInTurn(there[0]!.sign(3))), 'NOT_READY');
    assert.equal(alone.accepts(), true);

    const full = new Intake({ crypto, node: client, shards: [zero.client, { ...one.client, ingestAll: () => null }] });
    assert.deepEqual((await full.ingestAll([here[0]!.sign(4), there[0]!.sign(4)]))?.map(codeOf), ['kept', 'OVERLOADED']);
    assert.equal(full.ingestAll([there[0]!.sign(4)]), null);

    const silent = new Intake({ crypto, node: { ...client, isAlive: () => false }, shards: [zero.client, one.client] });
    assert.throws(() => silent.ingestAll([here[0]!.sign(5)]), { code: 'NOT_READY' });
    assert.equal(silent.accepts(), false);

    const cutOff = new Intake({ crypto, node: { ...client, isCutOff: () => true }, shards: [zero.client, one.client] });
    assert.throws(() => cutOff.ingestAll([here[0]!.sign(5)]), { code: 'NOT_READY' });
    assert.equal(cutOff.accepts(), false);

    await act(client, operator, 'shard/retire', { id, reason: 'enough' });
    assert.throws(() => intake.ingestAll([there[0]!.sign(5)]), { code: 'SHARD_RETIRED' });
    assert.equal(codeOf(await intake.ingestInTurn(here[0]!.sign(5))), 'kept');
    await one.close();
    await zero.close();
    await city.stop();
  }));
