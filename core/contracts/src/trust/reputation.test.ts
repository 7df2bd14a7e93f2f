import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '@oppidum/formats/state-layout';
import { auditCaseKind, deviceTrustKind, MARK_COUNT_MAX } from '@oppidum/formats/state-trust';
import fc from 'fast-check';
import { viewOf } from '../../../../test/support/city-view.ts';
import { deviceId, enrol } from '../../../../test/support/devices.ts';
import { namedId, type TestCity } from '../../../../test/support/ledger.ts';
import { makeTrustCity, mark } from '../../../../test/support/trust.ts';
import { distrustOf, isTrustedSensor } from '../devices/trusted-sensor.ts';
import { medianOf } from './mark-device.ts';
import { partsLeft, scoreOf } from './score.ts';

const id = deviceId('lamp');
const DAY_MS = 86_400_000;
const AUDITORS = ['auditor-a', 'auditor-b', 'auditor-c'];
const marked = (city: TestCity, by: string | readonly string[], penalty: number, evidence = 'photo') =>
  city.act(by, 'device/mark', mark('lamp', evidence, penalty));
const appeal = (city: TestCity, by = 'maker', evidence = 'photo') =>
  city.act(by, 'device/appeal', { id, evidence: namedId(evidence), reason: 'the sun shone into it' });
const verdict = (outcome: string, evidence = 'photo') => ({ id, evidence: namedId(evidence), outcome, reason: 'seen on site' });
const score = (city: TestCity) => scoreOf(viewOf(city), city.read(at(deviceTrustKind, id)) ?? { marks: [] });

function lampCity(): TestCity {
  const city = makeTrustCity();
  enrol(city, 'lamp');
  return city;
}

test('one auditor decides nothing, nor do two; of a quorum the penalty in the middle counts', () => {
  const city = lampCity();
  assert.equal(marked(city, 'auditor-a', 1_000), 'OK');
  assert.equal(marked(city, 'auditor-b', 600), 'OK');
  assert.equal(score(city), 1_000);
  assert.equal(distrustOf(viewOf(city), id), null);
  assert.equal(city.event('device/mark-counted'), undefined);
  assert.equal(marked(city, 'auditor-c', 650), 'OK');
  assert.equal(city.event('device/mark-counted')?.get('score'), 350);
  assert.equal(score(city), 350);
  assert.equal(distrustOf(viewOf(city), id), 'reputation');
  assert.ok(!isTrustedSensor(viewOf(city), id));
  const record = city.read(at(auditCaseKind, id, namedId('photo')));
  assert.equal(record?.counted?.penalty, 650);
  assert.deepEqual(
    record?.marks.map(({ auditor, penalty }) => [auditor, penalty]),
    [
      [namedId('auditor-a'), 1_000],
      [namedId('auditor-b'), 600],
      [namedId('auditor-c'), 650],
    ],
  );
});

test('a lenient or a harsh auditor among three takes the penalty nowhere that the others did not find, whenever they mark', () => {
  for (const odd of [1, 1_000])
    for (const place of [0, 1, 2]) {
      const city = lampCity();
      const penalties = [600, 640].toSpliced(place, 0, odd);
      penalties.forEach((penalty, n) => {
        assert.equal(marked(city, AUDITORS[n] as string, penalty), 'OK');
      });
      assert.equal(score(city), odd === 1 ? 400 : 360);
    }
  const penalty = fc.integer({ min: 1, max: 1_000 });
  const honest = fc.array(penalty, { minLength: 2, maxLength: 15 });
  fc.assert(
    fc.property(honest, penalty, (others, odd) => {
      const median = medianOf([...others, odd]);
      assert.ok(Number.isInteger(median) && median >= Math.min(...others) && median <= Math.max(...others));
      assert.equal(median, medianOf([odd, ...others.toReversed()]), 'in any order');
    }),
  );
  assert.equal(medianOf([3, 1_000]), 501, 'of two each has half a say');
});

test('auditors who sign together are counted together; the council says how many are needed', () => {
  const city = lampCity();
  assert.equal(marked(city, ['auditor-a', 'auditor-b'], 100), 'OK');
  assert.equal(score(city), 1_000);
  assert.equal(marked(city, ['auditor-c', 'operator'], 100), 'OK', 'other signers mark nothing');
  assert.equal(score(city), 900);
  assert.equal(city.decide('parameter/set', { name: 'trust/mark-quorum', value: 2 }), 'OK');
  assert.equal(marked(city, ['auditor-a', 'auditor-b'], 50, 'note'), 'OK');
  assert.equal(score(city), 850);
});

test('what was taken comes back by halves, and the device counts again by itself', () => {
  const city = lampCity();
  assert.equal(marked(city, AUDITORS, 800), 'OK');
  assert.equal(distrustOf(viewOf(city), id), 'reputation');
  city.block([], city.timeMs + 15 * DAY_MS);
  assert.equal(score(city), 400);
  city.block([], city.timeMs + 15 * DAY_MS);
  assert.equal(score(city), 600);
  assert.equal(distrustOf(viewOf(city), id), null);
  city.block([], city.timeMs + 366 * DAY_MS);
  assert.equal(score(city), 1_000 - 1, 'rounded against the device while anything is left');
  city.block([], city.timeMs + 1_000 * DAY_MS);
  assert.equal(score(city), 1_000);
});

