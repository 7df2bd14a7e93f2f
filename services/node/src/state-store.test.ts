import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { type Bytes, compareBytes, concatBytes, encodeUint64, parseHex, toHex, toOctets } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { StateChange } from '@oppidum/ledger/city';
import { checkStateProof, parseStateProof } from '@oppidum/proofs/state-proof';
import { StateTree } from '@oppidum/proofs/state-tree';
import fc from 'fast-check';
import { open, type RootDatabase } from 'lmdb';
import { CRASH_FOLDER, killAfter } from '../../../test/support/killed-child.ts';
import { StateStore, type StateStoreOptions } from './state-store.ts';

const sha256 = (data: Bytes): Bytes => new Uint8Array(createHash('sha256').update(data).digest());
const crypto = {
  sha256,
  sha256Into: (data: Bytes, out: Bytes, offset: number) => out.set(sha256(data), offset),
} as unknown as Crypto;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-state-'));
  folders.push(folder);
  return folder;
}

const openEnvironment = (folder: string): RootDatabase => open({ path: folder, overlappingSync: false });

type Options = Partial<StateStoreOptions>;
const openStore = (environment: RootDatabase, options: Options = {}): StateStore =>
  StateStore.open({ environment, crypto, ...options });

/** One durable block. */
function commit(
  environment: RootDatabase,
  store: StateStore,
  height: number,
  timeMs: number,
  changes: readonly StateChange[],
): Bytes {
  const root = store.preview(height, timeMs, changes);
  environment.transactionSync(() => store.write());
  store.accept();
  return root;
}

type Model = Map<string, Bytes>;

function applyTo(model: Model, changes: readonly StateChange[]): Model {
  const next = new Map(model);
  for (const { key, value } of changes) {
    if (value === null) next.delete(toHex(key));
    else next.set(toHex(key), value);
  }
  return next;
}

function rootOf(model: Model): string {
  const tree = new StateTree(crypto);
  const version = tree.apply([...model].map(([key, value]) => ({ key: parseHex(key), valueDigest: sha256(value) })));
  return toHex(tree.rootHash(version));
}

const keyOf = (n: number): Bytes => concatBytes(Uint8Array.of(1, 1), sha256(Uint8Array.of(n >> 8, n & 255)).slice(0, 8));
const everything = {
  lo: concatBytes(Uint8Array.of(1, 1), new Uint8Array(8)),
  hi: concatBytes(Uint8Array.of(1, 1), new Uint8Array(8).fill(255)),
};
const keySizeOf = (area: number, kind: number): number | null => (area === 1 && kind === 1 ? 10 : null);

/** Reading many at once answers as reading one by one does: whether they are at hand or not, there or not, asked for twice. */
function assertCommitted(store: StateStore, model: Model): void {
  const order = Array.from({ length: 40 }, (_, i) => keyOf((i * 7) % 30));
  const expected = order.map((key) => model.get(toHex(key)) ?? null);
  const places = order.map((key) => ({ key, name: toOctets(key) }));
  assert.deepEqual(store.readAll(places), expected);
  assert.deepEqual(
    places.map(({ key, name }) => store.read(key, name)),
    expected,
  );
  assert.deepEqual(store.readAll(places), expected);
}

/** The store answers for this height as the model does: root, reads, scans, and a proof of everything. */
function assertHeight(store: StateStore, height: number, model: Model): void {
  assert.equal(toHex(store.rootAt(height)), rootOf(model), `root at ${height}`);
  const sorted = [...model].map(([key, value]) => ({ key, value: toHex(value) })).sort((a, b) => (a.key < b.key ? -1 : 1));
  const scanned = [...store.scanAt(height, everything.lo, everything.hi)].map(({ key, value }) => ({
    key: toHex(key),
    value: toHex(value),
  }));
  assert.deepEqual(scanned, sorted);
  for (let n = 0; n < 30; n++) {
    const value = store.readAt(height, keyOf(n));
    assert.equal(
      value === null ? null : toHex(value),
      model.has(toHex(keyOf(n))) ? toHex(model.get(toHex(keyOf(n))) as Bytes) : null,
    );
  }
  if (height >= store.height) assertCommitted(store, model);
  const { proof, values } = store.proveAt(height, [everything]);
  const answer = checkStateProof(crypto, {
    root: store.rootAt(height),
    proof: parseStateProof(proof),
    ranges: [everything],
    keySizeOf,
  });
  assert.ok('leaves' in answer);
  assert.deepEqual(
    answer.leaves.map((leaf) => toHex(leaf.valueDigest)),
    values.map((value) => toHex(sha256(value))),
  );
  assert.deepEqual(
    values.map(toHex),
    sorted.map(({ value }) => value),
  );
}

