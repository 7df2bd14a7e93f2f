import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packSentences, sentencesOf, underNames, unpackSentences } from './lean-texts.ts';

const ENGLISH = { yes: 'yes', verdicts: { OK: { color: 'green', means: 'Proven' } }, no: 'no' };
const ESTONIAN = { no: 'ei', yes: 'jah', verdicts: { OK: { means: 'Tõestatud' } } };

test('sentences without their names come under the same names again, and a colour is that of English', () => {
  const sentences = sentencesOf(ENGLISH, ESTONIAN);
  assert.deepEqual(sentences, ['jah', 'Tõestatud', 'ei']);
  const whole = { ...ESTONIAN, verdicts: { OK: { color: 'green', means: 'Tõestatud' } } };
  assert.deepEqual(underNames(ENGLISH, sentences), whole);
});

test('a sentence that comes again is written by its place, and comes back whole', () => {
  const sentences = ['Seda ei saa tagasi võtta.', 'jah', '', 'ei', 'Seda ei saa tagasi võtta.', 'jah', '', 'a', 'a'];
  const packed = packSentences(sentences);
  assert.equal(packed, 'Seda ei saa tagasi võtta.\njah\n\nei\n0\n1\n\na\na');
  assert.deepEqual(unpackSentences(packed), sentences);
  for (const strange of ['7', 'length', 'at']) assert.throws(() => packSentences(['ei', strange]), /would be read as a place/);
});

test('what one of both languages lacks ends the build', () => {
  const refused = (other: Parameters<typeof sentencesOf>[1], why: RegExp) =>
    assert.throws(() => sentencesOf(ENGLISH, other), why);
  const { no: _, ...few } = ESTONIAN;
  refused(few, /^Error: no is no text in one language$/);
  refused({ ...ESTONIAN, maybe: 'vist' }, /^Error: English has no maybe$/);
  refused({ ...ESTONIAN, verdicts: { OK: {} } }, /^Error: verdicts\.OK\.means is no text in one language$/);
  refused({ ...ESTONIAN, verdicts: 'OK' }, /^Error: verdicts is no text in one language$/);
  refused({ ...ESTONIAN, no: 'e\ni' }, /^Error: no has a line break$/);
});
