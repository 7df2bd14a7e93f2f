/**
 * The tree of challenges for an order to a whole zone. Anybody may draft one, and a big zone is 65,536 devices to look at and to hash: a tree is
 * made again only when something changed that it depends on, and a caller may have so many devices looked at in a minute.
 */

import { openQuarantine } from '@oppidum/contracts/devices/quarantines';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import type { Order } from '@oppidum/formats/order-statement';
import { deviceKind, manufacturerKind, modelKind } from '@oppidum/formats/state-devices';
import { at } from '@oppidum/formats/state-layout';
import type { NodeClient } from '@oppidum/node/client';
import type { ChallengeBook } from './challenge-book.ts';
import type { KnownTree, TreeBook } from './tree-book.ts';

/** Two of the largest zones: well under two seconds of a core. */
const DEVICES_PER_MINUTE = 131_072;
const MINUTE_MS = 60_000;
/** Trees that are kept to be given again; those made longest ago make room. */
const MADE_COUNT_MAX = 16;

type TreeParts = {
  readonly node: Pick<NodeClient, 'read' | 'head'>;
  readonly trees: Pick<TreeBook, 'draft' | 'remember'>;
  readonly challenges: Pick<ChallengeBook, 'newest' | 'inZone'>;
  /** Milliseconds of any clock that only rises. */
  readonly now: () => number;
  readonly devicesPerMinute?: number;
};

/** `tree` is null where nobody in the zone may be ordered. `height`: -1 where no record of the ledger was asked. */
type Made = { readonly change: number; readonly height: number; readonly tree: KnownTree | null };

/** Trees of whole zones. */
export class ZoneTrees {
  readonly #parts: TreeParts;
  readonly #made = new Map<string, Made>();
  #spent = new Map<string, number>();
  #minute = 0;

  constructor(parts: TreeParts) {
    this.#parts = parts;
  }

  /** The tree over all of a zone (hex) that can be ordered now, or null where that is nobody. `by`: who drafts. Throws RATE_LIMITED. */
  draft(zone: string, mode: Order['mode'], by: string): KnownTree | null {
    const { node, trees, challenges } = this.#parts;
    const known = challenges.inZone(zone);
    if (known === null) return null;
    // Break-glass goes to whoever may hear it: its direction is safe for all.
    const height = mode === 'break-glass' ? -1 : node.head().height;
    const name = `${zone} ${mode}`;
    const before = this.#made.get(name);
    if (before?.change === known.change && before.height === height) {
      if (before.tree !== null) trees.remember(before.tree, by);
      return before.tree;
    }
    this.#spend(by, known.devices.size);
    const isHeard = mode === 'break-glass' ? () => true : orderable(node);
    const members = [...known.devices].filter(isHeard).sort();
    const leaves = members.flatMap((member) => challenges.newest(member) ?? []);
    const entries = leaves.map(({ device, challenge }) => ({ device, challenge }));
    const tree = entries.length === 0 ? null : trees.draft(entries, by);
    this.#keep(name, { change: known.change, height, tree });
    return tree;
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
