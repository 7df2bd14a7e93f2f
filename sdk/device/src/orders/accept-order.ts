/**
 * Whether a message is an order that this machine obeys (specs/orders.md §7): every check, each with its own code. Nothing is changed here
 * but the pins, and those only by what the pinned keys signed.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import type { Command } from '@oppidum/formats/command';
import { type CompactOrder, parseCompactOrder } from '@oppidum/formats/compact-order';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Envelope, isSafe } from '@oppidum/formats/envelope';
import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';
import { type Order, orderId } from '@oppidum/formats/order-statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { challengeOf, type OrderPins, verifyOrder } from '@oppidum/proofs/verify-order';
import type { Actuator } from './actuator.ts';
import type { Challenges } from './challenges.ts';
import type { OrderStore } from './order-state.ts';
import type { OrderTrust } from './order-trust.ts';
import { followZone, type ZoneSource } from './zone-pins.ts';

export type Judging = {
  readonly crypto: Crypto;
  readonly device: Bytes;
  readonly store: OrderStore;
  readonly trust: OrderTrust;
  /** Where newer key sets and envelopes may be had; null where nobody can be asked. */
  readonly source: ZoneSource | null;
  readonly challenges: Challenges;
  readonly actuator: Actuator;
};

/** An order to be obeyed, for this challenge. */
export type Accepted = { readonly kind: 'accepted'; readonly id: Bytes; readonly order: Order; readonly challenge: Bytes };
/** A proven order that this machine does not obey now: it says so, signed. */
type Refused = { readonly kind: 'refused'; readonly id: Bytes; readonly order: Order; readonly code: string };
/** No order that this machine's pins bear out. Nothing is answered: the true one may be on its way behind a copy that somebody spoilt. */
type Unproven = { readonly kind: 'unproven'; readonly code: string };
type Judged = Accepted | Refused | Unproven;

/** Judges a message: form, pins, proof, then challenge and time by the machine's own counter, and last its own monitor. */
export async function acceptOrder(judging: Judging, message: Bytes): Promise<Judged> {
  const { crypto, challenges, actuator } = judging;
  const compact = parse(message);
  if ('code' in compact) return { kind: 'unproven', code: compact.code };
  const { order } = compact;
  const id = orderId(crypto, compact.statement);
  const refused = await checkProof(judging, compact);
  if (refused !== null) return { kind: 'unproven', code: refused.code };
  const challenge = challengeOf(compact);
  const late = challenges.check(challenge, order.lifetimeMs);
  if (late !== null) return { kind: 'refused', id, order, code: late.code };
  const veto = vetoOf(actuator, { command: order.command, arguments: order.arguments });
  return veto === null ? { kind: 'accepted', id, order, challenge } : { kind: 'refused', id, order, code: veto };
}

/** The local monitor's word. One that fails over a command says no: it ends neither the agent nor the process. */
export function vetoOf(actuator: Pick<Actuator, 'veto'>, command: Command): string | null {
  try {
    return actuator.veto(command);
  } catch {
    return 'ACTUATOR_FAILED';
  }
}

/** As `verifyOrder`; a device that is behind its zone or its city catches up first, once. */
async function checkProof(judging: Judging, compact: CompactOrder): Promise<Rejection | null> {
  const first = check(judging, compact);
  if (first === null || !isBehind(first)) return first;
  const { crypto, store, trust, source } = judging;
  if (first.code === 'POLICY_UNKNOWN') await trust.follow();
  else if (source !== null) {
    const pins = await fetched(() => followZone(crypto, store.read(), compact.order, source));
    if ('code' in pins) return pins;
    await store.write({ ...store.read(), ...pins });
  }
  return check(judging, compact);
}

function check({ crypto, device, store, trust, actuator }: Judging, compact: CompactOrder): Rejection | null {
  const { keys, envelope } = store.read();
  if (envelope === null) return reject('ZONE_ENVELOPE_VERSION', { want: 0, got: compact.order.envelope });
  const pins: OrderPins = { device, keySet: keys, envelope, policyOf: (digest) => trust.policyOf(digest) };
  return refusals(() => verifyOrder(crypto, compact, pins)) ?? checkOwnDangers(actuator, compact, keys, envelope);
}

/** What the maker calls dangerous needs more signatures, even where an envelope forgets it. */
function checkOwnDangers({ dangerous }: Actuator, compact: CompactOrder, keys: KeySet, envelope: Envelope): Rejection | null {
  if (!dangerous.has(compact.order.command) || isSafe(envelope, compact.order)) return null;
  const [want, got] = [keys.dangerousThreshold, compact.signatures.length];
  return got >= want ? null : reject('SIGNATURES_FEW', { want, got });
}

/** True where the device may know less than the order's signers did. */
function isBehind({ code, details }: Rejection): boolean {
  if (code === 'POLICY_UNKNOWN') return true;
  const isVersion = code === 'ZONE_KEYS_VERSION' || code === 'ZONE_ENVELOPE_VERSION';
  return isVersion && Number(details['got']) > Number(details['want']);
}

function parse(message: Bytes): CompactOrder | Rejection {
  return refusals(() => parseCompactOrder(message));
}

function refusals<T>(work: () => T): T | Rejection {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}

/** What cannot be had just now is a refusal that may pass. */
async function fetched<T>(work: () => Promise<T>): Promise<T | Rejection> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, error.details);
  }
}
