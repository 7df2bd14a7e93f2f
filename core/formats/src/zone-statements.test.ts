import assert from 'node:assert/strict';
import { test } from 'node:test';
import { namedId } from '../../../test/support/ledger.ts';
import { newKeySet } from '../../../test/support/orders.ts';
import { type Bytes, concatBytes, encodeUtf8 } from './bytes.ts';
import { FormatError } from './errors.ts';
import {
  encodeKeySet,
  encodeZoneDocument,
  type KeySet,
  parseKeySet,
  parseZoneDocument,
  type ZoneDocument,
} from './zone-statements.ts';

const CITY = namedId('city');
const PEOPLE = ['anna', 'ben', 'clara'];
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof FormatError) return error.code;
    throw error;
  }
  return 'OK';
};
const keySetCode = (changes: Partial<KeySet>) => codeOf(() => parseKeySet(encodeKeySet(newKeySet(CITY, PEOPLE, changes))));

test('a key set is read back as it was written', () => {
  const set = newKeySet(CITY, PEOPLE);
  assert.deepEqual(parseKeySet(encodeKeySet(set)), set);
  const many = newKeySet(
    CITY,
    Array.from({ length: 16 }, (_, i) => `holder ${i}`),
  );
  assert.deepEqual(parseKeySet(encodeKeySet(many)), many);
});

test('a key set that could be met by nobody, by too few or by one person twice is none', () => {
  const { keys } = newKeySet(CITY, PEOPLE);
  const [first, second, third] = keys as [Bytes, Bytes, Bytes];
  assert.equal(keySetCode({ threshold: 0 }), 'NUMBER_RANGE');
  assert.equal(keySetCode({ threshold: 3 }), 'KEY_SET_THRESHOLD', 'an order needs no more than what is dangerous');
  assert.equal(keySetCode({ dangerousThreshold: 4 }), 'KEY_SET_THRESHOLD', 'three keys never make four signatures');
  assert.equal(keySetCode({ threshold: 3, dangerousThreshold: 3 }), 'OK');
  assert.equal(keySetCode({ keys: [first, first, third] }), 'DUPLICATE_KEY');
  assert.equal(keySetCode({ keys: [second, first, third] }), 'UNSORTED');
  assert.equal(keySetCode({ keys: [] }), 'LENGTH_WRONG');
  assert.equal(keySetCode({ keys: [new Uint8Array(32), first, second, third] }), 'KEY_INVALID', 'of small order: anybody signs');
  assert.equal(keySetCode({ version: 0 }), 'NUMBER_RANGE');
  assert.equal(
    codeOf(() => parseKeySet(concatBytes(encodeKeySet(newKeySet(CITY, PEOPLE)), Uint8Array.of(0)))),
    'TRAILING_BYTES',
  );
  assert.equal(
    codeOf(() => parseKeySet(new Uint8Array(1_025))),
    'TOO_LARGE',
  );
});

test('a document is read back as it was written, under a name with one spelling', () => {
  const document: ZoneDocument = { city: CITY, zone: namedId('zone'), name: 'matrix', version: 3, body: encodeUtf8('…') };
  assert.deepEqual(parseZoneDocument(encodeZoneDocument(document)), document);
  const code = (changes: Partial<ZoneDocument>) =>
    codeOf(() => parseZoneDocument(encodeZoneDocument({ ...document, ...changes })));
  assert.equal(code({ name: 'Matrix' }), 'TEXT_INVALID');
  assert.equal(code({ name: 'plan 3' }), 'TEXT_INVALID');
  assert.equal(code({ name: '' }), 'LENGTH_WRONG');
  assert.equal(code({ version: 0 }), 'NUMBER_RANGE');
  assert.equal(code({ body: new Uint8Array(0) }), 'LENGTH_WRONG');
  assert.equal(code({ body: new Uint8Array(49_153) }), 'LENGTH_WRONG');
  assert.equal(code({ body: new Uint8Array(49_152) }), 'OK');
});
