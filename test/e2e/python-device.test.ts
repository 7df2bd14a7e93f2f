import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { enrolDevices } from '@oppidum/device/enrol';
import { readSeed } from '@oppidum/device/key-file';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { shardKind } from '@oppidum/formats/state-telemetry';
import { admitMaker, CityProcess } from '../support/city-process.ts';
import { findProgram, skipWithout } from '../support/programs.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const PROGRAM = fileURLToPath(new URL('../../docs/device.py', import.meta.url));
const PYTHON = findProgram('python3') ?? '';

test('the device in Python has at most 60 lines and wants nothing but cryptography', () => {
  const text = readFileSync(PROGRAM, 'utf8');
  assert.ok(text.trimEnd().split('\n').length <= 60);
  const modules = [...text.matchAll(/^(?:import|from) ([\w, .]+?)(?: import .*)?$/gm)].flatMap(([, names]) =>
    (names ?? '').split(', '),
  );
  const own = new Set(['hashlib', 'os', 're', 'struct', 'sys', 'time', 'urllib.request', 'pathlib']);
  assert.deepEqual(
    modules.filter((name) => !own.has(name)),
    ['cryptography.hazmat.primitives.asymmetric.ed25519'],
  );
});

test('a device in Python, made from specs alone, is taken like any other', { skip: skipWithout('python3') }, () =>
  inTemporaryFolder(async (data) => {
    const city = await CityProcess.start(data);
    const folder = join(dirname(data), 'sensor');
    mkdirSync(folder);
    const maker = await admitMaker(city, data);
    const run = (value: string) => {
      const args = [PROGRAM, city.http, folder, 'level', 'm', value, '250'];
      const { status, stdout, stderr } = spawnSync(PYTHON, args, { encoding: 'utf8' });
      return { status, lines: stdout.trim().split('\n'), stderr };
    };
    const waiting = (): readonly string[] => readdirSync(join(folder, 'outbox'));
    try {
      copyFileSync(join(data, 'city.policy'), join(folder, 'city.policy'));
      const { shards } = await maker.api.city();
      const [shard] = shards as [Uint8Array];
      const record = await maker.records.read(shardKind, [shard]);
      const keys = (receiptKey: Uint8Array): void =>
        writeFileSync(join(folder, 'receipt.keys'), `${toHex(shard)} ${toHex(receiptKey)}\n`);
      keys(record?.receiptKey as Uint8Array);

      const unknown = run('1.5');
      assert.deepEqual([unknown.status, unknown.stderr], [1, 'DEVICE_UNKNOWN: kept, sent again next time\n']);
      const signer = ed25519Signer(readSeed(join(folder, 'key.seed')));
      const id = deviceIdOf(nativeCrypto, signer.publicKey);
      assert.equal(unknown.lines[0], `device ${toHex(id)}`);
      const model = { id: freshBytes(32), name: 'Level', deviceType: 'level', personal: false, simulated: true };
      await enrolDevices({ ...maker, models: [model], devices: [{ id, model: model.id, signer, grade: 'device' }] });

      keys(freshBytes(32));
      const doubtful = run('-2');
      assert.equal(doubtful.status, 1, 'a receipt under another key settles nothing');
      assert.match(doubtful.stderr, /InvalidSignature/);
      assert.deepEqual(waiting(), ['000000000001', '000000000002']);

      keys(record?.receiptKey as Uint8Array);
      const taken = run('0.1');
      assert.deepEqual([taken.status, taken.stderr, waiting()], [0, '', []]);
      assert.equal(taken.lines.length, 4);
      for (const [i, value] of [1.5, -2, 0.1].entries()) {
        const [digest, what] = (taken.lines[i + 1] as string).split(' ');
        assert.equal(what, 'kept');
        const shown = (await (await fetch(`${city.http}/api/v1/readings/${digest}`)).json()) as {
          readonly clockErrorMs: number;
          readonly sequence: number;
          readonly records: readonly { readonly name: string; readonly unit: string; readonly value: number }[];
        };
        const [first] = shown.records;
        assert.deepEqual(
          [shown.sequence, shown.clockErrorMs, first?.name, first?.unit, first?.value],
          [i + 1, 250, 'level', 'm', value],
        );
      }
    } finally {
      maker.api.close();
      await city.end('SIGTERM');
    }
  }),
);
