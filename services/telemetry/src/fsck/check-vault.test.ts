import assert from 'node:assert/strict';
import type { Bytes } from '@oppidum/formats/bytes';
import { type CborValue, parseCbor } from '@oppidum/formats/cbor';
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
import { VAULT_TABLES } from './environment.ts';

type Change = Parameters<typeof inTable>[2];

const VAULT = 'shards/0/vault';
/** Damage to one table, found in that table unless another is named. */
const caseIn = (
  table: keyof typeof VAULT_TABLES,
  what: string,
  code: Case[1],
  change: Change,
  file: Case[2] = `${VAULT}/${table}`,
): Case => [what, code, file, inTable(VAULT, VAULT_TABLES[table], change)];
const flipItem = (pick: typeof first, position: number, index = 0): Change =>
  inItem(pick, position, (bytes: Bytes) => flip(bytes, index));
/** The first envelope of this form: 0 plain, 1 sealed, 2 erased. */
const ofForm =
  (form: number, change: (row: Bytes) => Bytes): Change =>
  (rows) => {
    const key = rows.keys().find((candidate) => rows.get(candidate)[0] === form);
    assert.ok(key !== undefined);
    rows.put(key, change(rows.get(key)));
  };
/** The first group that refused. */
const ofRefusal: Change = (rows) => {
  const key = rows.keys().find((candidate) => ((parseCbor(rows.get(candidate)) as CborValue[])[4] as string[]).length > 0);
  assert.ok(key !== undefined);
  inItem(
    () => key,
    4,
    ([code]: string[]) => [code === 'TRUNCATED' ? 'WRONG_TYPE' : 'TRUNCATED'],
  )(rows);
};
const GROUPS = `${VAULT}/groups`;

testDamage('entries', [
  caseIn('head', 'another shard in the vault', 'DATA_FOLDER_FOREIGN', (rows) => rows.put('shard', new Uint8Array(32))),
  caseIn(
    'head',
    'the edge of the log',
    'INDEX_DAMAGED',
    inRow(
      () => 'tree',
      (row) => flip(row, -1),
    ),
  ),
  caseIn('envelopes', 'an envelope gone', 'ENTRY_DAMAGED', removeRow(middle)),
  caseIn('envelopes', 'the last envelope gone', 'ENTRY_DAMAGED', removeRow(last)),
  caseIn('envelopes', 'an envelope of no entry', 'ENTRY_DAMAGED', (rows) => rows.put(9_999, rows.get(0))),
  caseIn('envelopes', 'envelopes exchanged', 'ENTRY_DAMAGED', exchangeRows),
  caseIn('envelopes', 'a bit of a signature', 'ENTRY_DAMAGED', flipRow(middle, -1)),
  caseIn('envelopes', 'an envelope cut off', 'ENTRY_DAMAGED', cutRow(middle)),
  caseIn('envelopes', 'plain, stored as sealed', 'ENTRY_DAMAGED', flipRow(first, 0)),
  caseIn(
    'envelopes',
    'an unknown form',
    'ENTRY_DAMAGED',
    inRow(middle, (row) => row.fill(9, 0, 1)),
  ),
  caseIn(
    'envelopes',
    'a bit of what is sealed',
    'ENTRY_DAMAGED',
    ofForm(1, (row) => flip(row, -1)),
  ),
  caseIn(
    'envelopes',
    'a bit of the device of what is sealed',
    'ENTRY_DAMAGED',
    ofForm(1, (row) => flip(row, 1)),
  ),
  caseIn(
    'envelopes',
    'what is sealed cut off',
    'ENTRY_DAMAGED',
    ofForm(1, (row) => row.slice(0, 20)),
  ),
  caseIn(
    'envelopes',
    'something left of an erased entry',
    'ENTRY_DAMAGED',
    ofForm(2, (row) => new Uint8Array([...row, 1])),
  ),
  caseIn(
    'envelopes',
    'an entry erased without a word',
    'ERASURE_DAMAGED',
    ofForm(1, () => Uint8Array.of(2)),
    `${VAULT}/erasedEntries`,
  ),
  caseIn('firstIndexes', 'the index of a group gone', 'INDEX_DAMAGED', removeRow(middle)),
  caseIn('firstIndexes', 'indexes of groups exchanged', 'INDEX_DAMAGED', exchangeRows),
  caseIn('firstIndexes', 'the index of no group', 'INDEX_DAMAGED', (rows) => rows.put(9_999, 0)),
]);

