import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { AccessLogPageJson, ApiKeyJson, NewApiKeyJson } from '@oppidum/gateway/api/access';
import { CityProcess } from '../../../test/support/city-process.ts';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';

describe('oppidum key', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-key-'));
  const data = join(folder, 'city');
  const keyFile = join(folder, 'dashboard.key');
  let city: CityProcess;
  const run = (...args: readonly string[]): Promise<CommandResult> => runCommand(['--data', data, '--api', city.http, ...args]);
  before(async () => {
    city = await CityProcess.start(data);
  });
  after(async () => {
    await city.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });

  test('makes a key that is printed once, uses it from a file, lists, revokes, and says who did it', async () => {
    const made = await run('key', 'create', '--name', 'dashboard', '--right', 'ledger:read', '--right', 'readings:read');
    assert.equal(made.code, 0, made.stderr);
    assert.match(made.stdout, /^opk_[0-9a-f]{16}_[0-9a-f]{72}\n$/);
    writeFileSync(keyFile, made.stdout, { mode: 0o600 });
    const id = made.stdout.slice(4, 20);
    const used = await run('--key-file', keyFile, 'transaction', 'list', '--limit', '1');
    assert.equal(used.code, 0, used.stderr);
    const { items } = JSON.parse((await run('--json', 'key', 'list')).stdout) as { items: ApiKeyJson[] };
    assert.deepEqual(
      items.map((key) => [key.id, key.name, key.state, key.lastUsedMs !== null]),
      [[id, 'dashboard', 'in-force', true]],
    );
    assert.ok(!JSON.stringify(items).includes(made.stdout.trim().slice(21)));
    assert.equal((await run('--no-input', 'key', 'revoke', id)).code, 2, 'asks first');
    assert.equal((await run('key', 'revoke', id, '--yes')).code, 0);
    const refused = await run('--json', '--key-file', keyFile, 'transaction', 'list');
    assert.deepEqual(
      [refused.code, (JSON.parse(refused.stderr) as { error: { code: string } }).error.code],
      [4, 'API_KEY_REVOKED'],
    );
    const log = JSON.parse((await run('--json', 'key', 'log')).stdout) as AccessLogPageJson;
    assert.deepEqual(
      log.items.map(({ event }) => [event.kind, 'owner' in event.by && event.by.owner !== '']),
      [
        ['key-revoked', true],
        ['key-created', true],
      ],
    );
  });

  test('as JSON: the key and its secret', async () => {
    const args = [
      '--json',
      'key',
      'create',
      '--name',
      'one',
      '--right',
      'evidence:read',
      '--days',
      '1',
      '--device-type',
      'street-light',
    ];
    const { key, secret } = JSON.parse((await run(...args)).stdout) as NewApiKeyJson;
    assert.deepEqual([key.deviceTypes, key.devices, key.rights], [['street-light'], null, ['evidence:read']]);
    assert.equal(key.expiresMs - key.createdMs <= 86_400_000, true);
    assert.ok(secret?.startsWith(`opk_${key.id}_`));
  });

  const refusals: readonly (readonly [what: string, exitCode: number, says: RegExp, ...args: string[]])[] = [
    ['no right', 2, /at least one --right/, 'key', 'create', '--name', 'x'],
    ['an unknown right', 2, /--right is ledger:read/, 'key', 'create', '--name', 'x', '--right', 'all'],
    ['a life without end', 2, /--days/, 'key', 'create', '--name', 'x', '--right', 'ledger:read', '--days', '9999'],
    ['a key where its id belongs', 2, /16 digits/, 'key', 'revoke', `opk_${'0'.repeat(16)}_${'0'.repeat(72)}`],
    ['an unknown key', 1, /No API key has this id/, 'key', 'revoke', '0'.repeat(16), '--yes'],
  ];
  for (const [what, exitCode, says, ...args] of refusals)
    test(`refuses ${what}`, async () => {
      const result = await run(...args);
      assert.equal(result.code, exitCode, result.stderr);
      assert.match(result.stderr, says);
      assert.ok(!result.stderr.includes('0'.repeat(72)), 'a secret is not repeated');
    });

  test('refuses a key file that others may read, that is none, or that is not there', async () => {
    const file = join(folder, 'other.key');
    const codeOf = async (): Promise<string> => {
      const { stderr } = await run('--json', '--key-file', file, 'transaction', 'list');
      return (JSON.parse(stderr) as { error: { code: string } }).error.code;
    };
    assert.equal(await codeOf(), 'KEY_FILE_MISSING');
    writeFileSync(file, 'opk_x\n', { mode: 0o600 });
    assert.equal(await codeOf(), 'API_KEY_INVALID');
    chmodSync(file, 0o644);
    assert.equal(await codeOf(), 'KEY_FILE_PERMISSIONS');
    const doctor = await run('--json', '--key-file', file, 'doctor');
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; outcome: string; detail: string }[] };
    const check = checks.find(({ name }) => name === 'api-key');
    assert.deepEqual([doctor.code, check?.outcome], [1, 'fail']);
    assert.match(check?.detail ?? '', /644/);
  });
});
