/**
 * What a vault finds by random keys, derived again from its groups: `digestRuns`, the digests of 65,536 entries at a time in 256 rows by
 * their first byte, and `places`, where it was decided about each sequence number in the groups before `placed`.
 */

import { type Bytes, concatBytes, encodeUint16, encodeUint32, encodeUint64, equalBytes } from '@oppidum/formats/bytes';
import { type Environment, type Table, VAULT_TABLES } from './environment.ts';
import type { Findings } from './findings.ts';
import type { DecisionRow, Place } from './vault-rows.ts';

const RUN_SIZE = 65_536;
const BUCKET_COUNT = 256;
const PREFIX_SIZE = 8;

export type LateRowsOptions = {
  readonly environment: Environment;
  readonly findings: Findings;
  /** Name in findings: `shards/0/vault`. */
  readonly name: string;
};

/** The runs of digests. `add` every entry in order, then `finish`. */
export class DigestRows {
  readonly #rows: Table<number, Bytes>;
  readonly #findings: Findings;
  readonly #file: string;
  #buckets: Bytes[][] = emptyBuckets();
  #count = 0;

  constructor({ environment, findings, name }: LateRowsOptions) {
    this.#rows = environment.table(VAULT_TABLES.digestRuns);
    this.#findings = findings;
    this.#file = `${name}/digestRuns`;
  }

  add(digest: Bytes): void {
    this.#buckets[digest[0] as number]?.push(concatBytes(digest.slice(0, PREFIX_SIZE), encodeUint64(this.#count).slice(2)));
    this.#count++;
    if (this.#count % RUN_SIZE === 0) this.#compare(this.#count / RUN_SIZE - 1);
  }

  /** A run is written with the group that follows it. */
  finish(): void {
    const fullCount = Math.floor(this.#count / RUN_SIZE);
    const storedCount = this.#rows.count / BUCKET_COUNT;
    if (storedCount !== fullCount && storedCount !== fullCount - 1)
      this.#findings.damage('INDEX_DAMAGED', this.#file, `${this.#rows.count} rows, and ${fullCount} runs of entries`);
  }

  #compare(run: number): void {
    const [buckets, isStored] = [this.#buckets, run < Math.ceil(this.#rows.count / BUCKET_COUNT)];
    this.#buckets = emptyBuckets();
    if (!isStored) return;
    for (const [first, items] of buckets.entries()) {
      const row = this.#rows.get(run * BUCKET_COUNT + first);
      if (row === null || !equalBytes(row, concatBytes(...items)))
        this.#findings.damage('INDEX_DAMAGED', this.#file, `run ${run}, digests that begin with ${first}`);
    }
    this.#findings.checked('index rows', BUCKET_COUNT);
  }
}

/** The places of decisions. `add` every decision, then `finish`. */
export class PlaceRows {
  readonly #rows: Table<Buffer, Bytes>;
  readonly #findings: Findings;
  readonly #file: string;
  readonly #placed: number;
  #count = 0;

  /** `placed`: groups before this one have their rows. */
  constructor({ environment, findings, name }: LateRowsOptions, placed: number) {
    this.#rows = environment.table(VAULT_TABLES.places);
    this.#findings = findings;
    this.#file = `${name}/places`;
    this.#placed = placed;
  }

  add(group: number, decision: DecisionRow): void {
    if (group >= this.#placed) return;
    this.#count++;
    const row = this.#rows.get(Buffer.from(encodePlace(decision)));
    this.#findings.checked('index rows');
    const want = concatBytes(encodeUint64(group).slice(2), encodeUint16(decision.position));
    if (row === null || !equalBytes(row, want))
      this.#findings.damage('INDEX_DAMAGED', this.#file, `number ${decision.sequence} of group ${group} is not found there`);
  }

  finish(groupCount: number): void {
    if (this.#placed > groupCount || this.#rows.count !== this.#count)
      this.#findings.damage(
        'INDEX_DAMAGED',
        this.#file,
        `${this.#rows.count} rows for ${this.#count} decisions before group ${this.#placed}`,
      );
  }
}

/** The key of a row of `places` and `clones`. */
function encodePlace({ device, keyNumber, sequence }: Place): Bytes {
  return concatBytes(device, encodeUint32(keyNumber), encodeUint64(sequence));
}

function emptyBuckets(): Bytes[][] {
  return Array.from({ length: BUCKET_COUNT }, () => []);
}
