import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import { readConfig } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-config-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function yaml(text: string): string {
  const file = join(folder, 'city.yaml');
  writeFileSync(file, text);
  return file;
}

function refusal(work: () => unknown): FormatError {
  try {
    work();
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('configuration', () => {
  test('has a default for everything', () => {
    assert.deepEqual(readConfig([], {}), {
      config: {
        data: './city-data',
        host: '127.0.0.1',
        port: 8420,
        mqttPort: 8421,
        mqttsPort: 8422,
        hosts: [],
        shards: 1,
        startShards: 'yes',
        logLevel: 'info',
        requestsPerMinute: 60_000,
        writesPerMinute: 60_000,
        evidencePerMinute: 12_000,
        reportsPerMinute: 600,
        anonymous: 'here',
      },
      found: null,
      reindex: false,
      tamperDesk: false,
      attackDesk: null,
    });
  });

  test('flags win over environment, environment over the file, the file over defaults', () => {
    const file = yaml('port: 1\nmqttPort: 2\ndata: from-file\nhosts: [a.example, b.example]\n');
    const environment = { OPPIDUM_PORT: '3', OPPIDUM_MQTT_PORT: '4', OPPIDUM_CONFIG: file };
    const { config, reindex } = readConfig(['--port', '5', '--reindex'], environment);
    assert.deepEqual([config.port, config.mqttPort, config.data, config.hosts], [5, 4, 'from-file', ['a.example', 'b.example']]);
    assert.equal(reindex, true);
    const other = readConfig(['--config', yaml('port: 6\n'), '--hosts', 'c.example, d.example'], {
      OPPIDUM_CONFIG: 'nowhere.yaml',
    });
    assert.deepEqual([other.config.port, other.config.hosts], [6, ['c.example', 'd.example']]);
    assert.equal(readConfig(['--config', yaml('')], {}).config.port, 8420, 'an empty file sets nothing');
  });

  const refused: readonly (readonly [
    what: string,
    args: readonly string[],
    environment: Record<string, string>,
    from: RegExp,
  ])[] = [
    ['a port that is none', ['--port', 'x'], {}, /^flag --port$/],
    ['a port beyond 65535', [], { OPPIDUM_MQTT_PORT: '65536' }, /^environment OPPIDUM_MQTT_PORT$/],
    ['a flag nobody knows', ['--prot', '1'], {}, /^flags$/],
    ['a word that is no flag', ['start'], {}, /^flags$/],
    ['a level nobody knows', ['--log-level', 'loud'], {}, /^flag --log-level$/],
    ['a host with a space', ['--host', 'a b'], {}, /^flag --host$/],
    ['a broker with its password in the address', ['--mqtt-url', 'mqtt://me:secret@a.example'], {}, /^flag --mqtt-url$/],
    ['a broker that is none', [], { OPPIDUM_MQTT_URL: 'http://a.example' }, /^environment OPPIDUM_MQTT_URL$/],
    ['a file that is not there', ['--config', join(folder, 'missing.yaml')], {}, /^file /],
  ];
  for (const [what, args, environment, from] of refused) {
    test(`refuses ${what}, and says where it stood`, () => {
      const { code, details } = refusal(() => readConfig(args, environment));
      assert.equal(code, 'CONFIG_INVALID');
      assert.match(String(details['from']), from);
    });
  }

  for (const [what, text] of [
    ['an unknown setting', 'prot: 1\n'],
    ['a setting twice', 'port: 1\nport: 2\n'],
    ['broken YAML', 'port: [1\n'],
    ['a list', '- 1\n'],
    ['aliases', 'a: &a [1]\nhosts: *a\n'],
  ] as const) {
    test(`refuses a file with ${what}`, () => {
      assert.equal(refusal(() => readConfig(['--config', yaml(text)], {})).code, 'CONFIG_INVALID');
    });
  }
});
