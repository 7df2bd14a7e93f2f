/**
 * The disk of a city fills up under load: it says so once, in one sentence with its code, acknowledges nothing more, and ends. With room
 * again it goes on, and nothing that it acknowledged is missing.
 */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { CityProcess, until } from '../support/city-process.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { countLost, Load, post } from './loaded-city.ts';

const DISK = '96m';
const DEVICE_COUNT = 4;
const SIGNED_EACH = 400;
/** What the city has left when the filling ends. */
const LEFT_BYTES = 1_000_000;

const mount = spawnSync('mount', ['--version']).status === 0 ? 'mount' : null;

/** Calls `use` with a folder on a small disk of its own, or says why there is none. */
async function onSmallDisk(use: (folder: string) => Promise<void>): Promise<string | null> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-disk-full-'));
  try {
    if (mount === null) return 'there is no mount';
    const mounted = spawnSync(mount, ['-t', 'tmpfs', '-o', `size=${DISK}`, 'oppidum-test', folder], { encoding: 'utf8' });
    if (mounted.status !== 0) return mounted.stderr.trim();
    try {
      await use(folder);
    } finally {
      spawnSync('umount', ['-l', folder]);
    }
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function fill(file: string, folder: string): void {
  for (let left = room(folder); left > LEFT_BYTES; left = room(folder))
    appendFileSync(file, new Uint8Array(Math.min(left - LEFT_BYTES + 4_096, 4 << 20)));
}

function room(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

async function fillUnderLoad(folder: string, say: (text: string) => void): Promise<void> {
  const [data, filler] = [join(folder, 'city'), join(folder, 'filler')];
  let city = await CityProcess.start(data);
  const load = await Load.enrol(city, data, DEVICE_COUNT);
  try {
    load.sign(20);
    await load.run(city);
    assert.equal(load.kept.size, 20 * DEVICE_COUNT, 'with room, all is kept');
    fill(filler, folder);
    await until('the city has ended', async () => {
      load.sign(SIGNED_EACH);
      await load.run(city);
      return city.exitCode !== null;
    });
    say(`disk full: exit code ${city.exitCode}, acknowledged ${load.kept.size}`);
    assert.equal(city.exitCode, ERRORS.DISK_FULL.exitCode, city.log);
    assert.equal(city.log.split('DISK_FULL').length, 2, 'said once');
    await assert.rejects(post(city, [load.senders[0]!.device.sign(1_000_000)]));
    rmSync(filler);
    city = await city.again(data);
    await load.sendAgain(city, [...load.kept.values()]);
    load.sign(SIGNED_EACH);
    await load.run(city);
    assert.ok(
      load.senders.every(({ waiting }) => waiting.length === 0),
      'it goes on',
    );
    assert.deepEqual(load.changed, []);
    const lost = await countLost(city, data, [...load.kept.values()]);
    say(`disk full: acknowledged in all ${load.kept.size}, lost ${lost}`);
    assert.equal(lost, 0);
  } finally {
    await city.end('SIGTERM');
  }
  assert.deepEqual((await checkFolder(data)).damages, []);
}

test('a disk that fills up under load: DISK_FULL', async (t) => {
  const reason = await onSmallDisk((folder) => fillUnderLoad(folder, (text) => t.diagnostic(text)));
  if (reason !== null) t.skip('without mount');
});
