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
/** The first entry of this form: 0 plain, 1 sealed, 2 erased. */
const ofForm =
  (form: number, change: (row: Bytes) => Bytes): Change =>
  (rows) => {
    const key = rows.keys().find((candidate) => rows.get(candidate)[40] === form);
    assert.ok(key !== undefined);
    rows.put(key, change(rows.get(key)));
  };
/** The first decision that refused. */
const ofRefusal: Change = (rows) => {
  const key = rows.keys().find((candidate) => typeof (parseCbor(rows.get(candidate)) as CborValue[])[4] === 'string');
  assert.ok(key !== undefined);
  inItem(
    () => key,
    4,
    (code: string) => (code === 'TRUNCATED' ? 'WRONG_TYPE' : 'TRUNCATED'),
  )(rows);
};

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
  caseIn('entries', 'an entry gone', 'ENTRY_DAMAGED', removeRow(middle)),
  caseIn('entries', 'the last entry gone', 'DECISION_DAMAGED', removeRow(last), `${VAULT}/decisions`),
  caseIn('entries', 'the last entry gone, and signed', 'LAST_SIGNED_CONFLICT', removeRow(last), 'shards/0/log/last-signed'),
  caseIn('entries', 'the last entry gone, and anchored', 'LAST_SIGNED_CONFLICT', removeRow(last), VAULT),
  caseIn('entries', 'entries exchanged', 'DECISION_DAMAGED', exchangeRows, `${VAULT}/decisions`),
  caseIn('entries', 'a bit of a signature', 'ENTRY_DAMAGED', flipRow(middle, -1)),
  caseIn('entries', 'a bit of a digest', 'ENTRY_DAMAGED', flipRow(middle, 20)),
  caseIn('entries', 'an entry cut off', 'ENTRY_DAMAGED', cutRow(middle)),
  caseIn('entries', 'plain, stored as sealed', 'ENTRY_DAMAGED', flipRow(first, 40)),
  caseIn(
    'entries',
    'an unknown form',
    'ENTRY_DAMAGED',
    inRow(middle, (row) => row.fill(9, 40, 41)),
  ),
  caseIn(
    'entries',
    'a bit of what is sealed',
    'ENTRY_DAMAGED',
    ofForm(1, (row) => flip(row, -1)),
  ),
  caseIn(
    'entries',
    'a bit of the device of what is sealed',
    'ENTRY_DAMAGED',
    ofForm(1, (row) => flip(row, 41)),
  ),
  caseIn(
    'entries',
    'what is sealed cut off',
    'ENTRY_DAMAGED',
    ofForm(1, (row) => row.slice(0, 60)),
  ),
  caseIn(
    'entries',
    'something left of an erased entry',
    'ENTRY_DAMAGED',
    ofForm(2, (row) => new Uint8Array([...row, 1])),
  ),
  caseIn(
    'entries',
    'an entry erased without a word',
    'ERASURE_DAMAGED',
    ofForm(1, (row) => row.slice(0, 41).fill(2, 40)),
    `${VAULT}/erasedEntries`,
  ),
  caseIn('digests', 'a digest gone', 'INDEX_DAMAGED', removeRow(middle)),
  caseIn('digests', 'digests exchanged', 'INDEX_DAMAGED', exchangeRows),
]);

const GROUPS = `${VAULT}/groups`;
testDamage('decisions and receipts', [
  caseIn('decisions', 'a decision gone', 'DECISION_DAMAGED', removeRow(middle)),
  caseIn('decisions', 'decisions exchanged', 'DECISION_DAMAGED', exchangeRows),
  caseIn('decisions', 'a decision cut off', 'DECISION_DAMAGED', cutRow(middle)),
  caseIn('decisions', 'the payload of a decision', 'DECISION_DAMAGED', flipItem(middle, 0)),
  caseIn('decisions', 'the digest of a decision', 'DECISION_DAMAGED', flipItem(middle, 1)),
  caseIn(
    'decisions',
    'the group of a decision',
    'RECEIPT_DAMAGED',
    inItem(middle, 2, (group: number) => group + 1),
    GROUPS,
  ),
  caseIn(
    'decisions',
    'the position of a decision',
    'RECEIPT_DAMAGED',
    inItem(middle, 3, (position: number) => position + 1),
    GROUPS,
  ),
  caseIn(
    'decisions',
    'the index of a decision',
    'DECISION_DAMAGED',
    inItem(middle, 4, (index: number) => index + 1),
  ),
  caseIn('decisions', 'the code of a refusal', 'RECEIPT_DAMAGED', ofRefusal, GROUPS),
  caseIn('groups', 'a group gone', 'RECEIPT_DAMAGED', removeRow(middle)),
  caseIn('groups', 'the last group gone', 'RECEIPT_DAMAGED', removeRow(last)),
  caseIn('groups', 'groups exchanged', 'RECEIPT_DAMAGED', exchangeRows),
  caseIn('groups', 'the signature of a group', 'RECEIPT_DAMAGED', flipItem(middle, 0, -1)),
  caseIn('groups', 'a leaf of a group', 'RECEIPT_DAMAGED', flipItem(first, 1)),
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