const change = fc.record({
  key: fc.nat(29).map(keyOf),
  value: fc.option(
    fc.tuple(fc.nat(255), fc.nat(1200)).map(([fill, size]) => new Uint8Array(size).fill(fill)),
    { nil: null, freq: 3 },
  ),
});
const step = fc.record({
  changes: fc.uniqueArray(change, { selector: ({ key }) => toHex(key), maxLength: 12 }),
  gap: fc.integer({ min: 1, max: 3 }),
  what: fc.constantFrom('commit', 'commit', 'commit', 'fail', 'reopen'),
});

describe('state store', () => {
  test('answers as a plain map does, at every kept height, through restarts, failures and cleaning', async () => {
    let cleaned = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        const folder = makeFolder();
        const options = { historyHeights: 5, historyMs: 4, cleanSlackCount: 0 };
        let environment = openEnvironment(folder);
        let store = openStore(environment, options);
        const models = new Map<number, Model>();
        let [height, model]: [number, Model] = [0, new Map()];
        let written = 0;
        for (const { changes, gap, what } of steps) {
          if (what === 'reopen') {
            await environment.close();
            environment = openEnvironment(folder);
            store = openStore(environment, options);
          }
          if (what === 'fail') {
            const before = [toHex(store.root), store.recordCount];
            store.preview(height + gap, height, changes);
            assert.throws(() => environment.transactionSync(() => [store.write(), assert.fail('disk full')]), /disk full/);
            store.rollBack();
            assert.deepEqual([toHex(store.root), store.recordCount], before);
          }
          height += gap;
          model = applyTo(model, changes);
          models.set(height, model);
          written += changes.length;
          assert.equal(toHex(commit(environment, store, height, height, changes)), rootOf(model));
          assert.equal(store.height, height);
          assert.equal(store.keyCount, model.size);
          let inForce: Model | null = null;
          for (let at = 0; at <= height; at++) {
            inForce = models.get(at) ?? inForce;
            if (at > height - 5) assert.ok(at >= store.oldestHeight || inForce === null, `height ${at} is kept at ${height}`);
            if (inForce === null || at < store.oldestHeight) assert.throws(() => store.rootAt(at), { code: 'STATE_PRUNED' });
            else if (at === height || at % 4 === 0) assertHeight(store, at, inForce);
          }
        }
        if (store.recordCount < written) cleaned++;
        await environment.close();
        rmSync(folder, { recursive: true });
      }),
      { numRuns: 25 },
    );
    assert.ok(cleaned > 10, `cleaning ran in ${cleaned} runs`);
  });

  test('the log stays within twice what is named, whatever is overwritten and removed', async () => {
    const environment = openEnvironment(makeFolder());
    const store = openStore(environment, { historyHeights: 2, historyMs: 0, cleanSlackCount: 100 });
    let height = 0;
    for (let round = 0; round < 300; round++) {
      const changes = Array.from({ length: 50 }, (_, i) => ({
        key: keyOf((round * 37 + i * 7) % 1000),
        value: new Uint8Array(300).fill(round),
      }));
      commit(environment, store, ++height, height, [...new Map(changes.map((one) => [toHex(one.key), one])).values()]);
    }
    assert.ok(store.recordCount <= 2 * (store.keyCount + 150) + 100, `${store.recordCount} records for ${store.keyCount} keys`);
    const keys = [...store.scan(everything.lo, everything.hi)].map(({ key }) => key);
    for (let i = 0; i < keys.length; i += 50)
      commit(
        environment,
        store,
        ++height,
        height,
        keys.slice(i, i + 50).map((key) => ({ key, value: null })),
      );
    for (let i = 0; i < 200; i++) commit(environment, store, ++height, height, []);
    assert.equal(store.keyCount, 0);
    assert.ok(store.recordCount <= 100, `${store.recordCount} records for nothing`);
    await environment.close();
  });

  test('keeps an hour of history only as far as its cost allows, and always the heights', async () => {
    const environment = openEnvironment(makeFolder());
    const store = openStore(environment, { historyHeights: 3, historyNodeCountMax: 40 });
    for (let height = 1; height <= 50; height++)
      commit(environment, store, height, height, [{ key: keyOf(height), value: Uint8Array.of(height) }]);
    assert.ok(store.oldestHeight > 30 && store.oldestHeight <= 48, `oldest ${store.oldestHeight}`);
    assert.throws(() => store.readAt(1, keyOf(1)), { code: 'STATE_PRUNED' });
    assert.throws(() => store.proveAt(1, [everything]), { code: 'STATE_PRUNED' });
    assert.equal(store.readAt(48, keyOf(49)), null);
    await environment.close();
  });

  test('what somebody holds still proves, beyond every other limit, and no further than memory for it reaches', async () => {
    const environment = openEnvironment(makeFolder());
    const store = openStore(environment, { historyHeights: 3, historyNodeCountMax: 40, heldNodeCountMax: 500 });
    let height = 0;
    const go = (count: number): void => {
      for (const end = height + count; height < end; )
        commit(environment, store, ++height, height, [{ key: keyOf(height % 20), value: Uint8Array.of(height) }]);
    };
    go(30);
    const letGo = [store.hold(29), store.hold(25), store.hold(30)];
    const root = toHex(store.rootAt(29));
    go(40);
    assert.equal(store.oldestHeight, 25);
    assert.equal(toHex(store.rootAt(29)), root);
    letGo[1]?.();
    go(1);
    assert.equal(store.oldestHeight, 29);
    go(200);
    assert.throws(() => store.readAt(30, keyOf(1)), { code: 'STATE_PRUNED' });
    const held = height - store.oldestHeight;
    for (const each of letGo) each();
    go(1);
    assert.ok(held > 60 && held < 110 && height - store.oldestHeight < 12, `${held} held, then ${height - store.oldestHeight}`);
    await environment.close();
  });

  test('the tree takes no more memory for history than it may, however many blocks come', async () => {
    const environment = openEnvironment(makeFolder());
    const store = openStore(environment, { historyHeights: 4, historyNodeCountMax: 5_000 });
    const keys = Array.from({ length: 2_000 }, (_, i) => keyOf(i));
    commit(
      environment,
      store,
      1,
      1,
      keys.map((key) => ({ key, value: Uint8Array.of(0) })),
    );
    const grow = (from: number, to: number): number => {
      for (let height = from; height <= to; height++) {
        const some = keys.filter((_, i) => (i * 31 + height) % 40 === 0);
        commit(
          environment,
          store,
          height,
          height,
          some.map((key) => ({ key, value: encodeUint64(height) })),
        );
      }
      return store.treeSize;
    };
    // Chunks of nodes that are never given back: as many as the history ever needed.
    const after = grow(2, 60);
    assert.equal(grow(61, 160), after);
    assert.ok(after < 3 * 2 ** 20, `${after} bytes`);
    await environment.close();
  });

  test('refuses to go on from a damaged log', async () => {
    const folder = makeFolder();
    const environment = openEnvironment(folder);
    const store = openStore(environment);
    commit(environment, store, 1, 1, [{ key: keyOf(1), value: Uint8Array.of(1) }]);
    const pages = environment.openDB<Bytes, number>({ name: 'stateLog', encoding: 'binary' });
    const page = new Uint8Array(pages.get(0) as Bytes);
    page[page.length - 1] = 2;
    await pages.put(0, page);
    assert.throws(() => openStore(environment), /data folder is damaged/);
    await environment.close();
  });

  test('misuse stops at once', async () => {
    const environment = openEnvironment(makeFolder());
    const store = openStore(environment);
    assert.equal(store.height, -1);
    assert.equal(store.read(keyOf(1)), null);
    assert.deepEqual([...store.scan(everything.lo, everything.hi)], []);
    commit(environment, store, 0, 1, []);
    assert.throws(() => store.preview(0, 1, []), /does not follow/);
    assert.throws(() => store.write(), /no block/);
    store.preview(1, 1, []);
    assert.throws(() => store.preview(2, 1, []), /already/);
    store.rollBack();
    await environment.close();
  });
});

