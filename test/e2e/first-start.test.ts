import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { CityJson } from '@oppidum/gateway/api-types';
import { runCommand } from '../support/command-line.ts';
import { firstAnchoredReading, startCity } from '../support/started-city.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-first-start-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Processes whose command line names this folder; [] where the system does not say. */
function processesOf(data: string): string[] {
  if (!existsSync('/proc/self/cmdline')) return [];
  const commands = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name) && name !== String(process.pid));
  return commands.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(data);
    } catch {
      return false;
    }
  });
}

async function cityOf(api: string): Promise<CityJson> {
  return (await (await fetch(`${api}/api/v1/city`)).json()) as CityJson;
}

test('start, list, evidence, verify offline, alter one byte; stop, and the next start goes on', async () => {
  const data = join(folder, 'city');
  const city = await startCity(data);
  let genesis = '';
  let id = '';
  try {
    assert.deepEqual([city.founded, city.demo, city.policy], [true, true, join(data, 'city.policy')]);
    id = (await firstAnchoredReading(city.api)).id;
    ({ genesis } = await cityOf(city.api));
    const at = ['--api', city.api, '--data', data];
    const listed = await runCommand(['reading', 'list', '--json', ...at]);
    assert.ok((JSON.parse(listed.stdout) as { items: unknown[] }).items.length > 0);
    const proofs = join(folder, 'proofs');
    const written = await runCommand(['evidence', id, '--out', join(folder, 'reading.evidence'), '--tlog-proof', proofs, ...at]);
    assert.equal(written.code, 0, written.stderr);
    const suite = await runCommand(['conformance', 'tlog-proof', proofs]);
    assert.deepEqual([suite.code, suite.stdout], [0, '3 passed, 0 failed, 0 skipped\n'], suite.stderr);
    const state = await runCommand(['evidence', 'state', 'city', '--out', join(folder, 'city.evidence'), ...at]);
    assert.equal(state.code, 0, state.stderr);
    const doctor = await runCommand(['doctor', ...at]);
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.equal((await runCommand(['status', ...at])).code, 0);
    const locked = await runCommand(['start', '--data', data, '--port', '0', '--mqtt-port', '0']);
    assert.equal(locked.code, 5);
    assert.match(locked.stderr, /Another process uses this data folder .* Stop it first/);
  } finally {
    const { code, stderr } = await city.stop();
    assert.equal(code, 0, stderr);
  }
  assert.deepEqual(processesOf(data), []);

  // Nothing runs any more: what follows is offline.
  const policy = ['--policy', join(data, 'city.policy')];
  const file = join(folder, 'reading.evidence');
  const good = await runCommand(['verify', file, ...policy, '--json']);
  assert.equal(good.code, 0, good.stdout);
  const report = JSON.parse(good.stdout) as { verdict: string; facts: { id: string; simulated: boolean; grade: string } };
  assert.deepEqual([report.verdict, report.facts.id, report.facts.simulated, report.facts.grade], ['OK', id, true, 'device']);
  assert.equal((await runCommand(['verify', join(folder, 'city.evidence'), ...policy])).code, 0);
  const bytes = readFileSync(file);
  bytes[Math.floor(bytes.length / 3)]! ^= 1;
  writeFileSync(join(folder, 'altered.evidence'), bytes);
  const altered = await runCommand(['verify', join(folder, 'altered.evidence'), ...policy]);
  assert.equal(altered.code, 3);
  assert.match(altered.stdout, /^[A-Z_]+ \(FAILED\)/m);

  const again = await startCity(data, [], { launched: true });
  try {
    assert.equal(again.founded, false);
    assert.equal((await cityOf(again.api)).genesis, genesis);
    const kept = await fetch(`${again.api}/api/v1/readings/${id}`);
    assert.equal(kept.status, 200);
    await kept.arrayBuffer();
    const refreshed = join(folder, 'refreshed.evidence');
    const { code, stderr } = await runCommand(['evidence', 'refresh', file, '--out', refreshed, '--api', again.api, ...policy]);
    assert.equal(code, 0, stderr);
    assert.equal((await runCommand(['verify', refreshed, ...policy])).code, 0);
  } finally {
    assert.equal((await again.stop()).code, 0);
  }
});

