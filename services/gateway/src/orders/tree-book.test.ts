import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import { TreeBook } from './tree-book.ts';

const leaves = (name: string) => [{ device: namedId('lamp'), challenge: namedId(name) }];

test('whoever drafts a lot pushes out drafts of their own, never the one that somebody else is signing', () =>
  inTemporaryFolder(async (folder) => {
    const book = new TreeBook({ crypto: nodeCrypto, folder });
    const signing = book.draft(leaves('operator'), 'key operator');
    // Also one with the same leaves, before and after.
    for (let i = 0; i < 50; i++) book.draft(leaves(i % 10 === 0 ? 'operator' : `stranger ${i}`), 'address 192.0.2.1');
    const last = book.draft(leaves('last'), 'address 192.0.2.1');
    assert.deepEqual(book.find(signing.root)?.leaves, signing.leaves);
    assert.ok(book.find(last.root) !== null);
    assert.equal(book.find(book.draft(leaves('gone'), 'address 192.0.2.2').root)?.count, 1);
    await book.keep(signing.root);
    assert.deepEqual(new TreeBook({ crypto: nodeCrypto, folder }).find(signing.root)?.leaves, signing.leaves);
  }));
