import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { standingOf } from './checkpoint-standing.ts';

const origin = `city.example/${'ab'.repeat(32)}`;
const validators = testValidators('v', 4);
const policy = testPolicy(origin, validators);
const head = { origin, size: 12, root: namedId('root') };
const [first = assert.fail()] = validators;

test('who cosigned, as what, and that the quorum is met', () => {
  const note = testNote(head, first.log, validators.slice(0, 3));
  const { refusal, size, cosigners } = standingOf(policy, note);
  assert.deepEqual([refusal, size], [null, 12]);
  assert.deepEqual(
    cosigners.map(({ cosignedMs, part, isInQuorum }) => [cosignedMs !== null, part, isInQuorum]),
    [
      [true, 'validator', true],
      [true, 'validator', true],
      [true, 'validator', true],
      [false, 'validator', true],
    ],
  );
});

test('how many validators cosigned, must, and may fail: of three none may', () => {
  const note = testNote(head, first.log, validators.slice(0, 3));
  assert.deepEqual(standingOf(policy, note).validators, { count: 4, needed: 3, cosigned: 3, faultsMax: 1 });
  const three = testPolicy(origin, validators.slice(0, 3));
  assert.deepEqual(standingOf(three, note).validators, { count: 3, needed: 3, cosigned: 3, faultsMax: 0 });
  const alone = testPolicy(origin, [first]);
  assert.deepEqual(standingOf(alone, note).validators, { count: 1, needed: 1, cosigned: 1, faultsMax: 0 });
  assert.equal(standingOf(policy, new TextEncoder().encode('nonsense\n')).validators, null);
});

test('too few, another city, and no note at all have their codes', () => {
  const few = testNote(head, first.log, [first]);
  assert.equal(standingOf(policy, few).refusal, 'QUORUM_MISSING');
  const other = testNote({ ...head, origin: `other.example/${'ab'.repeat(32)}` }, first.log, []);
  assert.equal(standingOf(policy, other).refusal, 'LOG_UNKNOWN');
  assert.equal(standingOf(policy, new TextEncoder().encode('nonsense\n')).refusal, 'TEXT_INVALID');
});
