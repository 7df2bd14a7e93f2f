/** Orders as the command line makes them: a draft of the city is taken apart, held against what was asked for, and built anew here. */

import { randomBytes } from 'node:crypto';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { encodeOrder, type Order, orderId, parseOrder } from '@oppidum/formats/order-statement';
import { describeOrder } from '@oppidum/formats/order-words';
import type { OrderDraftJson } from '@oppidum/gateway/api/orders';
import type { CityJson } from '@oppidum/gateway/api-types';
import { isDangerousOrder, signersNeeded } from '@oppidum/proofs/order-signers';
import { splitAddresses } from './addresses.ts';
import { CityCalls } from './api.ts';
import type { Cli } from './cli.ts';
import { CliFailure } from './failure.ts';
import { fetchZone, type SignedZone } from './order-keys.ts';

/** What somebody wants to order. */
export type Wish = {
  readonly zone: string;
  /** Null: all devices of the zone. */
  readonly device: string | null;
  readonly command: string;
  readonly arguments: readonly number[];
  readonly lifetimeMs?: number | undefined;
  readonly mode: Order['mode'];
};

/** An order to sign, and the city that knows whom it is for. */
export type MadeOrder = {
  readonly id: string;
  readonly order: Order;
  readonly statement: Bytes;
  readonly zone: SignedZone;
  readonly words: readonly string[];
  readonly needed: number;
  readonly isDangerous: boolean;
  readonly missingCount: number;
  /** The gateway that has the challenges. */
  readonly api: string;
};

const NONCE_SIZE = 16;
const DRAFT_ROUNDS = 4;
const DRAFT_AGAIN_MS = 300;

/**
 * Asks gateway after gateway for the newest challenges and makes the order. Throws CHALLENGE_UNKNOWN where none of them has them, WRONG_CITY,
 * CITY_ANSWER_INVALID where the draft is not what was asked for.
 */
export async function makeOrder(cli: Cli, wish: Wish): Promise<MadeOrder> {
  const zone = await fetchZone(cli, wish.zone);
  const { genesis } = await new CityCalls(cli.api).get<CityJson>('/api/v1/city');
  if (toHex(zone.keySet.city) !== genesis) throw formatError('WRONG_CITY', { city: toHex(zone.keySet.city) });
  const { draft, api } = await fetchDraft(cli, wish);
  const drafted = parseOrder(parseBase64(draft.statement));
  assertAsked(drafted, wish, zone);
  const { target, lifetimeMs, expiresMs } = drafted;
  const order: Order = {
    ...{ city: zone.keySet.city, zone: zone.id, keys: zone.keySet.version, envelope: zone.envelope.version },
    ...{ target, command: wish.command, arguments: [...wish.arguments], lifetimeMs, expiresMs, mode: wish.mode },
    nonce: new Uint8Array(randomBytes(NONCE_SIZE)),
  };
  const statement = encodeOrder(order);
  return { ...describeMade(order, statement, zone), missingCount: draft.missingCount, api };
}

/** An order that exists, as its statement says; whoever shows it is not believed. Throws CITY_ANSWER_INVALID for another one. */
export async function openOrder(cli: Cli, id: string, statement: Bytes): Promise<Omit<MadeOrder, 'missingCount' | 'api'>> {
  if (toHex(orderId(nativeCrypto, statement)) !== id)
    throw formatError('CITY_ANSWER_INVALID', { want: `the statement of order ${id}` });
  const order = parseOrder(statement);
  const zone = await fetchZone(cli, toHex(order.zone));
  if (order.keys !== zone.keySet.version || order.envelope !== zone.envelope.version)
    throw formatError(order.keys === zone.keySet.version ? 'ZONE_ENVELOPE_VERSION' : 'ZONE_KEYS_VERSION', { order: id });
  return describeMade(order, statement, zone);
}

function describeMade(order: Order, statement: Bytes, zone: SignedZone): Omit<MadeOrder, 'missingCount' | 'api'> {
  const { keySet, envelope, name } = zone;
  return {
    ...{ id: toHex(orderId(nativeCrypto, statement)), order, statement, zone },
    words: describeOrder(order, envelope, { zone: name }),
    needed: signersNeeded(keySet, envelope, order),
    isDangerous: isDangerousOrder(envelope, order),
  };
}

/** A device that was just given an order has a new challenge a moment later. */
async function fetchDraft(cli: Cli, wish: Wish): ReturnType<typeof askEachGateway> {
  for (let round = 1; ; round++) {
    try {
      return await askEachGateway(cli, wish);
    } catch (error) {
      if (codeOf(error) !== 'CHALLENGE_UNKNOWN' || round === DRAFT_ROUNDS) throw error;
      await new Promise((resolve) => setTimeout(resolve, DRAFT_AGAIN_MS));
    }
  }
}

/** A device's challenge is known where it is connected. */
async function askEachGateway(cli: Cli, wish: Wish): Promise<{ readonly draft: OrderDraftJson; readonly api: string }> {
  const { device, ...others } = wish;
  const body = new TextEncoder().encode(JSON.stringify({ ...others, ...(device === null ? {} : { device }) }));
  const addresses = splitAddresses(cli.api);
  for (const [i, api] of addresses.entries()) {
    try {
      const draft = await new CityCalls(api).post<OrderDraftJson>('/api/v1/orders/draft', { type: 'application/json', body });
      return { draft, api };
    } catch (error) {
      if (i === addresses.length - 1 || !isElsewhere(error)) throw error;
    }
  }
  throw new Error('a city has an address');
}

function codeOf(error: unknown): string | null {
  return (error as { readonly code?: string | null }).code ?? null;
}

function isElsewhere(error: unknown): boolean {
  return (error instanceof CliFailure && error.isAway) || codeOf(error) === 'CHALLENGE_UNKNOWN';
}

function assertAsked({ target, lifetimeMs }: Order, wish: Wish, zone: SignedZone): void {
  const isTarget =
    wish.device === null ? 'root' in target : 'device' in target && equalBytes(target.device, parseHex(wish.device));
  const isShort = wish.lifetimeMs === undefined ? lifetimeMs <= zone.envelope.lifetimeMsMax : lifetimeMs === wish.lifetimeMs;
  if (!isTarget || !isShort) throw formatError('CITY_ANSWER_INVALID', { want: 'a draft of what was asked for' });
}
