/**
 * The stored records of the state map against the state as blocks make it again. The store keeps the newest record of each key at its
 * oldest kept height, and every change since; both are compared in full. What no kept height names waits for cleaning and is only read.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { kindOfKey } from '@oppidum/formats/state-registry';
import type { StateChange } from '@oppidum/ledger/city';
import { type Environment, NODE_TABLES, type Table } from './environment.ts';
import { attempt, type Findings } from './findings.ts';
import { type HeightRow, parseHeightRow, parseStatePage, type StateRecord } from './node-rows.ts';
import type { Scratch } from './scratch.ts';

type KeptHeight = HeightRow & { readonly height: number };

const FILE = 'node/stateLog';
/** Records noted with one commit. */
const CLAIM_COUNT = 4_096;
const HEIGHTS_FILE = 'node/stateHeights';

/** The state store of one node. `readClaims` first, then `compareHeight` for each block in order. */
export class StateCheck {
  readonly #findings: Findings;
  readonly #scratch: Scratch;
  readonly #pages: Table<number, Bytes>;
  readonly #kept: readonly KeptHeight[];
  /** Rows of heights above the base that no block has asked for yet. */
  readonly #open = new Map<number, { readonly row: KeptHeight; readonly endPage: number }>();

  constructor(environment: Environment, scratch: Scratch, findings: Findings) {
    this.#findings = findings;
    this.#scratch = scratch;
    this.#pages = environment.table<number, Bytes>(NODE_TABLES.stateLog);
    this.#kept = readHeights(environment, findings);
    for (const [i, row] of this.#kept.entries()) {
      const endPage = this.#kept[i + 1]?.firstPage ?? Number.MAX_SAFE_INTEGER;
      if (i > 0) this.#open.set(row.height, { row, endPage });
    }
  }

  /** The oldest kept height: −1 where nothing is stored. */
  get base(): number {
    return this.#kept[0]?.height ?? -1;
  }

  /** The root that the store has for its oldest kept height. */
  get baseRoot(): Bytes | null {
    return this.#kept[0]?.root ?? null;
  }

  /** How many pages of records there are. */
  get pageCount(): number {
    return this.#pages.count;
  }

  /** Notes what the stored records up to the base claim, some pages at a step. */
  *readClaims(): Generator<void> {
    let claims: StateRecord[] = [];
    for (const { key: page, value } of this.#pages.rows()) {
      claims.push(...this.#parsePage(page, value).filter(({ height }) => height <= this.base));
      if (claims.length >= CLAIM_COUNT) {
        this.#scratch.claim(claims);
        claims = [];
      }
      yield;
    }
    this.#scratch.claim(claims);
  }

  /** Compares what is stored of a height with what its block did; the scratch state is that after the block. */
  compareHeight(height: number, timeMs: number, changes: readonly StateChange[], hasBlockLeaf: boolean): void {
    if (height === this.base) return this.#compareBase(timeMs);
    if (height < this.base) return;
    const open = this.#open.get(height);
    this.#open.delete(height);
    if (open === undefined) {
      if (hasBlockLeaf) this.#findings.damage('STATE_DAMAGED', HEIGHTS_FILE, `height ${height} is missing`);
      return;
    }
    this.#compareRow(open.row, timeMs);
    this.#compareChanges(open.row, open.endPage, changes);
  }

  /** What is stored of heights that no block has. */
  finish(): void {
    for (const height of this.#open.keys())
      this.#findings.damage(
        'STATE_DAMAGED',
        HEIGHTS_FILE,
        `height ${height} is kept, and no block of that height changed anything`,
      );
  }

  #compareRow({ height, timeMs, root }: KeptHeight, blockMs: number): void {
    this.#findings.checked('state roots');
    const want = this.#scratch.root;
    if (!equalBytes(root, want))
      this.#findings.damage('STATE_DAMAGED', HEIGHTS_FILE, `height ${height} has the root ${toHex(root)}, want ${toHex(want)}`);
    if (timeMs !== blockMs)
      this.#findings.damage('STATE_DAMAGED', HEIGHTS_FILE, `height ${height} has the time ${timeMs}, its block ${blockMs}`);
  }

  #compareBase(timeMs: number): void {
    this.#compareRow(this.#kept[0] as KeptHeight, timeMs);
    for (const { key, height, value } of this.#scratch.all()) {
      this.#findings.checked('state records');
      const claimed = this.#scratch.claimed(key);
      const why = claimed?.value === undefined ? 'missing' : describeDifference(claimed, { height, value });
      if (why !== null) this.#findings.damage('STATE_DAMAGED', FILE, `${describeKey(key)}: ${why}`);
    }
    for (const { key, value } of this.#scratch.claims()) {
      if (value !== null && this.#scratch.dated(key) === null)
        this.#findings.damage('STATE_DAMAGED', FILE, `${describeKey(key)}: stored, and not in the state`);
    }
  }

  /** The records of one height stand in its pages in the order of the changes; cleaning may have put older ones behind them. */
  #compareChanges({ height, firstPage }: KeptHeight, endPage: number, changes: readonly StateChange[]): void {
    const records: StateRecord[] = [];
    for (const { key: page, value } of this.#pages.rows(firstPage)) {
      if (page >= endPage) break;
      records.push(...this.#parsePage(page, value).filter((record) => record.height > this.base));
    }
    const stored = new Map(records.map((record) => [toHex(record.key), record]));
    for (const { key, value } of changes) {
      this.#findings.checked('state records');
      const record = stored.get(toHex(key));
      stored.delete(toHex(key));
      const why = record === undefined ? `missing at height ${height}` : describeDifference(record, { height, value });
      if (why !== null) this.#findings.damage('STATE_DAMAGED', FILE, `${describeKey(key)}: ${why}`);
    }
    for (const { key } of stored.values())
      this.#findings.damage(
        'STATE_DAMAGED',
        FILE,
        `${describeKey(key)}: stored at height ${height}, whose block did not write it`,
      );
  }

  #parsePage(page: number, value: Bytes): readonly StateRecord[] {
    const parsed = attempt(() => parseStatePage(value));
    if ('value' in parsed) return parsed.value;
    this.#findings.damage('STATE_DAMAGED', FILE, `page ${page} cannot be read: ${parsed.why}`);
    return [];
  }
}

function readHeights(environment: Environment, findings: Findings): KeptHeight[] {
  const kept: KeptHeight[] = [];
  for (const { key: height, value } of environment.table<number, Bytes>(NODE_TABLES.stateHeights).rows()) {
    const parsed = attempt(() => parseHeightRow(value));
    if ('value' in parsed) kept.push({ height, ...parsed.value });
    else findings.damage('STATE_DAMAGED', HEIGHTS_FILE, `height ${height} cannot be read: ${parsed.why}`);
  }
  return kept;
}

type Dated = { readonly height: number; readonly value: Bytes | null };

function describeDifference(stored: Dated, want: Dated): string | null {
  if (stored.height !== want.height) return `its newest record is of height ${stored.height}, want ${want.height}`;
  if (stored.value === null) return want.value === null ? null : 'stored as removed';
  if (want.value === null) return 'stored, and removed by the block';
  return equalBytes(stored.value, want.value) ? null : 'another value than the block wrote';
}

/** The kind of a record and its key. */
function describeKey(key: Bytes): string {
  return `${kindOfKey(key)?.name ?? 'unknown kind'} ${toHex(key)}`;
}
