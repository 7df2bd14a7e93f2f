/** Streets made in a running city by whoever has its operator's key, over HTTP alone: machines of a model, and zones under keys made here. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import type { TransactionResult } from '@oppidum/device/city-client';
import { enrolDevices } from '@oppidum/device/enrol';
import { readSeed } from '@oppidum/device/key-file';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, compareBytes, parseHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { deviceIdOf } from '@oppidum/formats/ids';
import { type StatementUse, signStatement } from '@oppidum/formats/statement';
import type { Action, TransactionSigner } from '@oppidum/formats/transaction';
import { encodeKeySet, encodeZoneDocument, type KeySet } from '@oppidum/formats/zone-statements';
import { actionOf, freshId } from '../transactions.ts';

/** A way into a city, and its operator's key. */
export type Hands = { readonly api: CityApi; readonly records: ProvenRecords; readonly operator: TransactionSigner };
/** A machine that somebody is about to build. */
export type Machine = { readonly id: Bytes; readonly seed: Bytes; readonly signer: Signer };
/** A zone as its founders made it, and their keys in the order of the set. */
export type Zone = { readonly keySet: KeySet; readonly envelope: Envelope; readonly keys: readonly Signer[] };
/** What devices of a model can be asked to do: names of commands with their arguments. */
export type Abilities = readonly { readonly name: string; readonly parameters: readonly Parameter[] }[];
type Parameter = { readonly name: string; readonly min: number; readonly max: number };

export type NewZone = {
  readonly name: string;
  readonly domain: string;
  /** How many of the two keys sign what is dangerous. */
  readonly dangerousSigners: number;
  /** Beside lifetimes of a minute and no interlock. */
  readonly envelope: Partial<Envelope>;
};

/** Of a lamp in a street where dimming for maintenance is dangerous. */
export const LAMP_ABILITIES: Abilities = [
  { name: 'light/full', parameters: [] },
  { name: 'light/maintenance', parameters: [{ name: 'lit', min: 0, max: 1 }] },
  { name: 'light/programme', parameters: [] },
];
export const LAMP_DIRECTIONS: Pick<Envelope, 'safe' | 'dangerous'> = {
  safe: [{ command: 'light/full', arguments: [] }],
  dangerous: ['light/maintenance'],
};
const LIFETIME_MS = 60_000;
const RETRY_COUNT = 20;
const RETRY_MS = 100;
/** Devices that one action adds to a zone. */
const ADDED_TOGETHER = 1_000;

/** `data`: a data folder with the operator's key; `http`: addresses of the city's gateways. */
export function handsIn(data: string, http: string): Hands {
  const api = new CityApi(http);
  const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(join(data, 'city.policy'))), api);
  const { operator } = JSON.parse(readFileSync(join(data, 'keys', 'accounts.json'), 'utf8')) as { readonly operator: string };
  const signer = ed25519Signer(readSeed(join(data, 'keys', 'operator.seed')));
  return { api, records, operator: { account: parseHex(operator, 32), keyNumber: 0, signer } };
}

/** Submits as the operator. An idle city's time stands, and what is from its future moves it on: that is sent again. */
export async function submitBy({ api, records, operator }: Hands, actions: readonly Action[]): Promise<TransactionResult> {
  for (let round = 0; ; round++) {
    const result = await api.submit(makeTransaction(records.audience, actions, [operator]));
    if (result.code !== 'NOT_YET_VALID' || round === RETRY_COUNT) return result;
    await sleep(RETRY_MS);
  }
}

/** The same for what must be done. Throws an error with the code of the refusal. */
export async function doBy(hands: Hands, actions: readonly Action[]): Promise<void> {
  const { code, details } = await submitBy(hands, actions);
  if (code !== 'OK') throw Object.assign(new Error(`the city refused ${actions[0]?.kind}: ${code} ${details}`), { code });
}

