/** A device attests what it is, as its model is asked to. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { checkSign1 } from '@oppidum/formats/cose';
import { type AllegedAttestation, attestationChallenge, missingClaim, parseAttestation, ueidOf } from '@oppidum/formats/eat';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { deviceKeyKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { attestationKind, type ModelAttestationRecord, modelAttestationKind } from '@oppidum/formats/state-trust';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { checkAnybody } from '../authority.ts';
import { checkMade } from '../devices/makers.ts';
import { newestKeyNumber, readStanding, type Standing } from '../devices/standing.ts';
import { checkInUse } from './owners.ts';

/**
 * Takes a token (RFC 9711) of a device, usually in the transaction that activates it.
 * Rule: whoever sends it, the token is signed by a key that the demand names, answers the ledger's challenge, and is about this device.
 * Refuses, in this order: NOT_AUTHORIZED, DEVICE_UNKNOWN, MANUFACTURER_REVOKED, MODEL_REVOKED, DEVICE_REVOKED, ATTESTATION_UNASKED,
 * what `parseAttestation` throws, SIGNATURE_INVALID, ATTESTATION_CLAIM.
 */
export const attestDevice = defineAction({
  kind: 'device/attest',
  body: ACTION_FIELDS['device/attest'],

  check({ id: device, token }, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const standing = readStanding(city, device);
    if ('code' in standing) return standing;
    const ended = checkMade(standing) ?? checkInUse(standing, device);
    if (ended !== null) return ended;
    const demand = city.read(at(modelAttestationKind, standing.device.model));
    if (demand === null) return reject('ATTESTATION_UNASKED', { model: toHex(standing.device.model) });
    const alleged = parseAttestation(token);
    if (!isSigned(city, device, standing, demand, alleged)) return reject('SIGNATURE_INVALID', { device: toHex(device) });
    return checkClaims(city, device, standing, demand, alleged);
  },

  // COMMIT POINT
  apply({ id: device, token }, city) {
    const standing = readStanding(city, device);
    if ('code' in standing) throw new Error('a device that attested exists');
    const { keys } = city.get(at(modelAttestationKind, standing.device.model));
    const by = keys.length === 0 ? 'device' : 'attester';
    const digest = city.crypto.sha256(token);
    city.write(at(attestationKind, device), { token: digest, transaction: city.transactionId, by, at: city.height });
    city.emit('device/attested', { device, token: digest, by });
  },
});

function isSigned(
  city: City,
  device: Bytes,
  { device: record }: Standing,
  { keys }: ModelAttestationRecord,
  { sign1 }: AllegedAttestation,
): boolean {
  const own = city.get(at(deviceKeyKind, device, newestKeyNumber(record)));
  const able = keys.length === 0 ? [own] : keys;
  return able.some((key) => checkSign1(city.crypto, sign1, key, { foreign: true }) === null);
}

/** The challenge first: a token for another one says nothing about now. */
function checkClaims(
  city: City,
  device: Bytes,
  { device: record }: Standing,
  demand: ModelAttestationRecord,
  alleged: AllegedAttestation,
): Rejection | null {
  const after = city.read(at(attestationKind, device))?.transaction ?? record.registration;
  const challenge = attestationChallenge(city.crypto, city.genesis, device, after);
  const refuse = (claim: string): Rejection => reject('ATTESTATION_CLAIM', { device: toHex(device), claim });
  if (!alleged.nonces.some((nonce) => equalBytes(nonce, challenge))) return refuse('eat_nonce');
  if (alleged.ueid === null || !equalBytes(alleged.ueid, ueidOf(device))) return refuse('ueid');
  if (alleged.expiresS !== null && alleged.expiresS * 1_000 <= city.timeMs) return refuse('exp');
  const missing = missingClaim(demand.claims, alleged);
  return missing === null ? null : refuse(missing);
}

/** Refuses a device whose model is asked to attest, and that did not since it was asked: ATTESTATION_MISSING. */
export function checkAttested(city: Pick<City, 'read'>, device: Bytes, { device: record }: Standing): Rejection | null {
  const demand = city.read(at(modelAttestationKind, record.model));
  if (demand === null) return null;
  const attestation = city.read(at(attestationKind, device));
  if (attestation !== null && attestation.at >= demand.from) return null;
  return reject('ATTESTATION_MISSING', { device: toHex(device), model: toHex(record.model) });
}
