/** Vouchers, tokens, images and auditors in a small city: bodies of their actions, honest unless changed. */

import { cityRegistry } from '@oppidum/contracts/registry';
import type { Bytes } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor } from '@oppidum/formats/cbor';
import { signSign1 } from '@oppidum/formats/cose';
import type { Signer } from '@oppidum/formats/crypto';
import { attestationChallenge, ueidOf } from '@oppidum/formats/eat';
import { firmwareReport } from '@oppidum/formats/firmware-report';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { attestationKind } from '@oppidum/formats/state-trust';
import { FIRST_VERSION } from '@oppidum/formats/state-upgrades';
import { nodeCrypto } from './crypto.ts';
import { deviceId, deviceSigner, makeDeviceCity } from './devices.ts';
import { namedId, publicKeyOf, type TestAccount, type TestCity } from './ledger.ts';
import { namedSigner } from './signers.ts';

const TRADER: TestAccount = { keyClasses: ['full', 'everyday'] };
const AUDITOR: TestAccount = { roles: ['auditor'] };

/** The city of `makeDeviceCity` with an owner and a buyer of devices, and three auditors. */
export function makeTrustCity(validatorCount = 1, rulesVersion = FIRST_VERSION): TestCity {
  const auditors = { 'auditor-a': AUDITOR, 'auditor-b': AUDITOR, 'auditor-c': AUDITOR };
  return makeDeviceCity(validatorCount, { owner: TRADER, buyer: TRADER, ...auditors }, cityRegistry, rulesVersion);
}

/** What the city asks of the lamps, and the chip maker whose key vouches for them. */
const ATTESTER = namedSigner('attester');
export const CLAIMS = {
  oemid: namedId('oem').slice(0, 16),
  hwmodel: Uint8Array.of(7),
  swname: 'lampd',
  oemboot: true,
  dbgstat: 2,
};
export const DEMAND = { id: namedId('lamp'), keys: [publicKeyOf(ATTESTER)], claims: CLAIMS };

/** RFC 9711 claims of a token that meets DEMAND, by key. */
const HONEST: readonly (readonly [number, CborValue])[] = [
  [258, CLAIMS.oemid],
  [259, CLAIMS.hwmodel],
  [262, true],
  [263, 3],
  [270, 'lampd'],
  [271, ['1.2.0']],
];

/** Body of `device/attest`: claims by key; `undefined` leaves one out. */
export function attestation(
  city: TestCity,
  name: string,
  changes: Readonly<Record<number, CborValue | undefined>> = {},
  signer: Signer = ATTESTER,
) {
  const device = deviceId(name);
  const registration = city.read(at(deviceKind, device))?.registration ?? new Uint8Array(32);
  const after = city.read(at(attestationKind, device))?.transaction ?? registration;
  const challenge = attestationChallenge(nodeCrypto, city.rules.genesis, device, after);
  const claims = new Map<number, CborValue>([[10, challenge], [256, ueidOf(device)], ...HONEST]);
  for (const [label, value] of Object.entries(changes)) {
    if (value === undefined) claims.delete(Number(label));
    else claims.set(Number(label), value);
  }
  return { id: device, token: signSign1(signer, { payload: encodeCbor(claims) }) };
}

/** Body of `model/permit-firmware`. */
export function image(version: string, changes: object = {}) {
  const digest = namedId(`image ${version}`);
  return { id: namedId('lamp'), digest, name: 'lampd', version, size: 1_024, metadata: namedId('targets'), ...changes };
}

/** Body of `device/report-firmware`. */
export function running(city: TestCity, name: string, version: string, counter: number, keyNumber = 0) {
  const [device, digest]: readonly [Bytes, Bytes] = [deviceId(name), namedId(`image ${version}`)];
  const message = firmwareReport({ genesis: city.rules.genesis, device, keyNumber, counter, digest });
  return { id: device, digest, counter, proof: deviceSigner(name, keyNumber).sign(message) };
}

/** Body of `device/mark` for the evidence of this name. */
export function mark(name: string, evidence: string, penalty: number) {
  return { id: deviceId(name), evidence: namedId(evidence), penalty, reason: 'measured beside it, and 20 % lower' };
}
