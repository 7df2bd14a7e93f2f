import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import { encodeCbor } from '@oppidum/formats/cbor';
import { signSign1 } from '@oppidum/formats/cose';
import { ueidOf } from '@oppidum/formats/eat';
import type { DeviceTrustJson, ThingDescriptionJson } from '@oppidum/gateway/api/trust';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes } from '../../../test/support/running-city.ts';
import { enrolDevice, eventually, openDoors, type RunningDoors, type TestDevice } from '../../../test/support/running-gateway.ts';
import {
  keepFiles,
  rootMetadata,
  snapshotMetadata,
  targetsMetadata,
  timestampMetadata,
  tufKey,
} from '../../../test/support/tuf.ts';

describe('oppidum device, model and firmware: how far devices are believed', () => {
  let doors: RunningDoors;
  let folder: string;
  let lamp: TestDevice;
  const seed = freshBytes(32);
  const run = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand([...words, '--data', doors.city.folder.paths.folder, '--api', doors.gateway.http], { cwd: folder });
  const done = async (...words: readonly string[]): Promise<CommandResult> => {
    const result = await run(...words);
    assert.equal(result.code, 0, `${words.join(' ')}: ${result.stderr}`);
    return result;
  };
  const keep = (name: string, text: string | Uint8Array): string => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const trust = async (): Promise<DeviceTrustJson> =>
    JSON.parse((await done('device', 'trust', lamp.hex, '--json')).stdout) as DeviceTrustJson;

  before(async () => {
    doors = await openDoors();
    folder = join(doors.city.folder.paths.folder, '..', 'user');
    mkdirSync(folder);
    writeFileSync(join(folder, 'city.policy'), doors.city.client.policyFile());
    lamp = await enrolDevice(doors.city, { seed });
    await eventually(
      () => fetch(`${doors.gateway.http}/api/v1/devices/${lamp.hex}`),
      ({ status }) => status === 200,
    );
    keep('lamp.seed', `${toHex(seed)}\n`);
  });
  after(() => doors.close());

  test('quarantine and release', async () => {
    await done('device', 'quarantine', lamp.hex, '--reason', 'drifts');
    const shown = (await done('device', 'trust', lamp.hex)).stdout;
    assert.match(shown, /counts +no: it is in quarantine/);
    assert.match(shown, /quarantine +from block \d+ on, manual: drifts/);
    assert.match((await done('device', 'show', lamp.hex)).stdout, /quarantine +from block \d+, manual: drifts/);
    const again = await run('device', 'quarantine', lamp.hex, '--reason', 'drifts', '-v');
    assert.equal(again.code, 4);
    assert.match(again.stderr, /DEVICE_QUARANTINED/);
    await done('device', 'release', lamp.hex);
    assert.match((await done('device', 'trust', lamp.hex)).stdout, /counts +yes/);
  });

  test('a model is described from a file in any order, and shown as a Thing Description', async () => {
    const off = { name: 'light/off', parameters: [] };
    const level = { name: 'light/level', parameters: [{ name: 'level', min: 0, max: 100, unit: '%' }] };
    const file = keep(
      'lamp.json',
      JSON.stringify({ commands: [off, level], sensors: [{ name: 'power', unit: 'W', decimals: 1 }] }),
    );
    assert.match((await done('model', 'describe', toHex(lamp.model), file)).stderr, /and measure 1 thing\./);
    assert.match((await done('model', 'description', toHex(lamp.model))).stdout, /measures +power in W, 1 decimal$/m);
    assert.match((await done('model', 'description', toHex(lamp.model))).stdout, /obeys +light\/level: level from 0 to 100 %/);
    const thing = JSON.parse((await done('model', 'thing', toHex(lamp.model))).stdout) as ThingDescriptionJson;
    assert.deepEqual([Object.keys(thing.actions), Object.keys(thing.properties)], [['light/level', 'light/off'], ['power']]);
    assert.equal((await run('model', 'describe', toHex(lamp.model), keep('bad.json', '[1'))).code, 2);
    assert.equal((await run('model', 'describe', toHex(lamp.model), keep('odd.json', '{"commands": [{"name": 7}]}'))).code, 3);
  });

  test('an image that TUF metadata names is permitted; a device reports it, and another one sets it apart', async () => {
    const [root, signer] = [tufKey('root'), tufKey('targets')];
    const image = keep('lampd.bin', 'the image');
    const digest = createHash('sha256').update('the image').digest('hex');
    const roles = { root: [root], timestamp: [signer], snapshot: [signer], targets: [signer] };
    const trusted = keepFiles(join(folder, 'trusted'), { 'root.json': rootMetadata(roles) });
    const repository = (name: string, by: ReturnType<typeof tufKey>): string => {
      const targets = targetsMetadata({ 'lampd.bin': { digest, size: 9 } }, { by: [by] });
      const snapshot = snapshotMetadata({ 'targets.json': targets }, { by: [signer] });
      const timestamp = timestampMetadata(snapshot, { by: [signer] });
      return keepFiles(join(folder, name), { 'targets.json': targets, 'snapshot.json': snapshot, 'timestamp.json': timestamp });
    };
    const permit = (from: string, ...words: readonly string[]) => {
      const place = ['--trusted', trusted, '--repository', from];
      return run('firmware', 'permit', toHex(lamp.model), ...place, '--target', 'lampd.bin', '--image-version', '1.0', ...words);
    };
    const refused = await permit(repository('forged', root), '-v');
    assert.equal(refused.code, 3);
    assert.ok(refused.stderr.includes('TUF_THRESHOLD'), refused.stderr);
    assert.ok(!existsSync(join(trusted, 'timestamp.json')), 'nothing of it is kept');
    const permitted = await permit(repository('mirror', signer));
    assert.equal(permitted.code, 0, permitted.stderr);
    assert.match(
      permitted.stderr,
      /Verified: lampd\.bin of 9 bytes, named by targets; versions: root 1, timestamp 1, snapshot 1, targets 1\./,
    );
    assert.ok(existsSync(join(trusted, 'timestamp.json')), 'what was seen is kept');
    await done('device', 'report-firmware', lamp.hex, '--image', image, '--device-key', join(folder, 'lamp.seed'));
    assert.deepEqual((await trust()).firmware?.version, '1.0');
    const evil = await done(
      'device',
      'report-firmware',
      lamp.hex,
      '--digest',
      'cd'.repeat(32),
      '--device-key',
      join(folder, 'lamp.seed'),
    );
    assert.match(evil.stderr, /It does not count: it is in quarantine/);
    await done('device', 'release', lamp.hex);
    assert.equal((await trust()).because, 'firmware', 'it still runs what nobody permitted');
    await done('device', 'report-firmware', lamp.hex, '--image', image, '--device-key', join(folder, 'lamp.seed'));
    await done('firmware', 'withdraw', toHex(lamp.model), '--digest', digest, '--reason', 'hangs', '--yes');
    assert.match((await done('model', 'description', toHex(lamp.model))).stdout, /WITHDRAWN at block \d+, hangs/);
  });

  test('a device attests under the challenge that is shown, and the claim that fails is named', async () => {
    const attester = ed25519Signer(freshBytes(32));
    await done(
      'model',
      'require-attestation',
      toHex(lamp.model),
      '--attester',
      toHex(attester.publicKey),
      '--claim',
      'dbgstat=2',
    );
    const { attestation } = await trust();
    assert.ok(attestation.isAsked);
    const token = (dbgstat: number): string => {
      const nonce = new Uint8Array(Buffer.from(attestation.challenge, 'hex'));
      const claims = new Map<number, Uint8Array | number>([
        [10, nonce],
        [256, ueidOf(lamp.id)],
        [263, dbgstat],
      ]);
      return keep(`${dbgstat}.cwt`, signSign1(attester, { payload: encodeCbor(claims) }));
    };
    const weak = await run('device', 'attest', lamp.hex, '--token', token(1));
    assert.equal(weak.code, 4);
    assert.match(weak.stderr, /claim: dbgstat/);
    await done('device', 'attest', lamp.hex, '--token', token(2));
    assert.equal((await trust()).attestation.newest?.by, 'attester');
    assert.equal((await run('model', 'require-attestation', toHex(lamp.model), '--claim', 'color=red')).code, 2);
  });

  test('a device is handed over and sold on, and not twice', async () => {
    const [owner, buyer] = [freshAccount(), freshAccount()];
    const { client, operator } = doors.city;
    assert.equal((await execute(client, envelopeOf(client, operator, [owner.action, buyer.action]))).code, 'OK');
    const foreign = await run('device', 'vouch', lamp.hex, '--owner', toHex(owner.id), '--account', toHex(buyer.id), '-v');
    assert.equal(foreign.code, 4, 'before anybody is asked for a yes');
    assert.match(foreign.stderr, /NOT_AUTHORIZED/);
    await done('device', 'vouch', lamp.hex, '--owner', toHex(owner.id), '--yes');
    const sale = actionOf('device/transfer', { id: lamp.id, link: 0, owner: buyer.id });
    assert.equal((await execute(client, envelopeOf(client, owner.signer, [sale]))).code, 'OK');
    assert.equal((await execute(client, envelopeOf(client, owner.signer, [sale]))).code, 'VOUCHER_SPENT');
    assert.match((await done('device', 'trust', lamp.hex)).stdout, /link +1: [0-9a-f]+.* to [0-9a-f]+.* at block \d+/);
    const notMine = await run('device', 'transfer', lamp.hex, '--owner', toHex(owner.id), '--yes', '-v');
    assert.equal(notMine.code, 4);
    assert.match(notMine.stderr, /NOT_AUTHORIZED/);
    const again = await run('device', 'vouch', lamp.hex, '--owner', toHex(owner.id), '-v');
    assert.equal(again.code, 4);
    assert.match(again.stderr, /VOUCHER_SPENT/);
  });

  test('who may not mark or appeal is told so', async () => {
    const photo = keep('photo.jpg', 'a photo');
    const marked = await run('device', 'mark', lamp.hex, '--evidence', photo, '--penalty', '300', '--reason', '20 % lower');
    assert.equal(marked.code, 4);
    assert.match(marked.stderr, /role auditor/);
    assert.equal((await run('device', 'mark', lamp.hex, '--evidence', photo, '--penalty', '1001', '--reason', 'x')).code, 2);
    const appeal = await run('device', 'appeal', lamp.hex, '--case', 'ab'.repeat(32), '--reason', 'the sun');
    assert.equal(appeal.code, 4);
  });
});
