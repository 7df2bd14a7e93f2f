import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import { deviceKind, modelKind } from '@oppidum/formats/state-devices';
import { type ShardRecord, shardKind } from '@oppidum/formats/state-telemetry';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { inFolder } from '../../../test/support/folder.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { CityApi } from './city-api.ts';
import { ProvenRecords } from './proven-records.ts';
import { openShardKeys } from './shard-keys.ts';

const shard = namedId('shard');
const receiptKey = namedSigner('receipts').publicKey;

function makeCity(changes: Partial<ShardRecord> = {}): EvidenceCity {
  const city = new EvidenceCity({ validatorCount: 1 });
  const { publicKey: logKey } = namedSigner('shard log');
  const own = { number: 0, origin: `${city.origin}/shard-0`, logKey, receiptKey, operator: namedId('operator') };
  city.put(shardKind, [shard], { ...own, status: 'active', from: 1, ...changes });
  return city;
}

const proofOf = (city: EvidenceCity, kind: string, segments: Bytes[]): Bytes =>
  encodeEvidence(city.proveState({ kind, segments }));

type Respond = (request: IncomingMessage, response: ServerResponse) => void;

/** Calls `use` with an API whose server answers so, and counts requests. */
async function withApi<T>(respond: Respond, use: (api: CityApi, asked: () => number) => Promise<T>): Promise<T> {
  let count = 0;
  const server = createServer((request, response) => {
    count++;
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = new CityApi(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    return await use(api, () => count);
  } finally {
    api.close();
    server.closeAllConnections();
    server.close();
  }
}

const bytes =
  (body: Bytes): Respond =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/cbor' }).end(body);
const json =
  (status: number, body: unknown): Respond =>
  (_, response) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const rejects = (code: string) => (error: unknown) => error instanceof FormatError && error.code === code;

test('a shard that the ledger proves is believed, and still after a start without network', () =>
  inFolder({}, async (folder) => {
    const city = makeCity();
    const policy = encodePolicy(nodeCrypto, city.policy);
    await withApi(bytes(proofOf(city, 'shard', [shard])), async (api, asked) => {
      const keys = await openShardKeys(new ProvenRecords(nodeCrypto, policy, api), folder);
      assert.equal(keys.issuerOf(shard), null);
      assert.deepEqual(await Promise.all([keys.learn(shard), keys.learn(shard)]), [null, null]);
      assert.deepEqual(keys.issuerOf(shard), { shard, receiptKey });
      assert.equal(asked(), 1, 'two askers, one question');
    });
    const offline = await openShardKeys(new ProvenRecords(nodeCrypto, policy, null), folder);
    assert.deepEqual(offline.issuerOf(shard), { shard, receiptKey });
    const stranger = encodePolicy(nodeCrypto, new EvidenceCity({ validatorCount: 4 }).policy);
    const elsewhere = await openShardKeys(new ProvenRecords(nodeCrypto, stranger, null), folder);
    assert.equal(elsewhere.issuerOf(shard), null, 'kept evidence is verified again under the policy at hand');
  }));

test('a shard that once was proven to have ended is not believed again: neither after a start without network nor by older evidence', () =>
  inFolder({}, async (folder) => {
    const city = makeCity();
    const policy = encodePolicy(nodeCrypto, city.policy);
    const active = proofOf(city, 'shard', [shard]);
    const record = { number: 0, origin: `${city.origin}/shard-0`, logKey: namedSigner('shard log').publicKey, receiptKey };
    city.put(shardKind, [shard], { ...record, operator: namedId('operator'), status: 'retired', from: 1, to: 2 });
    const ended = proofOf(city, 'shard', [shard]);
    let answer = active;
    await withApi(
      (request, response) => bytes(answer)(request, response),
      async (api) => {
        const records = new ProvenRecords(nodeCrypto, policy, api);
        const keys = await openShardKeys(records, folder);
        assert.equal(await keys.learn(shard), null);
        answer = ended;
        assert.equal((await keys.learn(shard))?.code, 'SHARD_UNPROVEN');
        assert.equal(keys.issuerOf(shard), null);
        const offline = await openShardKeys(new ProvenRecords(nodeCrypto, policy, null), folder);
        assert.equal(offline.issuerOf(shard), null, 'the end is kept, too');
        answer = active;
        const again = await openShardKeys(records, folder);
        assert.equal((await again.learn(shard))?.code, 'EVIDENCE_REFUSED');
        assert.equal(again.issuerOf(shard), null);
      },
    );
  }));

const UNPROVEN: readonly (readonly [what: string, code: string, answer: () => Respond])[] = [
  ['a frozen shard', 'SHARD_UNPROVEN', () => bytes(proofOf(makeCity({ status: 'frozen', to: 9 }), 'shard', [shard]))],
  ['a retired shard', 'SHARD_UNPROVEN', () => bytes(proofOf(makeCity({ status: 'retired', to: 9 }), 'shard', [shard]))],
  [
    'a shard that is proven absent',
    'SHARD_UNPROVEN',
    () => bytes(proofOf(new EvidenceCity({ validatorCount: 1 }), 'shard', [shard])),
  ],
  ['evidence of another shard', 'EVIDENCE_REFUSED', () => bytes(proofOf(makeCity(), 'shard', [namedId('other')]))],
  ['evidence of all shards', 'EVIDENCE_REFUSED', () => bytes(proofOf(makeCity(), 'shard', []))],
  ['evidence of another record', 'EVIDENCE_REFUSED', () => bytes(proofOf(makeCity(), 'model', [namedId('model')]))],
  ['no evidence', 'EVIDENCE_REFUSED', () => bytes(Uint8Array.of(1, 2, 3))],
  ['a refusal with a code of ours', 'OVERLOADED', () => json(503, { code: 'OVERLOADED', detail: 'later' })],
  ['a refusal with a code of somebody else', 'CITY_REFUSED', () => json(418, { code: 'TEAPOT', detail: 'short and stout' })],
  ['a refusal without a word', 'CITY_REFUSED', () => (_, response) => response.writeHead(502).end()],
  ['a connection that is cut', 'CITY_UNREACHABLE', () => (request) => request.socket.destroy()],
];

for (const [what, code, answer] of UNPROVEN) {
  test(`${code} for ${what}: its receipts are not believed, and it is not asked for again at once`, async () => {
    const policy = encodePolicy(nodeCrypto, makeCity().policy);
    await withApi(answer(), async (api, asked) => {
      const keys = await openShardKeys(new ProvenRecords(nodeCrypto, policy, api), null);
      assert.equal((await keys.learn(shard))?.code, code);
      assert.equal(keys.issuerOf(shard), null);
      assert.equal((await keys.learn(shard))?.code, 'SHARD_UNPROVEN');
      assert.equal(asked(), 1);
    });
  });
}

test('no altered byte of evidence is believed', async () => {
  const city = makeCity();
  const records = new ProvenRecords(nodeCrypto, encodePolicy(nodeCrypto, city.policy), null);
  const honest = proofOf(city, 'shard', [shard]);
  assert.deepEqual(records.open(shardKind, [shard], honest)?.receiptKey, receiptKey);
  for (let at = 0; at < honest.length; at += 7) {
    const altered = honest.slice();
    altered[at] = (altered[at] as number) ^ 0x10;
    assert.throws(() => records.open(shardKind, [shard], altered), rejects('EVIDENCE_REFUSED'), `byte ${at}`);
  }
});

test('records are read with their proofs: present, absent, and never without network', async () => {
  const city = makeCity();
  const policy = encodePolicy(nodeCrypto, city.policy);
  const respond: Respond = (request, response) => {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    const segments = (query.get('segments') ?? '').split(',').map((hex) => new Uint8Array(Buffer.from(hex, 'hex')));
    bytes(proofOf(city, query.get('kind') ?? '', segments))(request, response);
  };
  await withApi(respond, async (api) => {
    const records = new ProvenRecords(nodeCrypto, policy, api);
    assert.equal((await records.read(deviceKind, [city.device]))?.status, 'active');
    assert.equal(await records.read(modelKind, [namedId('nobody')]), null);
    assert.deepEqual(records.audience, city.city.rules.genesis);
  });
  await assert.rejects(new ProvenRecords(nodeCrypto, policy, null).read(deviceKind, [city.device]), rejects('CITY_UNREACHABLE'));
});

const ANSWERS: readonly (readonly [what: string, respond: Respond])[] = [
  ['no JSON', bytes(Uint8Array.of(0x7b))],
  ['a list', json(200, [])],
  ['no genesis', json(200, { name: 'x', shards: [] })],
];

for (const [what, respond] of ANSWERS) {
  test(`CITY_ANSWER_INVALID for a city that answers ${what}`, () =>
    withApi(respond, (api) => assert.rejects(api.city(), rejects('CITY_ANSWER_INVALID'))));
}

test('CITY_ANSWER_INVALID when readings get another number of answers than were sent', () =>
  withApi(bytes(Uint8Array.of(0x81, 0xa1, 0x64, 0x63, 0x6f, 0x64, 0x65, 0x63, 0x41, 0x42, 0x43)), async (api) => {
    assert.deepEqual(await api.sendReadings([Uint8Array.of(1)]), [{ code: 'ABC' }]);
    await assert.rejects(api.sendReadings([Uint8Array.of(1), Uint8Array.of(2)]), rejects('CITY_ANSWER_INVALID'));
  }));

test('an answer without end is not read to its end', () =>
  withApi(
    (_, response) => {
      const part = Buffer.alloc(1024 * 1024);
      const push = (): void => {
        while (!response.destroyed && response.write(part));
      };
      response.on('drain', push);
      push();
    },
    (api) => assert.rejects(api.policy(), rejects('CITY_UNREACHABLE')),
  ));
