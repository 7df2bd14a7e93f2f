import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseBase64, toHex } from '@oppidum/formats/bytes';
import { parsePolicy } from '@oppidum/formats/policy';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';
import { parseReceipt } from '@oppidum/formats/receipt';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes } from '../../../../test/support/running-city.ts';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';
import type { ReadingAnswersJson, ReadingDetailJson, ReadingJson } from '../api/readings.ts';
import type {
  AccountDetailJson,
  CityJson,
  DeviceDetailJson,
  DeviceJson,
  ProposalDetailJson,
  TransactionDetailJson,
  TransactionJson,
} from '../api-types.ts';

type Page<T> = { readonly items: readonly T[]; readonly next: string | null };

describe('the HTTP API over a running city', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  let badge: TestDevice;
  const url = (path: string): string => `${doors.gateway.http}${path}`;
  const get = async <T>(path: string): Promise<T> => {
    const response = await fetch(url(path));
    assert.equal(response.status, 200, `${path}: ${response.status === 200 ? '' : await response.clone().text()}`);
    return (await response.json()) as T;
  };
  const send = (path: string, type: string, body: Uint8Array, accept = 'application/json'): Promise<Response> =>
    fetch(url(path), { method: 'POST', headers: { 'content-type': type, accept }, body: Buffer.from(body) });

  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city, { label: 'Main street 1' });
    badge = await enrolDevice(doors.city, { personal: true });
  });
  after(() => doors.close());

  test('says what city it is', async () => {
    const city = await get<CityJson>('/api/v1/city');
    assert.equal(city.genesis, toHex(doors.city.client.genesisHash));
    assert.deepEqual(
      city.shards.map(({ number, accepts }) => [number, accepts]),
      [[0, true]],
    );
    assert.equal(`mqtt://${city.mqtt?.host}:${city.mqtt?.port}`, doors.gateway.mqtt);
    const policy = new Uint8Array(await (await fetch(url('/city.policy'))).arrayBuffer());
    assert.deepEqual(policy, new Uint8Array(doors.city.client.policyFile()));
    assert.equal(toHex(crypto.sha256(new Uint8Array(await (await fetch(url('/genesis.cbor'))).arrayBuffer()))), city.genesis);
  });

  test('a reading goes in, is anchored, and its evidence verifies with the policy alone', async () => {
    const envelope = lamp.reading(1, [
      { sensor: 'power', unit: 'W', value: 40.5, timeMs: 1_700_000_000_000 },
      { sensor: 'on', value: true, timeMs: 1_700_000_001_500 },
      { sensor: 'note', value: 'fine', timeMs: 1_700_000_001_500 },
      { sensor: 'raw', value: Uint8Array.of(1, 2), timeMs: 1_700_000_001_500 },
    ]);
    const response = await send('/api/v1/readings', 'application/cose', envelope);
    const [answer] = (await response.json()) as ReadingAnswersJson;
    const id = toHex(crypto.sha256(envelope));
    assert.equal(toHex(parseReceipt(parseBase64(answer!.receipt!)).leaf.digest), id);

    const reading = await eventually(
      () => get<ReadingDetailJson>(`/api/v1/readings/${id}`),
      ({ anchored }) => anchored,
    );
    assert.equal(reading.label, 'Main street 1');
    assert.equal(reading.timeMs, 1_700_000_001_500);
    assert.deepEqual(parseBase64(reading.envelope!), envelope);
    assert.deepEqual(reading.records, [
      { name: 'power', unit: 'W', value: 40.5, data: null, sum: null, timeMs: 1_700_000_000_000 },
      { name: 'on', unit: null, value: true, data: null, sum: null, timeMs: 1_700_000_001_500 },
      { name: 'note', unit: null, value: 'fine', data: null, sum: null, timeMs: 1_700_000_001_500 },
      { name: 'raw', unit: null, value: null, data: 'AQI=', sum: null, timeMs: 1_700_000_001_500 },
    ]);
    const { envelope: _envelope, ...listed } = reading;
    const page = await eventually(
      () => get<Page<ReadingJson>>(`/api/v1/readings?device=${lamp.hex}`),
      ({ items }) => items.length === 1,
    );
    assert.deepEqual(page.items, [listed], 'the list, out of the read model, says the same');

    for (const type of ['application/cbor', 'application/json']) {
      const evidence = await fetch(url(`/api/v1/evidence/${id}`), { headers: { accept: type } });
      assert.equal(evidence.headers.get('content-type'), type);
      const file = new Uint8Array(await evidence.arrayBuffer());
      const report = verifyEvidence(crypto, file, { policy: parsePolicy(crypto, doors.city.client.policyFile()) });
      assert.equal(report.verdict, 'OK', JSON.stringify(report));
    }
  });

  test('a batch has an answer for each envelope, receipts and codes side by side', async () => {
    const kept = lamp.reading(2);
    const forged = lamp.reading(3);
    forged[forged.length - 1]! ^= 1;
    const body = encodeReadingBatch([kept, forged, Uint8Array.of(1)]);
    const response = await send('/api/v1/readings', 'application/cbor', body, 'application/cbor');
    assert.equal(response.headers.get('content-type'), 'application/cbor');
    const answers = parseReadingAnswers(new Uint8Array(await response.arrayBuffer()));
    assert.equal(answers.length, 3);
    assert.equal(toHex(parseReceipt(answers[0]!.receipt!).leaf.digest), toHex(crypto.sha256(kept)));
    assert.equal(answers[1]!.code, 'SIGNATURE_INVALID');
    assert.ok(answers[2]!.code !== undefined && answers[2]!.receipt === undefined, JSON.stringify(answers[2]));
  });

  test('neither values nor names in readings about people are shown to anybody who only asks', async () => {
    const envelope = badge.reading(1, [{ sensor: 'door', value: 'opened', timeMs: 1_700_000_000_000 }]);
    const response = await send('/api/v1/readings', 'application/cose', envelope);
    assert.ok(((await response.json()) as ReadingAnswersJson)[0]?.receipt !== undefined);
    const id = toHex(crypto.sha256(envelope));
    const reading = await get<ReadingDetailJson>(`/api/v1/readings/${id}`);
    assert.deepEqual([reading.personal, reading.envelope, reading.records, reading.recordCount], [true, null, [], 1]);
    const page = await eventually(
      () => get<Page<ReadingJson>>(`/api/v1/readings?device=${badge.hex}`),
      ({ items }) => items.length === 1,
    );
    assert.deepEqual([page.items[0]?.records, page.items[0]?.recordCount], [[], 1]);
    assert.ok(!/opened|door/.test(JSON.stringify([page, reading])));
    const evidence = await fetch(url(`/api/v1/evidence/${id}`));
    assert.equal(((await evidence.json()) as { code: string }).code, 'PERSONAL_DATA');
    assert.equal(evidence.status, 403);
  });

  test('lists devices, by page and by filter, and one with its keys', async () => {
    const all = await eventually(
      () => get<Page<DeviceJson>>('/api/v1/devices?status=active'),
      ({ items }) => items.length === 2,
    );
    const first = await fetch(url('/api/v1/devices?limit=1'));
    const page = (await first.json()) as Page<DeviceJson>;
    assert.equal(page.items.length, 1);
    const link = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '');
    const second = await get<Page<DeviceJson>>(link?.[1] ?? '');
    assert.deepEqual([...page.items, ...second.items], all.items);
    assert.equal(second.next, null);
    const [only] = (await get<Page<DeviceJson>>(`/api/v1/devices?model=${toHex(lamp.model)}&type=street-light`)).items;
    assert.deepEqual([only?.id, only?.label, only?.simulated, only?.personal], [lamp.hex, 'Main street 1', true, false]);
    assert.deepEqual((await get<Page<DeviceJson>>('/api/v1/devices?type=tram')).items, []);
    const { keys, status, grade, manufacturerName } = await get<DeviceDetailJson>(`/api/v1/devices/${lamp.hex}`);
    assert.deepEqual(
      [keys.length, keys[0]?.algorithm, status, grade, manufacturerName],
      [1, 'EdDSA', 'active', 'device', 'The works'],
    );
    assert.equal((await get<Page<{ id: string }>>('/api/v1/models')).items.length, 2);
    assert.equal((await get<Page<{ id: string }>>('/api/v1/manufacturers?limit=1')).items.length, 1);
  });

  test('executes a transaction, shows it, and proves it; a retry gets the first answer', async () => {
    const { client, operator } = doors.city;
    const account = freshAccount();
    const envelope = envelopeOf(client, operator, [account.action]);
    const response = await send('/api/v1/transactions', 'application/cose', envelope);
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const result = JSON.parse(text) as { id: string; code: string; height: number; events: { kind: string }[] };
    assert.deepEqual([result.code, result.events[0]?.kind], ['OK', 'account/created']);
    assert.equal(await (await send('/api/v1/transactions', 'application/cose', envelope)).text(), text);

    const shown = await get<TransactionDetailJson>(`/api/v1/transactions/${result.id}`);
    assert.equal(shown.actions[0]?.body['id'], toHex(account.id));
    assert.equal((await get<AccountDetailJson>(`/api/v1/accounts/${toHex(account.id)}`)).keys.length, 1);
    const page = await eventually(
      () => get<Page<TransactionJson>>('/api/v1/transactions?limit=1000'),
      ({ items }) => items.some(({ id }) => id === result.id),
    );
    assert.deepEqual(
      page.items.map(({ index }) => index),
      page.items.map(({ index }) => index).sort((a, b) => b - a),
      'newest first',
    );
    const block = await get<{ transactions: readonly TransactionJson[] }>(`/api/v1/blocks/${result.height}`);
    assert.ok(block.transactions.some(({ id }) => id === result.id));
    const evidence = new Uint8Array(await (await fetch(url(`/api/v1/evidence/${result.id}`))).arrayBuffer());
    const trust = { policy: parsePolicy(crypto, client.policyFile()) };
    assert.equal(verifyEvidence(crypto, evidence, trust).verdict, 'OK');
    const claim = `/api/v1/evidence/state?kind=account&segments=${toHex(account.id)}`;
    const state = new Uint8Array(await (await fetch(url(claim))).arrayBuffer());
    assert.equal(verifyEvidence(crypto, state, trust).verdict, 'OK');
  });

  test('a transaction refused by a contract is an answer, one refused at admission a problem', async () => {
    const { client, operator } = doors.city;
    const refused = envelopeOf(client, operator, [actionOf('device/suspend', { id: freshBytes(32), reason: 'gone' })]);
    const executed = await send('/api/v1/transactions', 'application/cose', refused);
    assert.equal(executed.status, 200);
    assert.equal(((await executed.json()) as { code: string }).code, 'DEVICE_UNKNOWN');
    const expired = envelopeOf(client, operator, [freshAccount().action], 1);
    const problem = await send('/api/v1/transactions', 'application/cose', expired);
    assert.equal(problem.headers.get('content-type'), 'application/problem+json');
    assert.deepEqual([problem.status, ((await problem.json()) as { code: string }).code], [400, 'EXPIRED']);
  });

  test('shows a proposal with its actions', async () => {
    const { client, operator } = doors.city;
    const { council } = doors.city.folder.genesis;
    const id = freshBytes(32);
    const parameter = actionOf('parameter/set', { name: 'telemetry/anchor-sensor-clock-ahead-ms', value: 1_000 });
    const proposal = { id, body: council, actions: [parameter], expiresMs: client.head().timeMs + 60_000 };
    const done = await execute(client, envelopeOf(client, operator, [actionOf('proposal/create', proposal)]));
    assert.equal(done.code, 'OK', JSON.stringify(done.details));
    const shown = await get<ProposalDetailJson>(`/api/v1/proposals/${toHex(id)}`);
    assert.deepEqual([shown.bodyName, shown.kinds, shown.threshold], ['council', ['parameter/set'], 1]);
    assert.equal(shown.actions[0]!.body['value'], 1_000);
    const page = await eventually(
      () => get<Page<{ id: string }>>('/api/v1/proposals'),
      ({ items }) => items.length > 0,
    );
    assert.equal(page.items[0]!.id, toHex(id));
    const transaction = await get<TransactionDetailJson>(`/api/v1/transactions/${toHex(done.id)}`);
    assert.equal((transaction.actions[0]!.body['actions'] as { kind: string }[])[0]!.kind, 'parameter/set');
  });

  test('serves both logs as tiles', async () => {
    for (const path of ['/log/checkpoint', '/checkpoint', '/shards/0/checkpoint']) {
      const text = await eventually(
        async () => (await fetch(url(path))).text(),
        (body) => body.startsWith('test.oppidum.example/'),
      );
      const size = Number(text.split('\n')[1]);
      const log = path.replace('/checkpoint', '');
      const tile = await fetch(url(`${log}/tile/0/000.p/${size}`));
      assert.equal((await tile.arrayBuffer()).byteLength, 32 * size);
      assert.match(tile.headers.get('cache-control') ?? '', /immutable/);
    }
  });

  test('is alive, ready, measured and described, and asks no other host for anything', async () => {
    assert.equal((await fetch(url('/livez'))).status, 200);
    assert.match(await (await fetch(url('/readyz'))).text(), /"name":"quorum","ok":true/);
    await eventually(
      async () => (await fetch(url('/readyz'))).status,
      (status) => status === 200,
    );
    const metrics = await (await fetch(url('/metrics'))).text();
    assert.match(metrics, /^oppidum_readings_total\{door="http",outcome="kept"\} [1-9]/m);
    assert.ok(!/[0-9a-f]{64}/.test(metrics), 'no id is a label');
    const description = await get<{
      openapi: string;
      paths: Record<string, { post?: { requestBody: { content: object } } }>;
      components: { schemas: object };
    }>('/openapi.json');
    assert.match(description.openapi, /^3\.1\./);
    for (const path of [
      '/api/v1/city',
      '/api/v1/devices/{id}',
      '/api/v1/readings',
      '/api/v1/evidence/{id}',
      '/api/v1/transactions',
    ])
      assert.ok(Object.hasOwn(description.paths, path), path);
    const text = JSON.stringify(description);
    for (const [, name] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]*)"/g))
      assert.ok(Object.hasOwn(description.components.schemas, name!), `${name} is described`);
    assert.deepEqual(Object.keys(description.paths['/api/v1/readings']!.post!.requestBody.content), [
      'application/cose',
      'application/cbor',
      'application/cbor-seq',
    ]);
    const page = await fetch(url('/'));
    assert.equal(page.url, url('/docs'));
    const html = await page.text();
    assert.ok(!/(src|href)="(https?:)?\/\//.test(html));
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.match(await (await fetch(url('/docs/errors'))).text(), /id="NOT_ANCHORED"/);
  });

  test('cursors stay where they are while news arrive', async () => {
    for (let sequence = 10; sequence < 16; sequence++) await send('/api/v1/readings', 'application/cose', lamp.reading(sequence));
    await eventually(
      () => get<Page<ReadingJson>>(`/api/v1/readings?device=${lamp.hex}`),
      ({ items }) => items.length === 8,
    );
    const first = await get<Page<ReadingJson>>(`/api/v1/readings?device=${lamp.hex}&limit=3`);
    await send('/api/v1/readings', 'application/cose', lamp.reading(16));
    const seen = [...first.items];
    for (let next = first.next; next !== null; ) {
      const page: Page<ReadingJson> = await get(`/api/v1/readings?device=${lamp.hex}&limit=3&cursor=${next}`);
      seen.push(...page.items);
      next = page.next;
    }
    assert.deepEqual(
      seen.map(({ sequence }) => sequence),
      [15, 14, 13, 12, 11, 10, 2, 1],
    );
    const old = await get<Page<ReadingJson>>(`/api/v1/readings?device=${lamp.hex}&to=2023-12-31T00:00:00Z`);
    assert.deepEqual(
      old.items.map(({ sequence }) => sequence),
      [1],
    );
  });
});
