/** Rows into one table, many by one statement: what a statement costs beside its rows is more than a row. */

import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** Rows of one statement, the largest first. SQLite takes 32,766 parameters. */
const ROW_COUNTS = [64, 8, 1] as const;

/** Collects rows until `flush`; the transaction is its caller's. */
export class RowInserter {
  readonly #connection: DatabaseSync;
  readonly #head: string;
  readonly #row: string;
  readonly #tail: string;
  readonly #width: number;
  readonly #statements = new Map<number, StatementSync>();
  #values: SQLInputValue[] = [];

  /** `head` VALUES (…), … `tail`; `width`: columns of a row. */
  constructor(connection: DatabaseSync, head: string, width: number, tail = '') {
    this.#connection = connection;
    this.#head = head;
    this.#row = `(${Array.from({ length: width }, () => '?').join(', ')})`;
    this.#tail = tail;
    this.#width = width;
  }

  /** Adds one row: its columns in order. */
  add(...row: SQLInputValue[]): void {
    for (const value of row) this.#values.push(value);
  }

  /** Writes what was added, in that order. */
  flush(): void {
    const values = this.#values;
    this.#values = [];
    let at = 0;
    for (const rowCount of ROW_COUNTS) {
      const size = rowCount * this.#width;
      for (; values.length - at >= size; at += size) this.#statement(rowCount).run(...values.slice(at, at + size));
    }
  }

  /** Drops what was added and not written. */
  forget(): void {
    this.#values = [];
  }

  #statement(rowCount: number): StatementSync {
    const known = this.#statements.get(rowCount);
    if (known !== undefined) return known;
    const rows = Array.from({ length: rowCount }, () => this.#row).join(', ');
    const made = this.#connection.prepare(`${this.#head} VALUES ${rows} ${this.#tail}`);
    this.#statements.set(rowCount, made);
    return made;
  }
}
