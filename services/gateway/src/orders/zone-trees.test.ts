import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { toHex } from '@oppidum/formats/bytes';
import type { NodeClient } from '@oppidum/node/client';
import { makeChallengeTree } from '@oppidum/proofs/challenge-tree';
import { nodeCrypto } from '../../../../test/support/crypto.ts';
import { namedId } from '../../../../test/support/ledger.ts';
import { inTemporaryFolder } from '../../../../test/support/running-city.ts';
import type { KnownChallenge } from './challenge-book.ts';
import { TreeBook } from './tree-book.ts';
import { ZoneTrees } from './zone-trees.ts';

const MINUTE_MS = 60_000;
const members = new Map([3, 1, 2].map((i) => [Buffer.alloc(32, i).toString('hex'), new Uint8Array(32).fill(i)]));

/** Trees over a zone of three, with a count of the devices that were looked at. */
function bench(
  folder: string,
  zone: ReadonlyMap<string, Uint8Array> = members,
  limits: Partial<ConstructorParameters<typeof ZoneTrees>[0]> = {},
) {
  const book = new TreeBook({ crypto: nodeCrypto, folder });
  const state = { looked: 0, change: 1, nowMs: 0 };
  const trees = new ZoneTrees({
    crypto: nodeCrypto,
    node: { read: () => null, head: () => ({ height: 1 }) } as unknown as NodeClient,
    trees: book,
    challenges: {
      inZone: (name) => (name === 'empty' ? null : { devices: new Set(zone.keys()), change: state.change }),
      newest: (device) => {
        state.looked++;
        return { device: zone.get(device), challenge: namedId(`${state.change}`) } as KnownChallenge;
      },
    },
    now: () => state.nowMs,
    devicesPerMinute: 7,
    ...limits,
  });
  return { book, state, draft: (by: string, name = 'zone') => trees.draft(name, 'break-glass', by) };
}

test('the tree of a zone is made once while no challenge changed, and remembered for each who drafts it', () =>
  inTemporaryFolder(async (folder) => {
    const { book, state, draft } = bench(folder);
    // Also for who asks while it is being made.
    const [first, ...others] = await Promise.all(['address 192.0.2.1', 'a', 'b'].map((by) => draft(by)));
    for (const other of others) assert.equal(other, first);
    for (let i = 0; i < 100; i++) assert.equal(await draft(`address ${i}`), first);
    assert.equal(state.looked, 3);
    assert.deepEqual(
      first?.leaves.map(({ device }) => device[0]),
      [1, 2, 3],
    );
    assert.ok(first !== undefined && first !== null && book.find(first.root) === first);
    assert.deepEqual(first.root, makeChallengeTree(nodeCrypto, first.leaves).root);
    state.change++;
    assert.notDeepEqual((await draft('address 192.0.2.1'))?.root, first.root);
    assert.deepEqual([state.looked, await draft('address 192.0.2.1', 'empty')], [6, null]);
  }));

test('a caller has so many devices hashed in a minute, whatever others do: RATE_LIMITED', () =>
  inTemporaryFolder(async (folder) => {
    const { state, draft } = bench(folder);
    const again = (by: string) => {
      state.change++;
      return draft(by);
    };
    for (let i = 0; i < 2; i++) assert.equal((await again('stranger'))?.count, 3);
    for (let i = 0; i < 50; i++) await assert.rejects(again('stranger'), { code: 'RATE_LIMITED' });
    assert.equal(state.looked, 6);
    assert.equal((await again('operator'))?.count, 3);
    assert.equal((await draft('stranger'))?.count, 3, 'what is made costs nothing');
    state.nowMs += MINUTE_MS;
    assert.equal((await again('stranger'))?.count, 3);
    assert.equal(state.looked, 12);
  }));

test('no turn of the event loop looks at more devices of a big zone than it may, however many draft', () =>
  inTemporaryFolder(async (folder) => {
    const zone = new Map(Array.from({ length: 1_000 }, (_, i) => [toHex(namedId(`lamp ${i}`)), namedId(`lamp ${i}`)] as const));
    const { state, draft } = bench(folder, zone, { devicesPerMinute: 10_000, turnCount: 50 });
    const looked: number[] = [];
    let isOver = false;
    const watching = (async () => {
      for (let before = 0; !isOver; before = state.looked) {
        await nextTurn();
        looked.push(state.looked - before);
      }
    })();
    const drafts: ReturnType<typeof draft>[] = [];
    for (let i = 0; i < 5; i++) {
      state.change++;
      drafts.push(draft('operator'));
    }
    const trees = await Promise.all(drafts);
    isOver = true;
    await watching;
    // The watcher and the tree may each come first in a turn.
    assert.ok(Math.max(...looked) <= 100, `${Math.max(...looked)} in a turn`);
    assert.equal(state.looked, 5_000);
    for (const tree of trees) assert.deepEqual(tree?.root, makeChallengeTree(nodeCrypto, tree?.leaves ?? []).root);
    assert.equal(trees[0]?.count, 1_000);
  }));
