/** Who wants to be told of something. */

/** Calls in the order of joining. */
export class Listeners<T> {
  readonly #listeners = new Set<(value: T) => void>();

  get count(): number {
    return this.#listeners.size;
  }

  /** Joins a listener; the answer ends that. */
  add(listener: (value: T) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  tell(value: T): void {
    for (const listener of this.#listeners) listener(value);
  }
}
