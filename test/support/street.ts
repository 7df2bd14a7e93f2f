/** A street for tests and benches that are its users from outside: a zone of lamps in a running city, and whoever orders them, over HTTP alone. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { createManufacturer, makeTransaction } from '@oppidum/device/actions';
import { CityApi } from '@oppidum/device/city-api';
import { enrolDevices } from '@oppidum/device/enrol';
import { readSeed } from '@oppidum/device/key-file';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, compareBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { deviceIdOf } from '@oppidum/formats/ids';
import { type StatementSignature, signStatement } from '@oppidum/formats/statement';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { encodeKeySet, type KeySet } from '@oppidum/formats/zone-statements';
import type { OrderDetailJson, OrderDraftJson } from '@oppidum/gateway/api/orders';
import { actionOf, freshBytes } from './running-city.ts';

/** A lamp's key and id. */
export type StreetLamp = { readonly id: Bytes; readonly hex: string; readonly seed: Bytes; readonly signer: Signer };

/** A zone under two keys; dimming for maintenance is called dangerous here, so that it takes both. */
export type Street = {
  readonly api: CityApi;
  readonly records: ProvenRecords;
  readonly operator: TransactionSigner;
  readonly zone: Bytes;
  readonly hex: string;
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  readonly signers: readonly Signer[];
  readonly lamps: readonly StreetLamp[];
};

const COMMANDS = [
  { name: 'light/full', parameters: [] },
  { name: 'light/maintenance', parameters: [{ name: 'lit', min: 0, max: 1 }] },
  { name: 'light/programme', parameters: [] },
];
const ENVELOPE = {
  ...{ independence: 'device' as const, grade: 'device' as const, quantities: [], rules: [] },
  safe: [{ command: 'light/full', arguments: [] }],
  dangerous: ['light/maintenance'],
  ...{ lifetimeMsMax: 60_000, dangerousLifetimeMsMax: 60_000 },
};
const ADDED_TOGETHER = 1_000;
const RETRY_COUNT = 5;

/** Makes the zone with so many active lamps. `data`: a data folder with the operator's key; `api`: addresses of the city's gateways. */
export async function makeStreet(data: string, api: string, lampCount: number, changes: Partial<Envelope> = {}): Promise<Street> {
  const city = new CityApi(api);
  const records = new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(join(data, 'city.policy'))), city);
  const accounts = JSON.parse(readFileSync(join(data, 'keys', 'accounts.json'), 'utf8')) as { readonly operator: string };
  const signer = ed25519Signer(readSeed(join(data, 'keys', 'operator.seed')));
  const operator = { account: parseHex(accounts.operator, 32), keyNumber: 0, signer };
  const [manufacturer, zone] = [freshBytes(32), freshBytes(32)];
  const model = { id: freshBytes(32), name: 'Lamp 1', deviceType: 'street-light', personal: false, simulated: true };
  const lamps = Array.from({ length: lampCount }, () => {
    const seed = freshBytes(32);
    const lampSigner = ed25519Signer(seed);
    const id = deviceIdOf(nativeCrypto, lampSigner.publicKey);
    return { id, hex: toHex(id), seed, signer: lampSigner };
  });
  const signers = [ed25519Signer(freshBytes(32)), ed25519Signer(freshBytes(32))].sort((a, b) =>
    compareBytes(a.publicKey, b.publicKey),
  );
  const place = { city: records.audience, zone, version: 1 };
  const keySet = { ...place, keys: signers.map(({ publicKey }) => publicKey), threshold: 1, dangerousThreshold: 2 };
  const envelope: Envelope = { ...place, previous: new Uint8Array(32), ...ENVELOPE, ...changes };
  const street = { api: city, records, operator, zone, hex: toHex(zone), keySet, envelope, signers, lamps };
  await submit(street, [createManufacturer(manufacturer, 'Test lamps', operator.account)]);
  const devices = lamps.map((lamp) => ({ id: lamp.id, model: model.id, signer: lamp.signer, grade: 'device' as const }));
  await enrolDevices({ api: city, records, manufacturer, maker: operator, models: [model], devices });
  await submit(street, [actionOf('model/describe', { id: model.id, commands: COMMANDS, sensors: [] })]);
  const statement = encodeBy(envelopeSchema, envelope);
  const signatures = signStatement(
    nativeCrypto,
    'envelope',
    statement,
    signers.map((by, key) => ({ key, signer: by })),
  );
  const body = {
    id: zone,
    name: 'Test street',
    domain: 'lighting',
    keySet: encodeKeySet(keySet),
    envelope: statement,
    signatures,
  };
  await submit(street, [actionOf('zone/create', body)]);
  const ids = lamps.map(({ id }) => id).sort(compareBytes);
  for (let i = 0; i < ids.length; i += ADDED_TOGETHER)
    await submit(street, [actionOf('zone/add-devices', { zone, devices: ids.slice(i, i + ADDED_TOGETHER) })]);
  return street;
}

