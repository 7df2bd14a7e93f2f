import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { namedId } from '../../../test/support/ledger.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { encodeBase64Url, parseUtf8, toHex } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import {
  checkEnrolmentRequest,
  checkInvitation,
  encodeEnrolmentRequest,
  encodeInvitation,
  enrolmentChallenge,
  fingerprintOf,
  fingerprintText,
  isEnrolmentRequest,
  isInvitation,
  parseEnrolmentRequest,
  parseInvitation,
} from './enrolment.ts';
import { FormatError } from './errors.ts';
import { LIMITS } from './limits.ts';
import { nobleCrypto as crypto } from './noble-crypto.ts';
import { verifySignature } from './public-key.ts';

const signer = namedSigner('dora/0');
const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
const MADE_MS: number = 1_790_000_000_000;
const plain = { city: namedId('city'), key, class: 'everyday', madeMs: MADE_MS } as const;
const request = { ...plain, proof: signer.sign(enrolmentChallenge(plain)) };
const invitation = {
  city: plain.city,
  account: namedId('dora'),
  keyNumber: 0,
  class: 'everyday' as const,
  fingerprint: fingerprintOf(crypto, key),
};
const verify = (by: typeof key, message: Uint8Array, signature: Uint8Array) => verifySignature(crypto, by, message, signature);
const codeAt = (nowMs: number, changes: Partial<typeof request> = {}, city = plain.city): string =>
  checkEnrolmentRequest({ ...request, ...changes }, { city, nowMs, verify })?.code ?? 'OK';

test('what the key signs is label, city, class, time and key, each in its place', () => {
  const bytes = enrolmentChallenge(plain);
  const label = 'oppidum/account-enrolment/v1\n';
  assert.equal(parseUtf8(bytes.slice(0, label.length)), label);
  const time = MADE_MS.toString(16).padStart(16, '0');
  assert.equal(toHex(bytes.slice(label.length)), `${toHex(plain.city)}00${time}20${toHex(signer.publicKey)}`);
  assert.equal(enrolmentChallenge({ ...plain, class: 'full' })[label.length + 32], 1);
  assert.throws(() => enrolmentChallenge({ ...plain, city: new Uint8Array(31) }), { code: 'LENGTH_WRONG' });
});

test('request and invitation come back as they were written', () => {
  assert.deepEqual(parseEnrolmentRequest(encodeEnrolmentRequest(request)), request);
  assert.deepEqual(parseInvitation(encodeInvitation(invitation)), invitation);
  assert.ok(isEnrolmentRequest(encodeEnrolmentRequest(request)) && !isInvitation(encodeEnrolmentRequest(request)));
  assert.ok(isInvitation(encodeInvitation(invitation)) && !isEnrolmentRequest(encodeInvitation(invitation)));
});

test('a request is for one city, one time, one class and one key', () => {
  assert.equal(codeAt(MADE_MS), 'OK');
  assert.equal(codeAt(MADE_MS, {}, namedId('another city')), 'WRONG_CITY');
  assert.equal(codeAt(MADE_MS, { class: 'full' as never }), 'SIGNATURE_INVALID', 'an everyday key is not enrolled as a full one');
  assert.equal(codeAt(MADE_MS, { madeMs: MADE_MS - 1 }), 'SIGNATURE_INVALID');
  const other = namedSigner('mallory/0');
  assert.equal(codeAt(MADE_MS, { key: { ...key, publicKey: other.publicKey } }), 'SIGNATURE_INVALID');
  assert.equal(codeAt(MADE_MS, { proof: other.sign(enrolmentChallenge(plain)) }), 'SIGNATURE_INVALID');
});

test('times, from both sides', () => {
  assert.equal(codeAt(MADE_MS - LIMITS.enrolmentClockAheadMs), 'OK');
  assert.equal(codeAt(MADE_MS - LIMITS.enrolmentClockAheadMs - 1), 'NOT_YET_VALID');
  assert.equal(codeAt(MADE_MS + LIMITS.enrolmentLifetimeMs - 1), 'OK');
  assert.equal(codeAt(MADE_MS + LIMITS.enrolmentLifetimeMs), 'EXPIRED');
});

