import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedId } from '../../../../test/support/ledger.ts';
import { Challenges } from './challenges.ts';

const LIFE_MS = 30_000;

function onCounter(resolutionMs = 0) {
  const counter = { nowMs: 5_000 };
  return { counter, challenges: new Challenges({ boot: 'boot', nowMs: () => counter.nowMs, resolutionMs }) };
}

test('the newest two are good, each for the lifetime since it was made', () => {
  const { counter, challenges } = onCounter();
  const first = challenges.renew();
  counter.nowMs += 20_000;
  const second = challenges.renew();
  assert.equal(challenges.check(first, LIFE_MS), null);
  assert.equal(challenges.check(second, LIFE_MS), null);
  counter.nowMs += 10_000;
  assert.equal(challenges.check(first, LIFE_MS)?.code, 'ORDER_EXPIRED');
  assert.equal(challenges.check(second, LIFE_MS), null);
  challenges.renew();
  assert.equal(challenges.check(first, LIFE_MS)?.code, 'CHALLENGE_SPENT');
  assert.equal(challenges.check(namedId('guess'), LIFE_MS)?.code, 'CHALLENGE_SPENT');
});

test('voided, all of them are spent', () => {
  const { challenges } = onCounter();
  const all = [challenges.renew(), challenges.renew()];
  challenges.void();
  for (const challenge of all) assert.equal(challenges.check(challenge, LIFE_MS)?.code, 'CHALLENGE_SPENT');
});

test('a counter that is read too low by its resolution makes nothing live longer', () => {
  const { counter, challenges } = onCounter(10);
  const challenge = challenges.renew();
  counter.nowMs += LIFE_MS - 10;
  assert.equal(challenges.check(challenge, LIFE_MS)?.code, 'ORDER_EXPIRED');
  counter.nowMs -= 1;
  assert.equal(challenges.check(challenge, LIFE_MS), null);
});
