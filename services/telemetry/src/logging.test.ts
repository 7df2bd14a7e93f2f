import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLogger } from './logging.ts';

const PLANTED = 'planted-secret-4711';

function lineOf(fields: object): string {
  let line = '';
  makeLogger('trace', { to: { write: (text: string) => (line += text) } }).warn(fields, 'said');
  return line;
}

test('a log line is JSON with level, time and what was said', () => {
  const { level, time, msg, traceId } = JSON.parse(lineOf({ traceId: 'abc' })) as Record<string, unknown>;
  assert.deepEqual([level, typeof time, msg, traceId], [40, 'number', 'said', 'abc']);
});

const NAMES = [
  'seed',
  'secret',
  'secretKey',
  'privateKey',
  'passphrase',
  'password',
  'token',
  'authorization',
  'cookie',
  'apiKey',
];

for (const name of NAMES)
  test(`${name} is in no line, however deep it was put`, () => {
    let fields: object = { [name]: PLANTED, other: 'shown' };
    for (const around of ['', 'headers', 'request', 'error']) {
      if (around !== '') fields = { [around]: fields };
      const line = lineOf(fields);
      assert.ok(!line.includes(PLANTED), line);
      assert.ok(line.includes('[secret]') && line.includes('shown'), line);
    }
  });
