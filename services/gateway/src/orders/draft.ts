/** Orders as they are before anybody signs: the newest challenges of those they are for, and what is in force in their zone. */

import { randomBytes } from 'node:crypto';
import { openQuarantine } from '@oppidum/contracts/devices/quarantines';
import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { encodeOrder, type Order, parseOrder } from '@oppidum/formats/order-statement';
import { deviceKind, manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import { deviceZoneKind, zoneKind } from '@oppidum/formats/state-orders';
import type { NodeClient } from '@oppidum/node/client';
import { isDangerousOrder, lifetimeAllowedMs } from '@oppidum/proofs/order-signers';
import type { ChallengeBook } from './challenge-book.ts';
import type { TreeBook } from './tree-book.ts';
import { readZoneAt, type ZoneAt } from './zone-records.ts';

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
  readonly trees: TreeBook;
  /** All devices of a zone, in hex, ascending. */
  readonly devicesOf: (zone: string) => Promise<readonly string[]>;
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

/** Drafts an order. Throws ZONE_UNKNOWN, DEVICE_NOT_IN_ZONE, CHALLENGE_UNKNOWN; codes of an order's form. */
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
  const { target, deviceCount, missingCount } = await aim(parts, wish);
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
  { node, challenges, trees, devicesOf, by }: DraftParts,
  { zone, device, mode }: Wish,
): Promise<{ readonly target: Order['target']; readonly deviceCount: number; readonly missingCount: number }> {
  if (device !== undefined) {
    const home = node.read(at(deviceZoneKind, parseHex(device)));
    if (home === null || !equalBytes(home.zone, parseHex(zone))) throw formatError('DEVICE_NOT_IN_ZONE', { device, zone });
    const known = challenges.newest(device);
    if (known === null) throw formatError('CHALLENGE_UNKNOWN', { device });
    return { target: { device: known.device, challenge: known.challenge }, deviceCount: 1, missingCount: 0 };
  }
  const devices = await devicesOf(zone);
  // Break-glass goes to whoever may hear it: its direction is safe for all.
  const isHeard = mode === 'break-glass' ? () => true : orderable(node);
  const leaves = devices.filter(isHeard).flatMap((member) => challenges.newest(member) ?? []);
  if (leaves.length === 0) throw formatError('CHALLENGE_UNKNOWN', { zone, devices: devices.length });
  const { root, count } = trees.draft(
    leaves.map(({ device: id, challenge }) => ({ device: id, challenge })),
    by,
  );
  return { target: { root, count }, deviceCount: count, missingCount: devices.length - count };
}

/** Whether an order goes to a device (hex): active, not in quarantine, still made. One look at each model. */
function orderable(node: Pick<NodeClient, 'read'>): (device: string) => boolean {
  const made = new Map<string, boolean>();
  return (device) => {
    const record = node.read(at(deviceKind, parseHex(device)));
    if (record === null || record.status !== 'active' || openQuarantine(record) !== null) return false;
    const name = toHex(record.model);
    const known = made.get(name) ?? isMade(node, record.model);
    made.set(name, known);
    return known;
  };
}

function isMade(node: Pick<NodeClient, 'read'>, id: Bytes): boolean {
  const model = node.read(at(modelKind, id));
  if (model === null || model.to !== undefined) return false;
  return node.read(at(manufacturerKind, model.manufacturer))?.to === undefined;
}
