import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { lockFolder, lockWholeFolder } from './folder-lock.ts';

const HOLD = process.env['OPPIDUM_TEST_LOCK_FOLDER'];

function holdUntilKilled(folder: string): void {
  lockFolder(folder);
  process.stdout.write('held\n');
  setInterval(() => undefined, 1_000);
}

if (HOLD !== undefined) holdUntilKilled(HOLD);
else {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  const makeFolder = (): string => {
    const folder = mkdtempSync(join(tmpdir(), 'oppidum-lock-'));
    folders.push(folder);
    return folder;
  };
  const locked = { code: 'DATA_FOLDER_LOCKED' };
  const hold = (folder: string) =>
    spawn(process.execPath, [import.meta.filename], {
      env: { ...process.env, OPPIDUM_TEST_LOCK_FOLDER: folder, NODE_TEST_CONTEXT: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });

  test('one holder at a time, also in one process; released it is free', () => {
    const folder = makeFolder();
    const lock = lockFolder(folder);
    assert.throws(() => lockFolder(folder), locked);
    lock.release();
    assert.deepEqual(readdirSync(folder), []);
    lockFolder(folder).release();
  });

  test('a whole data folder is free only when every shard of it is', () => {
    const folder = makeFolder();
    for (const shard of ['0', '1']) mkdirSync(join(folder, 'shards', shard), { recursive: true });
    const shard = lockFolder(join(folder, 'shards', '1'));
    assert.throws(() => lockWholeFolder(folder), locked);
    shard.release();
    const whole = lockWholeFolder(folder);
    for (const held of [folder, join(folder, 'shards', '0'), join(folder, 'shards', '1')])
      assert.throws(() => lockFolder(held), locked);
    whole.release();
    lockFolder(folder).release();
  });

  test('a living process keeps its lock, a killed one loses it', async () => {
    const folder = makeFolder();
    const child = hold(folder);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    assert.throws(() => lockFolder(folder), locked);
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    assert.ok(existsSync(join(folder, 'lock')));
    lockFolder(folder).release();
  });

  test('a process number that came again does not hold the lock', {
    skip: existsSync('/proc/self/stat') ? false : 'no /proc',
  }, () => {
    const folder = makeFolder();
    const file = join(folder, 'lock');
    const lock = lockFolder(folder);
    const mine = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    lock.release();
    writeFileSync(file, JSON.stringify({ ...mine, begun: `${mine['begun']}0` }));
    lockFolder(folder).release();
    writeFileSync(file, 'nothing that this wrote');
    lockFolder(folder).release();
  });

  test('a holder on another machine counts while it touches the lock', () => {
    const folder = makeFolder();
    const file = join(folder, 'lock');
    writeFileSync(file, JSON.stringify({ pid: 1, host: 'another', begun: '', token: 'x' }));
    assert.throws(() => lockFolder(folder), locked);
    const old = new Date(Date.now() - 60_000);
    utimesSync(file, old, old);
    const lock = lockFolder(folder);
    lock.release();
    writeFileSync(file, JSON.stringify({ pid: 1, host: 'another', begun: '', token: 'x' }));
    lock.release();
    assert.ok(existsSync(file), 'releasing twice does not remove the lock of somebody else');
  });

  test('of many that find a stale lock one takes it', async () => {
    const folder = makeFolder();
    const { pid } = spawnSync(process.execPath, ['-e', '']);
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid, host: 'x', begun: '', token: 'x' }));
    const old = new Date(Date.now() - 60_000);
    utimesSync(join(folder, 'lock'), old, old);
    const children = Array.from({ length: 4 }, () =>
      spawn(process.execPath, [import.meta.filename], {
        env: { ...process.env, OPPIDUM_TEST_LOCK_FOLDER: folder, NODE_TEST_CONTEXT: '' },
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
    const outcomes = children.map(
      (child) =>
        new Promise<string>((resolve) => {
          child.stdout.once('data', () => resolve('held'));
          child.once('exit', () => resolve('refused'));
        }),
    );
    const results = await Promise.all(outcomes);
    for (const child of children) child.kill('SIGKILL');
    assert.deepEqual(results.toSorted(), ['held', 'refused', 'refused', 'refused']);
  });
}
