import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, encodeUtf8 } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { deviceKind } from '@oppidum/formats/state-devices';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { CityClient } from './city-client.ts';
import { ProvenRecords } from './proven-records.ts';

/** A city that changed its validators twice since the device was given its policy; `changes`: what it tells of that. */
function changed() {
  const city = new EvidenceCity({ validatorCount: 1 });
  const pinned = encodePolicy(nodeCrypto, city.policy);
  const changes = ['second', 'third'].map((name) => encodeEvidence(city.changePolicy(name, 4).announced));
  city.put(deviceKind, [city.device], city.deviceRecord());
  const record = encodeEvidence(city.proveState({ kind: 'device', segments: [city.device] }));
  return { city, pinned, changes, record };
}

function recordsOf(pinned: Bytes, changes: readonly Bytes[], record: Bytes, asked: string[]): ProvenRecords {
  const api = new CityClient('http://city.example', async ({ pathname }) => {
    asked.push(pathname);
    if (pathname.startsWith('/api/v1/evidence')) return { status: 200, body: record };
    const items = { items: changes.map((_, height) => ({ height })) };
    if (pathname === '/api/v1/policies') return { status: 200, body: encodeUtf8(JSON.stringify(items)) };
    return { status: 200, body: changes[Number(pathname.split('/').at(-1))] as Bytes };
  });
  return new ProvenRecords(nodeCrypto, pinned, api);
}

test('records are read on when the council changed who vouches for them, and the changes are asked for once', async () => {
  const { city, pinned, changes, record } = changed();
  const asked: string[] = [];
  const records = recordsOf(pinned, changes, record, asked);
  assert.equal((await records.read(deviceKind, [city.device]))?.label, 'lamp 17');
  assert.equal((await records.read(deviceKind, [city.device]))?.label, 'lamp 17');
  assert.deepEqual(asked.filter((path) => path === '/api/v1/policies').length, 1);
});

test('a change that its own validators did not prove leads nowhere: EVIDENCE_REFUSED', async () => {
  const { city, pinned, changes, record } = changed();
  for (const told of [[], changes.slice(1), changes.slice(0, 1), [record]])
    await assert.rejects(recordsOf(pinned, told, record, []).read(deviceKind, [city.device]), { code: 'EVIDENCE_REFUSED' });
});

test('an answer that is kept back until another read has led further leads no reader back', async () => {
  const { city, pinned, changes, record } = changed();
  const asked: string[] = [];
  let answer = (): void => assert.fail('nobody asked');
  const listOf = (count: number) => ({
    status: 200,
    body: encodeUtf8(JSON.stringify({ items: changes.slice(0, count).map((_, height) => ({ height })) })),
  });
  const api = new CityClient('http://city.example', async ({ pathname }) => {
    if (pathname.startsWith('/api/v1/evidence')) return { status: 200, body: record };
    if (pathname !== '/api/v1/policies') return { status: 200, body: changes[Number(pathname.split('/').at(-1))] as Bytes };
    asked.push(pathname);
    if (asked.length > 1) return listOf(changes.length);
    return new Promise((resolve) => {
      answer = () => resolve(listOf(0));
    });
  });
  const records = new ProvenRecords(nodeCrypto, pinned, api);
  const read = () => records.read(deviceKind, [city.device]);
  const late = read();
  assert.equal((await read())?.label, 'lamp 17');
  answer();
  assert.equal((await late)?.label, 'lamp 17', 'by what the other has proven');
  assert.equal((await read())?.label, 'lamp 17');
  assert.equal(asked.length, 2);
});
