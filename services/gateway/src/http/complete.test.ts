import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { type CompleteRange, encodeCompleteRange, parseCompleteRange } from '@oppidum/formats/complete-range';
import { type RangeReport, verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import {
  enrolDevice,
  eventually,
  openDoors,
  type RunningDoors,
  type TestDevice,
} from '../../../../test/support/running-gateway.ts';

const START_MS = 1_700_000_000_000;

describe('complete ranges', () => {
  let doors: RunningDoors;
  let lamp: TestDevice;
  let badge: TestDevice;
  const call = (query: string): Promise<Response> => fetch(`${doors.gateway.http}/api/v1/evidence/readings?${query}`);
  const range = async (from: number, to: number): Promise<CompleteRange> => {
    const response = await call(`device=${lamp.hex}&from=${START_MS + from * 1_000}&to=${START_MS + to * 1_000}`);
    assert.equal(response.status, 200, response.status === 200 ? '' : await response.clone().text());
    return parseCompleteRange(new Uint8Array(await response.arrayBuffer()));
  };
  const verify = (shown: CompleteRange): RangeReport => {
    const policy = parseCityPolicy(crypto, new Uint8Array(doors.city.client.policyFile()));
    return verifyCompleteRange(crypto, encodeCompleteRange(shown), { policy });
  };
  const codeOf = async (query: string): Promise<string> => ((await (await call(query)).json()) as { code: string }).code;

  before(async () => {
    doors = await openDoors();
    lamp = await enrolDevice(doors.city);
    badge = await enrolDevice(doors.city, { personal: true });
    // Reading n is timed n seconds after the start; 8 was never sent.
    for (const sequence of [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12])
      await doors.shard.client.ingest(
        lamp.reading(sequence, [{ sensor: 'power', value: sequence, timeMs: START_MS + sequence * 1_000 }]),
      );
    await eventually(
      async () => doors.shard.client.status(),
      ({ anchored, size }) => anchored?.size === size,
    );
    await eventually(
      async () => doors.gateway.readModel.lag(),
      ({ readings }) => readings === 0,
    );
  });
  after(() => doors.close());

  test('shows every reading of the span with one on either side, and proves that none is left out', async () => {
    const { report, range: found } = verify(await range(3, 6));
    assert.equal(report.verdict, 'OK', JSON.stringify(report.steps));
    assert.deepEqual(found, { gaps: [], beginsBefore: true, endsAfter: true, isComplete: true });
    assert.deepEqual([report.facts['firstSequence'], report.facts['lastSequence'], report.facts['readingCount']], [2, 6, 5]);
  });

  test('ranges that are asked for together are made in turns: others are answered in between', async () => {
    const { client } = doors.shard;
    let [made, all, most, isOver] = [0, 0, 0, false];
    const { evidence } = client;
    Object.assign(client, {
      evidence: (...asked: Parameters<typeof evidence>) => {
        [made, all] = [made + 1, all + 1];
        return evidence(...asked);
      },
    });
    const watching = (async () => {
      while (!isOver) {
        await nextTurn();
        [most, made] = [Math.max(most, made), 0];
      }
    })();
    const query = `device=${lamp.hex}&from=${START_MS}&to=${START_MS + 20_000}`;
    const answers = await Promise.all([call(query), call(query), call(query)]);
    isOver = true;
    await watching;
    Object.assign(client, { evidence });
    assert.deepEqual([answers.map(({ status }) => status), all], [[200, 200, 200], 3 * 11]);
    assert.ok(most <= 8, `${most} in one turn`);
  });

  test('names a number that was never sent, and the open end', async () => {
    const { range: found } = verify(await range(1, 12));
    assert.deepEqual(found, { gaps: [{ first: 8, last: 8 }], beginsBefore: true, endsAfter: true, isComplete: false });
    assert.deepEqual(verify(await range(9, 100)).range, {
      gaps: [{ first: 8, last: 8 }],
      beginsBefore: true,
      endsAfter: false,
      isComplete: false,
    });
    assert.deepEqual(verify(await range(50, 60)).range, { gaps: [], beginsBefore: false, endsAfter: false, isComplete: false });
  });

  test('a reading that is withheld shows, wherever it stood', async () => {
    const shown = await range(2, 6);
    for (let left = 0; left < shown.evidence.length; left++) {
      const { report, range: found } = verify({ ...shown, evidence: shown.evidence.filter((_, i) => i !== left) });
      assert.equal(report.verdict, 'OK', 'what is shown still holds');
      assert.equal(found?.isComplete, false, `without item ${left}`);
    }
  });

  const forgeries: readonly (readonly [string, (shown: CompleteRange) => CompleteRange, string])[] = [
    ['one reading twice', (shown) => ({ ...shown, evidence: [shown.evidence[0]!, ...shown.evidence] }), 'HASH_MISMATCH'],
    ['another order', (shown) => ({ ...shown, evidence: [...shown.evidence].reverse() }), 'HASH_MISMATCH'],
    ['another device', (shown) => ({ ...shown, device: badge.id }), 'HASH_MISMATCH'],
    ['another key', (shown) => ({ ...shown, keyNumber: 1 }), 'HASH_MISMATCH'],
    ['a span that ends before it begins', (shown) => ({ ...shown, toMs: shown.fromMs }), 'UNREADABLE'],
    [
      'an altered bit',
      (shown) => {
        const [first, ...rest] = shown.evidence.map((one) => new Uint8Array(one));
        first![200]! ^= 1;
        return { ...shown, evidence: [first!, ...rest] };
      },
      'any red verdict',
    ],
  ];
  for (const [what, forge, verdict] of forgeries)
    test(`does not believe ${what}`, async () => {
      const { report, range: found } = verify(forge(await range(3, 6)));
      if (verdict === 'any red verdict') assert.equal(report.color, 'red');
      else assert.equal(report.verdict, verdict);
      assert.equal(found, null);
    });

  test('refuses what it cannot answer', async () => {
    const span = `from=${START_MS}&to=${START_MS + 1}`;
    assert.equal(await codeOf(`device=${'00'.repeat(32)}&${span}`), 'DEVICE_UNKNOWN');
    assert.equal(await codeOf(`device=${badge.hex}&${span}`), 'PERSONAL_DATA');
    assert.equal(await codeOf(`device=${lamp.hex}&from=2&to=2`), 'REQUEST_INVALID');
    assert.equal(await codeOf(`device=${lamp.hex}`), 'REQUEST_INVALID');
    await doors.shard.client.ingest(lamp.reading(900, [{ sensor: 'power', value: 1, timeMs: START_MS + 900_000 }]));
    await eventually(
      async () => doors.gateway.readModel.lag(),
      ({ readings }) => readings === 0,
    );
    assert.equal(await codeOf(`device=${lamp.hex}&from=${START_MS}&to=${START_MS + 1_000_000}`), 'TOO_LARGE');
  });
});
