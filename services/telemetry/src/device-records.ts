/** What the ledger says about devices, read once while they stay the same: whoever sends a thousand readings a second has few records. */

import { type Bytes, equalBytes, toHex, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { deviceKeyKind, deviceKind, manufacturerKind, modelKind, suspensionKind } from '@oppidum/formats/state-devices';
import { type AnyKind, at, type KeyRange, parseKey, parseState, prefixRange, type Segment } from '@oppidum/formats/state-layout';
import { kindOfKey } from '@oppidum/formats/state-registry';
import { shardKind } from '@oppidum/formats/state-telemetry';
import type { BlockNews, NodeLink } from '@oppidum/node/client';
import type { Entitlement } from '@oppidum/proofs/entitlement';
import { type DeclaredShard, homeShard } from '@oppidum/proofs/home-shard';

/** Records of so many device keys stay in memory. */
const CACHE_COUNT_MAX = 65_536;

/** Records of these kinds entitle devices, or say which shard is theirs. */
const ENTITLING: ReadonlySet<string> = new Set(
  [manufacturerKind, modelKind, deviceKind, deviceKeyKind, suspensionKind, shardKind].map(({ name }) => name),
);
const ALL_SHARDS = rangeOf(shardKind);

type Client = Pick<NodeLink, 'read' | 'scan' | 'head' | 'onBlock'>;

/** Reads from committed state; forgets with every block that changed any such record, so that no revocation is outrun. */
export class DeviceRecords {
  readonly #client: Client;
  readonly #crypto: Crypto;
  readonly #shard: Bytes;
  readonly #known = new Map<string, Entitlement>();
  /** The block up to which all changes were seen. */
  #height: number;
  readonly #forget: () => void;

  /** `shard`: whose readings are judged. */
  constructor(client: Client, crypto: Crypto, shard: Bytes) {
    this.#client = client;
    this.#crypto = crypto;
    this.#shard = shard;
    this.#height = client.head().height;
    this.#forget = client.onBlock((block) => this.#follow(block));
  }

  /** The last durable block. */
  get height(): number {
    return this.#client.head().height;
  }

  /** What entitles a device key, with the height it was read at. Refuses DEVICE_UNKNOWN, KEY_UNKNOWN, SHARD_NOT_HOME. */
  read(device: Bytes, keyNumber: number): { readonly entitlement: Entitlement; readonly height: number } | Rejection {
    const { height } = this.#client.head();
    // A block is durable a moment before it is told of: until then nothing that was known counts.
    if (height !== this.#height || this.#known.size >= CACHE_COUNT_MAX) this.#known.clear();
    const name = `${toOctets(device)}${keyNumber}`;
    const entitlement = this.#known.get(name) ?? readEntitlement(this.#client, device, keyNumber);
    if ('code' in entitlement) return entitlement;
    const refused = this.#known.has(name) ? null : this.#checkHome(device, entitlement);
    if (refused !== null) return refused;
    this.#known.set(name, entitlement);
    return { entitlement, height };
  }

  /** The sequence of a key is decided in one shard only: another one would take the same number twice. */
  #checkHome(device: Bytes, { key }: Entitlement): Rejection | null {
    if (key.from === undefined) return null;
    const home = homeShard(this.#crypto, declaredShards(this.#client), device, key.from);
    if (home !== null && equalBytes(home.id, this.#shard)) return null;
    return reject('SHARD_NOT_HOME', { device: toHex(device), ...(home === null ? {} : { number: home.number }) });
  }

  /** Follows no more blocks. */
  close(): void {
    this.#forget();
  }

  #follow({ height, changes }: BlockNews): void {
    const isNext = height === this.#height + 1;
    this.#height = height;
    if (!isNext || changes.some(({ key }) => ENTITLING.has(kindOfKey(key)?.name ?? ''))) this.#known.clear();
  }
}

/** Every shard that was ever declared. */
export function declaredShards(client: Pick<NodeLink, 'scan'>): readonly DeclaredShard[] {
  return [...client.scan(ALL_SHARDS)].map(({ key, value }) => ({
    ...parseState(shardKind, value),
    id: parseKey(shardKind, key)[0],
  }));
}

/** What entitles a device key, as committed. Refuses DEVICE_UNKNOWN, KEY_UNKNOWN. */
export function readEntitlement(
  client: Pick<NodeLink, 'read' | 'scan'>,
  device: Bytes,
  keyNumber: number,
): Entitlement | Rejection {
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
export function entitlementRanges(client: Pick<NodeLink, 'read'>, device: Bytes, keyNumber: number): readonly KeyRange[] {
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
