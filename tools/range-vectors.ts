/** Writes vectors/ranges/ranges.json: `node tools/range-vectors.ts`; specs/complete-ranges.md says how to read it. The keys are test keys. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { type Bytes, concatBytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { type CompleteRange, encodeCompleteRange } from '@oppidum/formats/complete-range';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import type { RangeFindings } from '@oppidum/proofs/verify-complete-range';
import { nodeCrypto } from '../test/support/crypto.ts';
import { EvidenceCity, testPolicy } from '../test/support/evidence.ts';
import { GENESIS_MS, namedId } from '../test/support/ledger.ts';

/** What a verifier must say: nothing of the range where something does not hold. */
type Expected = {
  readonly verdict: string;
  readonly step: string;
  readonly range: Pick<RangeFindings, 'gaps' | 'beginsBefore' | 'endsAfter'> | null;
};
type Case = readonly [why: string, policy: 'city' | 'elsewhere', file: Bytes, expected: Expected];

/** Reading n is timed n seconds after the genesis; 5 was never sent. */
const SENT = [1, 2, 3, 4, 6, 7];
const NOTED = 'sequence numbers';

/** A city with all readings anchored, and a file about the seconds `from` (included) to `to` with the readings of these numbers. */
function makeRanges() {
  const city = new EvidenceCity();
  const indices = new Map(SENT.map((sequence) => [sequence, city.keep(city.sign(sequence))]));
  const other = city.keep(city.sign(8, { keyNumber: 1 }));
  const anchored = city.anchor();
  const prove = (sequence: number): Bytes => encodeEvidence(city.proveReading(indices.get(sequence) as number, anchored));
  const range = (from: number, to: number, shown: readonly number[], changes: Partial<CompleteRange> = {}): CompleteRange => ({
    ...{ version: 1, fact: 'readings', device: city.device, keyNumber: 0 },
    ...{ fromMs: GENESIS_MS + from * 1_000, toMs: GENESIS_MS + to * 1_000, evidence: shown.map(prove) },
    ...changes,
  });
  return { city, range, otherKey: encodeEvidence(city.proveReading(other, anchored)) };
}

const { city, range, otherKey } = makeRanges();

function holds(...[gaps, beginsBefore, endsAfter]: [[number, number][], boolean, boolean]): Expected {
  return { verdict: 'OK', step: NOTED, range: { gaps: gaps.map(([first, last]) => ({ first, last })), beginsBefore, endsAfter } };
}

const fails = (verdict: string, step: string): Expected => ({ verdict, step, range: null });
const encode = encodeCompleteRange;

const COMPLETE: readonly Case[] = [
  ['complete: one reading before the span, one at its end', 'city', encode(range(2, 4, [1, 2, 3, 4])), holds([], true, true)],
  ['complete from the first number there is', 'city', encode(range(0, 3, [1, 2, 3])), holds([], true, true)],
  ['complete: nothing is timed in the span', 'city', encode(range(2.2, 2.8, [2, 3])), holds([], true, true)],
  ['5 is not shown', 'city', encode(range(4, 7, [3, 4, 6, 7])), holds([[5, 5]], true, true)],
  ['3 to 6 are not shown', 'city', encode(range(2, 7, [1, 2, 7])), holds([[3, 6]], true, true)],
  [
    'two gaps',
    'city',
    encode(range(2, 7, [1, 3, 4, 6, 7])),
    holds(
      [
        [2, 2],
        [5, 5],
      ],
      true,
      true,
    ),
  ],
  ['the beginning is open', 'city', encode(range(2, 4, [2, 3, 4])), holds([], false, true)],
  ['the end is open', 'city', encode(range(2, 4, [1, 2, 3])), holds([], true, false)],
  ['no reading at all: both are open', 'city', encode(range(2, 4, [])), holds([], false, false)],
];

const [first, second] = range(1, 2, [1, 2]).evidence as [Bytes, Bytes];
const altered = second.map((byte, i) => (i === second.length - 1 ? byte ^ 1 : byte));
const REFUSED: readonly Case[] = [
  ['a byte after the end', 'city', concatBytes(encode(range(2, 4, [1])), Uint8Array.of(0)), fails('UNREADABLE', 'format')],
  ['cut short', 'city', encode(range(2, 4, [1])).subarray(0, -1), fails('UNREADABLE', 'format')],
  ['evidence of one reading is no range', 'city', first, fails('UNREADABLE', 'format')],
  ['a span that ends where it begins', 'city', encode(range(2, 2, [1, 2])), fails('UNREADABLE', 'format')],
  ['under the policy of another city', 'elsewhere', encode(range(2, 4, [1, 2])), fails('NOT_OURS', 'readings')],
  ['one reading twice', 'city', encode(range(2, 4, [1, 2, 2])), fails('HASH_MISMATCH', 'readings')],
  ['another order', 'city', encode(range(2, 4, [2, 1])), fails('HASH_MISMATCH', 'readings')],
  ['of another device', 'city', encode(range(2, 4, [1], { device: namedId('mallory') })), fails('HASH_MISMATCH', 'readings')],
  ['of another key', 'city', encode(range(2, 4, [1], { keyNumber: 1 })), fails('HASH_MISMATCH', 'readings')],
  [
    'a reading of another key among them',
    'city',
    encode(range(2, 4, [], { evidence: [first, otherKey] })),
    fails('HASH_MISMATCH', 'readings'),
  ],
  [
    'evidence of which a bit was altered',
    'city',
    encode(range(2, 4, [], { evidence: [first, altered] })),
    fails('UNREADABLE', 'readings'),
  ],
];

/** The file's text. */
export function renderRangeVectors(): string {
  const policies = {
    city: parseUtf8(encodePolicy(nodeCrypto, city.policy)),
    elsewhere: parseUtf8(encodePolicy(nodeCrypto, testPolicy(`other.oppidum.example/${'00'.repeat(32)}`, city.validators))),
  };
  const cases = [...COMPLETE, ...REFUSED].map(([why, policy, file, expected]) => ({
    why,
    policy,
    ...expected,
    file: toHex(file),
  }));
  return `${JSON.stringify({ policies, cases }, null, 2)}\n`;
}

if (import.meta.main) {
  const folder = new URL('../vectors/ranges/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('ranges.json', folder), renderRangeVectors());
}