test('without the demo: the next commands it names work, and it says what it cannot do', async () => {
  const data = join(folder, 'plain');
  const city = await startCity(data, ['--no-demo', '--name', 'plain.example']);
  try {
    assert.equal(city.demo, false);
    const { name, shards } = await cityOf(city.api);
    assert.deepEqual([name, shards.length], ['plain.example', 1]);
    const at = ['--api', city.api, '--data', data];
    const out = join(folder, 'plain.evidence');
    assert.equal((await runCommand(['evidence', 'state', 'city', '--out', out, ...at])).code, 0);
    assert.equal((await runCommand(['verify', out, '--policy', city.policy])).code, 0);
    const made = await runCommand([
      'account',
      'create',
      '--name',
      'Lamp Works',
      '--new-key',
      join(folder, 'works.seed'),
      ...at,
      '--json',
    ]);
    assert.equal(made.code, 0, made.stderr);
    const transaction = (JSON.parse(made.stdout) as { id: string }).id;
    assert.equal((await runCommand(['evidence', transaction, '--out', out, ...at])).code, 0);
    const verified = await runCommand(['verify', out, '--policy', city.policy, '--json']);
    assert.equal((JSON.parse(verified.stdout) as { facts: { id: string } }).facts.id, transaction);
    const unknown = await runCommand(['reading', 'show', '0'.repeat(64), ...at, '-v']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /code READING_UNKNOWN/);
  } finally {
    assert.equal((await city.stop()).code, 0);
  }
  const renamed = await runCommand(['start', '--data', data, '--name', 'other.example']);
  assert.equal(renamed.code, 2);
  assert.match(renamed.stderr, /is plain\.example, and its name stays/);
  const again = await startCity(data, ['--no-demo', '--name', 'plain.example']);
  assert.equal((await again.stop()).code, 0, 'the same words start it again');
  assert.deepEqual(processesOf(data), []);
});

test('a port that is taken, a folder that is not ours, keys that are open: one sentence each, nothing left running', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => taken.once('listening', resolve));
  const port = String((taken.address() as AddressInfo).port);
  try {
    const busy = await runCommand(['start', '--data', join(folder, 'busy'), '--port', port, '--mqtt-port', '0', '--no-demo']);
    assert.equal(busy.code, 5);
    assert.match(busy.stderr, new RegExp(`Another program uses this port .*${port}.*choose others with --port`));
  } finally {
    taken.close();
  }
  const foreign = await runCommand(['start', '--data', folder, '--port', '0', '--mqtt-port', '0']);
  assert.equal(foreign.code, 1);
  assert.match(foreign.stderr, /not the data folder of this city.*Name the right folder/);
  const open = join(folder, 'open');
  assert.equal((await runCommand(['init', '--data', open, '--yes'])).code, 0);
  if (process.platform !== 'win32') {
    const keys = join(open, 'keys');
    assert.equal(statSync(keys).mode & 0o077, 0);
    chmodSync(keys, 0o755);
    const refused = await runCommand(['start', '--data', open, '--port', '0', '--mqtt-port', '0', '--no-demo']);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /wrong owner or mode.*mode 700/);
    const doctor = await runCommand(['doctor', '--data', open, '--api', 'http://127.0.0.1:9']);
    assert.equal(doctor.code, 1);
    assert.match(doctor.stdout, /chmod 700/);
  }
  assert.deepEqual(processesOf(folder), []);
});

test('when the city is killed, the rest ends too and says so', async () => {
  const data = join(folder, 'killed');
  const city = await startCity(data, ['--no-demo']);
  const { pid } = JSON.parse(readFileSync(join(data, 'lock'), 'utf8')) as { pid: number };
  process.kill(pid, 'SIGKILL');
  const { code, stderr } = await city.command.ended;
  assert.equal(code, 1);
  assert.match(stderr, /The city ended by SIGKILL, so everything was stopped/);
  assert.deepEqual(processesOf(data), []);
});

test('settings come from flags, environment and a YAML file; a wrong one is named with its place', async () => {
  const file = join(folder, 'settings.yaml');
  const data = join(folder, 'from-file');
  writeFileSync(file, `data: ${JSON.stringify(data)}\nport: 99999\n`);
  const wrong = await runCommand(['start', '--config', file, '--no-demo']);
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /setting: port, from: file .*settings\.yaml/);
  const env = { OPPIDUM_PORT: 'many' };
  const overridden = await runCommand(['start', '--config', file, '--no-demo'], { env });
  assert.match(overridden.stderr, /setting: port, from: environment OPPIDUM_PORT/);
  assert.equal(existsSync(data), false);
  const right = await startCity(data, ['--no-demo', '--config', file]);
  assert.equal((await right.stop()).code, 0);
});
