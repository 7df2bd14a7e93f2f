import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, encodeUtf8, parseHex } from './bytes.ts';
import { CborFloat, type CborMap, CborTag, type CborValue, encodeCbor } from './cbor.ts';
import { deviceUrnPrefix } from './ids.ts';
import { LIMITS } from './limits.ts';
import { checkReadingPack, parseReadingPack } from './reading-pack.ts';
import { resolveSenml, type SenmlPack, type SenmlRecord } from './senml.ts';
import { encodeSenmlCbor, parseSenmlCbor } from './senml-cbor.ts';
import { encodeSenmlJson, parseSenmlJson, resolvedToJson } from './senml-json.ts';

type Vector = {
  readonly name: string;
  readonly json?: string;
  readonly cbor?: string;
  readonly foreign?: boolean;
  readonly device?: string;
  readonly nowS?: number;
  readonly resolved?: readonly object[];
  readonly code?: string;
};

function readVectors(file: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(`../../../vectors/senml/${file}`, import.meta.url), 'utf8'));
}

function parsePack(vector: Vector): SenmlPack {
  if (vector.json !== undefined) return parseSenmlJson(encodeUtf8(vector.json));
  return parseSenmlCbor(parseHex(vector.cbor ?? ''), { foreign: vector.foreign ?? false });
}

for (const vector of readVectors('packs.json')) {
  test(`pack: ${vector.name}`, () => {
    const pack = parsePack(vector);
    assert.deepEqual(resolvedToJson(resolveSenml(pack, vector.nowS)), vector.resolved);
    assert.deepEqual(parseSenmlCbor(encodeSenmlCbor(pack)), pack, 'through CBOR');
    if (vector.json !== undefined) assert.deepEqual(parseSenmlJson(encodeSenmlJson(pack)), pack, 'through JSON');
  });
}

for (const vector of readVectors('refused.json')) {
  test(`refused with ${vector.code}: ${vector.name}`, () => {
    assert.throws(() => resolveSenml(parsePack(vector), vector.nowS), { code: vector.code });
  });
}

for (const vector of readVectors('readings.json')) {
  test(`reading: ${vector.name}`, () => {
    const parse = () => parseReadingPack(parseHex(vector.cbor ?? ''), deviceUrnPrefix(parseHex(vector.device ?? '')));
    if (vector.code !== undefined) assert.throws(parse, { code: vector.code });
    else assert.deepEqual(resolvedToJson(parse()), vector.resolved);
  });
}

const PREFIX = deviceUrnPrefix(new Uint8Array(32));
const TIME_S = 1_790_000_000;

function packOf(count: number): SenmlRecord[] {
  return Array.from({ length: count }, (_, i) => ({ n: `${PREFIX}${i}`, t: TIME_S, v: i }));
}

test('a pack may have 10,000 records and not one more', () => {
  const most = packOf(LIMITS.senmlRecordCountMax);
  assert.equal(checkReadingPack(most, PREFIX), null);
  const more = packOf(LIMITS.senmlRecordCountMax + 1);
  assert.equal(checkReadingPack(more, PREFIX)?.code, 'TOO_LARGE');
  assert.throws(() => encodeSenmlCbor(more), { code: 'TOO_LARGE' });
  const json = encodeUtf8(JSON.stringify(more));
  assert.throws(() => parseSenmlJson(json), { code: 'TOO_LARGE' });
  // As bytes: the array's count is the only difference to the largest pack, and comes before anything is resolved.
  const bytes = encodeSenmlCbor(most);
  const one = encodeSenmlCbor([{ v: 1 }]).slice(1);
  const tooMany = concatBytes(Uint8Array.of(0x99, 0x27, 0x11), bytes.slice(3), one);
  assert.throws(() => parseReadingPack(tooMany, PREFIX), { code: 'TOO_LARGE' });
});

test('checkReadingPack and parseReadingPack agree on every rule', () => {
  const records: SenmlRecord[] = [
    { n: `${PREFIX}a`, t: TIME_S, v: 1 },
    { n: `${PREFIX}a`, t: 5, v: 1 },
    { n: `${PREFIX}a`, t: TIME_S },
    { n: `${PREFIX}`, t: TIME_S, v: 1 },
    { n: `${PREFIX}ü`, t: TIME_S, v: 1 },
    { n: `${PREFIX}a`, t: TIME_S, v: 1, bver: 12 },
  ];
  for (const record of records) {
    const refusal = checkReadingPack([record], PREFIX);
    const parse = () => parseReadingPack(encodeSenmlCbor([record]), PREFIX);
    if (refusal === null) assert.equal(parse().length, 1);
    else assert.throws(parse, { code: refusal.code });
  }
});

test('bver is an integer (RFC 8428 §11), and 10 where the first record has none', () => {
  const name = `${PREFIX}a`;
  const pack = (...records: CborMap[]) => encodeCbor(records);
  const record = (bver?: CborValue): CborMap =>
    new Map<number, CborValue>([...(bver === undefined ? [] : [[-1, bver] as const]), [0, name], [2, 1], [6, TIME_S]]);
  assert.equal(parseReadingPack(pack(record(5), record()), PREFIX).length, 2);
  assert.throws(() => parseReadingPack(pack(record(), record(5)), PREFIX), { code: 'SENML_VERSION' });
  assert.throws(() => parseReadingPack(pack(record(new CborFloat(10))), PREFIX), { code: 'WRONG_TYPE' });
  assert.throws(() => parseReadingPack(pack(record(new CborTag(4, [0, 10]))), PREFIX), { code: 'WRONG_TYPE' });
});

/** −0 is left out: it has no CBOR integer and is written as 0. */
const anyNumber = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })).map((value) => value + 0);
const anyValue = fc.oneof(
  fc.record({ v: anyNumber }),
  fc.record({ vs: fc.string({ unit: 'grapheme' }) }),
  fc.record({ vb: fc.boolean() }),
  fc.record({ vd: fc.uint8Array({ maxLength: 20 }) }),
);
const anyRecord = fc
  .tuple(
    anyValue,
    fc.record({ n: fc.stringMatching(/^[a-z][a-z0-9:/]{0,9}$/), t: fc.integer({ min: 2 ** 28, max: 2 ** 40 }) }),
    fc.record({ u: fc.string({ maxLength: 5, unit: 'grapheme' }), s: anyNumber, ut: anyNumber }, { requiredKeys: [] }),
  )
  .map(([value, base, rest]): SenmlRecord => ({ ...base, ...value, ...rest }));

test('both representations give back what they were given', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), (pack) => {
      assert.deepEqual(parseSenmlCbor(encodeSenmlCbor(pack)), pack);
      assert.deepEqual(parseSenmlCbor(encodeSenmlCbor(pack), { foreign: true }), pack);
      assert.deepEqual(parseSenmlJson(encodeSenmlJson(pack)), pack);
    }),
  );
});

test('resolved records are in chronological order and resolve to themselves', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), (pack) => {
      const resolved = resolveSenml(pack);
      for (let i = 1; i < resolved.length; i++) assert.ok(resolved[i - 1]!.timeS <= resolved[i]!.timeS);
      const again = resolveSenml(parseSenmlJson(encodeUtf8(JSON.stringify(resolvedToJson(resolved)))));
      assert.deepEqual(resolvedToJson(again), resolvedToJson(resolved));
    }),
  );
});
