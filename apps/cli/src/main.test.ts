import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runCommand } from '../../../test/support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-cli-'));
after(() => rmSync(folder, { recursive: true }));

/** An address at which nobody listens: port 9 (discard) is no port of ours. */
const NOBODY = 'http://127.0.0.1:9';
const NOUNS = [
  ...['init', 'start', 'status', 'doctor', 'verify', 'evidence', 'device', 'reading', 'block', 'account'],
  ...[
    'proposal',
    'transaction',
    'model',
    'manufacturer',
    'witness',
    'replay',
    'policy',
    'state',
    'node',
    'backup',
    'reindex',
    'retention',
    'erase',
    'conformance',
    'bench',
    'completion',
  ],
];

test('help is data: on standard output, exit code 0, every command with its sentence', async () => {
  for (const args of [[], ['--help'], ['help']]) {
    const { code, stdout, stderr } = await runCommand(args);
    assert.deepEqual([code, stderr], [0, ''], args.join(' '));
    for (const noun of NOUNS) assert.match(stdout, new RegExp(`^  ${noun} +[A-Z]`, 'm'), noun);
    assert.match(stdout, /npx --no-install oppidum verify reading\.evidence/);
  }
});

test('every command has help with examples that name the whole command', async () => {
  for (const noun of NOUNS) {
    const { code, stdout } = await runCommand([noun, '--help']);
    assert.equal(code, 0, noun);
    assert.match(stdout, new RegExp(`Usage: npx --no-install oppidum ${noun}`), noun);
  }
  for (const args of [
    ['device', 'suspend'],
    ['reading', 'list'],
    ['evidence', 'state'],
    ['proposal', 'create'],
    ['state', 'get'],
  ]) {
    const { stdout } = await runCommand([...args, '--help']);
    assert.match(stdout, new RegExp(`Examples:[\\s\\S]*\\$ npx --no-install oppidum ${args.join(' ')}`), args.join(' '));
  }
});

