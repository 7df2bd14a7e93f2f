import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import { type Bytes, encodeUtf8, parseUtf8 } from './bytes.ts';
import { type CborMap, type CborValue, encodeCbor, parseCbor } from './cbor.ts';
import { encodeErasureLeaf } from './erasure-leaf.ts';
import {
  type Evidence,
  encodeEvidence,
  encodeEvidenceJson,
  parseEvidence,
  parseEvidenceFile,
  parseEvidenceJson,
} from './evidence.ts';
import { LIMITS } from './limits.ts';

const city = new EvidenceCity();
city.keep(city.sign(1));
const anchored = city.anchor();
const state = city.proveState({ kind: 'deviceKey', segments: [city.device, 0] });
const transaction = city.proveTransaction(anchored);
const ALL: readonly Evidence[] = [city.proveReading(0, anchored), transaction, state, city.proveErased([0], anchored)];

test('both forms give the same value back, and tell themselves apart', () => {
  for (const evidence of ALL) {
    const cbor = encodeEvidence(evidence);
    const json = encodeEvidenceJson(evidence);
    assert.deepEqual(parseEvidence(cbor), evidence);
    assert.deepEqual(parseEvidenceJson(json), evidence);
    assert.deepEqual(parseEvidenceFile(cbor), evidence);
    assert.deepEqual(parseEvidenceFile(encodeUtf8(json)), evidence);
  }
});

test('a code of a newer ledger is readable', () => {
  const later = { ...transaction, code: 'REFUSED_2' };
  assert.deepEqual(parseEvidence(encodeEvidence(later)), later);
});

test('the JSON form: two spaces, schema order, ids in hex, longer bytes in base64, a newline at the end', () => {
  const json = encodeEvidenceJson(state);
  assert.ok(json.startsWith('{\n  "version": 1,\n  "fact": "state",\n  "claim": {\n    "kind": "deviceKey",\n'));
  assert.ok(json.endsWith('"\n}\n'));
  assert.match(json, /"claimDigest": "[0-9a-f]{64}"/);
  assert.match(json, /"proof": "[A-Za-z0-9+/]+=*"/);
});

