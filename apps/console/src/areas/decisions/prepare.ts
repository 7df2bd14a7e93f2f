/**
 * Preparing a request: the payload that somebody is asked to sign, and evidence of what it only names. Whoever signs reads the payload
 * himself; nothing that this page says about it counts there.
 */

import { ACTION_FIELDS, isActionKind } from '@oppidum/formats/action-fields';
import { type Bytes, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { formatError } from '@oppidum/formats/errors';
import { EDDSA, ES256 } from '@oppidum/formats/ids';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { type Json, type Schema, struct } from '@oppidum/formats/schema';
import { encodeSigningRequest } from '@oppidum/formats/signing-request';
import { type Action, encodePayload, transactionId } from '@oppidum/formats/transaction';
import type { AccountDetailJson, CityJson, SuccessorJson } from '@oppidum/gateway/api-types';
import { recordKindOf } from '@oppidum/signing/describe-act';
import { type Act, readProposed } from '@oppidum/signing/judge-request';
import { fetchBytes, fetchJson } from '../../api.ts';

/** What the ledger allows, less the time that a click takes. */
const LIFETIME_MS = 590_000;
const HOUR_MS = 3_600_000;
const NONCE_SIZE = 16;
/** Names that are proven to whoever signs; each piece of evidence has a few kilobytes. */
const NAME_COUNT_MAX = 8;
const SUCCESSOR_COUNT_MAX = 16;

/** The one key that is asked. */
export type AskedSigner = { readonly account: AccountDetailJson; readonly keyNumber: number };

export type Ask = {
  readonly actions: readonly Action[];
  readonly signer: AskedSigner;
  /** From now until the answer is to be handed in. */
  readonly hours: number;
  /** The proposal that the actions name, with the actions it holds. */
  readonly proposal: { readonly id: string; readonly actions: readonly Action[] } | null;
};

/** A request as a file, and with no more than its signing needs: for QR codes. Both ask for the same signature. */
export type PreparedRequest = { readonly id: string; readonly file: Bytes; readonly small: Bytes };

/** Prepares it. Throws ApiProblem where the city does not answer. */
export async function prepareRequest({ actions, signer, hours, proposal }: Ask): Promise<PreparedRequest> {
  const { genesis, timeMs } = await fetchJson<CityJson>('/api/v1/city');
  const account = parseHex(signer.account.id, 32);
  const payload = encodePayload({
    city: parseHex(genesis, 32),
    validUntil: Math.max(Date.now(), timeMs) + hours * HOUR_MS + LIFETIME_MS,
    nonce: globalThis.crypto.getRandomValues(new Uint8Array(NONCE_SIZE)),
    signers: [account],
    actions: [...actions],
  });
  const successors = await fetchSuccessors();
  const needed = proposal === null ? [] : [await fetchState('proposal', proposal.id)];
  const named = [...actions, ...(proposal?.actions ?? [])].flatMap(namedRecords);
  const wanted = new Map([['account', signer.account.id] as const, ...named].map((each) => [each.join(' '), each]));
  const names = await Promise.all([...wanted.values()].slice(0, NAME_COUNT_MAX).map(([kind, id]) => fetchStateOrNull(kind, id)));
  const keys = [{ account, keyNumber: signer.keyNumber, key: keyOf(signer) }];
  const parts = { payload, keys, successors };
  return {
    id: toHex(transactionId(crypto, payload)),
    file: encodeSigningRequest({ ...parts, records: [...needed, ...names.filter((file) => file !== null)] }),
    small: encodeSigningRequest({ ...parts, records: needed }),
  };
}

function keyOf({ account, keyNumber }: AskedSigner): { readonly algorithm: -8 | -7; readonly publicKey: Bytes } {
  const key = account.keys.find(({ number }) => number === keyNumber);
  if (key === undefined) throw formatError('KEY_UNKNOWN', { keyNumber });
  return { algorithm: key.algorithm === 'EdDSA' ? EDDSA : ES256, publicKey: parseBase64(key.publicKey) };
}

async function fetchSuccessors(): Promise<Bytes[]> {
  const { items } = await fetchJson<{ readonly items: readonly SuccessorJson[] }>('/api/v1/policies?limit=1000');
  return Promise.all(
    items.slice(-SUCCESSOR_COUNT_MAX).map(({ height }) => fetchBytes(`/api/v1/policies/${height}`, 'application/cbor')),
  );
}

function fetchState(kind: string, id: string): Promise<Bytes> {
  return fetchBytes(`/api/v1/evidence/state?${new URLSearchParams({ kind, segments: id })}`, 'application/cbor');
}

/** A name that is not proven is not shown: no reason to stop. */
function fetchStateOrNull(kind: string, id: string): Promise<Bytes | null> {
  return fetchState(kind, id).catch(() => null);
}

/** The records whose names help whoever reads the action, as [kind, id]. */
function namedRecords({ kind, body }: Action): readonly (readonly [kind: string, id: string])[] {
  const found: (readonly [string, string])[] = [];
  for (const [field, value] of body as CborMap) {
    const named = recordKindOf(kind, String(field));
    if (named === null) continue;
    for (const each of Array.isArray(value) ? value : [value]) if (each instanceof Uint8Array) found.push([named, toHex(each)]);
  }
  const inner = (body as CborMap).get('actions');
  if (!Array.isArray(inner)) return found;
  const actions = (inner as unknown as readonly (readonly [string, CborValue])[]).map(([of, what]) => ({ kind: of, body: what }));
  return [...found, ...actions.flatMap(namedRecords)];
}

/** An action of this kind; its fields are checked. Throws FormatError. */
export function makeAction(kind: string, fields: { readonly [name: string]: Json }): Action {
  if (!isActionKind(kind)) throw formatError('ACTION_UNKNOWN', { kind });
  const schema = struct(ACTION_FIELDS[kind]) as Schema<unknown>;
  return { kind, body: schema.encode(schema.fromJson(fields, '')) };
}

/** `proposal/create` of these actions. */
export function proposeAction(body: string, actions: readonly Action[], expiresMs: number): Action {
  const id = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const fields = new Map<string, CborValue>([
    ['id', id],
    ['body', parseHex(body, 32)],
    ['actions', actions.map(({ kind, body: inner }): CborValue => [kind, inner])],
    ['expiresMs', expiresMs],
  ]);
  return { kind: 'proposal/create', body: fields };
}

/** The actions of a proposal as the API tells them, and as acts to be shown. Throws FormatError for what cannot be read wholly. */
export function readTold(actions: readonly { readonly kind: string; readonly body: object }[]): {
  readonly actions: readonly Action[];
  readonly acts: readonly Act[];
} {
  const read = actions.map(({ kind, body }) => makeAction(kind, body as { readonly [name: string]: Json }));
  return { actions: read, acts: readProposed(crypto, read) };
}
