import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { configSchema } from '@oppidum/gateway/config';
import { runCommand } from '../../../test/support/command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-config-'));
after(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, 'city.yaml'), 'port: 9000\nmqttPort: 9001\nmqttLogin: secret-place\n');
writeFileSync(join(folder, 'bad.yaml'), 'prot: 9000\n');
const config = (...args: string[]) => runCommand(['config', ...args], { cwd: folder });

test('the schema of the YAML file is the one that docs/ has', () => {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/config.schema.json'), 'utf8');
  assert.deepEqual(JSON.parse(text), configSchema(), 'run `oppidum config schema > docs/config.schema.json`');
});

test('every setting says where it comes from, and flags win over the file', async () => {
  const { code, stdout } = await config('print', '--json', '--config', 'city.yaml', '--', '--port', '9100');
  assert.equal(code, 0);
  const { settings } = JSON.parse(stdout) as { settings: { name: string; value: unknown; from: string }[] };
  const of = (name: string) => settings.find((one) => one.name === name);
  assert.deepEqual([of('port')?.value, of('port')?.from], [9100, 'flag --port']);
  assert.deepEqual([of('mqttPort')?.value, of('mqttPort')?.from], [9001, 'file city.yaml']);
  assert.equal(of('shards')?.from, 'default');
});

test('redacted it names no place', async () => {
  const { code, stdout } = await config('print', '--redacted', '--config', 'city.yaml');
  assert.equal(code, 0);
  assert.ok(!stdout.includes('secret-place') && stdout.includes('[redacted]'));
});

test('check refuses what a start would refuse', async () => {
  assert.equal((await config('check', '--config', 'city.yaml')).code, 0);
  const bad = await config('check', '--config', 'bad.yaml');
  assert.notEqual(bad.code, 0);
  assert.match(bad.stderr, /prot/);
});
