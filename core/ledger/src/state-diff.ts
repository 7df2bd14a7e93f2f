/**
 * Where two states differ: first by area, each with a hash of its own, then by key. Two nodes that came to different roots at one
 * height are compared so.
 */

import { type Bytes, compareBytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { AREAS, kindOfKey } from '@oppidum/formats/state-registry';
import type { StoredRecord } from './city.ts';

/** An area of the state with the hash over all its keys and values; that of an empty map where it has none. */
export type AreaRoot = { readonly area: number; readonly name: string; readonly root: Bytes };

/** A state map that hashes all keys with one beginning: `StateTree.prefixHash` of one version. */
type PrefixHasher = { readonly prefixHash: (prefix: Bytes) => Bytes };

/** The sub-root of every area, ascending; equal for two states exactly when the area is. */
export function areaRoots(state: PrefixHasher): readonly AreaRoot[] {
  return Object.entries(AREAS).map(([area, name]) => {
    return { area: Number(area), name, root: state.prefixHash(Uint8Array.of(Number(area))) };
  });
}

/** The first key that two states do not agree on. `a`, `b`: the value in each, null where it has none; `kind`: its name, where known. */
export type StateDifference = {
  readonly key: Bytes;
  readonly kind: string | null;
  readonly a: Bytes | null;
  readonly b: Bytes | null;
};

/** Compares two states, each ascending by key, and reads no further than the first difference; null when there is none. */
export function firstDifference(a: Iterable<StoredRecord>, b: Iterable<StoredRecord>): StateDifference | null {
  const [left, right] = [ascending(a), ascending(b)];
  for (;;) {
    const [one, two] = [next(left), next(right)];
    if (one === null && two === null) return null;
    const order = one === null ? 1 : two === null ? -1 : compareBytes(one.key, two.key);
    if (order < 0) return differenceAt(one, null);
    if (order > 0) return differenceAt(null, two);
    if (one !== null && two !== null && !equalBytes(one.value, two.value)) return differenceAt(one, two);
  }
}

function next(records: Iterator<StoredRecord>): StoredRecord | null {
  const step = records.next();
  return step.done === true ? null : step.value;
}

function differenceAt(a: StoredRecord | null, b: StoredRecord | null): StateDifference {
  const key = a?.key ?? b?.key;
  if (key === undefined) throw new Error('a difference has a side');
  return { key, kind: kindOfKey(key)?.name ?? null, a: a?.value ?? null, b: b?.value ?? null };
}

/** The records as they come. Throws a plain Error where they do not ascend: the comparison would miss something. */
function* ascending(records: Iterable<StoredRecord>): Generator<StoredRecord, undefined> {
  let last: Bytes | null = null;
  for (const record of records) {
    if (last !== null && compareBytes(last, record.key) >= 0) throw new Error(`key ${toHex(record.key)} is out of order`);
    last = record.key;
    yield record;
  }
}
