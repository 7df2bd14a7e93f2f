import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from './bytes.ts';
import { encodeCbor, parseCbor } from './cbor.ts';
import { FormatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import {
  encodeReadingAnswers,
  encodeReadingBatch,
  encodeReadingSequence,
  parseReadingAnswers,
  parseReadingBatch,
  parseReadingSequence,
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

test('batches, sequences and answers survive their encoding', () => {
  const sizes = [1, 23, 24, 255, 256, 300, 65_535, 65_536].filter((size) => size <= LIMITS.readingSizeMax);
  const envelopes = sizes.map((size) => new Uint8Array(size).fill(size % 251));
  assert.deepEqual(parseReadingBatch(encodeReadingBatch(envelopes)), envelopes);
  assert.deepEqual(parseReadingSequence(encodeReadingSequence(envelopes)), envelopes);
  assert.deepEqual(encodeReadingBatch(envelopes), encodeCbor(envelopes));
  assert.deepEqual(encodeReadingSequence(envelopes), concatBytes(...envelopes.map((envelope) => encodeCbor(envelope))));
  assert.deepEqual(parseReadingBatch(encodeReadingBatch([receipt, Uint8Array.of(9)])), [receipt, Uint8Array.of(9)]);
  const answers = [{ receipt }, { code: 'OVERLOADED', message: 'Too much is waiting already' }, { code: 'DEVICE_SUSPENDED' }];
  assert.deepEqual(parseReadingAnswers(encodeReadingAnswers(answers)), answers);
  assert.deepEqual(encodeReadingAnswers(answers), encodeCbor(answers.map((answer) => new Map(Object.entries(answer)))));
});

test('every byte of a batch that changes is judged as the general parser judges it', () => {
  const envelopes = [Uint8Array.of(1), new Uint8Array(30).fill(2), new Uint8Array(300).fill(3)];
  const batch = encodeReadingBatch(envelopes);
  const general = (data: Uint8Array): unknown => {
    const parsed = parseCbor(data);
    const isBatch =
      Array.isArray(parsed) && parsed.length > 0 && parsed.every((item) => item instanceof Uint8Array && item.length > 0);
    return isBatch ? parsed : 'refused';
  };
  const outcome = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      assert.ok(error instanceof FormatError);
      return 'refused';
    }
  };
  for (let i = 0; i < batch.length; i++) {
    for (let bit = 0; bit < 8; bit++) {
      const changed = batch.slice();
      changed[i] = (changed[i] as number) ^ (1 << bit);
      assert.deepEqual(
        outcome(() => parseReadingBatch(changed)),
        outcome(() => general(changed)),
      );
      // The sequence is the batch without its first byte.
      const rest = changed.subarray(1);
      const whole = concatBytes(Uint8Array.of(0x80 + 3), rest);
      const alone = outcome(() => parseReadingSequence(rest));
      if (alone !== 'refused' && (alone as unknown[]).length === 3)
        assert.deepEqual(
          alone,
          outcome(() => general(whole)),
        );
    }
  }
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
  ['an empty sequence', 'LENGTH_WRONG', () => parseReadingSequence(new Uint8Array(0))],
  ['an empty envelope in a sequence', 'LENGTH_WRONG', () => parseReadingSequence(Uint8Array.of(0x41, 1, 0x40))],
  ['a text in a sequence', 'WRONG_TYPE', () => parseReadingSequence(concatBytes(encodeCbor(receipt), encodeCbor('reading')))],
  ['an array in a sequence', 'WRONG_TYPE', () => parseReadingSequence(encodeCbor([receipt]))],
  ['a sequence cut off', 'TRUNCATED', () => parseReadingSequence(encodeCbor(receipt).slice(0, -1))],
  ['a sequence cut off in a length', 'TRUNCATED', () => parseReadingSequence(Uint8Array.of(0x41, 1, 0x59, 1))],
  ['a length that is too long', 'NOT_CANONICAL', () => parseReadingSequence(Uint8Array.of(0x58, 1, 1, 0, 0, 0))],
  ['a string of pieces', 'NOT_CANONICAL', () => parseReadingSequence(Uint8Array.of(0x5f, 0x41, 1, 0xff))],
  [
    'an envelope beyond the limit',
    'LENGTH_WRONG',
    () => parseReadingSequence(encodeCbor(new Uint8Array(LIMITS.readingSizeMax + 1))),
  ],
  [
    'too many envelopes in a sequence',
    'LENGTH_WRONG',
    () => parseReadingSequence(concatBytes(...new Array<Uint8Array>(READING_BATCH_COUNT_MAX + 1).fill(Uint8Array.of(0x41, 1)))),
  ],
  ['an answer without receipt or code', 'WRONG_TYPE', () => parseReadingAnswers(encodeCbor([new Map()]))],
  ['an answer with both', 'WRONG_TYPE', () => parseReadingAnswers(encodeReadingAnswers([{ receipt, code: 'OVERLOADED' }]))],
  ['an unknown field', 'UNKNOWN_FIELD', () => parseReadingAnswers(encodeCbor([new Map([['kept', true]])]))],
];

for (const [what, code, run] of REFUSED) {
  test(`refused with ${code}: ${what}`, () => assert.equal(codeOf(run), code));
}
