import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { reject } from '@oppidum/formats/errors';
import type { StatementUse } from '@oppidum/formats/statement';
import type { ZoneNews } from '@oppidum/formats/zone-news';
import { encodeKeySet, encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import { HOLDERS } from '../../../../test/support/issuing-city.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { atWork, type Bench } from '../../../../test/support/order-bench.ts';
import { newKeySet, signAs } from '../../../../test/support/orders.ts';

const NEXT = ['bo', 'cy', 'dora'] as const;
const TWO = ['ada', 'bo'] as const;

const signed = (
  use: Exclude<StatementUse, 'order'>,
  statement: Bytes,
  set: readonly string[],
  by: readonly string[],
): ZoneNews => ({
  ...{ use, statement, signatures: signAs(use, statement, set, by) },
});
const keys = (bench: Bench, changes: Partial<KeySet> = {}, by: readonly string[] = TWO): ZoneNews =>
  signed('keys', encodeKeySet(newKeySet(bench.city.genesis, NEXT, { version: 2, ...changes })), HOLDERS, by);
const envelope = (bench: Bench, changes: Partial<Envelope>, set: readonly string[], by: readonly string[]): ZoneNews =>
  signed('envelope', encodeBy(envelopeSchema, bench.envelope({ version: 2, previous: namedId('one'), ...changes })), set, by);
const zoneDocument = (bench: Bench, name: string, version: number): Bytes =>
  encodeZoneDocument({ city: bench.city.genesis, zone: namedId('zone'), name, version, body: Uint8Array.of(1) });
const document = (bench: Bench, name: string, by: readonly string[] = TWO): ZoneNews =>
  signed('document', zoneDocument(bench, name, 1), HOLDERS, by);
const versions = (bench: Bench) => [bench.store.read().keys.version, bench.store.read().envelope?.version];
const glass = { mode: 'break-glass' as const, arguments: [100] };

describe('a machine keeps up with its zone', () => {
  test('it says what it has, takes in key set and envelope, each durable before it is told, and refuses former keys from then on', async () => {
    const bench = await atWork();
    assert.deepEqual(bench.have, { zone: namedId('zone'), keys: 1, envelope: 1, documents: [] });
    const before = bench.issue({ order: glass, by: ['ada'] });
    const write = bench.store.write.bind(bench.store);
    const order: string[] = [];
    bench.store.write = async (state) => {
      const count = bench.haveCount;
      await write(state);
      order.push(bench.haveCount === count ? 'written, then told' : 'told before');
    };
    await bench.hear(keys(bench));
    await bench.hear(envelope(bench, { lifetimeMsMax: 300_000 }, NEXT, ['bo', 'dora']));
    assert.deepEqual([versions(bench), bench.have?.keys, bench.have?.envelope], [[2, 2], 2, 2]);
    assert.deepEqual(order, ['written, then told', 'written, then told']);
    await bench.agent.receive(before);
    assert.deepEqual([bench.done, bench.troubles.at(-1)], [[], 'ZONE_KEYS_VERSION']);
    await bench.restart();
    assert.deepEqual([versions(bench), bench.have?.keys], [[2, 2], 2]);
    await bench.agent.stop();
  });

  test('break-glass by former keys moves whoever is kept from the new ones: only in a safe direction', async () => {
    const bench = await atWork();
    await bench.agent.receive(bench.issue({ order: { mode: 'break-glass', arguments: [60] }, by: TWO }));
    assert.deepEqual([bench.done, bench.troubles], [[], ['DIRECTION_UNSAFE']]);
    await bench.agent.receive(bench.issue({ order: glass, by: ['ada'] }));
    assert.equal(bench.done.length, 1);
    await bench.agent.stop();
  });

  const REFUSED: readonly (readonly [what: string, code: string, make: (bench: Bench) => ZoneNews | Bytes])[] = [
    ['bytes that are nothing', 'TRUNCATED', () => new Uint8Array(0)],
    ['an order where news come', 'WRONG_TYPE', (bench) => bench.issue()],
    ['too much', 'TOO_LARGE', () => new Uint8Array(60_000)],
    ['a key set that one of two signed', 'SIGNATURES_FEW', (bench) => keys(bench, {}, ['ada'])],
    [
      'a key set by its own keys',
      'SIGNATURE_INVALID',
      (bench) => ({ ...keys(bench), signatures: signAs('keys', keys(bench).statement, NEXT, ['bo', 'dora']) }),
    ],
    ['a key set that leaves one out', 'VERSION_NOT_NEXT', (bench) => keys(bench, { version: 3 })],
    ['a key set again', 'VERSION_NOT_NEXT', (bench) => keys(bench, { version: 1 })],
    ['a key set of another zone', 'ZONE_FOREIGN', (bench) => keys(bench, { zone: namedId('other') })],
    ['a key set of another city', 'WRONG_CITY', (bench) => keys(bench, { city: namedId('other') })],
    ['an envelope by strangers', 'SIGNATURE_INVALID', (bench) => envelope(bench, {}, ['x', 'y', 'z'], ['x', 'y'])],
    [
      'an older envelope',
      'VERSION_NOT_NEXT',
      (bench) => envelope(bench, { version: 1, previous: new Uint8Array(32) }, HOLDERS, TWO),
    ],
    ['a document that it does not work by', 'DOCUMENT_UNKNOWN', (bench) => document(bench, 'plan')],
  ];
  for (const [what, code, make] of REFUSED)
    test(`${what} changes nothing: ${code}`, async () => {
      const bench = await atWork();
      const { haveCount } = bench;
      await bench.hear(make(bench));
      assert.deepEqual([versions(bench), bench.troubles, bench.haveCount], [[1, 1], [code], haveCount]);
      await bench.agent.stop();
    });

  test('a full disk leaves it with the keys that it has, and it asks again with its next challenge', async () => {
    const bench = await atWork();
    const write = bench.store.write.bind(bench.store);
    bench.store.write = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    await bench.hear(keys(bench));
    assert.deepEqual([versions(bench), bench.troubles], [[1, 1], ['ENOSPC']]);
    bench.store.write = write;
    const { haveCount } = bench;
    await bench.agent.receive(bench.issue());
    assert.equal(bench.haveCount, haveCount + 1);
    await bench.hear(keys(bench));
    assert.deepEqual(versions(bench), [2, 1]);
    await bench.agent.stop();
  });

  test('a document that nobody signed, or an old one again, does not end its asking', async () => {
    const bench = await atWork();
    bench.documents = {
      have: () => [{ name: 'plan', version: 1 }],
      offer: async () => reject('VERSION_NOT_NEXT', {}),
    };
    await bench.restart();
    const { haveCount } = bench;
    const wrong = { ...document(bench, 'plan'), statement: zoneDocument(bench, 'plan', 2) };
    for (const forged of [document(bench, 'plan', ['ada']), document(bench, 'plan'), wrong]) await bench.hear(forged);
    assert.equal(bench.haveCount, haveCount, 'what is refused is not asked for again at once');
    await bench.agent.receive(bench.issue());
    assert.deepEqual(bench.have?.documents, [{ name: 'plan', version: 1 }], 'but with the next challenge');
    await bench.agent.stop();
  });

  test('documents are offered under the pinned keys; one that is refused is asked for no more, and the rest goes on', async () => {
    const bench = await atWork();
    const offered: string[] = [];
    bench.documents = {
      have: () => ['map', 'plan'].map((name) => ({ name, version: 0 })),
      offer: async ({ version }, name) => {
        offered.push(`${name} under ${version}`);
        return name === 'map' ? null : reject('VERSION_NOT_NEXT', {});
      },
    };
    await bench.restart();
    assert.deepEqual(bench.have?.documents, [
      { name: 'map', version: 0 },
      { name: 'plan', version: 0 },
    ]);
    await bench.hear(document(bench, 'map'));
    await bench.hear(document(bench, 'plan'));
    assert.deepEqual([offered, bench.troubles], [['map under 1', 'plan under 1'], ['VERSION_NOT_NEXT']]);
    assert.deepEqual(bench.have?.documents, [{ name: 'map', version: 0 }]);
    await bench.agent.stop();
  });
});
