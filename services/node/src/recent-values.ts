/**
 * Committed values of the state that were asked for lately, by key, in two generations: when the younger is full it becomes the elder. What
 * is written is kept only where it was asked for before, for most of what a block writes nobody reads soon.
 */

import type { Bytes } from '@oppidum/formats/bytes';

/** What a value takes in memory beyond its bytes and those of its key, measured: most of it is the array that holds it. */
const VALUE_OVERHEAD = 600;

/** Values by key, null where there is none; together never more than twice `sizeMax` bytes of memory. */
export class RecentValues {
  readonly #sizeMax: number;
  #recent = new Map<string, Bytes | null>();
  #elder: ReadonlyMap<string, Bytes | null> = new Map();
  #recentSize = 0;
  #elderSize = 0;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** About the bytes that all of them take. */
  get size(): number {
    return this.#recentSize + this.#elderSize;
  }

  /** The value, null where it is known that there is none, undefined where nothing is known. */
  get(name: string): Bytes | null | undefined {
    const known = this.#recent.get(name);
    if (known !== undefined) return known;
    const kept = this.#elder.get(name);
    if (kept !== undefined) this.add(name, kept);
    return kept;
  }

  /** What was asked for. */
  add(name: string, value: Bytes | null): void {
    const before = this.#recent.get(name);
    if (before !== undefined) this.#recentSize -= sizeOf(name, before);
    const size = sizeOf(name, value);
    if (this.#recentSize + size > this.#sizeMax) this.#age(name);
    this.#recent.set(name, value);
    this.#recentSize += size;
  }

  /** What was written. */
  replace(name: string, value: Bytes | null): void {
    if (this.#recent.has(name) || this.#elder.has(name)) this.add(name, value);
  }

  /** `name` is about to be replaced: its size is taken off already. */
  #age(name: string): void {
    this.#recent.delete(name);
    this.#elder = this.#recent;
    this.#elderSize = this.#recentSize;
    this.#recent = new Map();
    this.#recentSize = 0;
  }
}

function sizeOf(name: string, value: Bytes | null): number {
  return VALUE_OVERHEAD + name.length + (value?.length ?? 0);
}
