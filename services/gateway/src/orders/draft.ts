/** Orders as they are before anybody signs: the newest challenges of those they are for, and what is in force in their zone. */

import { randomBytes } from 'node:crypto';
import { equalBytes, parseHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { encodeOrder, type Order, parseOrder } from '@oppidum/formats/order-statement';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind, zoneKind } from '@oppidum/formats/state-orders';
import type { NodeClient } from '@oppidum/node/client';
import { isDangerousOrder, lifetimeAllowedMs } from '@oppidum/proofs/order-signers';
import type { ChallengeBook } from './challenge-book.ts';
import { readZoneAt, type ZoneAt } from './zone-records.ts';
import type { ZoneTrees } from './zone-trees.ts';

/** What somebody wants to order; ids in hex. */
export type Wish = {
  readonly zone: string;
  readonly device?: string | undefined;
  readonly command: string;
  readonly arguments: readonly number[];
  readonly lifetimeMs?: number | undefined;
  readonly mode: Order['mode'];
};

type DraftParts = {
  readonly node: Pick<NodeClient, 'read' | 'genesisHash' | 'head'>;
  readonly challenges: ChallengeBook;
  readonly zoneTrees: ZoneTrees;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  /** Who drafts. */
  readonly by: string;
};

/** An order that nobody signed. `missingCount`: devices of the zone without a known challenge, or set apart, suspended or revoked. */
type Draft = {
  readonly order: Order;
  readonly statement: Uint8Array;
  readonly zone: ZoneAt;
  readonly isDangerous: boolean;
  readonly deviceCount: number;
  readonly missingCount: number;
};

const NONCE_SIZE = 16;

/** Drafts an order. Rejects with ZONE_UNKNOWN, DEVICE_NOT_IN_ZONE, CHALLENGE_UNKNOWN; RATE_LIMITED as `ZoneTrees`; codes of an order's form. */
export async function draftOrder(parts: DraftParts, wish: Wish): Promise<Draft> {
  const { node, clock } = parts;
  const zoneId = parseHex(wish.zone);
  const record = node.read(at(zoneKind, zoneId));
  if (record === null) throw formatError('ZONE_UNKNOWN', { zone: wish.zone });
  const given = {
    zone: zoneId,
    keys: record.keys,
    envelope: record.envelope,
    command: wish.command,
    arguments: [...wish.arguments],
  };
  const zone = readZoneAt(node, given);
  if (zone === null) throw new Error('a zone has the keys and the envelope that are in force there');
  const lifetimeMs = wish.lifetimeMs ?? lifetimeAllowedMs(zone.envelope, given);
  const { target, deviceCount, missingCount } = await aim(parts, wish, record.deviceCount);
  const order: Order = {
    ...given,
    ...{
      city: node.genesisHash,
      target,
      lifetimeMs,
      expiresMs: expiryOf(node.head().timeMs, clock(), lifetimeMs),
      mode: wish.mode,
    },
    nonce: new Uint8Array(randomBytes(NONCE_SIZE)),
  };
  const statement = encodeOrder(order);
  // What nobody could read is not given to be signed.
  parseOrder(statement);
  return { order, statement, zone, isDangerous: isDangerousOrder(zone.envelope, order), deviceCount, missingCount };
}

/**
 * The ledger issues nothing whose end is further ahead of block time than its lifetime, and of a chain that was idle the next block has nearly
 * the time of the last one. Where that is older than half the lifetime, the clock decides: the first try may be NOT_YET_VALID then, and moves
 * the time of the chain.
 */
function expiryOf(headMs: number, nowMs: number, lifetimeMs: number): number {
  return (headMs + lifetimeMs / 2 > nowMs ? Math.min(headMs, nowMs) : nowMs) + lifetimeMs;
}

async function aim(
  { node, challenges, zoneTrees, by }: DraftParts,
  { zone, device, mode }: Wish,
  memberCount: number,
): Promise<{ readonly target: Order['target']; readonly deviceCount: number; readonly missingCount: number }> {
  if (device !== undefined) {
    const home = node.read(at(deviceZoneKind, parseHex(device)));
    if (home === null || !equalBytes(home.zone, parseHex(zone))) throw formatError('DEVICE_NOT_IN_ZONE', { device, zone });
    const known = challenges.newest(device);
    if (known === null) throw formatError('CHALLENGE_UNKNOWN', { device });
    return { target: { device: known.device, challenge: known.challenge }, deviceCount: 1, missingCount: 0 };
  }
  const tree = await zoneTrees.draft(zone, mode, by);
  if (tree === null) throw formatError('CHALLENGE_UNKNOWN', { zone, devices: memberCount });
  const { root, count } = tree;
  return { target: { root, count }, deviceCount: count, missingCount: Math.max(0, memberCount - count) };
}
