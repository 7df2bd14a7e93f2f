/** Keys under a passphrase on the command line: locked, used by every command that signs, and refused where they do not belong. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CityProcess } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';

describe('locked keys on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-locked-'));
  const data = join(folder, 'city');
  const key = join(folder, 'operator.key');
  const passphraseFile = join(folder, 'passphrase');
  const policy = join(data, 'city.policy');
  let city: CityProcess;
  let other: CityProcess;
  let operator = '';

  before(async () => {
    writeFileSync(passphraseFile, 'six random words are better\n', { mode: 0o600 });
    writeFileSync(join(folder, 'wrong'), 'another passphrase\n', { mode: 0o600 });
    writeFileSync(join(folder, 'open'), 'six random words are better\n', { mode: 0o644 });
    [city, other] = await Promise.all([CityProcess.start(data), CityProcess.start(join(folder, 'other'))]);
    ({ operator } = JSON.parse(readFileSync(join(data, 'keys', 'accounts.json'), 'utf8')) as { operator: string });
  });

  after(async () => {
    await Promise.all([city?.end('SIGKILL'), other?.end('SIGKILL')]);
    rmSync(folder, { recursive: true });
  });

  test('a seed is locked once; its file is for its owner, and is never written over', async () => {
    const lock = [
      'account',
      'lock-key',
      join(data, 'keys', 'operator.seed'),
      '--out',
      key,
      '--account',
      operator,
      '--policy',
      policy,
    ];
    const short = await runCommand([...lock, '--json'], { stdin: '' });
    assert.deepEqual([short.code, /nobody can be asked/.test(short.stdout + short.stderr)], [2, true]);
    const locked = await runCommand([...lock, '--json'], { env: { OPPIDUM_PASSPHRASE_FILE: passphraseFile } });
    assert.equal(locked.code, 0, locked.stderr);
    assert.equal((JSON.parse(locked.stdout) as { account: string }).account, operator);
    assert.equal(statSync(key).mode & 0o777, 0o600);
    assert.doesNotMatch(readFileSync(key, 'utf8'), new RegExp(readFileSync(join(data, 'keys', 'operator.seed'), 'utf8').trim()));
    const again = await runCommand([...lock, '--passphrase-file', passphraseFile, '-v']);
    assert.match(again.stderr, /KEY_FILE_EXISTS/);
  });

  test('every command that signs takes it: account and city stand in the file', async () => {
    const create = [
      'account',
      'create',
      '--name',
      'Lamp Works',
      '--new-key',
      join(folder, 'lamps.seed'),
      '--key',
      key,
      '--api',
      city.http,
    ];
    const made = await runCommand([...create, '--passphrase-file', passphraseFile]);
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /account\/created/);
  });

  test('a wrong passphrase, an open passphrase file, another city and another account are refused', async () => {
    const create = ['account', 'create', '--name', 'X', '--new-key', join(folder, 'x.seed'), '--key', key, '-v'];
    const here = [...create, '--api', city.http];
    for (const [code, args] of [
      ['PASSPHRASE_WRONG', [...here, '--passphrase-file', join(folder, 'wrong')]],
      ['KEY_FILE_PERMISSIONS', [...here, '--passphrase-file', join(folder, 'open')]],
      ['WRONG_CITY', [...create, '--api', other.http, '--passphrase-file', passphraseFile]],
      ['SIGNING_KEY_OTHER', [...here, '--passphrase-file', passphraseFile, '--account', '5'.repeat(64)]],
    ] as const) {
      const { code: exitCode, stderr } = await runCommand(args);
      assert.notEqual(exitCode, 0, code);
      assert.match(stderr, new RegExp(code));
      assert.doesNotMatch(stderr, /random words/);
    }
  });
});
