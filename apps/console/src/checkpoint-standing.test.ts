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

test('too few, another city, and no note at all have their codes', () => {
  const few = testNote(head, first.log, [first]);
  assert.equal(standingOf(policy, few).refusal, 'QUORUM_MISSING');
  const other = testNote({ ...head, origin: `other.example/${'ab'.repeat(32)}` }, first.log, []);
  assert.equal(standingOf(policy, other).refusal, 'LOG_UNKNOWN');
  assert.equal(standingOf(policy, new TextEncoder().encode('nonsense\n')).refusal, 'TEXT_INVALID');
});
