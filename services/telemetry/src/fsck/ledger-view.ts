/** What the ledger says of devices, for whoever judges readings by it: from the state that the blocks were executed to. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { deviceKeyKind, deviceKind, manufacturerKind, modelKind, suspensionKind } from '@oppidum/formats/state-devices';
import { type AnyKind, at, parseKey, parseState, prefixRange, type StateRef } from '@oppidum/formats/state-layout';
import { checkEntitlement, type Entitlement } from '@oppidum/proofs/entitlement';
import type { Scratch } from './scratch.ts';

const KNOWN_COUNT_MAX = 65_536;
/** A group commits soon after its readings were judged; block time may run a little ahead of the shard's clock. */
const BEFORE_MS = 60_000;
const AFTER_MS = 1_000;

/** How a key stood when its reading was received: vaults do not store the height, and clocks may have been set meanwhile. */
export type Standing = 'entitled' | 'entitled at another time' | 'never entitled';

/** Reads the newest state; records of devices are never removed, so it tells of all former times. */
export class LedgerView {
  readonly #scratch: Scratch;
  readonly #known = new Map<string, Entitlement | null>();

  constructor(scratch: Scratch) {
    this.#scratch = scratch;
  }

  /** A record, or null. */
  read<V>({ kind, key }: StateRef<V>): V | null {
    const value = this.#scratch.read(key);
    return value === null ? null : parseState(kind, value);
  }

  /** The records of a device key, or null where there is none. */
  entitlement(device: Bytes, keyNumber: number): Entitlement | null {
    const name = `${toHex(device)}/${keyNumber}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    if (this.#known.size >= KNOWN_COUNT_MAX) this.#known.clear();
    const found = this.#readEntitlement(device, keyNumber);
    this.#known.set(name, found);
    return found;
  }

  /** Whether the key was entitled around this time of the shard's clock. */
  standing(entitlement: Entitlement, receivedMs: number): Standing {
    const from = this.#scratch.heightAt(receivedMs - BEFORE_MS) ?? 0;
    const to = this.#scratch.heightAt(receivedMs + AFTER_MS) ?? 0;
    // Between two changes of the records nothing changes.
    const changes = boundariesOf(entitlement);
    const isEntitled = (height: number): boolean => checkEntitlement(entitlement, height) === null;
    if ([from, to, ...changes.filter((height) => height > from && height < to)].some(isEntitled)) return 'entitled';
    return changes.some(isEntitled) ? 'entitled at another time' : 'never entitled';
  }

  #readEntitlement(device: Bytes, keyNumber: number): Entitlement | null {
    const record = this.read(at(deviceKind, device));
    const key = this.read(at(deviceKeyKind, device, keyNumber));
    const model = record === null ? null : this.read(at(modelKind, record.model));
    const manufacturer = model === null ? null : this.read(at(manufacturerKind, model.manufacturer));
    if (record === null || key === null || model === null || manufacturer === null) return null;
    const range = prefixRange(suspensionKind as unknown as AnyKind, [device]);
    const suspensions = this.#scratch.scan(range.lo, range.hi).map((stored) => ({
      from: parseKey(suspensionKind, stored.key)[1],
      ...parseState(suspensionKind, stored.value),
    }));
    return { manufacturer, model, device: record, key, suspensions };
  }
}

/** Heights at which something about the key changed. */
function boundariesOf({ manufacturer, model, device, key, suspensions }: Entitlement): number[] {
  const spans: readonly { readonly from?: number; readonly to?: number }[] = [manufacturer, model, device, key, ...suspensions];
  return spans.flatMap(({ from, to }) => [from, to].filter((height) => height !== undefined));
}
