import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { enrolDevice, withDoors } from '../../../test/support/running-gateway.ts';

const docs = join(import.meta.dirname, '..', '..', '..', 'docs');
const page = readFileSync(join(docs, 'metrics.md'), 'utf8');
const documented = [...page.matchAll(/^\| `(oppidum_[a-z_]+)` \| (counter|gauge) \|/gm)]
  .map(([, name, type]) => `${name} ${type}`)
  .sort();

test('every metric is documented with its type, and none that is not there', () =>
  withDoors(async ({ gateway }) => {
    const text = await (await fetch(`${gateway.http}/metrics`)).text();
    const types = [...text.matchAll(/^# TYPE (oppidum_\S+) (\S+)$/gm)].map(([, name, type]) => `${name} ${type}`).sort();
    assert.deepEqual(types, documented);
    for (const one of types) assert.equal(one.endsWith(' counter'), one.includes('_total '), `${one}: counters end in _total`);
  }));

test('no label names a device, an account or a reading; what came in is counted', () =>
  withDoors(async ({ gateway, city }) => {
    const lamp = await enrolDevice(city);
    const send = (body: Uint8Array): Promise<Response> =>
      fetch(`${gateway.http}/api/v1/readings`, {
        method: 'POST',
        headers: { 'content-type': 'application/cose' },
        body: body as Uint8Array<ArrayBuffer>,
      });
    assert.equal((await send(lamp.reading(1))).status, 200);
    assert.notEqual((await fetch(`${gateway.http}/api/v1/devices/${'0'.repeat(64)}`)).status, 200);
    const text = await (await fetch(`${gateway.http}/metrics`)).text();
    assert.match(text, /^oppidum_readings_total\{door="http",outcome="kept"\} 1$/m);
    assert.match(text, /^oppidum_requests_refused_total\{code="[A-Z_]+"\} 1$/m);
    // Values of labels alone: between two of them stand numbers, which may be long.
    const labels = [...text.matchAll(/=("(?:[^"\\]|\\.)*")/g)].map(([, value]) => value ?? '');
    assert.ok(labels.includes('"http"'));
    assert.deepEqual(
      labels.filter((value) => /[0-9a-f]{16}/.test(value)),
      [],
      'no ids',
    );
  }));

test('alerts ask for metrics that there are', () => {
  type Rules = {
    readonly groups: readonly {
      readonly rules: readonly { readonly expr: string; readonly annotations: { action?: string } }[];
    }[];
  };
  const { groups } = parseYaml(readFileSync(join(docs, 'alerts.yml'), 'utf8')) as Rules;
  const rules = groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 5);
  const known = new Set(documented.map((one) => one.split(' ')[0]));
  for (const { expr, annotations } of rules) {
    for (const [name] of expr.matchAll(/oppidum_[a-z_]+/g)) assert.ok(known.has(name), name);
    assert.ok(annotations.action, expr);
  }
});
