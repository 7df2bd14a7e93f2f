import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { TreeBook } from './tree-book.ts';

const leaves = (name: string) => [{ device: namedId('lamp'), challenge: namedId(name) }];

function draft(book: TreeBook, name: string, by: string) {
  const tree = { ...makeChallengeTree(nodeCrypto, leaves(name)), leaves: leaves(name) };
  book.remember(tree, by);
  return tree;
}

test('whoever drafts a lot pushes out drafts of their own, never the one that somebody else is signing', () =>
  inTemporaryFolder(async (folder) => {
    const book = new TreeBook({ crypto: nodeCrypto, folder });
    const signing = draft(book, 'operator', 'key operator');
    // Also one with the same leaves, before and after.
    for (let i = 0; i < 50; i++) draft(book, i % 10 === 0 ? 'operator' : `stranger ${i}`, 'address 192.0.2.1');
    const last = draft(book, 'last', 'address 192.0.2.1');
    assert.deepEqual(book.find(signing.root)?.leaves, signing.leaves);
    assert.ok(book.find(last.root) !== null);
    assert.equal(book.find(draft(book, 'gone', 'address 192.0.2.2').root)?.count, 1);
    await book.keep(signing.root);
    assert.deepEqual(new TreeBook({ crypto: nodeCrypto, folder }).find(signing.root)?.leaves, signing.leaves);
  }));
