/**
 * The tree of challenges for an order to a whole zone. Anybody may draft one, and a big zone is 65,536 devices to look at and to hash: a tree is
 * made again only when something changed that it depends on, in many turns of the event loop, one tree at a time, and a caller may have so
 * many devices looked at in a minute.
 */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { openQuarantine } from '@oppidum/contracts/devices/quarantines';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { formatError } from '@oppidum/formats/errors';
import type { Order } from '@oppidum/formats/order-statement';
import { deviceKind, manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import { type Challenged, GrowingChallengeTree } from '@oppidum/proofs/challenge-tree';
import type { ChallengeBook } from './challenge-book.ts';
import type { KnownTree, TreeBook } from './tree-book.ts';

/** Two of the largest zones: well under two seconds of a core. */
const DEVICES_PER_MINUTE = 131_072;
const MINUTE_MS = 60_000;
/** Trees that are kept to be given again; those made longest ago make room. */
const MADE_COUNT_MAX = 16;
/** Devices that one turn of the event loop looks at and hashes: a few milliseconds. */
const TURN_COUNT = 256;

type TreeParts = {
  readonly crypto: Crypto;
  readonly node: Pick<NodeClient, 'read' | 'head'>;
  readonly trees: Pick<TreeBook, 'remember'>;
  readonly challenges: Pick<ChallengeBook, 'newest' | 'inZone'>;
  /** Milliseconds of any clock that only rises. */
  readonly now: () => number;
  readonly devicesPerMinute?: number;
  readonly turnCount?: number;
};

/** `tree` is null where nobody in the zone may be ordered. `height`: -1 where no record of the ledger was asked. */
type Made = { readonly change: number; readonly height: number; readonly tree: Promise<KnownTree | null> };

/** Trees of whole zones. */
export class ZoneTrees {
  readonly #parts: TreeParts;
  readonly #made = new Map<string, Made>();
  #spent = new Map<string, number>();
  #last: Promise<unknown> = Promise.resolve();
  #minute = 0;

  constructor(parts: TreeParts) {
    this.#parts = parts;
  }

  /**
   * The tree over all of a zone (hex) that can be ordered now, or null where that is nobody. `by`: who drafts. Rejects with RATE_LIMITED, and
   * as `GrowingChallengeTree` throws.
   */
  async draft(zone: string, mode: Order['mode'], by: string): Promise<KnownTree | null> {
    const { node, trees, challenges } = this.#parts;
    const known = challenges.inZone(zone);
    if (known === null) return null;
    // Break-glass goes to whoever may hear it: its direction is safe for all.
    const height = mode === 'break-glass' ? -1 : node.head().height;
    const name = `${zone} ${mode}`;
    let made = this.#made.get(name);
    if (made?.change !== known.change || made.height !== height) {
      this.#spend(by, known.devices.size);
      made = { change: known.change, height, tree: this.#inTurn([...known.devices], mode) };
      this.#keep(name, made);
    }
    const tree = await made.tree;
    if (tree !== null) trees.remember(tree, by);
    return tree;
  }

  /** One after the other: what many draft takes no more of a turn than what one does. */
  #inTurn(devices: readonly string[], mode: Order['mode']): Promise<KnownTree | null> {
    const tree = this.#last.then(() => this.#make(devices, mode));
    this.#last = tree.catch(() => undefined);
    return tree;
  }

  /** Devices that change meanwhile are in the tree as they were or as they are: either is what somebody could have drafted. */
  async #make(devices: readonly string[], mode: Order['mode']): Promise<KnownTree | null> {
    const { crypto, node, challenges, turnCount = TURN_COUNT } = this.#parts;
    const isHeard = mode === 'break-glass' ? () => true : orderable(node);
    const [tree, leaves] = [new GrowingChallengeTree(crypto), [] as Challenged[]];
    let count = 0;
    for (const ids of byFirstByte(devices)) {
      for (const id of ids.sort()) {
        if (++count % turnCount === 0) await nextTurn();
        const known = isHeard(id) ? challenges.newest(id) : null;
        if (known === null) continue;
        const leaf = { device: known.device, challenge: known.challenge };
        tree.add(leaf);
        leaves.push(leaf);
      }
    }
    return leaves.length === 0 ? null : { ...tree.finish(), leaves };
  }

  #spend(by: string, deviceCount: number): void {
    const { now, devicesPerMinute = DEVICES_PER_MINUTE } = this.#parts;
    const minute = Math.floor(now() / MINUTE_MS);
    if (minute !== this.#minute) this.#spent = new Map();
    this.#minute = minute;
    const spent = (this.#spent.get(by) ?? 0) + deviceCount;
    if (spent > devicesPerMinute) throw formatError('RATE_LIMITED', { budget: 'drafts', devicesPerMinute });
    this.#spent.set(by, spent);
  }

  #keep(name: string, made: Made): void {
    this.#made.delete(name);
    this.#made.set(name, made);
    const [oldest] = this.#made.keys();
    if (this.#made.size > MADE_COUNT_MAX && oldest !== undefined) this.#made.delete(oldest);
  }
}

/** Ids (hex) that begin alike together, ascending: sorted part by part, so that no turn sorts them all. */
function byFirstByte(ids: readonly string[]): string[][] {
  const parts: string[][] = Array.from({ length: 256 }, () => []);
  for (const id of ids) parts[Number.parseInt(id.slice(0, 2), 16)]?.push(id);
  return parts;
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