describe('refused', () => {
  const edited = (edit: (map: CborMap) => void, of: Evidence = transaction): Bytes => {
    const map = parseCbor(encodeEvidence(of)) as CborMap;
    edit(map);
    return encodeCbor(map);
  };
  const log = (edit: (map: CborMap) => void) =>
    edited((map) => {
      edit(map.get('log') as CborMap);
    });
  const cbor: readonly (readonly [why: string, code: string, file: Bytes])[] = [
    ['nothing', 'TRUNCATED', new Uint8Array(0)],
    ['no map', 'WRONG_TYPE', encodeCbor([1])],
    ['no version', 'MISSING_FIELD', edited((map) => map.delete('version'))],
    ['version 2', 'VERSION_UNSUPPORTED', edited((map) => map.set('version', 2))],
    ['version 0', 'VERSION_UNSUPPORTED', edited((map) => map.set('version', 0))],
    ['version 2^53', 'MISSING_FIELD', edited((map) => map.set('version', 2n ** 53n))],
    ['another fact', 'WRONG_TYPE', edited((map) => map.set('fact', 'rumour'))],
    ['a fact that every object has', 'WRONG_TYPE', edited((map) => map.set('fact', 'constructor'))],
    ['a field too few', 'MISSING_FIELD', edited((map) => map.delete('log'))],
    ['a field too many', 'UNKNOWN_FIELD', edited((map) => map.set('note', 'hello'))],
    ['a field of another fact', 'UNKNOWN_FIELD', edited((map) => map.set('state', 1))],
    ['null for an absent field', 'WRONG_TYPE', edited((map) => map.set('prior', null))],
    ['no code', 'TEXT_INVALID', edited((map) => map.set('code', 'fine'))],
    ['a negative index', 'NUMBER_RANGE', log((map) => map.set('index', -1))],
    ['an index beyond 2^53 − 1', 'WRONG_TYPE', log((map) => map.set('index', 2n ** 53n))],
    ['a hash of 31 bytes', 'LENGTH_WRONG', log((map) => map.set('path', [new Uint8Array(31)]))],
    [
      '65 hashes',
      'LENGTH_WRONG',
      log((map) =>
        map.set(
          'path',
          Array.from({ length: 65 }, (): CborValue => new Uint8Array(32)),
        ),
      ),
    ],
    ['too many bytes', 'TOO_LARGE', new Uint8Array(LIMITS.evidenceSizeMax + 1)],
    ['bytes after the end', 'TRAILING_BYTES', Uint8Array.of(...encodeEvidence(transaction), 0)],
  ];
  for (const [why, code, file] of cbor) {
    test(`${why}: ${code}`, () => {
      assert.throws(() => parseEvidence(file), { code });
      if (file[0] !== 0x7b) assert.throws(() => parseEvidenceFile(file), { code });
    });
  }

  const json = encodeEvidenceJson(transaction);
  const texts: readonly (readonly [why: string, code: string, text: string])[] = [
    ['no JSON', 'TEXT_INVALID', '{'],
    ['a list', 'WRONG_TYPE', '[1]\n'],
    ['null', 'WRONG_TYPE', 'null\n'],
    ['one line', 'NOT_CANONICAL', JSON.stringify(JSON.parse(json))],
    ['no newline at the end', 'NOT_CANONICAL', json.trimEnd()],
    ['other names first', 'NOT_CANONICAL', `${JSON.stringify({ fact: 'transaction', ...JSON.parse(json) }, null, 2)}\n`],
    ['1.0 for 1', 'NOT_CANONICAL', json.replace('"version": 1,', '"version": 1.0,')],
    ['a name twice', 'NOT_CANONICAL', json.replace('"version": 1,', '"version": 1,\n  "version": 1,')],
    ['an escaped letter', 'NOT_CANONICAL', json.replace('"transaction"', '"\\u0074ransaction"')],
    [
      'capital hex',
      'TEXT_INVALID',
      encodeEvidenceJson(state).replace(/"claimDigest": "[^"]*"/, (text) => `"claimDigest": ${text.slice(15).toUpperCase()}`),
    ],
    ['padding before the end', 'TEXT_INVALID', encodeEvidenceJson(state).replace('"proof": "', '"proof": "=')],
    ['version 2', 'VERSION_UNSUPPORTED', json.replace('"version": 1', '"version": 2')],
    ['no version', 'MISSING_FIELD', '{}'],
    ['version 1.5', 'MISSING_FIELD', json.replace('"version": 1', '"version": 1.5')],
    ['a field too many', 'UNKNOWN_FIELD', json.replace('"version": 1,', '"version": 1,\n  "more": 1,')],
    ['no code', 'TEXT_INVALID', json.replace('"code": "OK"', '"code": "Ok"')],
    ['too many characters', 'TOO_LARGE', `{${' '.repeat(2 * LIMITS.evidenceSizeMax)}}`],
  ];
  for (const [why, code, text] of texts) {
    test(`JSON: ${why}: ${code}`, () => {
      assert.notEqual(text, json);
      assert.throws(() => parseEvidenceJson(text), { code });
    });
  }

  test('a byte order mark before the JSON form: refused', () => {
    assert.throws(() => parseEvidenceFile(encodeUtf8(`\ufeff${json}`)), { name: 'FormatError' });
    assert.equal(parseUtf8(encodeUtf8(json)), json);
  });
});

test('an erasure leaf binds salt, shard and index; other sizes are refused', () => {
  const leaf = { salt: new Uint8Array(16), shard: new Uint8Array(32), index: 3 };
  assert.deepEqual(parseCbor(encodeErasureLeaf(leaf)), [leaf.salt, leaf.shard, 3]);
  assert.throws(() => encodeErasureLeaf({ ...leaf, salt: new Uint8Array(15) }), { code: 'LENGTH_WRONG' });
  assert.throws(() => encodeErasureLeaf({ ...leaf, shard: new Uint8Array(31) }), { code: 'LENGTH_WRONG' });
});
