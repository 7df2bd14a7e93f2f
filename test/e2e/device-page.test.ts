import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { enrolDevices } from '@oppidum/device/enrol';
import { readOrMakeSeed } from '@oppidum/device/key-file';
import { toHex } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { admitMaker, CityProcess } from '../support/city-process.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const PAGE = fileURLToPath(new URL('../../sdk/device/README.md', import.meta.url));

/** The programs of the page, in their order. */
function programs(): readonly string[] {
  return [...readFileSync(PAGE, 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, text]) => text ?? '');
}

/** A program of ours finds its packages only from inside the repository: its imports become addresses. */
function withAddresses(program: string): string {
  return program.replaceAll(/from '(@oppidum\/[^']+)'/g, (_, name: string) => `from '${import.meta.resolve(name)}'`);
}

test('the program on the page for device makers runs as it stands, and its reading is kept', () =>
  inTemporaryFolder(async (data) => {
    const [program] = programs();
    assert.ok(program !== undefined && program.trimEnd().split('\n').length <= 20, 'the first program of the page');
    const city = await CityProcess.start(data);
    const folder = join(dirname(data), 'maker');
    mkdirSync(join(folder, 'lamp'), { recursive: true });
    const maker = await admitMaker(city, data);
    try {
      copyFileSync(join(data, 'city.policy'), join(folder, 'city.policy'));
      const signer = ed25519Signer(await readOrMakeSeed(join(folder, 'lamp', 'key.seed')));
      const id = deviceIdOf(nativeCrypto, signer.publicKey);
      const model = { id: freshBytes(32), name: 'Lamp', deviceType: 'street-light', personal: false, simulated: true };
      await enrolDevices({ ...maker, models: [model], devices: [{ id, model: model.id, signer, grade: 'device' }] });
      writeFileSync(join(folder, 'lamp.ts'), withAddresses(program));
      const child = spawn(process.execPath, ['lamp.ts'], {
        cwd: folder,
        env: { ...process.env, OPPIDUM_API: city.http },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const [name, line] = await firstLines(child.stdout, 2);
        assert.equal(name, `device ${toHex(id)}`);
        assert.match(line ?? '', /^[0-9a-f]{64} kept$/);
        const reading = await fetch(`${city.http}/api/v1/readings/${line?.slice(0, 64)}`);
        assert.equal(reading.status, 200);
        const { clockErrorMs, grade } = (await reading.json()) as { readonly clockErrorMs: number; readonly grade: string };
        assert.deepEqual([clockErrorMs > 900 && clockErrorMs < 1_100, grade], [true, 'device']);
      } finally {
        child.kill('SIGKILL');
      }
    } finally {
      maker.api.close();
      await city.end('SIGTERM');
    }
  }));

/** The first lines that a stream has. */
async function firstLines(stream: NodeJS.ReadableStream, count: number): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stream })) if (lines.push(line) === count) break;
  return lines;
}