test('the version is that of the package', async () => {
  const { code, stdout } = await runCommand(['--version']);
  assert.equal(code, 0);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

const MISUSES: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [['verfy'], /Did you mean verify\?/],
  [['device', 'lst'], /Did you mean list\?/],
  [['reading', 'list', '--limt', '5'], /Did you mean --limit\?/],
  [['reading'], /Usage: npx --no-install oppidum reading/],
  [['reading', 'list', '--limit', 'many'], /--limit is a whole number/],
  [['reading', 'show', '12ab'], /64 digits/],
  [['reading', 'list', '--from', 'yesterday'], /is no time/],
  [['evidence'], /missing required argument 'id'/],
  [['status', '--api', 'nowhere'], /--api is an address/],
  [['status', '--json', '--plain'], /exclude each other/],
  [['completion', 'powershell'], /bash, zsh or fish/],
  [['conformance', 'merk', '.'], /Did you mean merkle\?/],
  [['verify', 'a', 'b'], /too many arguments/],
  [['evidence', 'state', 'Device'], /Did you mean device\?/],
  [['state', 'get', 'device', 'xyz'], /64 digits 0-9 a-f or a number/],
  [['device', 'list', '--status', 'lost'], /--status is registered, active/],
  [['init', '--name', 'A B'], /lower-case letters/],
  [['start', '--name', 'A B'], /lower-case letters/],
  [['verify', '.', '--policy', '.'], /is a folder/],
];

for (const [args, says] of MISUSES) {
  test(`usage, exit code 2, nothing on standard output: ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await runCommand(args, { cwd: folder });
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, says);
  });
}

for (const args of [['device', 'lst'], ['device', 'list', '--limt', '5'], ['reading'], ['status', 'x'], ['evidence']]) {
  test(`with --json a misuse is one JSON line, too: ${args.join(' ')}`, async () => {
    const { code, stdout, stderr } = await runCommand([...args, '--json']);
    assert.deepEqual([code, stdout], [2, '']);
    assert.equal((JSON.parse(stderr) as { error: { exitCode: number } }).error.exitCode, 2);
  });
}

test('a witness whose policy cannot be read makes no folder', async () => {
  const data = join(folder, 'witness');
  const { code, stderr } = await runCommand(['witness', '--policy', join(folder, 'nowhere'), '--data', data]);
  assert.deepEqual([code, existsSync(data)], [1, false]);
  assert.match(stderr, /^oppidum: There is no file or folder .*\n$/);
});

for (const verb of ['verify', 'restore']) {
  test(`a backup that is not there is named in words: backup ${verb}`, async () => {
    const file = join(folder, 'nowhere.backup');
    const { code, stderr } = await runCommand(['backup', verb, file, '--data', join(folder, 'restored')]);
    assert.deepEqual([code, stderr], [1, `oppidum: There is no file or folder ${file}. Check the name and its permissions.\n`]);
  });
}

test('a city that does not answer: exit code 5, one sentence and what to do, also as JSON', async () => {
  const { code, stdout, stderr } = await runCommand(['device', 'list', '--api', NOBODY]);
  assert.deepEqual([code, stdout], [5, '']);
  assert.match(stderr, /^oppidum: The city gave no answer .*Check the address.*\n$/);
  const json = await runCommand(['device', 'list', '--json'], { env: { OPPIDUM_API: NOBODY } });
  assert.deepEqual([json.code, json.stdout], [5, '']);
  assert.equal((JSON.parse(json.stderr) as { error: { code: string } }).error.code, 'CITY_UNREACHABLE');
});

test('what answers but is no city, and what refuses', async () => {
  const answers: Record<string, readonly [status: number, type: string, body: string]> = {
    '/api/v1/city': [200, 'text/html', '<html>'],
    '/api/v1/blocks': [500, 'text/plain', 'oops'],
    '/api/v1/accounts': [
      403,
      'application/problem+json',
      JSON.stringify({ code: 'NOT_AUTHORIZED', detail: 'The signers may not do this. Ask.', traceId: 'abc' }),
    ],
    '/api/v1/devices': [
      200,
      'application/json',
      JSON.stringify({
        items: [{ id: 'x', label: 'a\u001b[2Jb', deviceType: 't', status: 'active', lastReadingMs: null }],
        next: null,
      }),
    ],
  };
  const server = createServer((request, response) => {
    const [status, type, body] = answers[(request.url ?? '').replace(/\?.*/, '')] ?? [404, 'text/plain', ''];
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const page = await runCommand(['status', '--api', api, '--json']);
    assert.deepEqual(
      [page.code, (JSON.parse(page.stderr) as { error: { code: string } }).error.code],
      [1, 'CITY_ANSWER_INVALID'],
    );
    assert.equal((await runCommand(['block', 'list', '--api', api])).code, 5);
    const refused = await runCommand(['account', 'list', '--api', api, '-v']);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /The signers may not do this\. Ask\.\ncode NOT_AUTHORIZED, trace abc\n/);
    const shown = await runCommand(['device', 'list', '--api', api, '--plain']);
    assert.match(shown.stdout, /a\\u001b\[2Jb/);
  } finally {
    server.close();
  }
});

test('a transaction that cannot be undone needs a yes; a dry run sends nothing', async () => {
  const id = '0'.repeat(64);
  const data = ['--data', join(folder, 'none'), '--api', NOBODY];
  const asked = await runCommand(['device', 'revoke', id, '--reason', 'stolen', ...data]);
  assert.equal(asked.code, 2);
  assert.match(asked.stderr, /--yes/);
  const dry = await runCommand(['device', 'revoke', id, '--reason', 'stolen', '--dry-run', '--json', ...data]);
  assert.equal(dry.code, 0);
  const { actions } = JSON.parse(dry.stdout) as { actions: readonly { kind: string; body: object }[] };
  assert.deepEqual(actions, [{ kind: 'device/revoke', body: { id, reason: 'stolen' } }]);
  const noKey = await runCommand(['device', 'suspend', id, '--reason', 'odd', ...data]);
  assert.equal(noKey.code, 2);
  assert.match(noKey.stderr, /--key FILE/);
});

test('a key that others can read is not used, and nothing of it is shown', { skip: process.platform === 'win32' }, async () => {
  const key = join(folder, 'open.seed');
  const seed = '5'.repeat(64);
  writeFileSync(key, `${seed}\n`, { mode: 0o644 });
  const id = '0'.repeat(64);
  const { code, stdout, stderr } = await runCommand([
    'device',
    'resume',
    id,
    '--key',
    key,
    '--account',
    id,
    '--api',
    NOBODY,
    '-v',
  ]);
  assert.deepEqual([code, stdout], [1, '']);
  assert.match(stderr, /KEY_FILE_PERMISSIONS/);
  assert.equal(stderr.includes(seed), false);
});

test('conformance: counts on standard output, failures on standard error, exit code 3', async () => {
  const dir = join(folder, 'renamed');
  mkdirSync(dir);
  const hash = Buffer.alloc(32, 7).toString('base64');
  const single = { leafIdx: 0, treeSize: 1, leafHash: hash, root: hash, proof: null, desc: 'single' };
  writeFileSync(join(dir, 'right.json'), JSON.stringify({ ...single, wantErr: false }));
  const good = await runCommand(['conformance', 'merkle', dir]);
  assert.deepEqual(good, { code: 0, stdout: '1 passed, 0 failed, 0 skipped\n', stderr: '' });
  writeFileSync(join(dir, 'wrong.json'), JSON.stringify({ ...single, wantErr: true }));
  writeFileSync(join(dir, 'other.json'), '{}');
  const bad = await runCommand(['conformance', 'merkle', dir]);
  assert.deepEqual([bad.code, bad.stdout], [3, '1 passed, 1 failed, 1 skipped\n']);
  assert.match(bad.stderr, /wrong\.json: single: a false proof was accepted/);
  const json = await runCommand(['conformance', 'merkle', dir, '--json']);
  assert.equal((JSON.parse(json.stdout) as { failures: unknown[] }).failures.length, 1);
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  assert.equal((await runCommand(['conformance', 'senml', empty])).code, 3);
  assert.equal((await runCommand(['conformance', 'senml', join(dir, 'right.json')])).code, 2);
});

test('init makes a city once, says where, and doctor finds nothing wrong with it', async () => {
  const data = join(folder, 'made');
  const made = await runCommand(['init', '--data', data, '--name', 'a.example', '--json']);
  assert.equal(made.code, 0, made.stderr);
  assert.equal((JSON.parse(made.stdout) as { policy: string }).policy, join(data, 'city.policy'));
  const again = await runCommand(['init', '--data', data, '--yes']);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /There is a city in .* already/);
  const notMany = await runCommand(['cluster', 'status', '--data', data]);
  assert.equal(notMany.code, 1);
  assert.match(notMany.stderr, /has one validator and is no cluster.*cluster init --data cluster/);
  const badName = await runCommand(['init', '--data', join(folder, 'bad'), '--name', 'A B']);
  assert.notEqual(badName.code, 0);
  const doctor = await runCommand(['doctor', '--data', data, '--api', NOBODY, '--json']);
  const { ok, checks } = JSON.parse(doctor.stdout) as {
    ok: boolean;
    checks: { name: string; outcome: string; action: string | null }[];
  };
  const failed = checks.filter(({ outcome }) => outcome === 'fail');
  // Whoever develops this may have a city on the default ports.
  assert.deepEqual(
    failed.filter(({ name }) => name !== 'ports'),
    [],
  );
  assert.equal(ok, failed.length === 0);
});

test('doctor names one action for each trouble and ends with 1', async () => {
  const { code, stdout } = await runCommand(['doctor', '--data', join(folder, 'nowhere'), '--api', NOBODY, '--json']);
  assert.equal(code, 1);
  const { checks } = JSON.parse(stdout) as { checks: { name: string; outcome: string; action: string | null }[] };
  for (const { outcome, action, name } of checks) assert.equal(action !== null, outcome === 'fail' || outcome === 'warn', name);
  assert.equal(checks.find(({ name }) => name === 'data folder')?.outcome, 'fail');
});

test('completion scripts name every command and its options', async () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, stdout } = await runCommand(['completion', shell]);
    assert.equal(code, 0);
    for (const noun of NOUNS) assert.ok(stdout.includes(noun), `${shell}: ${noun}`);
    assert.match(stdout, /allow-amber/);
  }
});
