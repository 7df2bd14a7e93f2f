import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Evidence, encodeEvidence, encodeEvidenceJson } from '@oppidum/formats/evidence';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import type { Verdict } from '@oppidum/formats/verdicts';
import fc from 'fast-check';
import { nodeCrypto } from '../../../test/support/crypto.ts';
import { EvidenceCity } from '../../../test/support/evidence.ts';
import type { Report } from './report.ts';
import type { Trust } from './verify-checkpoint.ts';
import { verifyEvidence } from './verify-evidence.ts';

const city = new EvidenceCity();
const trust: Trust = { policy: city.policy };
const [first, second, third] = [1, 2, 3].map((n) => city.keep(city.sign(n))) as [number, number, number];
const anchored = city.anchor();

const ALL = {
  reading: city.proveReading(first, anchored),
  transaction: city.proveTransaction(anchored),
  present: city.proveState({ kind: 'device', segments: [city.device] }),
  absent: city.proveState({ kind: 'device', segments: [city.shard] }),
  complete: city.proveState({ kind: 'deviceKey', segments: [city.device] }),
  range: city.proveState({ kind: 'deviceKey', segments: [city.device], from: 0, to: 5 }),
  erased: city.proveErased([second, third], anchored),
} satisfies Record<string, Evidence>;

const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
const forms = (evidence: Evidence) => [encodeEvidence(evidence), utf8(encodeEvidenceJson(evidence))] as const;

/** Native cryptography that remembers: most altered files still carry the same signatures. */
const answers = new Map<string, boolean>();
const remembering: Crypto = {
  ...nativeCrypto,
  verifyEd25519(publicKey, message, signature) {
    const question = Buffer.concat([publicKey, signature, message]).toString('latin1');
    const answer = answers.get(question) ?? nativeCrypto.verifyEd25519(publicKey, message, signature);
    if (answers.size < 10_000) answers.set(question, answer);
    return answer;
  },
};

/** Everything but the size of the file, which the first step tells. */
function saidOf({ verdict, color, facts, steps }: Report) {
  return {
    verdict,
    color,
    facts,
    steps: steps.map(({ name, outcome, detail }) => [name, outcome, name === 'format' ? '' : detail]),
  };
}

for (const [name, evidence] of Object.entries(ALL) as [string, Evidence][]) {
  describe(name, () => {
    const want: Verdict = evidence.fact === 'erased' ? 'ERASED' : 'OK';
    const [cbor, json] = forms(evidence);

    test(`is ${want}, in both forms and by every backend`, () => {
      const report = verifyEvidence(nodeCrypto, cbor, trust);
      assert.equal(report.verdict, want, JSON.stringify(report.steps));
      assert.ok(report.steps.every(({ outcome }) => outcome === 'passed'));
      for (const crypto of [nodeCrypto, nativeCrypto, nobleCrypto]) {
        assert.deepEqual(saidOf(verifyEvidence(crypto, cbor, trust)), saidOf(report));
        assert.deepEqual(saidOf(verifyEvidence(crypto, json, trust)), saidOf(report));
      }
      assert.deepEqual(JSON.parse(JSON.stringify(report.facts)), report.facts, 'facts are JSON');
    });

    test('cut anywhere, or with a byte more, is UNREADABLE', () => {
      for (const file of [cbor, json]) {
        for (let size = 0; size < file.length; size++) {
          const { verdict, facts } = verifyEvidence(nodeCrypto, file.subarray(0, size), trust);
          assert.equal(verdict, 'UNREADABLE', `${size} bytes`);
          assert.deepEqual(facts, {});
        }
        for (const byte of [0, 0x0a, 0x20]) {
          assert.equal(verifyEvidence(nodeCrypto, Uint8Array.of(...file, byte), trust).verdict, 'UNREADABLE');
          assert.equal(verifyEvidence(nodeCrypto, Uint8Array.of(byte, ...file), trust).verdict, 'UNREADABLE');
        }
      }
    });

    test('with one bit flipped anywhere is neither OK nor ERASED', () => {
      // Every bit of the reading; of the others every eleventh, which meets each of the eight places of a byte.
      const step = evidence.fact === 'reading' ? 1 : 11;
      for (const file of [cbor, json]) {
        for (let bit = 0; bit < 8 * file.length; bit += step) assertRefused(flip(file, bit), `bit ${bit}`);
      }
    });
  });
}

function flip(file: Bytes, bit: number): Bytes {
  return file.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
}

function assertRefused(file: Bytes, what: string): void {
  const { verdict, color, facts } = verifyEvidence(remembering, file, trust);
  assert.equal(color, 'red', `${what}: ${verdict}`);
  assert.deepEqual(facts, {}, what);
}

test('with bytes changed, dropped, doubled or moved in any way: never OK', () => {
  const files = Object.values(ALL).flatMap((evidence) => forms(evidence));
  const edit = fc.tuple(fc.constantFrom('change', 'drop', 'double', 'move'), fc.nat(), fc.integer({ min: 1, max: 64 }), fc.nat());
  fc.assert(
    fc.property(fc.constantFrom(...files), edit, (file, [kind, at, count, more]) => {
      const start = at % (file.length - count);
      const [head, part, tail] = [file.subarray(0, start), file.subarray(start, start + count), file.subarray(start + count)];
      const rest = Uint8Array.of(...head, ...tail);
      const place = more % rest.length;
      const altered =
        kind === 'change'
          ? Uint8Array.of(...head, ...part.map((byte, i) => byte ^ ((more + i) % 255) ^ 1), ...tail)
          : kind === 'drop'
            ? rest
            : kind === 'double'
              ? Uint8Array.of(...head, ...part, ...part, ...tail)
              : Uint8Array.of(...rest.subarray(0, place), ...part, ...rest.subarray(place));
      if (Buffer.compare(altered, file) !== 0) assertRefused(altered, kind);
    }),
    { numRuns: 2_000 },
  );
});
