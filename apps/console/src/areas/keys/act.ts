/**
 * An act: a transaction of one signer. It is drafted, read back from its bytes for showing, signed by WebCrypto, checked by the ledger's own
 * rule, sent, and followed until the city says what became of it.
 */

import { parseHex, toHex } from '@oppidum/formats/bytes';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import { verifySignature } from '@oppidum/formats/public-key';
import {
  type Action,
  draftTransaction,
  parsePayload,
  type TransactionDraft,
  type TransactionPayload,
  transactionId,
} from '@oppidum/formats/transaction';
import type { CityJson, TransactionDetailJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import { ApiProblem, fetchJson } from '../../api.ts';
import { pinnedPolicy } from '../../pinned-policy.ts';
import { type KeptAccount, type KeptKey, publicKeyOf, signBy } from './key-store.ts';

/** How long what was signed may wait for its block. */
const LIFETIME_MS = 120_000;
/** Clocks further apart sign for a time that is not now. */
const CLOCKS_APART_MAX_MS = 120_000;
const RETRY_MS = 2_000;
const WAIT_S = 10;
/** A city that is this far past the end of an act has not taken it and never will. */
const MARGIN_MS = 30_000;
const NONCE_SIZE = 16;

/** What is sent later than this before its end may not come in time. */
const SEND_MARGIN_MS = 10_000;

/** The time of the city and of this browser. */
export type Clocks = { readonly cityMs: number; readonly hereMs: number };

/** What is about to be signed; `payload` is read back from the bytes under the signature. */
export type PreparedAct = { readonly draft: TransactionDraft; readonly payload: TransactionPayload; readonly id: string };
export type Preparation =
  | PreparedAct
  | { readonly trouble: 'clock'; readonly clocks: Clocks }
  | { readonly trouble: 'otherCity' };

/** What became of it. `lost`: it was never executed and never will be. */
export type Outcome =
  | { readonly kind: 'executed'; readonly code: string; readonly height: number }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'lost' };

/** The time that the city tells with its answers. Throws ApiProblem. */
export async function readClocks(): Promise<Clocks & { readonly city: CityJson }> {
  const answer = await fetch('/api/v1/city', { headers: { accept: 'application/json' }, cache: 'no-store' }).catch(
    (error: Error) => {
      throw new ApiProblem('UNREACHABLE', error.message);
    },
  );
  if (!answer.ok) throw new ApiProblem(String(answer.status), answer.statusText);
  const cityMs = Date.parse(answer.headers.get('date') ?? '');
  const hereMs = Date.now();
  return { cityMs: Number.isNaN(cityMs) ? hereMs : cityMs, hereMs, city: (await answer.json()) as CityJson };
}

/** Drafts a transaction by this key, or says why nothing should be signed now. Throws ApiProblem. */
export async function prepareAct(key: KeptKey, account: KeptAccount, actions: readonly Action[]): Promise<Preparation> {
  const { city, cityMs, hereMs } = await readClocks();
  const pinned = pinnedPolicy();
  const isPinned = pinned === null || pinned.origin.endsWith(`/${key.genesis}`);
  if (city.genesis !== key.genesis || !isPinned) return { trouble: 'otherCity' };
  // Whoever makes a clock believe in tomorrow could keep back until then what is signed today.
  if (Math.abs(cityMs - hereMs) > CLOCKS_APART_MAX_MS) return { trouble: 'clock', clocks: { cityMs, hereMs } };
  const signer = parseHex(account.id);
  const payload: TransactionPayload = {
    city: parseHex(key.genesis),
    validUntil: Math.max(cityMs, hereMs) + LIFETIME_MS,
    nonce: globalThis.crypto.getRandomValues(new Uint8Array(NONCE_SIZE)),
    signers: [signer],
    actions: [...actions],
  };
  const { algorithm } = publicKeyOf(key);
  const draft = draftTransaction(payload, { account: signer, keyNumber: account.keyNumber, algorithm });
  return { draft, payload: parsePayload(draft.payloadBytes), id: toHex(transactionId(crypto, draft.payloadBytes)) };
}

/** True for what was looked at for so long that it is, or is about to be, past its time. */
export function isOverdue({ payload }: PreparedAct): boolean {
  return Date.now() > payload.validUntil - SEND_MARGIN_MS;
}

/** Signs what was prepared. Throws where the ledger would not take the signature: a browser that signs by another rule. */
export async function signAct(key: KeptKey, { draft }: PreparedAct): Promise<Uint8Array> {
  const signature = await signBy(key, draft.toBeSigned);
  if (!verifySignature(crypto, publicKeyOf(key), draft.toBeSigned, signature))
    throw new Error('this browser made a signature that does not verify');
  return draft.seal(signature);
}

/** Sends it, again where no answer came, and waits until it is known what became of it: the city executes it at most once. */
export async function sendAct(
  envelope: Uint8Array,
  { id, payload }: Pick<PreparedAct, 'id' | 'payload'>,
  onWaiting: () => void,
): Promise<Outcome> {
  for (;;) {
    const outcome = await submit(envelope);
    if (outcome !== null) return outcome;
    onWaiting();
    const found = await findExecuted(id);
    if (found !== null) return found;
    const isOver = await readClocks().then(
      ({ cityMs }) => cityMs > payload.validUntil + MARGIN_MS,
      () => false,
    );
    if (isOver) return (await findExecuted(id)) ?? { kind: 'lost' };
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** The answer of the city, or null where none came or it may be another one later. */
async function submit(envelope: Uint8Array): Promise<Outcome | null> {
  const headers = { 'content-type': 'application/cose', accept: 'application/json' };
  try {
    const answer = await fetch('/api/v1/transactions', { method: 'POST', headers, body: envelope as BodyInit });
    if (answer.ok) {
      const { code, height } = (await answer.json()) as TransactionResultJson;
      return { kind: 'executed', code, height };
    }
    const problem = (await answer.json().catch(() => ({}))) as { readonly code?: unknown; readonly detail?: unknown };
    // Sent twice, the second may come past its time or as a repetition: what became of the first is looked up.
    const isFinal = answer.status < 500 && answer.status !== 429 && problem.code !== 'EXPIRED' && problem.code !== 'REPLAYED';
    return isFinal
      ? { kind: 'refused', code: String(problem.code ?? answer.status), message: String(problem.detail ?? '') }
      : null;
  } catch {
    return null;
  }
}

async function findExecuted(id: string): Promise<Outcome | null> {
  try {
    const { code, height } = await fetchJson<TransactionDetailJson>(`/api/v1/transactions/${id}?wait=${WAIT_S}`);
    return { kind: 'executed', code, height };
  } catch {
    return null;
  }
}
