import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { type Bytes, concatBytes } from './bytes.ts';
import { deviceIdOf, deviceUrnPrefix } from './ids.ts';
import { LIMITS } from './limits.ts';
import { verifySignature } from './public-key.ts';
import { parseReading, parseReadingRecords, type ReadingHeader, readingToBeSigned, signReading } from './reading.ts';
import type { SenmlPack } from './senml.ts';
import { encodeSenmlCbor } from './senml-cbor.ts';

const signer = namedSigner('device');
const device = deviceIdOf(nodeCrypto, signer.publicKey);
const header: Omit<ReadingHeader, 'algorithm'> = {
  audience: namedId('city'),
  device,
  keyNumber: 3,
  sequence: 17,
  clockErrorMs: null,
  nonce: namedId('nonce').slice(0, 16),
};
const PACK: SenmlPack = [{ bn: deviceUrnPrefix(device), bt: 1_790_000_000, n: 'power', u: 'W', v: 40.5 }];
const signPack = (pack: SenmlPack): Bytes => signReading(signer, header, encodeSenmlCbor(pack));
const open = (envelope: Bytes) => parseReading(nodeCrypto, envelope);

test('what is signed is what is read', () => {
  const envelope = signPack(PACK);
  const reading = open(envelope);
  const { algorithm, audience, keyNumber, sequence, nonce, clockErrorMs } = reading;
  const opened = { algorithm, audience, device: reading.device, keyNumber, sequence, nonce, clockErrorMs };
  assert.deepEqual(opened, { algorithm: -8, ...header });
  assert.deepEqual([reading.digest, reading.envelope], [nodeCrypto.sha256(envelope), envelope]);
  const key = { algorithm, publicKey: signer.publicKey };
  assert.ok(verifySignature(nodeCrypto, key, readingToBeSigned(reading), reading.signature));
  const [record, ...more] = parseReadingRecords(reading);
  assert.deepEqual([record?.name, record?.value, more], [`${deviceUrnPrefix(device)}power`, 40.5, []]);
});

test('every number of the header keeps its value', () => {
  const clockErrorMs = fc.oneof(fc.constantFrom(null, 0, 23, 24, 255, 256, 65_535, 65_536), fc.nat(LIMITS.clockErrorMaxMs));
  const sequences = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
  const numbers = fc.record({ keyNumber: fc.nat(0xffffffff), sequence: sequences, clockErrorMs });
  fc.assert(
    fc.property(numbers, (changes) => {
      const opened = open(signReading(signer, { ...header, ...changes }, encodeSenmlCbor(PACK)));
      assert.deepEqual([opened.keyNumber, opened.sequence, opened.clockErrorMs], Object.values(changes));
    }),
    { numRuns: 50 },
  );
});

test('a clock may be wrong by 49 days and no more', () => {
  const withError = (clockErrorMs: number): Bytes => signReading(signer, { ...header, clockErrorMs }, encodeSenmlCbor(PACK));
  assert.equal(open(withError(LIMITS.clockErrorMaxMs)).clockErrorMs, 4_294_967_295);
  assert.throws(() => withError(LIMITS.clockErrorMaxMs + 1), { code: 'NUMBER_RANGE' });
  assert.throws(() => withError(0.5), { code: 'WRONG_TYPE' });
  assert.equal(open(signPack(PACK)).clockErrorMs, null);
});

describe('limits', () => {
  /** A pack of that many small records, without asking the encoder whether it may. */
  function packOf(count: number): Bytes {
    const first = encodeSenmlCbor(PACK).subarray(1);
    const next = encodeSenmlCbor([{ n: 'p', vb: true }]).subarray(1);
    const head = Uint8Array.of(0x99, count >> 8, count & 255);
    return concatBytes(head, first, ...Array.from({ length: count - 1 }, () => next));
  }

  test('a pack of 10,000 records is read, one of 10,001 is TOO_LARGE', () => {
    const records = (count: number) => parseReadingRecords(open(signReading(signer, header, packOf(count))));
    assert.equal(records(LIMITS.senmlRecordCountMax).length, 10_000);
    assert.throws(() => records(LIMITS.senmlRecordCountMax + 1), { code: 'TOO_LARGE' });
  });

  test('an envelope of 65,536 bytes is read, one of 65,537 is TOO_LARGE', () => {
    const text = (size: number) => signPack([{ bn: deviceUrnPrefix(device), bt: 1_790_000_000, n: 'p', vs: 'x'.repeat(size) }]);
    const spare = LIMITS.readingSizeMax - text(60_000).length;
    const most = text(60_000 + spare);
    assert.equal(most.length, LIMITS.readingSizeMax);
    assert.equal(open(most).sequence, 17);
    const more = text(60_001 + spare);
    assert.throws(() => open(more), { code: 'TOO_LARGE' });
  });

  test('any bytes are refused with a code', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.throws(() => open(bytes), { name: 'FormatError' })),
    );
  });
});
