/**
 * What a signing request really asks, read from the very bytes that would be signed, and why a key must not sign it. Whoever prepared
 * the request is believed in nothing: what the bytes only name is proven under the policy that the signer trusts, or it is not signed.
 */

import type { PinnedCity } from '@oppidum/formats/account-key';
import { type ActionKind, DANGEROUS_ACTIONS, requireActionShape } from '@oppidum/formats/action-fields';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { CborMap, CborValue } from '@oppidum/formats/cbor';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError, type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import type { Json } from '@oppidum/formats/schema';
import { type AskedKey, parseSigningRequest, type SigningRequest } from '@oppidum/formats/signing-request';
import { proposalKind } from '@oppidum/formats/state-governance';
import { type Action, parseActions, transactionId } from '@oppidum/formats/transaction';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { nameKey } from './describe-act.ts';
import { STATEMENTS } from './zone-acts.ts';

/** A signature that could still be used later than this is not given. */
const AHEAD_MAX_MS = 31 * 86_400_000;

/** What machines sign for each other: their bytes mean nothing to whoever would read them here. */
const OF_MACHINES: ReadonlySet<ActionKind> = new Set<ActionKind>([
  'telemetry/anchor',
  'telemetry/report-fork',
  'validator/report-fork',
  'device/report-clone',
]);
export type ActKind = Exclude<
  ActionKind,
  'telemetry/anchor' | 'telemetry/report-fork' | 'validator/report-fork' | 'device/report-clone'
>;

/** One action that was read to its last field. */
export type Act = {
  readonly kind: ActKind;
  readonly body: CborMap;
  readonly isDangerous: boolean;
  /** What a proposal would do: written in the action itself, or proven by the ledger. Null where it is not known. */
  readonly inner: readonly Act[] | null;
};

/** A key that is at hand, and the account that its file names. */
export type KeyAtHand = { readonly publicKey: Bytes; readonly account: Bytes | null };

export type Judgement = {
  readonly request: SigningRequest;
  /** Id of the transaction: SHA-256 of its payload. */
  readonly id: Bytes;
  readonly acts: readonly Act[];
  /** Names that the ledger proves, by `nameKey`. */
  readonly names: ReadonlyMap<string, string>;
  /** Null unless the key at hand is one that is asked. */
  readonly asked: AskedKey | null;
  /** When the ledger takes it: from here to `validUntil`, by the time of its blocks. */
  readonly validFromMs: number;
  /** By the clock of this machine, which may be wrong. */
  readonly time: 'now' | 'expired' | 'early';
  /** Why it must not be signed; empty where it may. */
  readonly refusals: readonly Rejection[];
};

/** What the signer brings. */
export type SignerKnows = { readonly city: PinnedCity | null; readonly key: KeyAtHand | null; readonly nowMs: number };

/**
 * Reads and judges a request. Throws FormatError for what is no request or holds an action that cannot be read to its last field:
 * what `parseSigningRequest` throws, ACTION_UNKNOWN, PROPOSAL_NESTED, the codes of schemas and of policies.
 * Refusals, as far as they apply: CITY_NOT_PINNED, WRONG_CITY, PROPOSAL_UNPROVEN, SIGNING_KEY_OTHER, REQUEST_TOO_FAR.
 */
export function judgeRequest(crypto: Crypto, file: Bytes, { city, key, nowMs }: SignerKnows): Judgement {
  const request = parseSigningRequest(file);
  const { payload, transaction } = request;
  const isOurCity = city !== null && equalBytes(city.genesis, transaction.city);
  const records = isOurCity ? proveRecords(crypto, request, city) : NOTHING_PROVEN;
  const acts = transaction.actions.map((action) => readAct(crypto, action, records.proposals));
  const asked = key === null ? null : findAsked(request, key);
  const { validUntil } = transaction;
  const refusals: Rejection[] = [];
  if (city === null) refusals.push(reject('CITY_NOT_PINNED'));
  else if (!isOurCity) refusals.push(reject('WRONG_CITY', { want: city.origin, got: toHex(transaction.city) }));
  if (isOurCity)
    for (const { inner, body } of acts)
      if (inner === null) refusals.push(reject('PROPOSAL_UNPROVEN', { proposal: toHex(body.get('id') as Bytes) }));
  if (key !== null && asked === null) refusals.push(reject('SIGNING_KEY_OTHER', { publicKey: toHex(key.publicKey) }));
  if (validUntil > nowMs + AHEAD_MAX_MS) refusals.push(reject('REQUEST_TOO_FAR', { validUntil }));
  const validFromMs = Math.max(0, validUntil - LIMITS.transactionLifetimeMs);
  const time = validUntil <= nowMs ? 'expired' : validFromMs > nowMs ? 'early' : 'now';
  return { request, id: transactionId(crypto, payload), acts, names: records.names, asked, validFromMs, time, refusals };
}