test('what is left of a mark never grows, halves exactly with each half-life and ends at nothing', () => {
  const mark = fc.record({ penalty: fc.integer({ min: 1, max: 1_000 }), atMs: fc.integer({ min: 0, max: 2 ** 41 }) });
  const halfLife = fc.integer({ min: 3_600_000, max: 366 * DAY_MS });
  fc.assert(
    fc.property(mark, halfLife, fc.integer({ min: 0, max: 2 ** 41 }), fc.nat(2 ** 31), (m, halfLifeMs, passedMs, moreMs) => {
      const one = { evidence: namedId('x'), ...m };
      const [now, later] = [passedMs, passedMs + moreMs].map((ms) => partsLeft(one, m.atMs + ms, halfLifeMs)) as [number, number];
      assert.ok(Number.isSafeInteger(now) && now >= 0 && now <= m.penalty * 1_000);
      assert.ok(later <= now);
      const wholeS = Math.floor(halfLifeMs / 1_000);
      for (const k of [0, 1, 2, 3])
        assert.equal(partsLeft(one, m.atMs + k * wholeS * 1_000, halfLifeMs), Math.floor((m.penalty * 1_000) / 2 ** k));
      assert.equal(partsLeft(one, m.atMs + 21 * wholeS * 1_000, halfLifeMs), 0);
      assert.equal(partsLeft(one, m.atMs - 1, halfLifeMs), m.penalty * 1_000, 'time does not run backwards');
    }),
  );
});

test('an appeal is heard by the council; reversed, it is as if the mark had never counted', () => {
  const city = lampCity();
  assert.equal(marked(city, AUDITORS, 700), 'OK');
  assert.equal(marked(city, AUDITORS, 50, 'note'), 'OK');
  assert.equal(appeal(city), 'OK');
  assert.equal(score(city), 250, 'it weighs on until then');
  assert.equal(city.decide('device/decide-appeal', verdict('reversed')), 'OK');
  assert.equal(score(city), 950);
  const { appeal: made, outcome } = city.read(at(auditCaseKind, id, namedId('photo'))) ?? {};
  assert.deepEqual([made?.by, outcome?.outcome], [namedId('maker'), 'reversed']);
  assert.equal(marked(city, 'auditor-c', 700), 'CASE_COUNTED', 'the same evidence does not count again');
  assert.equal(appeal(city, 'maker', 'note'), 'OK');
  assert.equal(city.decide('device/decide-appeal', verdict('confirmed', 'note')), 'OK');
  assert.equal(score(city), 950);
});

test('the owner appeals, whoever that is by then', () => {
  const city = lampCity();
  assert.equal(marked(city, AUDITORS, 700), 'OK');
  assert.equal(city.act('maker', 'device/vouch', { id, owner: namedId('owner') }), 'OK');
  assert.equal(appeal(city), 'NOT_AUTHORIZED');
  assert.equal(appeal(city, 'owner/1'), 'OK');
});

test('of more marks than a record holds, the one that weighs least goes', () => {
  const city = lampCity();
  assert.equal(city.decide('parameter/set', { name: 'trust/mark-quorum', value: 1 }), 'OK');
  for (let n = 0; n < MARK_COUNT_MAX; n++) assert.equal(marked(city, 'auditor-a', n === 5 ? 1 : 10, `photo ${n}`), 'OK');
  assert.equal(score(city), 1_000 - (31 * 10 + 1));
  assert.equal(marked(city, 'auditor-a', 20, 'another'), 'OK');
  assert.equal(score(city), 1_000 - (31 * 10 + 20));
  const { marks } = city.read(at(deviceTrustKind, id)) ?? assert.fail();
  assert.equal(marks.length, MARK_COUNT_MAX);
  assert.ok(!marks.some(({ penalty }) => penalty === 1));
});

test('with a threshold of nothing every score suffices', () => {
  const city = lampCity();
  assert.equal(marked(city, AUDITORS, 1_000), 'OK');
  assert.equal(score(city), 0);
  assert.equal(city.decide('parameter/set', { name: 'trust/score-threshold', value: 0 }), 'OK');
  assert.equal(distrustOf(viewOf(city), id), null);
});

test('device/mark, device/appeal and device/decide-appeal are refused, in their order', () => {
  const city = makeTrustCity();
  assert.equal(marked(city, 'operator', 1), 'NOT_AUTHORIZED');
  assert.equal(marked(city, 'auditor-a', 1), 'DEVICE_UNKNOWN');
  assert.equal(appeal(city), 'DEVICE_UNKNOWN');
  assert.equal(city.act('operator', 'device/decide-appeal', verdict('reversed')), 'PROPOSAL_REQUIRED');
  assert.equal(city.decide('device/decide-appeal', verdict('reversed')), 'CASE_UNKNOWN');
  enrol(city, 'lamp');
  assert.equal(marked(city, 'auditor-a', 1), 'OK');
  assert.equal(marked(city, 'auditor-a', 2), 'MARK_EXISTS');
  assert.equal(marked(city, AUDITORS, 2), 'MARK_EXISTS', 'one of them did');
  assert.equal(appeal(city, 'rival'), 'NOT_AUTHORIZED');
  assert.equal(appeal(city), 'CASE_UNKNOWN', 'nothing counts yet');
  assert.equal(city.decide('device/decide-appeal', verdict('reversed')), 'APPEAL_UNKNOWN');
  assert.equal(marked(city, ['auditor-b', 'auditor-c'], 2), 'OK');
  assert.equal(marked(city, 'auditor-c', 2), 'CASE_COUNTED');
  assert.equal(appeal(city), 'OK');
  assert.equal(appeal(city), 'APPEAL_EXISTS');
  assert.equal(city.decide('device/decide-appeal', verdict('confirmed')), 'OK');
  assert.equal(city.decide('device/decide-appeal', verdict('reversed')), 'APPEAL_DECIDED');
  assert.equal(city.act('operator', 'device/revoke', { id, reason: 'x' }), 'OK');
  assert.equal(marked(city, 'auditor-c', 2, 'later'), 'DEVICE_REVOKED');
});
