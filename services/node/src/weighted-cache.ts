/** A cache bounded by weight: what was not asked for longest goes first. */

/** Values by key, together at most `weightMax` heavy. */
export class WeightedCache<K, V> {
  readonly #weightMax: number;
  readonly #weightOf: (value: V) => number;
  /** In the order of last use: a Map keeps the order of insertion. */
  readonly #values = new Map<K, V>();
  #weight = 0;

  constructor(weightMax: number, weightOf: (value: V) => number) {
    this.#weightMax = weightMax;
    this.#weightOf = weightOf;
  }

  get weight(): number {
    return this.#weight;
  }

  /** The value, which thereby becomes the youngest. */
  get(key: K): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  /** Adds a value; a value heavier than the whole cache goes at once. */
  set(key: K, value: V): void {
    this.#drop(key);
    this.#values.set(key, value);
    this.#weight += this.#weightOf(value);
    for (const oldest of this.#values.keys()) {
      if (this.#weight <= this.#weightMax) return;
      this.#drop(oldest);
    }
  }

  #drop(key: K): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#weight -= this.#weightOf(value);
  }
}