testDamage('decisions and receipts', [
  caseIn('groups', 'a group gone', 'RECEIPT_DAMAGED', removeRow(middle)),
  caseIn('groups', 'the last group gone', 'ENTRY_DAMAGED', removeRow(last), `${VAULT}/envelopes`),
  caseIn('groups', 'the last group gone, and signed', 'LAST_SIGNED_CONFLICT', removeRow(last), 'shards/0/log/last-signed'),
  caseIn('groups', 'the last group gone, and anchored', 'LAST_SIGNED_CONFLICT', removeRow(last), VAULT),
  caseIn('groups', 'groups exchanged', 'RECEIPT_DAMAGED', exchangeRows),
  caseIn('groups', 'a group cut off', 'RECEIPT_DAMAGED', cutRow(middle)),
  caseIn('groups', 'the signature of a group', 'RECEIPT_DAMAGED', flipItem(middle, 0, -1)),
  caseIn('groups', 'a leaf of a group', 'RECEIPT_DAMAGED', flipItem(first, 1)),
  caseIn(
    'groups',
    'the first index of a group',
    'RECEIPT_DAMAGED',
    inItem(middle, 3, (index: number) => index + 1),
  ),
  caseIn('groups', 'the code of a refusal', 'RECEIPT_DAMAGED', ofRefusal),
  caseIn('groups', 'the position of a decision', 'RECEIPT_DAMAGED', flipItem(middle, 5, 1)),
  caseIn('groups', 'kept, and said to be refused', 'RECEIPT_DAMAGED', flipItem(middle, 5, 2)),
  // Of the first group, whose envelope is there and plain: what was erased cannot speak for itself.
  caseIn('groups', 'the device of a decision', 'DECISION_DAMAGED', flipItem(first, 5, 3)),
  caseIn('groups', 'the sequence number of a decision', 'RECEIPT_DAMAGED', flipItem(middle, 5, 46)),
  caseIn('groups', 'the digest of a decision', 'ENTRY_DAMAGED', flipItem(first, 5, 47), `${VAULT}/envelopes`),
  caseIn('groups', 'the payload of a decision', 'DECISION_DAMAGED', flipItem(first, 5, -1)),
  caseIn(
    'groups',
    'a record cut off',
    'RECEIPT_DAMAGED',
    inItem(middle, 5, (records: Bytes) => records.slice(1)),
    GROUPS,
  ),
  caseIn('places', 'a place of no decision', 'INDEX_DAMAGED', (rows) => rows.put(Buffer.alloc(44), new Uint8Array(8))),
  caseIn(
    'head',
    'places that are not there',
    'INDEX_DAMAGED',
    (rows) => rows.put('placed', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 2)),
    `${VAULT}/places`,
  ),
  caseIn('digestRuns', 'a run of no entries', 'INDEX_DAMAGED', (rows) => rows.put(0, new Uint8Array(14))),
  caseIn('clones', 'a bit of a clone', 'ENTRY_DAMAGED', flipItem(first, 3, -1)),
  caseIn(
    'clones',
    'a clone of another reading',
    'ENTRY_DAMAGED',
    inItem(first, 0, () => 2),
  ),
  caseIn(
    'clones',
    'a clone of no reading',
    'ENTRY_DAMAGED',
    inItem(first, 0, () => 9_999),
  ),
]);

testDamage('what a vault remembers of the ledger', [
  caseIn('anchors', 'an anchor gone', 'ANCHOR_DAMAGED', removeRow(first)),
  caseIn('anchors', 'anchors exchanged', 'ANCHOR_DAMAGED', exchangeRows),
  caseIn('anchors', 'an anchor cut off', 'ANCHOR_DAMAGED', cutRow(first)),
  caseIn('anchors', 'the transaction of an anchor', 'ANCHOR_DAMAGED', flipItem(last, 0)),
  caseIn(
    'anchors',
    'the action of an anchor',
    'ANCHOR_DAMAGED',
    inItem(last, 1, () => 5),
  ),
  caseIn(
    'anchors',
    'the time of an anchor',
    'ANCHOR_DAMAGED',
    inItem(last, 3, () => 1),
  ),
  caseIn('erasures', 'an erasure gone', 'ERASURE_DAMAGED', removeRow(first), `${VAULT}/erasedEntries`),
  caseIn('erasures', 'an erasure cut off', 'ERASURE_DAMAGED', cutRow(first)),
  caseIn('erasures', 'the root of an erasure', 'ERASURE_DAMAGED', flipItem(first, 0)),
  caseIn(
    'erasures',
    'the legal basis of an erasure',
    'ERASURE_DAMAGED',
    inItem(first, 2, () => 'unlawful'),
  ),
  caseIn('erasures', 'the transaction of an erasure', 'ERASURE_DAMAGED', flipItem(first, 4)),
  caseIn('erasureLeaves', 'the salt of an erasure', 'ERASURE_DAMAGED', flipItem(first, 1), `${VAULT}/erasures`),
  caseIn('erasureLeaves', 'a leaf of an erasure gone', 'ERASURE_DAMAGED', removeRow(first), `${VAULT}/erasures`),
  caseIn('erasedEntries', 'the place of an erased entry', 'ERASURE_DAMAGED', flipRow(first, -1), `${VAULT}/erasures`),
  caseIn('erasedEntries', 'the erased entry of another', 'ERASURE_DAMAGED', (rows) => rows.put(1, rows.get(rows.keys()[0]))),
]);
