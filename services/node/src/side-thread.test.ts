import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { startSideThread } from './side-thread.ts';

/** Allocates until its young generation is as large as it gets, and says how many bytes that is, and what it was given. */
const CODE = `
  import { getHeapSpaceStatistics } from 'node:v8';
  import { parentPort, workerData } from 'node:worker_threads';
  const kept = [];
  let youngSize = 0;
  for (let i = 0; i < 2_000_000; i++) {
    kept[i % 20_000] = { i, list: [i] };
    if (i % 50_000 !== 0) continue;
    const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
    youngSize = Math.max(youngSize, young.space_size);
  }
  parentPort.postMessage({ youngSize, workerData });
`;

test('a thread has a young generation of its own size, whatever our processes are started with', async () => {
  setFlagsFromString('--max-semi-space-size=16');
  const file = new URL(`data:text/javascript,${encodeURIComponent(CODE)}`);
  const worker = startSideThread(file, { youngMb: 4, workerData: 'given' });
  const [{ youngSize, workerData }] = (await once(worker, 'message')) as [{ youngSize: number; workerData: unknown }];
  assert.equal(workerData, 'given');
  assert.ok(youngSize <= 5 * 2 ** 20, `${youngSize} bytes`);
  await worker.terminate();
});
