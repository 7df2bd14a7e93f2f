import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeClient } from '@oppidum/node/client';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import type { KnownChallenge } from './challenge-book.ts';
import { TreeBook } from './tree-book.ts';
import { ZoneTrees } from './zone-trees.ts';

const MINUTE_MS = 60_000;
const members = new Map([3, 1, 2].map((i) => [Buffer.alloc(32, i).toString('hex'), new Uint8Array(32).fill(i)]));

/** Trees over a zone of three, with a count of how often one was made. */
function bench(folder: string) {
  const book = new TreeBook({ crypto: nodeCrypto, folder });
  const state = { made: 0, change: 1, nowMs: 0 };
  const trees = new ZoneTrees({
    node: { read: () => null, head: () => ({ height: 1 }) } as unknown as NodeClient,
    trees: {
      draft(leaves, by) {
        state.made++;
        return book.draft(leaves, by);
      },
      remember: (tree, by) => book.remember(tree, by),
    },
    challenges: {
      inZone: (zone) => (zone === 'empty' ? null : { devices: new Set(members.keys()), change: state.change }),
      newest: (device) => ({ device: members.get(device), challenge: namedId(`${state.change}`) }) as KnownChallenge,
    },
    now: () => state.nowMs,
    devicesPerMinute: 7,
  });
  return { book, state, draft: (by: string, zone = 'zone') => trees.draft(zone, 'break-glass', by) };
}

test('the tree of a zone is made once while no challenge changed, and remembered for each who drafts it', () =>
  inTemporaryFolder(async (folder) => {
    const { book, state, draft } = bench(folder);
    const first = draft('address 192.0.2.1');
    for (let i = 0; i < 100; i++) assert.equal(draft(`address ${i}`), first);
    assert.equal(state.made, 1);
    assert.deepEqual(
      first?.leaves.map(({ device }) => device[0]),
      [1, 2, 3],
    );
    assert.ok(first !== null && book.find(first.root) === first);
    state.change++;
    assert.notDeepEqual(draft('address 192.0.2.1')?.root, first.root);
    assert.deepEqual([state.made, draft('address 192.0.2.1', 'empty')], [2, null]);
  }));

test('a caller has so many devices hashed in a minute, whatever others do: RATE_LIMITED', () =>
  inTemporaryFolder(async (folder) => {
    const { state, draft } = bench(folder);
    const again = (by: string) => {
      state.change++;
      return draft(by);
    };
    for (let i = 0; i < 2; i++) assert.equal(again('stranger')?.count, 3);
    for (let i = 0; i < 50; i++) assert.throws(() => again('stranger'), { code: 'RATE_LIMITED' });
    assert.equal(state.made, 2);
    assert.equal(again('operator')?.count, 3);
    assert.equal(draft('stranger')?.count, 3, 'what is made costs nothing');
    state.nowMs += MINUTE_MS;
    assert.equal(again('stranger')?.count, 3);
    assert.equal(state.made, 4);
  }));
