/**
 * Writes vectors/enrolment/*.json: requests and invitations, true and false, each with its code and why. `node tools/enrolment-vectors.ts`;
 * specs/enrolment.md says how to read them. Keys are test keys: nobody's.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { encodeBase64Url, toHex } from '@oppidum/formats/bytes';
import { type CborMap, type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import type { Signer } from '@oppidum/formats/crypto';
import {
  type EnrolmentRequest,
  encodeEnrolmentRequest,
  encodeInvitation,
  enrolmentChallenge,
  fingerprintOf,
  fingerprintText,
  type Invitation,
  invitationSchema,
} from '@oppidum/formats/enrolment';
import { LIMITS } from '@oppidum/formats/limits';
import { nodeCrypto } from '../test/support/crypto.ts';
import { namedId, publicKeyOf } from '../test/support/ledger.ts';
import { namedSigner } from '../test/support/signers.ts';
import { es256Signer } from './signature-vectors.ts';

const NOW_MS = 1_790_000_000_000;
const city = namedId('city');
const signer = namedSigner('dora/0');
const key = publicKeyOf(signer);

type Case = readonly [code: string, why: string, text: string];
type Plain = Omit<EnrolmentRequest, 'proof'>;

const PLAIN: Plain = { city, key, class: 'everyday', madeMs: NOW_MS };

/** A request with changes, its proof by `by` over `signed`. */
function request(changes: Partial<Plain> = {}, by: Signer = signer, signed: Partial<Plain> = changes): string {
  const plain = { ...PLAIN, ...changes };
  return encodeEnrolmentRequest({ ...plain, proof: by.sign(enrolmentChallenge({ ...PLAIN, ...signed })) });
}

const INVITATION: Invitation = {
  city,
  account: namedId('dora'),
  keyNumber: 0,
  class: 'everyday',
  fingerprint: fingerprintOf(nodeCrypto, key),
};
const invitation = (changes: Partial<Invitation> = {}): string => encodeInvitation({ ...INVITATION, ...changes });

/** An invitation of a map that no honest registrar writes. */
function odd(change: (map: CborMap) => void): string {
  const map = invitationSchema.encode(INVITATION) as Map<string, CborValue>;
  change(map);
  return `oppidum-invitation-1.${encodeBase64Url(encodeCbor(map))}`;
}

const REQUESTS: readonly Case[] = [
  ['OK', 'an everyday key', request()],
  ['OK', 'a full key', request({ class: 'full' })],
  ['OK', 'ES256 with low s', request({ key: publicKeyOf(es256Signer) }, es256Signer)],
  ['OK', 'a clock ten minutes ahead', request({ madeMs: NOW_MS + LIMITS.enrolmentClockAheadMs })],
  ['NOT_YET_VALID', 'a clock further ahead', request({ madeMs: NOW_MS + LIMITS.enrolmentClockAheadMs + 1 })],
  ['OK', 'almost thirty days old', request({ madeMs: NOW_MS - LIMITS.enrolmentLifetimeMs + 1 })],
  ['EXPIRED', 'thirty days old', request({ madeMs: NOW_MS - LIMITS.enrolmentLifetimeMs })],
  ['WRONG_CITY', 'for another city', request({ city: namedId('another city') })],
  ['SIGNATURE_INVALID', 'somebody else’s key', request({ key: publicKeyOf(namedSigner('mallory/0')) })],
  ['SIGNATURE_INVALID', 'an everyday key passed off as a full one', request({ class: 'full' }, signer, {})],
  ['SIGNATURE_INVALID', 'made younger', request({}, signer, { madeMs: NOW_MS - 1 })],
  ['SIGNATURE_INVALID', 'a proof for another city', request({}, signer, { city: namedId('another city') })],
  ['KEY_INVALID', 'a key of zeros', request({ key: { algorithm: -8, publicKey: new Uint8Array(32) } })],
  ['KEY_INVALID', 'an Ed25519 key passed off as P-256', request({ key: { ...key, algorithm: -7 } })],
  ['TEXT_INVALID', 'an invitation', invitation()],
  ['VERSION_UNSUPPORTED', 'another version', request().replace('-1.', '-2.')],
];

const INVITATIONS: readonly Case[] = [
  ['OK', 'for this key', invitation()],
  ['OK', 'as a further key', invitation({ keyNumber: 0xffff_ffff, class: 'full' })],
  ['WRONG_CITY', 'to another city', invitation({ city: namedId('another city') })],
  [
    'INVITATION_FOREIGN',
    'for another key',
    invitation({ fingerprint: fingerprintOf(nodeCrypto, publicKeyOf(namedSigner('mallory/0'))) }),
  ],
  ['TEXT_INVALID', 'a request', request()],
  ['TEXT_INVALID', 'nothing', ''],
  ['TEXT_INVALID', 'in capitals', invitation().toUpperCase()],
  ['TEXT_INVALID', 'with padding', `${invitation()}=`],
  ['TEXT_INVALID', 'with a line break', `${invitation()}\n`],
  ['VERSION_UNSUPPORTED', 'another version', invitation().replace('-1.', '-2.')],
  ['TOO_LARGE', 'beyond 512 bytes', `oppidum-invitation-1.${'A'.repeat(700)}`],
  ['UNKNOWN_FIELD', 'a field more', odd((map) => map.set('role', 'operator'))],
  ['MISSING_FIELD', 'a field less', odd((map) => map.delete('fingerprint'))],
  ['WRONG_TYPE', 'another class', odd((map) => map.set('class', 'royal'))],
  ['WRONG_TYPE', 'an account in hex', odd((map) => map.set('account', toHex(INVITATION.account)))],
  ['LENGTH_WRONG', 'a fingerprint of 31 bytes', odd((map) => map.set('fingerprint', INVITATION.fingerprint.slice(1)))],
  ['NUMBER_RANGE', 'a key number of 33 bits', odd((map) => map.set('keyNumber', 2 ** 32))],
];

const asObjects = (cases: readonly Case[]) => cases.map(([code, why, text]) => ({ why, text, code }));

/** The files by name. */
export function renderEnrolmentVectors(): Readonly<Record<string, string>> {
  const looker = { city: toHex(city), key: { algorithm: key.algorithm, publicKey: toHex(key.publicKey) } };
  const fingerprint = fingerprintText(INVITATION.fingerprint);
  const files = {
    'requests.json': { city: toHex(city), nowMs: NOW_MS, cases: asObjects(REQUESTS) },
    'invitations.json': { ...looker, fingerprint, cases: asObjects(INVITATIONS) },
  };
  return Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `${JSON.stringify(file, null, 2)}\n`]));
}

if (import.meta.main) {
  const folder = join(resolve(import.meta.dirname, '..'), 'vectors/enrolment');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(renderEnrolmentVectors())) writeFileSync(join(folder, name), text);
}
