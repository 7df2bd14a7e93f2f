/** A street for tests and benches that are its users from outside: a zone of lamps in a running city, and whoever orders them, over HTTP alone. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  addToZone,
  doBy,
  enrolMachines,
  type Hands,
  handsIn,
  LAMP_ABILITIES,
  LAMP_DIRECTIONS,
  type Machine,
  makeZone,
  newMachine,
} from '@oppidum/cli/attacks/make-street';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { CityApi } from '@oppidum/device/city-api';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, compareBytes, toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { type Envelope, envelopeSchema } from '@oppidum/formats/envelope';
import { type StatementSignature, type StatementUse, signStatement } from '@oppidum/formats/statement';
import { encodeKeySet, type KeySet } from '@oppidum/formats/zone-statements';
import type { OrderDetailJson, OrderDraftJson } from '@oppidum/gateway/api/orders';
import { actionOf } from './running-city.ts';

/** A lamp's key and id. */
export type StreetLamp = Machine & { readonly hex: string };

/** A zone under two keys; dimming for maintenance is called dangerous here, so that it takes both. */
export type Street = Hands & {
  readonly zone: Bytes;
  readonly hex: string;
  readonly keySet: KeySet;
  readonly envelope: Envelope;
  readonly signers: readonly Signer[];
  readonly lamps: readonly StreetLamp[];
};

/** Makes the zone with so many active lamps. `data`: a data folder with the operator's key; `api`: addresses of the city's gateways. */
export async function makeStreet(data: string, api: string, lampCount: number, changes: Partial<Envelope> = {}): Promise<Street> {
  const hands = handsIn(data, api);
  const machines = Array.from({ length: lampCount }, newMachine);
  await enrolMachines(hands, { name: 'Lamp 1', deviceType: 'street-light', abilities: LAMP_ABILITIES }, machines);
  const envelope = { ...LAMP_DIRECTIONS, ...changes };
  const zone = await makeZone(hands, { name: 'Test street', domain: 'lighting', dangerousSigners: 2, envelope });
  await addToZone(
    hands,
    zone,
    machines.map(({ id }) => id),
  );
  const lamps = machines.map((machine) => ({ ...machine, hex: toHex(machine.id) }));
  const { keySet } = zone;
  return { ...hands, zone: keySet.zone, hex: toHex(keySet.zone), keySet, envelope: zone.envelope, signers: zone.keys, lamps };
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

/** Gives the zone the next key set, of these keys: signed by those in force, who leave the envelope to the new ones. */
export async function replaceStreetKeys(street: Street, fresh: readonly Signer[]): Promise<Street> {
  const signers = fresh.toSorted((a, b) => compareBytes(a.publicKey, b.publicKey));
  const keySet = { ...street.keySet, version: street.keySet.version + 1, keys: signers.map(({ publicKey }) => publicKey) };
  const [statement, envelope] = [encodeKeySet(keySet), encodeBy(envelopeSchema, street.envelope)];
  const sign = (use: StatementUse, what: Bytes, by: readonly Signer[]): StatementSignature[] =>
    signStatement(
      nativeCrypto,
      use,
      what,
      by.map((signer, key) => ({ key, signer })),
    );
  const signatures = sign('keys', statement, street.signers);
  const envelopeSignatures = sign('envelope', envelope, signers);
  await doBy(street, [actionOf('zone/replace-keys', { zone: street.zone, keySet: statement, signatures, envelopeSignatures })]);
  return { ...street, keySet, signers };
}

/** Drafts and issues; the id of the order. Throws an error with the code of a refusal. */
export async function order(http: string, street: Street, wish: Wish, keys: readonly number[] = [0]): Promise<string> {
  const { id, statement } = await draftOf(http, street, wish);
  await doBy(street, [actionOf('order/issue', { statement, signatures: signAs(street, statement, keys) })]);
  return id;
}

/** What a gateway says of an order, or null. */
export async function orderAt(http: string, id: string): Promise<OrderDetailJson | null> {
  const answer = await fetch(`${http}/api/v1/orders/${id}`);
  return answer.status === 200 ? ((await answer.json()) as OrderDetailJson) : null;
}
