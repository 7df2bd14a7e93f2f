import type { Bytes } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import {
  type Case,
  cutRow,
  exchangeRows,
  first,
  flip,
  flipRow,
  inItem,
  inRow,
  inTable,
  last,
  middle,
  removeRow,
  testDamage,
} from '../../../../test/support/damaged-city.ts';
import { NODE_TABLES } from './environment.ts';

const inNode = (table: keyof typeof NODE_TABLES, change: Parameters<typeof inTable>[2]) =>
  inTable('node', NODE_TABLES[table], change);
/** Damage to one table, found in that table. */
const caseIn = (
  table: keyof typeof NODE_TABLES,
  what: string,
  code: Case[1],
  change: Parameters<typeof inTable>[2],
  file: Case[2] = `node/${table}`,
): Case => [what, code, file, inNode(table, change)];
const block = (what: string, position: number, change: (item: never) => unknown): Case =>
  caseIn('blocks', what, 'BLOCK_DAMAGED', inItem(middle, position, change));
/** One bit of a part of the first transaction. */
const fate = (what: string, part: number): Case =>
  block(what, 3, ([one, ...others]: CborValue[][]) => [
    one!.map((value, i) => (i === part ? flip(value as Bytes, -1) : value)),
    ...others,
  ]);

testDamage('blocks', [
  caseIn('blocks', 'a block gone', 'BLOCK_MISSING', removeRow(middle)),
  caseIn('blocks', 'the first block gone', 'BLOCK_MISSING', removeRow(first)),
  caseIn('blocks', 'the last block gone', 'INDEX_DAMAGED', removeRow(last), 'node/head'),
  caseIn('blocks', 'the last block gone, and signed', 'LAST_SIGNED_CONFLICT', removeRow(last), 'log/last-signed'),
  caseIn('blocks', 'blocks exchanged', 'BLOCK_DAMAGED', exchangeRows),
  caseIn('blocks', 'a block cut off', 'BLOCK_DAMAGED', cutRow(middle)),
  block('the time of a block', 0, (timeMs: number) => timeMs + 1),
  block('the time of a block, long ago', 0, () => 1),
  block('the place of a block', 1, (index: number) => index + 1),
  block('the edge before a block', 2, (edge: Bytes) => flip(edge, -1)),
  fate('an envelope', 0),
  fate('the leaf of a transaction', 1),
  fate('the events of a transaction', 2),
  block('a transaction gone', 3, () => []),
  block('the leaf of a block', 4, (leaf: Bytes) => flip(leaf, 20)),
  block('the root in the leaf of a block', 4, (leaf: Bytes) => flip(leaf, leaf.length - 50)),
  block('the leaf of a block gone', 4, () => null),
  block('a change of the state', 5, (changes: Bytes) => flip(changes, -1)),
  block('all changes of the state gone', 5, () => new Uint8Array(0)),
]);

const STATE = 'STATE_DAMAGED';
testDamage('tables beside blocks', [
  caseIn('head', 'another city in the node', 'DATA_FOLDER_FOREIGN', (rows) => rows.put('chain', new Uint8Array(32))),
  caseIn('head', 'the head gone', 'INDEX_DAMAGED', (rows) => rows.remove('head')),
  caseIn(
    'head',
    'a bit of the head',
    'INDEX_DAMAGED',
    inRow(
      () => 'head',
      (row) => flip(row, -1),
    ),
  ),
  caseIn('firstIndexes', 'a first index gone', 'INDEX_DAMAGED', removeRow(middle)),
  caseIn('firstIndexes', 'a first index of nothing', 'INDEX_DAMAGED', (rows) => rows.put(9_999, 3)),
  caseIn('firstIndexes', 'first indexes exchanged', 'INDEX_DAMAGED', exchangeRows),
  caseIn('transactionRunEnds', 'an index run of nothing', 'INDEX_DAMAGED', (rows) => rows.put(0, 70_000)),
  caseIn('transactionRuns', 'a row of no index run', 'INDEX_DAMAGED', (rows) => rows.put(3, new Uint8Array(14))),
  caseIn('stateLog', 'a value of the oldest height', STATE, flipRow(first, -1)),
  caseIn('stateLog', 'a value of a later height', STATE, flipRow(middle, -1)),
  caseIn('stateLog', 'the height of a record', STATE, flipRow(last, 7)),
  caseIn('stateLog', 'the key of a record', STATE, flipRow(last, 20)),
  caseIn('stateLog', 'the kind of a record', STATE, flipRow(first, 14)),
  caseIn('stateLog', 'records gone', STATE, removeRow(middle)),
  caseIn('stateLog', 'the oldest records gone', STATE, removeRow(first)),
  caseIn('stateLog', 'the newest records gone', STATE, removeRow(last)),
  caseIn('stateLog', 'records cut off', STATE, cutRow(middle)),
  caseIn('stateLog', 'records exchanged', STATE, exchangeRows),
  caseIn('stateHeights', 'the root of a height', STATE, flipRow(middle, -1)),
  caseIn('stateHeights', 'the time of a height', STATE, flipRow(last, 7)),
  caseIn('stateHeights', 'the page of a height', STATE, flipRow(last, 15), /^node\/state/),
  caseIn('stateHeights', 'a height cut off', STATE, cutRow(middle)),
  caseIn('stateHeights', 'a height gone', STATE, removeRow(middle)),
  caseIn('stateHeights', 'a height of no block', STATE, (rows) => rows.put(9_999, rows.get(rows.keys().at(-1)))),
]);
