import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import {
  encodeReadingAnswers,
  encodeReadingBatch,
  parseReadingAnswers,
  parseReadingBatch,
  READING_BATCH_COUNT_MAX,
} from './reading-answers.ts';

const receipt = Uint8Array.of(1, 2, 3);

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'nothing was thrown';
  } catch (error) {
    return error instanceof FormatError ? error.code : String(error);
  }
};

test('batches and answers survive their encoding', () => {
  assert.deepEqual(parseReadingBatch(encodeReadingBatch([receipt, Uint8Array.of(9)])), [receipt, Uint8Array.of(9)]);
  const answers = [{ receipt }, { code: 'OVERLOADED', message: 'Too much is waiting already' }, { code: 'DEVICE_SUSPENDED' }];
  assert.deepEqual(parseReadingAnswers(encodeReadingAnswers(answers)), answers);
});

const REFUSED: readonly (readonly [what: string, code: string, run: () => unknown])[] = [
  ['an empty batch', 'LENGTH_WRONG', () => parseReadingBatch(encodeCbor([]))],
  ['an empty envelope', 'LENGTH_WRONG', () => parseReadingBatch(encodeCbor([new Uint8Array(0)]))],
  ['a text for an envelope', 'WRONG_TYPE', () => parseReadingBatch(encodeCbor(['reading']))],
  [
    'too many envelopes',
    'LENGTH_WRONG',
    () => parseReadingBatch(encodeCbor(new Array<Uint8Array>(READING_BATCH_COUNT_MAX + 1).fill(receipt))),
  ],
  ['an answer without receipt or code', 'WRONG_TYPE', () => parseReadingAnswers(encodeCbor([new Map()]))],
  ['an answer with both', 'WRONG_TYPE', () => parseReadingAnswers(encodeReadingAnswers([{ receipt, code: 'OVERLOADED' }]))],
  ['an unknown field', 'UNKNOWN_FIELD', () => parseReadingAnswers(encodeCbor([new Map([['kept', true]])]))],
];

for (const [what, code, run] of REFUSED) {
  test(`refused with ${code}: ${what}`, () => assert.equal(codeOf(run), code));
}
