/**
 * The records of the state map as a log in LMDB: pages in the order they were written, so that commits touch only the right edge of
 * the B-tree (and cleaning only the left one), however random the keys are. What a record is called is its tag: page × 4096 + offset.
 *
 *   page   = record*            at most 4,080 bytes (one LMDB overflow page) unless one record alone is larger
 *   record = height: u64 ‖ valueSize: u32 ‖ keySize: u8 ‖ key ‖ value        valueSize 2^32 − 1: the key was removed; 2^32 − 2: removed, carried on
 */

import { type Bytes, readUint32, readUint64 } from '@oppidum/formats/bytes';
import type { Database, RootDatabase } from 'lmdb';

/** One key's value from a height on; `value` null: the key was removed there. */
export type LogRecord = {
  readonly height: number;
  readonly key: Bytes;
  readonly value: Bytes | null;
  /** A removal that cleaning wrote again once already (see `StateStore`). */
  readonly isCarried: boolean;
};

const TAG_SPAN = 4096;
const PAGE_SIZE_MAX = 4080;
const HEADER_SIZE = 13;
const REMOVED = 0xffff_ffff;
const REMOVED_CARRIED = 0xffff_fffe;

/** Lays out the records of one commit in fresh pages; nothing is stored before `StateLog.write`. */
export class PageWriter {
  readonly firstPage: number;
  readonly pages: Bytes[] = [];
  recordCount = 0;
  #page: Bytes = new Uint8Array(PAGE_SIZE_MAX);
  #view = new DataView(this.#page.buffer);
  #used = 0;

  constructor(firstPage: number) {
    this.firstPage = firstPage;
  }

  /** Adds a record and returns its tag. */
  add(record: LogRecord): number {
    const { height, key, value } = record;
    const size = HEADER_SIZE + key.length + (value?.length ?? 0);
    if (this.#used > 0 && this.#used + size > PAGE_SIZE_MAX) this.#close();
    if (size > this.#page.length) this.#begin(size);
    const [page, at] = [this.#page, this.#used];
    const view = this.#view;
    view.setUint32(at, Math.floor(height / 2 ** 32));
    view.setUint32(at + 4, height % 2 ** 32);
    view.setUint32(at + 8, value?.length ?? (record.isCarried ? REMOVED_CARRIED : REMOVED));
    page[at + 12] = key.length;
    page.set(key, at + HEADER_SIZE);
    if (value !== null) page.set(value, at + HEADER_SIZE + key.length);
    this.#used += size;
    this.recordCount++;
    return (this.firstPage + this.pages.length) * TAG_SPAN + at;
  }

  /** Ends the last page. */
  finish(): void {
    if (this.#used > 0) this.#close();
  }

  #close(): void {
    this.pages.push(this.#page.subarray(0, this.#used));
    this.#begin(PAGE_SIZE_MAX);
  }

  #begin(size: number): void {
    this.#page = new Uint8Array(size);
    this.#view = new DataView(this.#page.buffer);
    this.#used = 0;
  }
}

/** The stored pages. Writes and removals happen inside the caller's LMDB transaction. */
export class StateLog {
  readonly #pages: Database<Bytes, number>;

  constructor(environment: RootDatabase) {
    this.#pages = environment.openDB({ name: 'stateLog', encoding: 'binary' });
  }

  /** The first page number in use, and the next one after the last. */
  bounds(): { readonly first: number; readonly next: number } {
    const [first] = [...this.#pages.getKeys({ limit: 1 })];
    const [last] = [...this.#pages.getKeys({ limit: 1, reverse: true })];
    return { first: first ?? 0, next: last === undefined ? 0 : last + 1 };
  }

  write(writer: PageWriter): void {
    for (const [i, page] of writer.pages.entries()) this.#pages.putSync(writer.firstPage + i, page);
  }

  /** The value of a record that is not a removal. A tag without a record is a broken invariant. */
  readValue(tag: number): Bytes {
    const page = this.#pages.getBinaryFast(Math.floor(tag / TAG_SPAN));
    if (page === undefined) throw new Error(`the state log has no record ${tag}`);
    // The buffer is shared by all reads and may be longer than the page: the record's own sizes count, and what leaves here is a copy.
    const at = tag % TAG_SPAN;
    const start = at + HEADER_SIZE + (page[at + 12] as number);
    return new Uint8Array(page.subarray(start, start + readUint32(page, at + 8)));
  }

  /** All records of one page, with their tags. */
  readPage(page: number): { readonly tag: number; readonly record: LogRecord }[] {
    const data = this.#pages.get(page);
    return data === undefined ? [] : parsePage(page, data);
  }

  removePage(page: number): void {
    this.#pages.removeSync(page);
  }

  /** Every record, in the order written. */
  *records(): Generator<{ readonly tag: number; readonly record: LogRecord }> {
    for (const { key, value } of this.#pages.getRange()) yield* parsePage(key, value);
  }
}

function parsePage(page: number, data: Bytes): { readonly tag: number; readonly record: LogRecord }[] {
  const records: { readonly tag: number; readonly record: LogRecord }[] = [];
  for (let at = 0; at < data.length; ) {
    const valueSize = readUint32(data, at + 8);
    const keyEnd = at + HEADER_SIZE + (data[at + 12] as number);
    const isRemoval = valueSize >= REMOVED_CARRIED;
    const end = keyEnd + (isRemoval ? 0 : valueSize);
    const value = isRemoval ? null : data.subarray(keyEnd, end);
    const record = {
      height: readUint64(data, at),
      key: data.subarray(at + HEADER_SIZE, keyEnd),
      value,
      isCarried: valueSize === REMOVED_CARRIED,
    };
    records.push({ tag: page * TAG_SPAN + at, record });
    at = end;
  }
  return records;
}
