import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { type Bytes, concatBytes, encodeUint32 } from './bytes.ts';
import { parseSign1 } from './cose.ts';
import { signReading } from './reading.ts';
import { type ReadingParts, readReadingForm } from './reading-form.ts';

/** What the general parser makes of the same bytes. */
function generally(
  envelope: Bytes,
): Omit<ReadingParts, 'sequence' | 'keyNumber' | 'device'> & { readonly kid: Bytes; readonly sequence: unknown } {
  const { protectedHeader: header, protectedBytes, unprotectedHeader, payload, signature } = parseSign1(envelope);
  const clockErrorMs = (header.get(-70004) as number | undefined) ?? null;
  assert.deepEqual([header.size, header.get(3), unprotectedHeader.size], [clockErrorMs === null ? 6 : 7, 112, 0]);
  const bytesOf = (label: number): Bytes => header.get(label) as Bytes;
  return {
    ...{ algorithm: header.get(1) as -8, kid: bytesOf(4), audience: bytesOf(-70001), sequence: header.get(-70002) },
    ...{ nonce: bytesOf(-70003), clockErrorMs, protectedBytes, payload: payload as Bytes, signature },
  };
}

function assertSame(envelope: Bytes): void {
  const found = readReadingForm(envelope);
  if (found === null) return;
  const { device, keyNumber, ...parts } = found;
  assert.deepEqual({ ...parts, kid: concatBytes(device, encodeUint32(keyNumber)) }, generally(envelope));
}

const readings = fc
  .record({
    keyNumber: fc.nat(0xffffffff),
    sequence: fc.oneof(fc.integer({ min: 1, max: 0xffffffff }), fc.constantFrom(23, 24, 255, 256, 65_535, 65_536)),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 30 }),
      fc.constantFrom(255, 256, 65_400).map((size) => new Uint8Array(size)),
    ),
    clockErrorMs: fc.oneof(fc.constantFrom(null, 23, 24, 255, 256, 65_535, 65_536), fc.nat(0xffffffff)),
    seed: fc.nat(9),
  })
  .map(({ seed, payload, ...numbers }) => {
    const header = {
      audience: namedId('city'),
      device: namedId(`device ${seed}`),
      nonce: namedId('nonce').slice(0, 16),
      ...numbers,
    };
    return signReading(namedSigner(`device ${seed}`), header, payload);
  });

test('whatever a device signs has the form, and reads as the general parser reads it', () => {
  fc.assert(
    fc.property(readings, (envelope) => {
      assert.notEqual(readReadingForm(envelope), null);
      assertSame(envelope);
    }),
    { numRuns: 60 },
  );
});

test('one byte changed, cut off or added: no form, or what the general parser reads', () => {
  for (const envelope of fc.sample(readings, { numRuns: 4, seed: 7 })) {
    for (let i = 0; i < Math.min(envelope.length, 400); i++) {
      for (const change of [1, 2, 0x10, 0x20, 0x80, 0xff]) {
        const changed = envelope.slice();
        changed[i] = (changed[i] as number) ^ change;
        assertSame(changed);
      }
      assert.equal(readReadingForm(envelope.slice(0, i)), null);
    }
    assert.equal(readReadingForm(concatBytes(envelope, Uint8Array.of(0))), null);
  }
});

test('numbers have one spelling, and sequence numbers begin at 1', () => {
  const audience = namedId('city');
  const header = { audience, device: namedId('device'), keyNumber: 0, nonce: namedId('nonce').slice(0, 16) };
  const sequenceAt = 4 + 2 + 1 + 6 + 36 + 7 + 32 + 5;
  const small = signReading(namedSigner('device'), { ...header, sequence: 5 }, Uint8Array.of(0x80));
  assert.equal(small[sequenceAt], 5);
  const zero = small.slice();
  zero[sequenceAt] = 0;
  assert.equal(readReadingForm(zero), null);
  const long = signReading(namedSigner('device'), { ...header, sequence: 24 }, Uint8Array.of(0x80));
  assert.deepEqual([...long.subarray(sequenceAt, sequenceAt + 2)], [0x18, 24]);
  long[sequenceAt + 1] = 23;
  assert.equal(readReadingForm(long), null);
});
