/** The ledger actions of a device maker (specs/ledger.md), and the transactions that carry them. */

import { type Bytes, compareBytes } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import type { Signer } from '@oppidum/formats/crypto';
import { type FirmwareReport, firmwareReport } from '@oppidum/formats/firmware-report';
import { activationChallenge, rotationChallenge } from '@oppidum/formats/possession';
import { type Action, signTransaction, type TransactionSigner } from '@oppidum/formats/transaction';

/** Who really signs, as every verdict will say: the device, a bridge for devices that cannot, or whoever imported a file. */
export type Grade = 'device' | 'bridge' | 'imported';

/** A model of device. `deviceType`: e.g. `street-light`. `personal`: its readings are about people. `simulated`: no machine stands behind it. */
export type Model = {
  readonly id: Bytes;
  readonly name: string;
  readonly deviceType: string;
  readonly personal: boolean;
  readonly simulated: boolean;
};

/** A device to be enrolled: its id is `deviceIdOf` its first public key, which has number 0. */
export type NewDevice = {
  readonly id: Bytes;
  readonly model: Bytes;
  readonly signer: Signer;
  readonly grade: Grade;
  readonly label?: string;
};

/** Of a device, what its maker needs to register it: the private key stays where it is. */
export type Registrant = Omit<NewDevice, 'signer'> & { readonly signer: Pick<Signer, 'algorithm' | 'publicKey'> };

/** Number of a device's first key. */
export const FIRST_KEY_NUMBER = 0;
/** Half of what the ledger allows: the clocks of makers and cities differ. */
const LIFETIME_MS = 300_000;
const NONCE_SIZE = 16;

/** Signs actions for one city as a transaction, valid for five minutes. */
export function makeTransaction(city: Bytes, actions: readonly Action[], by: readonly TransactionSigner[]): Bytes {
  const payload = {
    city,
    validUntil: Date.now() + LIFETIME_MS,
    nonce: globalThis.crypto.getRandomValues(new Uint8Array(NONCE_SIZE)),
    signers: by.map(({ account }) => account).sort(compareBytes),
    actions: [...actions],
  };
  return signTransaction(payload, by);
}

/** `manufacturer/create`, by a registrar: `account` will act for the manufacturer. */
export function createManufacturer(id: Bytes, name: string, account: Bytes): Action {
  return { kind: 'manufacturer/create', body: cborMap({ id, name, account }) };
}

/** `model/create`, by the manufacturer's account. */
export function createModel(manufacturer: Bytes, model: Model): Action {
  const { id, name, deviceType, personal, simulated } = model;
  return { kind: 'model/create', body: cborMap({ id, manufacturer, name, deviceType, personal, simulated }) };
}

/** `device/register-many`, by the manufacturer's account: at most 1,000 devices of one model. */
export function registerDevices(model: Bytes, devices: readonly Registrant[]): Action {
  const entries = devices.map(({ id, signer, grade, label }) => {
    const key = cborMap({ algorithm: signer.algorithm, publicKey: signer.publicKey });
    return cborMap({ id, key, grade, ...(label === undefined ? {} : { label }) });
  });
  return { kind: 'device/register-many', body: cborMap({ model, devices: entries }) };
}

/**
 * `device/activate`: the device proves that it holds its key, by signing a challenge that follows from the transaction that registered it.
 * `registration`: the id of that transaction, as the device's proven record says.
 */
export function activateDevice(city: Bytes, registration: Bytes, device: Pick<NewDevice, 'id' | 'signer'>): Action {
  const { id, signer } = device;
  const challenge = activationChallenge({
    genesis: city,
    device: id,
    registration,
    keyNumber: FIRST_KEY_NUMBER,
    publicKey: signer.publicKey,
  });
  return { kind: 'device/activate', body: cborMap({ id, proof: signer.sign(challenge) }) };
}

/** Where a key comes to stand: the device, the transaction that registered it, the number and grade of the key. */
type KeyPlace = { readonly id: Bytes; readonly registration: Bytes; readonly keyNumber: number; readonly grade: Grade };

/** `device/rotate-key`, by any account: the old key hands over to the new one, and both sign it. */
export function rotateDeviceKey(city: Bytes, { id, grade, ...place }: KeyPlace, from: Signer, to: Signer): Action {
  const challenge = rotationChallenge({ genesis: city, device: id, publicKey: to.publicKey, ...place });
  const key = cborMap({ algorithm: to.algorithm, publicKey: to.publicKey });
  const proofs = { oldProof: from.sign(challenge), newProof: to.sign(challenge) };
  return { kind: 'device/rotate-key', body: cborMap({ id, key, grade, ...proofs }) };
}

/** Which image a device runs: its number of the report is higher than that of the last one, `digest` SHA-256 of the image. */
type Running = { readonly id: Bytes } & Pick<FirmwareReport, 'keyNumber' | 'counter' | 'digest'>;

/** `device/report-firmware`, by any account: the device's key in force signed it. */
export function reportFirmware(city: Bytes, { id, keyNumber, counter, digest }: Running, signer: Signer): Action {
  const proof = signer.sign(firmwareReport({ genesis: city, device: id, keyNumber, counter, digest }));
  return { kind: 'device/report-firmware', body: cborMap({ id, digest, counter, proof }) };
}

/** `device/attest`, by any account: a token of RFC 9711 that answers the ledger's challenge. */
export function attestDevice(id: Bytes, token: Bytes): Action {
  return { kind: 'device/attest', body: cborMap({ id, token }) };
}

function cborMap(fields: Readonly<Record<string, CborValue>>): CborMap {
  return new Map(Object.entries(fields));
}