test('an invitation is for one key in one city', () => {
  assert.equal(checkInvitation(crypto, invitation, { city: plain.city, key }), null);
  assert.equal(checkInvitation(crypto, invitation, { city: namedId('another city'), key })?.code, 'WRONG_CITY');
  const other = { ...key, publicKey: namedSigner('mallory/0').publicKey };
  const refused = checkInvitation(crypto, invitation, { city: plain.city, key: other });
  assert.equal(refused?.code, 'INVITATION_FOREIGN');
  assert.deepEqual(refused?.details, { fingerprint: fingerprintText(invitation.fingerprint) });
});

test('a fingerprint is shown in 16 groups of 4 digits', () => {
  const bytes = new Uint8Array(32).map((_, i) => i);
  assert.equal(fingerprintText(bytes), '0001 0203 0405 0607 0809 0a0b 0c0d 0e0f 1011 1213 1415 1617 1819 1a1b 1c1d 1e1f');
});

const sized = (size: number): string => `oppidum-invitation-1.${encodeBase64Url(new Uint8Array(size))}`;
const mapOf = (fields: object): string => `oppidum-invitation-1.${encodeBase64Url(encodeCbor(new Map(Object.entries(fields))))}`;
const fields = {
  city: plain.city,
  class: 'everyday',
  account: invitation.account,
  keyNumber: 0,
  fingerprint: invitation.fingerprint,
};

for (const [why, code, text] of [
  ['nothing', 'TEXT_INVALID', ''],
  ['a request', 'TEXT_INVALID', encodeEnrolmentRequest(request)],
  ['space before it', 'TEXT_INVALID', ` ${encodeInvitation(invitation)}`],
  ['space after it', 'TEXT_INVALID', `${encodeInvitation(invitation)}\n`],
  ['padding', 'TEXT_INVALID', `${encodeInvitation(invitation)}=`],
  ['another version', 'VERSION_UNSUPPORTED', encodeInvitation(invitation).replace('-1.', '-2.')],
  ['no version', 'TEXT_INVALID', encodeInvitation(invitation).replace('-1.', '-')],
  ['at the limit of size', 'TRAILING_BYTES', sized(LIMITS.enrolmentSizeMax)],
  ['beyond the limit of size', 'TOO_LARGE', sized(LIMITS.enrolmentSizeMax + 2)],
  ['a megabyte', 'TOO_LARGE', sized(1_000_000)],
  ['cut', 'TRUNCATED', encodeInvitation(invitation).slice(0, 'oppidum-invitation-1.'.length + 100)],
  ['a field more', 'UNKNOWN_FIELD', mapOf({ ...fields, role: 'operator' })],
  ['a field less', 'MISSING_FIELD', mapOf({ city: plain.city })],
  ['an account of 31 bytes', 'LENGTH_WRONG', mapOf({ ...fields, account: new Uint8Array(31) })],
  ['another class', 'WRONG_TYPE', mapOf({ ...fields, class: 'royal' })],
  ['a key number below 0', 'NUMBER_RANGE', mapOf({ ...fields, keyNumber: -1 })],
] as const) {
  test(`an invitation that is ${why} is refused: ${code}`, () => {
    assert.throws(() => parseInvitation(text), { code });
  });
}

test('a request for a key that nobody can have is refused', () => {
  const zeros = { ...request, key: { ...key, publicKey: new Uint8Array(32) } };
  assert.throws(() => parseEnrolmentRequest(encodeEnrolmentRequest(zeros)), { code: 'KEY_INVALID' });
});

test('any text is read or refused with a code, and what is read has no second spelling', () => {
  const honest = [encodeInvitation(invitation), encodeEnrolmentRequest(request)];
  const mutated = fc
    .tuple(fc.constantFrom(...honest), fc.nat({ max: 400 }), fc.string({ maxLength: 4 }))
    .map(([text, at, piece]) => `${text.slice(0, at)}${piece}${text.slice(at + piece.length)}`);
  fc.assert(
    fc.property(fc.oneof(fc.string({ maxLength: 1_000 }), mutated), (text) => {
      const again = [() => encodeInvitation(parseInvitation(text)), () => encodeEnrolmentRequest(parseEnrolmentRequest(text))];
      for (const read of again) {
        try {
          assert.equal(read(), text);
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
        }
      }
    }),
    { numRuns: 2_000 },
  );
});
