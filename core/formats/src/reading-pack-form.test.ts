import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { type Bytes, concatBytes } from './bytes.ts';
import { FormatError } from './errors.ts';
import { deviceUrnPrefix } from './ids.ts';
import { parseReadingPack } from './reading-pack.ts';
import { readPackForm } from './reading-pack-form.ts';
import type { ResolvedRecord, SenmlPack, SenmlRecord } from './senml.ts';
import { encodeSenmlCbor } from './senml-cbor.ts';

const prefix = deviceUrnPrefix(namedId('device'));

/** What the general parser says, or null when it refuses. */
function generally(payload: Bytes): readonly ResolvedRecord[] | null {
  try {
    return parseReadingPack(payload, prefix);
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** The form is only ever found in what the general parser takes, with the same time and the same records. */
function assertSame(payload: Bytes): void {
  const found = readPackForm(payload, prefix);
  const records: ResolvedRecord[] = [];
  assert.equal(readPackForm(payload, prefix, records), found, 'whether records are wanted or not');
  if (found === null) return;
  const known = generally(payload);
  assert.equal(found, known?.at(-1)?.timeS);
  assert.deepEqual(
    records.sort((a, b) => a.timeS - b.timeS),
    known,
  );
}

const numbers = fc.oneof(
  fc.integer({ min: -70_000, max: 70_000 }),
  fc.integer({ min: -(2 ** 32), max: 2 ** 33 }),
  fc.float({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -400, max: 400 }).map((quarters) => quarters / 4),
);
const usual = fc.record(
  { n: fc.constantFrom('power', 'a/b:c-d._9', 'x'.repeat(30)), u: fc.constantFrom('W', 'Cel', '%RH'), v: numbers, t: numbers },
  { requiredKeys: ['v', 'n'] },
);
const rest = fc.oneof(usual, fc.record({ n: fc.constant('open'), vb: fc.boolean() }));
const begin = fc.record(
  { bt: fc.oneof(fc.constantFrom(1_790_000_000, 1_790_000_000.5), numbers), bu: fc.constant('W') },
  { requiredKeys: ['bt'] },
);
const packs = fc.tuple(begin, usual, fc.array(rest, { maxLength: 30 })).map(([base, first, others]): Bytes => {
  return encodeSenmlCbor([{ bn: prefix, ...base, ...first } as SenmlRecord, ...others] as SenmlPack);
});

test('what has the form is what the general parser takes, with the same time', () => {
  fc.assert(fc.property(packs, assertSame), { numRuns: 500 });
});

test('packs as devices send them have the form', () => {
  const record = { u: 'W', v: 40.5 };
  const one = encodeSenmlCbor([{ bn: `${prefix}power`, bt: 1_790_000_000, ...record }]);
  assert.equal(readPackForm(one, prefix), 1_790_000_000);
  const many = Array.from({ length: 50 }, (_, i) => ({ n: 'level', t: i, v: i / 4 }));
  const pack = encodeSenmlCbor([{ bn: prefix, bt: 1_790_000_000, n: 'level', vb: true }, ...many]);
  assert.equal(readPackForm(pack, prefix), 1_790_000_049);
});

test('one byte changed, cut off or added is never taken for something else', () => {
  for (const payload of fc.sample(packs, { numRuns: 12, seed: 3 })) {
    for (let i = 0; i < Math.min(payload.length, 300); i++) {
      for (const change of [1, 2, 4, 8, 0x10, 0x20, 0x40, 0x80]) {
        const changed = payload.slice();
        changed[i] = (changed[i] as number) ^ change;
        assertSame(changed);
      }
      assert.equal(readPackForm(payload.slice(0, i), prefix), null);
    }
    assert.equal(readPackForm(concatBytes(payload, Uint8Array.of(0)), prefix), null);
  }
});

describe('what has not the form', () => {
  const base = { bn: prefix, bt: 1_790_000_000 };
  const cases: readonly [string, SenmlPack][] = [
    ['another device', [{ ...base, bn: deviceUrnPrefix(namedId('other')), n: 'p', v: 1 }]],
    ['no name', [{ ...base, v: 1 }]],
    ['no base name', [{ bt: 1_790_000_000, n: 'p', v: 1 }]],
    ['two values', [{ ...base, n: 'p', v: 1, vb: true }]],
    ['no value', [{ ...base, n: 'p' }]],
    ['a relative time', [{ bn: prefix, bt: 5, n: 'p', v: 1 }]],
    ['a time no clock has', [{ ...base, n: 'p', v: 1, t: 2 ** 50 }]],
    ['a name with a space', [{ ...base, n: 'a b', v: 1 }]],
    [
      'a second base',
      [
        { ...base, n: 'p', v: 1 },
        { bt: 1_790_000_001, n: 'p', v: 1 },
      ],
    ],
    ['a text', [{ ...base, n: 'p', vs: 'open' }]],
    ['a sum', [{ ...base, n: 'p', v: 1, s: 2 }]],
  ];
  for (const [what, pack] of cases) test(what, () => assert.equal(readPackForm(encodeSenmlCbor(pack), prefix), null));
});