/** The same street by the door of another gateway, or of the same city started anew. */
export function throughDoor(street: Street, data: string, http: string): Street {
  const api = new CityApi(http);
  return {
    ...street,
    api,
    records: new ProvenRecords(nativeCrypto, new Uint8Array(readFileSync(join(data, 'city.policy'))), api),
  };
}

/** Submits as the operator; throws the code of a refusal. */
export async function submit(
  { api, records, operator }: Pick<Street, 'api' | 'records' | 'operator'>,
  actions: Parameters<typeof makeTransaction>[1],
): Promise<void> {
  const { code, details } = await api.submit(makeTransaction(records.audience, actions, [operator]));
  if (code !== 'OK') throw Object.assign(new Error(`${code} ${details}`), { code });
}

/** What is ordered of one lamp, or of all. */
export type Wish = {
  readonly device?: string;
  readonly command: string;
  readonly arguments?: readonly number[];
  readonly mode?: string;
  readonly lifetimeMs?: number;
};
/** An order that nobody signed. */
export type Drafted = { readonly id: string; readonly statement: Bytes };

/** A draft of this gateway. Throws its problem. */
export async function draftOf(http: string, { hex }: Pick<Street, 'hex'>, wish: Wish): Promise<Drafted> {
  const answer = await post(http, '/api/v1/orders/draft', { zone: hex, ...wish });
  const json = (await answer.json()) as OrderDraftJson & { readonly code?: string };
  if (answer.status !== 200) throw Object.assign(new Error(json.code), { code: json.code });
  return { id: json.order, statement: new Uint8Array(Buffer.from(json.statement, 'base64')) };
}

export function post(http: string, path: string, body: object): Promise<Response> {
  return fetch(`${http}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
}

/** What these keys of the zone sign. */
export function signAs({ signers }: Street, statement: Bytes, keys: readonly number[]): StatementSignature[] {
  return signStatement(
    nativeCrypto,
    'order',
    statement,
    keys.map((key) => ({ key, signer: signers[key] as Signer })),
  );
}

/**
 * Drafts and issues. On a chain that was idle the time of its next block is that of its last one, and an order is from the future there: the
 * refused transaction itself moves the time on.
 */
export async function order(http: string, street: Street, wish: Wish, keys: readonly number[] = [0]): Promise<string> {
  for (let round = 0; ; round++) {
    const { id, statement } = await draftOf(http, street, wish);
    try {
      await submit(street, [actionOf('order/issue', { statement, signatures: signAs(street, statement, keys) })]);
      return id;
    } catch (error) {
      if ((error as { readonly code?: string }).code !== 'NOT_YET_VALID' || round >= RETRY_COUNT) throw error;
    }
  }
}

/** What a gateway says of an order, or null. */
export async function orderAt(http: string, id: string): Promise<OrderDetailJson | null> {
  const answer = await fetch(`${http}/api/v1/orders/${id}`);
  return answer.status === 200 ? ((await answer.json()) as OrderDetailJson) : null;
}
