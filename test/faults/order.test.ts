/** Acknowledged means durable: of every answer to a reading or a transaction, by what the kernel was asked, and in which order. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { skipWithout } from '../support/programs.ts';
import type { TraceEvent } from '../support/strace.ts';
import { checkOrder } from './order-check.ts';
import { type Promised, recordRun, type TracedRun } from './order-run.ts';

const SIZE = { devices: 4, readingsEach: 60, transactions: 40 };
const scratch = mkdtempSync(join(tmpdir(), 'oppidum-order-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
let recorded: Promise<TracedRun> | null = null;
const run = (): Promise<TracedRun> => {
  recorded ??= recordRun(scratch, SIZE);
  return recorded;
};

describe('write, sync, acknowledge', { skip: skipWithout('strace') }, () => {
  test('every receipt, PUBACK and result leaves after its commit is on the disk', async (t) => {
    const { events, promises } = await run();
    const count = (by: Promised['by']) => promises.filter((promised) => promised.by === by).length;
    assert.deepEqual([count('http'), count('mqtt'), count('transaction')], [122, 120, 40]);
    assert.deepEqual(checkOrder(events, promises), []);
    const sends = promises.reduce((sum, { answers }) => sum + answers.length, 0);
    t.diagnostic(`answers ${promises.length} in ${sends} sends, events ${events.length}, all after their commit`);
  });

  test('no file of the city is written through a mapping, but what a crash forgets anyway', async () => {
    const { events, data } = await run();
    const mapped = events.flatMap((event) =>
      event.call === 'map' && event.isWritable && event.path.startsWith(data) ? [event.path] : [],
    );
    assert.deepEqual(
      mapped.filter((path) => !/(\/lock\.mdb|\.sqlite-shm)$/.test(path)),
      [],
    );
  });

  test('without the syncs of a file, all its answers are too early', async () => {
    const { events, promises } = await run();
    for (const by of ['http', 'mqtt', 'transaction'] as const) {
      const mine = promises.filter((promised) => promised.by === by);
      const without = events.filter(
        ({ call, ...event }) => call !== 'sync' || (event as { path: string }).path !== mine[0]!.file,
      );
      assert.equal(new Set(checkOrder(without, mine).map((text) => text.split(':')[0])).size, mine.length);
      assert.deepEqual(
        checkOrder(
          without,
          promises.filter(({ file }) => file !== mine[0]!.file),
        ),
        [],
      );
    }
  });

  test('a commit, a sync or a write that comes behind the answer is found', async () => {
    const { events, promises } = await run();
    for (const by of ['http', 'mqtt', 'transaction'] as const) {
      // The last, so that no later commit stands in for it.
      const promised = promises.findLast((candidate) => candidate.by === by)!;
      const left = Math.max(...promised.answers.map(({ end }) => end));
      const isItsFile = (event: TraceEvent) => 'path' in event && event.path === promised.file;
      for (const call of ['sync', 'write'] as const) {
        const moved = events.map((event) =>
          event.call === call && isItsFile(event) && event.end < left ? { ...event, start: left + 1, end: left + 2 } : event,
        );
        const wrong = checkOrder(moved, [promised]);
        assert.ok(wrong.length > 0, `${by}: a late ${call}`);
        assert.match(wrong[0]!, /left before it was durable/);
      }
    }
  });

  test('a promise of what was never written is found', async () => {
    const { events, promises } = await run();
    const [first] = promises as [Promised];
    const other = { ...first, stored: Buffer.alloc(32, 7) };
    assert.match(checkOrder(events, [other]).join(), /never written/);
  });
});
