import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { type Answer, CityClient } from './city-client.ts';

const [A, B] = ['http://a.example:8420', 'http://b.example:8420'];
const json = (status: number, value: object): Answer => ({ status, body: encodeUtf8(JSON.stringify(value)) });
const result = json(200, { id: '0'.repeat(64), code: 'OK', details: {} });
const away = json(503, { code: 'ENGINE_AWAY', detail: 'away' });

/** A client of two gateways that answer as `says` has it now (null: not at all), and who was asked. */
function clientOfTwo(says: { a: Answer | null; b: Answer | null }) {
  const asked: string[] = [];
  const client = new CityClient(`${A}, ${B}/`, async (url) => {
    asked.push(url.host.slice(0, 1));
    const answer = url.origin === A ? says.a : says.b;
    if (answer === null) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    return answer;
  });
  return { client, asked };
}
const envelope = new Uint8Array([1]);

test('the next gateway is asked when one is away or says that its node is, and stays the first to be asked', async () => {
  for (const gone of [null, away, json(500, { code: 'INTERNAL_FAULT' })]) {
    const says = { a: gone, b: result as Answer | null };
    const { client, asked } = clientOfTwo(says);
    assert.equal((await client.submit(envelope)).code, 'OK');
    assert.equal(client.base.origin, B);
    says.a = result;
    await client.submit(envelope);
    says.b = null;
    await client.submit(envelope);
    assert.equal(asked.join(''), 'abbba');
    assert.equal(client.base.origin, A);
  }
});

test('a refusal is an answer: nobody else is asked', async () => {
  const { client, asked } = clientOfTwo({ a: json(409, { code: 'EXPIRED' }), b: result });
  await assert.rejects(client.submit(envelope), { code: 'EXPIRED' });
  assert.deepEqual(asked, ['a']);
});

test('where all are away, what the last one said is told: ENGINE_AWAY, CITY_UNREACHABLE', async () => {
  const { client, asked } = clientOfTwo({ a: null, b: away });
  await assert.rejects(client.submit(envelope), { code: 'ENGINE_AWAY' });
  await assert.rejects(clientOfTwo({ a: away, b: null }).client.submit(envelope), { code: 'CITY_UNREACHABLE' });
  assert.equal(asked.join(''), 'ab');
});

test('whose word did not hold is passed over', async () => {
  const { client, asked } = clientOfTwo({ a: result, b: result });
  await client.submit(envelope);
  client.passOver();
  await client.submit(envelope);
  assert.equal(asked.join(''), 'ab');
});
