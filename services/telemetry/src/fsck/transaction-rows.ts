/**
 * The index of transactions by id: runs of ids in the order of the log, each run 256 rows by the first byte of the id
 * (specs/data-folder.md). Derived again run by run, a megabyte at a time.
 */

import { type Bytes, concatBytes, encodeUint64, equalBytes } from '@oppidum/formats/bytes';
import { type Environment, NODE_TABLES, type Table } from './environment.ts';
import type { Findings } from './findings.ts';

const BUCKET_COUNT = 256;
const PREFIX_SIZE = 8;
const FILE = 'node/transactionRuns';

/** One index. `add` every executed transaction in order, then `finish`. */
export class TransactionRows {
  readonly #rows: Table<number, Bytes>;
  readonly #ends: Table<number, number>;
  readonly #findings: Findings;
  #buckets: Bytes[][] = emptyBuckets();
  #run = 0;

  constructor(environment: Environment, findings: Findings) {
    this.#rows = environment.table<number, Bytes>(NODE_TABLES.transactionRuns);
    this.#ends = environment.table<number, number>(NODE_TABLES.transactionRunEnds);
    this.#findings = findings;
  }

  /** An id executed at this index of the log. */
  add(id: Bytes, index: number): void {
    const end = this.#ends.get(this.#run);
    if (end === null) return;
    this.#buckets[id[0] as number]?.push(concatBytes(id.slice(0, PREFIX_SIZE), encodeUint64(index).slice(2)));
    if (index + 1 === end) this.#compare();
    else if (index + 1 > end) this.#giveUp(`run ${this.#run} ends at ${end}, where no transaction is`);
  }

  finish(): void {
    if (this.#run < this.#ends.count) this.#giveUp(`there are ${this.#ends.count} runs, and transactions for ${this.#run}`);
    if (this.#rows.count !== this.#ends.count * BUCKET_COUNT)
      this.#findings.damage('INDEX_DAMAGED', FILE, `${this.#rows.count} rows in ${this.#ends.count} runs`);
  }

  #compare(): void {
    for (const [first, ids] of this.#buckets.entries()) {
      const row = this.#rows.get(this.#run * BUCKET_COUNT + first);
      if (row === null || !equalBytes(row, concatBytes(...ids)))
        this.#findings.damage('INDEX_DAMAGED', FILE, `run ${this.#run}, ids that begin with ${first}`);
    }
    this.#findings.checked('index rows', BUCKET_COUNT);
    this.#buckets = emptyBuckets();
    this.#run++;
  }

  #giveUp(why: string): void {
    this.#findings.damage('INDEX_DAMAGED', 'node/transactionRunEnds', why);
    this.#run = Number.MAX_SAFE_INTEGER;
  }
}

function emptyBuckets(): Bytes[][] {
  return Array.from({ length: BUCKET_COUNT }, () => []);
}