function findAsked({ keys }: SigningRequest, { publicKey, account }: KeyAtHand): AskedKey | null {
  const asked = keys.find(({ key }) => equalBytes(key.publicKey, publicKey)) ?? null;
  return asked !== null && account !== null && !equalBytes(asked.account, account) ? null : asked;
}

/** Reads an action of a transaction. `proposals`: what proven proposals hold, by id in hex. */
function readAct(crypto: Crypto, action: Action, proposals: ReadonlyMap<string, readonly Action[]>): Act {
  const act = readPlainAct(crypto, action);
  switch (act.kind) {
    case 'proposal/create':
      return { ...act, inner: readProposed(crypto, actionsOf(act.body.get('actions') as readonly CborValue[])) };
    case 'proposal/approve':
    case 'proposal/reject':
    case 'proposal/withdraw': {
      const actions = proposals.get(toHex(act.body.get('id') as Bytes));
      return { ...act, inner: actions === undefined ? null : readProposed(crypto, actions) };
    }
    default:
      return act;
  }
}

/** The acts of a proposal, e.g. to show one that the city tells of. Throws as `judgeRequest` does of actions. */
export function readProposed(crypto: Crypto, actions: readonly Action[]): readonly Act[] {
  return actions.map((action) => {
    if (action.kind.startsWith('proposal/')) throw formatError('PROPOSAL_NESTED', { kind: action.kind });
    return readPlainAct(crypto, action);
  });
}

function readPlainAct(crypto: Crypto, action: Action): Act {
  const kind = requireActionShape(action);
  if (!isShown(kind)) throw formatError('ACTION_UNKNOWN', { kind, want: 'what people sign' });
  const body = action.body as CborMap;
  if (kind === 'policy/change') parseCityPolicy(crypto, body.get('policy') as Bytes);
  for (const [field, parse] of Object.entries(STATEMENTS)) {
    const statement = body.get(field);
    if (statement instanceof Uint8Array) parse(statement);
  }
  return { kind, body, isDangerous: DANGEROUS_ACTIONS.has(kind), inner: [] };
}

function isShown(kind: ActionKind): kind is ActKind {
  return !OF_MACHINES.has(kind);
}

function actionsOf(list: readonly CborValue[]): readonly Action[] {
  return list.map((item) => {
    const [kind, body] = item as unknown as readonly [string, CborValue];
    return { kind, body };
  });
}

type ProvenRecords = {
  readonly proposals: ReadonlyMap<string, readonly Action[]>;
  readonly names: ReadonlyMap<string, string>;
};

const NOTHING_PROVEN: ProvenRecords = { proposals: new Map(), names: new Map() };

type ProvenRecord = { readonly key: readonly Json[]; readonly value: { readonly [name: string]: Json } };

/** What the records of the request prove under the trusted policy and its proven successors. What does not hold is left out. */
function proveRecords(crypto: Crypto, { successors, records }: SigningRequest, city: PinnedCity): ProvenRecords {
  let trust: Trust = { policy: city.policy };
  for (const file of successors) trust = verifySuccessorPolicy(crypto, file, trust).trust ?? trust;
  const proposals = new Map<string, readonly Action[]>();
  const names = new Map<string, string>();
  for (const file of records) {
    const { verdict, facts } = verifyEvidence(crypto, file, trust);
    if (verdict !== 'OK' || facts['fact'] !== 'state') continue;
    for (const { key, value } of facts['records'] as unknown as readonly ProvenRecord[]) {
      const [first] = key;
      if (key.length !== 1 || typeof first !== 'string') continue;
      if (facts['kind'] === proposalKind.name) proposals.set(first, parseActions(proposalKind.value.fromJson(value, '').actions));
      const name = value['name'] ?? value['label'];
      if (typeof name === 'string') names.set(nameKey(String(facts['kind']), first), name);
    }
  }
  return { proposals, names };
}
