/**
 * The node of a city: every block executed again from the envelopes that it stored, its leaves in the log, its changes in the state, and
 * every table beside them. A store that began with a snapshot is executed from its oldest kept state on; the log vouches for what is older.
 */

import { parseLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { LogCheck } from './check-log.ts';
import { type Environment, NODE_TABLES, type Table } from './environment.ts';
import { attempt, type Findings } from './findings.ts';
import { type BlockRow, type HeadRow, parseBlockRow, parseHeadRow } from './node-rows.ts';
import type { Policies } from './policies.ts';
import { type ReplayedBlock, type ReplayRules, replayBlock, UnknownState } from './replay-block.ts';
import type { Scratch } from './scratch.ts';
import { StateCheck } from './state-check.ts';
import { TransactionRows } from './transaction-rows.ts';

export type NodeCheckOptions = {
  readonly rules: ReplayRules;
  readonly environment: Environment;
  readonly scratch: Scratch;
  readonly findings: Findings;
  readonly policies: Policies;
  readonly log: LogCheck;
};

/** Checks one node. */
export class NodeCheck {
  readonly #options: NodeCheckOptions;
  readonly #blocks: Table<number, Bytes>;
  readonly #firstIndexes: Table<number, number>;
  readonly #state: StateCheck;
  readonly #index: TransactionRows;
  #height = -1;
  #timeMs = 0;
  #leafBlockCount = 0;
  /** Blocks up to this height are older than the oldest kept state, and not executed. */
  #startHeight = -1;

  constructor(options: NodeCheckOptions) {
    this.#options = options;
    const { environment, scratch, findings } = options;
    this.#blocks = environment.table<number, Bytes>(NODE_TABLES.blocks);
    this.#firstIndexes = environment.table<number, number>(NODE_TABLES.firstIndexes);
    this.#state = new StateCheck(environment, scratch, findings);
    this.#index = new TransactionRows(environment, findings);
  }

  /** True when every block was followed, so that the scratch state is the city's newest. */
  run(): boolean {
    const { findings } = this.#options;
    this.#compareChain();
    const head = this.#readHead();
    findings.stage('state records', 'pages', this.#state.pageCount);
    this.#advance(this.#state.readClaims());
    findings.endStage();
    findings.stage('blocks', 'blocks', this.#blocks.count);
    const isComplete = this.#followBlocks();
    findings.endStage();
    if (isComplete) this.#compareEnd(head);
    else this.#followFiles();
    this.#options.log.finish(isComplete);
    this.#options.policies.finish();
    return isComplete;
  }

  #compareChain(): void {
    const { environment, findings, rules } = this.#options;
    const chain = environment.table<string, Bytes>(NODE_TABLES.head).get('chain');
    if (chain === null || !equalBytes(chain, rules.genesisHash))
      findings.damage('DATA_FOLDER_FOREIGN', 'node/head', `it is of the city ${chain === null ? 'none' : toHex(chain)}`);
  }

  #readHead(): HeadRow | null {
    const { environment, findings } = this.#options;
    const row = environment.table<string, Bytes>(NODE_TABLES.head).get('head');
    const parsed = row === null ? { why: 'missing' } : attempt(() => parseHeadRow(row));
    if ('value' in parsed) return parsed.value;
    // A city that was founded and never started has neither.
    if (row !== null || this.#blocks.count > 0) findings.damage('INDEX_DAMAGED', 'node/head', parsed.why);
    return null;
  }

  #advance(steps: Iterable<void>): void {
    for (const _ of steps) this.#options.findings.advance();
  }

  /** False when something stands in the way of judging what follows. */
  #followBlocks(): boolean {
    const { findings } = this.#options;
    try {
      this.#advance(this.#steps());
      return true;
    } catch (error) {
      if (!(error instanceof UnknownState)) throw error;
      const left = this.#blocks.count === 0 ? 0 : [...this.#blocks.rows(this.#height + 1)].length;
      findings.skip('blocks', `the state after block ${this.#height} is not known`, left);
      return false;
    }
  }

  *#steps(): Generator<void> {
    for (const { key: height, value } of this.#blocks.rows()) {
      if (this.#height < 0 && (height > 0 || this.#isRestored())) this.#begin(height, value);
      if (height > this.#startHeight && height !== this.#height + 1) this.#miss(height);
      const row = this.#parse(height, value);
      this.#comparePlace(height, row);
      this.#height = height;
      this.#timeMs = row.timeMs;
      const block = height <= this.#startHeight ? this.#takeOver(height, row) : this.#replay(height, row);
      this.#pass(height, block);
      this.#options.findings.checked('stored blocks');
      yield;
    }
  }

  /** A snapshot brings no changes with the blocks of its window, which may begin with genesis. */
  #isRestored(): boolean {
    const rows = this.#blocks.rows();
    const firstTwo = [rows.next(), rows.next()].flatMap((step) =>
      step.done === true ? [] : [attempt(() => parseBlockRow(step.value.value))],
    );
    rows.return(undefined);
    return this.#state.base > 0 && firstTwo.every((parsed) => 'value' in parsed && parsed.value.changes.length === 0);
  }

  /** The first stored block is not genesis: the log before it, and the state at its oldest kept height, are taken from the files. */
  #begin(height: number, value: Bytes): void {
    const { findings, log } = this.#options;
    const row = this.#parse(height, value);
    if (!this.#isRestored()) this.#miss(height);
    this.#startHeight = this.#state.base;
    if (height > 0) findings.skip('blocks', 'older than the snapshot that this store began with', height);
    this.#followFiles(row.firstIndex);
    if (log.size !== row.firstIndex) throw new UnknownState();
  }

  #miss(height: number): never {
    this.#options.findings.damage('BLOCK_MISSING', 'node/blocks', `no block ${this.#height + 1}; the next one is ${height}`);
    throw new UnknownState();
  }

  #parse(height: number, value: Bytes): BlockRow {
    const parsed = attempt(() => parseBlockRow(value));
    if ('value' in parsed) return parsed.value;
    this.#options.findings.damage('BLOCK_DAMAGED', 'node/blocks', `block ${height} cannot be read: ${parsed.why}`);
    throw new UnknownState();
  }

  #comparePlace(height: number, row: BlockRow): void {
    const { findings, log } = this.#options;
    const say = (what: string): void => findings.damage('BLOCK_DAMAGED', 'node/blocks', `block ${height}: ${what}`);
    if (row.firstIndex !== log.size) say(`begins at entry ${row.firstIndex} of the log, which has ${log.size} before it`);
    if (!equalBytes(row.edge, log.edge)) say('the edge of the log before it is altered');
    if (height > 0 && row.timeMs <= this.#timeMs) say('its time is not later than that of the block before');
  }

  #replay(height: number, row: BlockRow): ReplayedBlock {
    const { rules, scratch, findings, log, policies } = this.#options;
    if (height === 0 && row.timeMs !== rules.genesis.createdMs)
      findings.damage('BLOCK_DAMAGED', 'node/blocks', 'block 0: its time is not that of the genesis document');
    const block = replayBlock(rules, scratch, findings, { height, row, logSize: log.size });
    policies.learn(scratch);
    this.#state.compareHeight(height, row.timeMs, block.changes, block.hasBlockLeaf);
    return block;
  }

  /** A block that is older than the oldest kept state: its leaves stand in the log, and that is all that can be said. */
  #takeOver(height: number, row: BlockRow): ReplayedBlock {
    const { scratch, findings } = this.#options;
    const leaves = row.fates.flatMap((fate) => ('leaf' in fate ? [fate.leaf] : []));
    const ids = leaves.flatMap((leaf) => {
      const parsed = attempt(() => parseLeaf(leaf));
      return 'value' in parsed && 'transaction' in parsed.value ? [parsed.value.transaction.id] : [];
    });
    scratch.addBlock(height, row.timeMs, ids);
    if (height === this.#startHeight) this.#takeOverState(height, row);
    findings.skip('blocks', 'older than the oldest kept state, so only their leaves are checked');
    return { leaves: row.blockLeaf === null ? leaves : [...leaves, row.blockLeaf], changes: [], hasBlockLeaf: true, ids };
  }

  #takeOverState(height: number, { blockLeaf, timeMs }: BlockRow): void {
    const { scratch, findings, policies } = this.#options;
    const records = [...scratch.claims()].flatMap(({ key, value, height: from }) =>
      value === null ? [] : [{ key, value, from }],
    );
    const root = scratch.preview(records);
    for (const record of records) scratch.accept(record.from, [record]);
    const leaf = blockLeaf === null ? null : attempt(() => parseLeaf(blockLeaf));
    const named = leaf !== null && 'value' in leaf && 'block' in leaf.value ? leaf.value.block.stateRoot : null;
    if (named === null || !equalBytes(root, named)) {
      const what = `the records up to height ${height} have the root ${toHex(root)}, its leaf names ${named === null ? 'none' : toHex(named)}`;
      findings.damage('STATE_DAMAGED', 'node/stateLog', what);
      throw new UnknownState();
    }
    policies.learn(scratch);
    this.#state.compareHeight(height, timeMs, [], true);
  }

  #pass(height: number, { leaves, ids }: ReplayedBlock): void {
    const { log, findings } = this.#options;
    const firstIndex = log.size;
    for (const [i, id] of ids.entries()) this.#index.add(id, firstIndex + i);
    for (const leaf of leaves) this.#append(leaf);
    if (leaves.length === 0) return;
    this.#leafBlockCount++;
    const indexed = this.#firstIndexes.get(firstIndex);
    if (indexed !== height)
      findings.damage('INDEX_DAMAGED', 'node/firstIndexes', `entry ${firstIndex} begins block ${height}, and not ${indexed}`);
  }

  #append(leaf: Bytes): void {
    const { log, policies } = this.#options;
    // Before the log reaches this size: a checkpoint of it is judged by what this leaf names.
    policies.passLeaf(leaf, log.size + 1, log.publishedSize);
    log.append(leaf);
  }

  #followFiles(to?: number): void {
    const { log, policies } = this.#options;
    log.followFiles((leaf, size) => policies.passLeaf(leaf, size, log.publishedSize), to);
  }

  #compareEnd(head: HeadRow | null): void {
    const { findings, log } = this.#options;
    this.#state.finish();
    this.#index.finish();
    if (this.#firstIndexes.count !== this.#leafBlockCount)
      findings.damage('INDEX_DAMAGED', 'node/firstIndexes', `${this.#firstIndexes.count} rows, want ${this.#leafBlockCount}`);
    if (head === null) return;
    const isNewest = head.height === this.#height && head.timeMs === this.#timeMs && equalBytes(head.edge, log.edge);
    if (!isNewest)
      findings.damage('INDEX_DAMAGED', 'node/head', `it names block ${head.height}, the newest one is ${this.#height}`);
    findings.checked('heads');
  }
}
