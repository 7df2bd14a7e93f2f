/** What the ledger says about devices, read once while they stay the same: whoever sends a thousand readings a second has few records. */

import { type Bytes, toHex, toOctets } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { deviceKeyKind, deviceKind, manufacturerKind, modelKind, suspensionKind } from '@oppidum/formats/state-devices';
import { type AnyKind, at, type KeyRange, parseKey, parseState, prefixRange, type Segment } from '@oppidum/formats/state-layout';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { CommittedBlock, NodeClient } from '@oppidum/node/client';
import type { Entitlement } from '@oppidum/proofs/entitlement';

/** Records of so many device keys stay in memory. */
const CACHE_COUNT_MAX = 65_536;

/** Records of these kinds entitle devices. */
const ENTITLING: ReadonlySet<string> = new Set(
  [manufacturerKind, modelKind, deviceKind, deviceKeyKind, suspensionKind].map(({ name }) => name),
);

type Client = Pick<NodeClient, 'read' | 'scan' | 'head' | 'onBlock'>;

/** Reads from committed state; forgets with every block that changed any such record, so that no revocation is outrun. */
export class DeviceRecords {
  readonly #client: Client;
  readonly #known = new Map<string, Entitlement>();
  /** The block up to which all changes were seen. */
  #height: number;
  readonly #forget: () => void;

  constructor(client: Client) {
    this.#client = client;
    this.#height = client.head().height;
    this.#forget = client.onBlock((block) => this.#follow(block));
  }

  /** The last durable block. */
  get height(): number {
    return this.#client.head().height;
  }

  /** What entitles a device key, with the height it was read at. Refuses DEVICE_UNKNOWN, KEY_UNKNOWN. */
  read(device: Bytes, keyNumber: number): { readonly entitlement: Entitlement; readonly height: number } | Rejection {
    const { height } = this.#client.head();
    // A block is durable a moment before it is told of: until then nothing that was known counts.
    if (height !== this.#height || this.#known.size >= CACHE_COUNT_MAX) this.#known.clear();
    const name = `${toOctets(device)}${keyNumber}`;
    const entitlement = this.#known.get(name) ?? readEntitlement(this.#client, device, keyNumber);
    if ('code' in entitlement) return entitlement;
    this.#known.set(name, entitlement);
    return { entitlement, height };
  }

  /** Follows no more blocks. */
  close(): void {
    this.#forget();
  }

  #follow({ height, changes }: CommittedBlock): void {
    const isNext = height === this.#height + 1;
    this.#height = height;
    if (!isNext || changes.some(({ key }) => ENTITLING.has(kindOfKey(key)?.name ?? ''))) this.#known.clear();
  }
}

function readEntitlement(client: Pick<NodeClient, 'read' | 'scan'>, device: Bytes, keyNumber: number): Entitlement | Rejection {
  const record = client.read(at(deviceKind, device));
  if (record === null) return reject('DEVICE_UNKNOWN', { device: toHex(device) });
  const key = client.read(at(deviceKeyKind, device, keyNumber));
  if (key === null) return reject('KEY_UNKNOWN', { device: toHex(device), keyNumber });
  const model = client.read(at(modelKind, record.model));
  const manufacturer = model === null ? null : client.read(at(manufacturerKind, model.manufacturer));
  if (model === null || manufacturer === null) throw new Error(`the model of device ${toHex(device)} is gone`);
  const suspensions = [...client.scan(rangeOf(suspensionKind, device))].map((stored) => ({
    from: parseKey(suspensionKind, stored.key)[1],
    ...parseState(suspensionKind, stored.value),
  }));
  return { manufacturer, model, device: record, key, suspensions };
}

/**
 * The ranges whose records entitle a device key, in the order of `verifyReading`: manufacturer, model, device, key, all suspensions.
 * Records are never removed, so those of a device whose reading is kept exist.
 */
export function entitlementRanges(client: Pick<NodeClient, 'read'>, device: Bytes, keyNumber: number): readonly KeyRange[] {
  const record = client.read(at(deviceKind, device));
  const model = record === null ? null : client.read(at(modelKind, record.model));
  if (record === null || model === null) throw new Error(`the records of device ${toHex(device)} are gone`);
  return [
    rangeOf(manufacturerKind, model.manufacturer),
    rangeOf(modelKind, record.model),
    rangeOf(deviceKind, device),
    rangeOf(deviceKeyKind, device, keyNumber),
    rangeOf(suspensionKind, device),
  ];
}

function rangeOf(kind: unknown, ...segments: readonly Segment[]): KeyRange {
  return prefixRange(kind as AnyKind, segments);
}
