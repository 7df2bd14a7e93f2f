import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import { FormatError } from '@oppidum/formats/errors';
import fc from 'fast-check';
import { countEnvelopes, encodeParcel, PARCEL_COUNT_MAX, parseParcel } from './parcel.ts';

const hexOf = (envelopes: readonly Bytes[]): string[] => envelopes.map(toHex);
/** COSE_Sign's tag, as envelopes begin. */
const envelope = fc.uint8Array({ maxLength: 300 }).map((rest) => Uint8Array.of(0xd8, 0x62, ...rest));

/** What the parser of deterministic CBOR makes of a parcel; null where it is none. */
function cborItems(transaction: Bytes): readonly Bytes[] | null {
  try {
    const items = parseCbor(transaction);
    const isParcel = Array.isArray(items) && items.length >= 2 && items.length <= PARCEL_COUNT_MAX;
    return isParcel && items.every((item) => item instanceof Uint8Array) ? items : null;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return null;
  }
}

describe('parcels', () => {
  test('what goes together comes out as it was, each in an array of its own', () => {
    fc.assert(
      fc.property(fc.array(envelope, { minLength: 1, maxLength: PARCEL_COUNT_MAX }), (envelopes) => {
        const want = hexOf(envelopes);
        const transaction = encodeParcel(envelopes);
        const parsed = parseParcel(transaction);
        // Whatever becomes of the engine's bytes.
        transaction.fill(0);
        assert.deepEqual(hexOf(parsed), want);
      }),
    );
  });

  test('it is read as deterministic CBOR is, whatever the bytes, and counted as it is read', () => {
    const parcel = fc
      .array(fc.uint8Array({ maxLength: 70_000 }), { minLength: 1, maxLength: 4 })
      .map((items) => encodeCbor(items));
    const byte = fc.integer({ min: 0, max: 255 });
    const altered = fc.tuple(parcel, fc.nat(12), byte, fc.nat(3)).map(([bytes, at, value, cut]) => {
      const changed = bytes.slice(0, bytes.length - cut);
      if (at < changed.length) changed[at] = value;
      return changed;
    });
    const short = fc.tuple(fc.constantFrom(0x82, 0x83, 0x98, 0x99), fc.uint8Array({ maxLength: 8 })).map(([first, rest]) => {
      return Uint8Array.of(first, ...rest.map((value) => (value > 0x7f ? 0x40 + (value & 3) : value)));
    });
    fc.assert(
      fc.property(fc.oneof(parcel, altered, short, fc.uint8Array({ maxLength: 40 })), (transaction) => {
        const items = cborItems(transaction);
        const want = items ?? [transaction];
        assert.deepEqual(hexOf(parseParcel(transaction)), hexOf(want));
        assert.equal(countEnvelopes(transaction), want.length);
      }),
      { numRuns: 2_000 },
    );
  });

  test('one alone goes as it is, and so many at most', () => {
    const alone = Uint8Array.of(0xd8, 0x62, 1);
    assert.equal(encodeParcel([alone]), alone);
    assert.throws(() => encodeParcel([]));
    assert.throws(() => encodeParcel(Array.from({ length: PARCEL_COUNT_MAX + 1 }, () => alone)));
  });

  const item = Uint8Array.of(1, 2, 3);
  for (const [what, transaction] of [
    ['nothing', new Uint8Array(0)],
    ['an envelope', Uint8Array.of(0xd8, 0x62, 0x84)],
    ['an empty array', encodeCbor([])],
    ['an array of one', encodeCbor([item])],
    ['too many', encodeCbor(Array.from({ length: PARCEL_COUNT_MAX + 1 }, (): CborValue => item))],
    ['an array with something else', encodeCbor([item, 'abc'])],
    ['a parcel within', encodeCbor([item, [item, item]])],
    ['a parcel that is cut off', encodeCbor([item, item]).subarray(0, 8)],
    ['a parcel and a byte', Uint8Array.of(...encodeCbor([item, item]), 0)],
    ['another spelling', Uint8Array.of(0x98, 2, 0x41, 1, 0x41, 2)],
    ['indefinite length', Uint8Array.of(0x9f, 0x41, 1, 0x41, 2, 0xff)],
  ] as const)
    test(`${what} is one envelope, whatever comes of it`, () => {
      const parsed = parseParcel(transaction);
      assert.deepEqual(hexOf(parsed), [toHex(transaction)]);
      assert.notEqual(parsed[0]!.buffer, transaction.buffer);
    });
});
