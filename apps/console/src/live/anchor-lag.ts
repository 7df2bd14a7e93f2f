/** How far the ledger is behind the newest reading, reckoned by the city's own times: when readings came, and which of them anchors cover. */

/** What is known of one shard from the stream. Indexes are kept ascending. */
type ShardTrail = { readonly received: { readonly index: number; readonly receivedMs: number }[]; anchoredSize: number | null };

/** Readings that wait for their anchor; more than this and the oldest are let go, and the answer is unknown until an anchor comes. */
const WAITING_COUNT_MAX = 20_000;

/** Follows readings and anchors of all shards. */
export class AnchorLag {
  readonly #shards = new Map<string, ShardTrail>();
  #newestMs: number | null = null;

  /** A reading that was kept at `index` of its shard. */
  noteReading({
    shard,
    index,
    receivedMs,
  }: {
    readonly shard: string;
    readonly index: number;
    readonly receivedMs: number;
  }): void {
    const trail = this.#trailOf(shard);
    this.#newestMs = Math.max(this.#newestMs ?? receivedMs, receivedMs);
    if (trail.anchoredSize !== null && index < trail.anchoredSize) return;
    trail.received.push({ index, receivedMs });
    if (trail.received.length > WAITING_COUNT_MAX) {
      trail.received.splice(0, trail.received.length - WAITING_COUNT_MAX);
      trail.anchoredSize = null;
    }
  }

  /** An anchor that covers the first `size` entries of its shard. */
  noteAnchor({ shard, size }: { readonly shard: string; readonly size: number }): void {
    const trail = this.#trailOf(shard);
    trail.anchoredSize = Math.max(trail.anchoredSize ?? 0, size);
    const covered = trail.received.findIndex(({ index }) => index >= size);
    trail.received.splice(0, covered < 0 ? trail.received.length : covered);
  }

  /** Events were missed: nothing is known any more. */
  forget(): void {
    this.#shards.clear();
    this.#newestMs = null;
  }

  /**
   * Milliseconds between the oldest reading that no anchor covers yet and the newest reading of all; 0 where all are covered. Null where
   * it is unknown: before the first anchor of a shard was seen, there may be older ones.
   */
  lagMs(): number | null {
    const trails = [...this.#shards.values()];
    if (this.#newestMs === null || trails.some(({ anchoredSize }) => anchoredSize === null)) return null;
    const oldest = trails.flatMap(({ received }) => (received[0] === undefined ? [] : [received[0].receivedMs]));
    return oldest.length === 0 ? 0 : Math.max(0, this.#newestMs - Math.min(...oldest));
  }

  #trailOf(shard: string): ShardTrail {
    const trail = this.#shards.get(shard) ?? { received: [], anchoredSize: null };
    this.#shards.set(shard, trail);
    return trail;
  }
}