/** Block `height` of the writer below: a few hundred keys, a quarter of them removals. */
function changesOf(height: number): StateChange[] {
  const changes = new Map<string, StateChange>();
  for (let i = 0; i < 200; i++) {
    const key = keyOf((height * 131 + i * 17) % 900);
    changes.set(toHex(key), { key, value: i % 4 === 0 ? null : new Uint8Array(100 + (i % 50)).fill(height) });
  }
  return [...changes.values()].sort((a, b) => compareBytes(a.key, b.key));
}

const CRASH_OPTIONS = { historyHeights: 4, historyMs: 0, cleanSlackCount: 0 };

/** Commits blocks until it is killed; says each height once it is durable. */
function writeUntilKilled(folder: string): void {
  const environment = openEnvironment(folder);
  const store = openStore(environment, CRASH_OPTIONS);
  for (let height = store.height + 1; ; height++) {
    commit(environment, store, height, height, changesOf(height));
    process.stdout.write(`${height}\n`);
  }
}

if (CRASH_FOLDER !== undefined) writeUntilKilled(CRASH_FOLDER);
else {
  test('killed at any point it opens with the root before or after, and nothing said durable is lost', async () => {
    const folder = makeFolder();
    let model: Model = new Map();
    let modelHeight = -1;
    // A slow machine needs more rounds to get as far.
    for (let round = 0; round < 6 || (modelHeight <= 20 && round < 200); round++) {
      const said = Number((await killAfter(import.meta.filename, folder, 40 + 37 * Math.min(round, 20))).at(-1) ?? -1);
      const environment = openEnvironment(folder);
      const store = openStore(environment, CRASH_OPTIONS);
      assert.ok(store.height === said || store.height === said + 1, `said ${said}, has ${store.height}`);
      for (; modelHeight < store.height; modelHeight++) model = applyTo(model, changesOf(modelHeight + 1));
      assertHeight(store, store.height, model);
      await environment.close();
    }
    assert.ok(modelHeight > 20, `only ${modelHeight} blocks were written`);
  });
}

test('what is read again after many others is what was committed last', async () => {
  const environment = openEnvironment(makeFolder());
  const store = openStore(environment);
  const placeOf = (n: number): Bytes => concatBytes(Uint8Array.of(1, 1), encodeUint64(n));
  const readMany = (from: number): void => {
    for (let n = from; n < from + 20_000; n++) assert.equal(store.read(placeOf(n)), null);
  };
  const [changed, removed, made] = [placeOf(1), placeOf(2), placeOf(3)];
  const value = Uint8Array.of(7);
  commit(environment, store, 1, 1, [
    { key: changed, value: Uint8Array.of(1) },
    { key: removed, value },
  ]);
  assert.equal(store.read(made), null);
  readMany(100);
  commit(environment, store, 2, 2, [
    { key: changed, value: Uint8Array.of(2) },
    { key: removed, value: null },
    { key: made, value },
  ]);
  for (const from of [100, 30_000, 60_000]) {
    assert.deepEqual(
      [changed, removed, made].map((key) => store.read(key)),
      [Uint8Array.of(2), null, value],
    );
    readMany(from);
  }
  await environment.close();
});