/** A key that nobody knows yet, and the machine that it is of. */
export function newMachine(): Machine {
  const seed = freshId();
  const signer = ed25519Signer(seed);
  return { id: deviceIdOf(nativeCrypto, signer.publicKey), seed, signer };
}

/** Brings machines of a model of their own onto the ledger, active; the id of the model. */
export async function enrolMachines(
  hands: Hands,
  { name, deviceType, abilities }: { readonly name: string; readonly deviceType: string; readonly abilities: Abilities },
  machines: readonly Machine[],
): Promise<Bytes> {
  const { api, records, operator: maker } = hands;
  const [manufacturer, id] = [freshId(), freshId()];
  await doBy(hands, [createManufacturer(manufacturer, `Makers of ${name}`, maker.account)]);
  const models = [{ id, name, deviceType, personal: false, simulated: true }];
  const devices = machines.map(({ id: device, signer }) => ({ id: device, model: id, signer, grade: 'device' as const }));
  await enrolDevices({ api, records, manufacturer, maker, models, devices });
  if (abilities.length > 0)
    await doBy(hands, [actionOf('model/describe', { id, commands: abilities.map(abilityMap), sensors: [] })]);
  return id;
}

/** Makes a zone under two new keys. */
export async function makeZone(hands: Hands, { name, domain, dangerousSigners, envelope: changes }: NewZone): Promise<Zone> {
  const keys = [newMachine().signer, newMachine().signer].sort((a, b) => compareBytes(a.publicKey, b.publicKey));
  const place = { city: hands.records.audience, zone: freshId(), version: 1 };
  const publicKeys = keys.map(({ publicKey }) => publicKey);
  const keySet: KeySet = { ...place, keys: publicKeys, threshold: 1, dangerousThreshold: dangerousSigners };
  const envelope: Envelope = {
    ...{ ...place, previous: new Uint8Array(32), independence: 'device', grade: 'device', quantities: [], rules: [] },
    ...{ safe: [], dangerous: [], lifetimeMsMax: LIFETIME_MS, dangerousLifetimeMsMax: LIFETIME_MS },
    ...changes,
  };
  const statement = encodeBy(envelopeSchema, envelope);
  const signatures = signedBy('envelope', statement, keys);
  const body = { id: place.zone, name, domain, keySet: encodeKeySet(keySet), envelope: statement, signatures };
  await doBy(hands, [actionOf('zone/create', body)]);
  return { keySet, envelope, keys };
}

/** Puts devices into a zone. */
export async function addToZone(hands: Hands, { keySet: { zone } }: Zone, devices: readonly Bytes[]): Promise<void> {
  const sorted = [...devices].sort(compareBytes);
  for (let i = 0; i < sorted.length; i += ADDED_TOGETHER)
    await doBy(hands, [actionOf('zone/add-devices', { zone, devices: sorted.slice(i, i + ADDED_TOGETHER) })]);
}

/** Has all keys of a zone sign the first version of a document; what the ledger said. */
export function setDocument(hands: Hands, { keySet, keys }: Zone, name: string, body: Bytes): Promise<TransactionResult> {
  const { city, zone } = keySet;
  const document = encodeZoneDocument({ city, zone, name, version: 1, body });
  return submitBy(hands, [actionOf('zone/set-document', { zone, document, signatures: signedBy('document', document, keys) })]);
}

/** Signatures under a statement as bodies of actions have them. `keys`: from the first of the set on, null for one that does not sign. */
export function signedBy(use: StatementUse, statement: Bytes, keys: readonly (Signer | null)[]): CborMap[] {
  const by = keys.flatMap((signer, key) => (signer === null ? [] : [{ key, signer }]));
  return signStatement(nativeCrypto, use, statement, by).map(({ key, signature }) => mapOf({ key, signature }));
}

function abilityMap({ name, parameters }: Abilities[number]): CborMap {
  return mapOf({ name, parameters: parameters.map((parameter) => mapOf(parameter)) });
}

function mapOf(fields: Readonly<Record<string, CborValue>>): CborMap {
  return new Map(Object.entries(fields));
}
