/**
 * The power fails, again and again, in a city that was traced: the disk keeps what was synced, and of the rest what it likes. Each time
 * the city comes up, its files are in order, and everything that it acknowledged is there and can be proven.
 * OPPIDUM_FAULT_IMAGES makes more images, OPPIDUM_FAULT_SEED others.
 */

import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { DURABLE_POINTS, PASSING_FILES } from '@oppidum/node/durable-points';
import { Dice } from '../simulator/dice.ts';
import { CityProcess } from '../support/city-process.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { SimulatedDisk } from '../support/disk-image.ts';
import { skipWithout } from '../support/programs.ts';
import type { TraceEvent } from '../support/strace.ts';
import { atEachCut, chooseCuts, findLost, writtenPoints } from './disk-run.ts';
import { countLost } from './loaded-city.ts';
import { recordRun, type TracedRun } from './order-run.ts';

const IMAGE_COUNT = Number(process.env['OPPIDUM_FAULT_IMAGES'] ?? 64);
const SEED = Number(process.env['OPPIDUM_FAULT_SEED'] ?? 2026);
const PROCESS_COUNT = 4;
const ROOT = resolve(import.meta.dirname, '../..');
const SIZE = { devices: 4, readingsEach: 30, transactions: 20 };

/** A seed by which the first power cut keeps nothing that is not sure. */
const NOTHING_KEPT = 1 + Array.from({ length: 100 }, (_, seed) => new Dice(seed + 1).below(5)).indexOf(0);

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-disk-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
let recorded: Promise<TracedRun> | null = null;
const run = (): Promise<TracedRun> => {
  recorded ??= recordRun(scratch, SIZE);
  return recorded;
};

describe('a disk that loses what was not synced', { skip: skipWithout('strace') }, () => {
  test('every image starts, is in order, and holds what was acknowledged', async (t) => {
    t.diagnostic(`disk: seed ${SEED}`);
    const traced = await run();
    const cuts = chooseCuts(traced, IMAGE_COUNT, new Dice(SEED));
    const marked = traced.events.find((event) => event.call === 'rename' && event.to === join(traced.data, 'oppidum.json'))!.end;
    const founded = traced.events.find(
      ({ call, start, ...event }) => call === 'sync' && start > marked && (event as { path: string }).path === traced.data,
    )!.end;
    let [checked, unfounded, erasures] = [0, 0, 0];
    const wrong: string[] = [];
    await atEachCut(traced, cuts, SEED, async ({ at, writeImage, acknowledged, erased }) => {
      const folder = join(scratch, `image-${at}`);
      rmSync(folder, { recursive: true, force: true });
      writeImage(folder);
      try {
        for (const lost of await findLost(folder, acknowledged, erased)) wrong.push(`cut ${at}: ${lost}`);
        const { damages } = await checkFolder(folder);
        for (const damage of damages) wrong.push(`cut ${at}: ${JSON.stringify(damage)}`);
        rmSync(folder, { recursive: true });
      } catch (error) {
        // Before the marker the founding is not done: the folder says that it is no city, and nothing was promised.
        if (error instanceof FormatError && error.code === 'DATA_FOLDER_FOREIGN' && at < founded && acknowledged.length === 0)
          unfounded++;
        else wrong.push(`cut ${at}: ${(error as Error).stack}`);
      }
      checked += acknowledged.length;
      if (erased !== null) erasures++;
    });
    t.diagnostic(
      `images ${cuts.length}, acknowledged ${checked} checked, lost ${wrong.length}, erasures ${erasures} checked, cut before the city was founded ${unfounded}`,
    );
    assert.deepEqual(wrong, []);
    assert.ok(checked > IMAGE_COUNT * 20 && erasures > 0);
  });

  test('as a process with its doors too: whoever asks over HTTP finds all that is for everybody, proven', async (t) => {
    const traced = await run();
    const answers = traced.promises.flatMap(({ answers: sends }) => sends.map(({ start }) => start)).sort((a, b) => a - b);
    // Late ones: much is there, in the read model too.
    const cuts = Array.from(
      { length: PROCESS_COUNT },
      (_, i) => answers[Math.floor(((i + 1) * answers.length) / PROCESS_COUNT) - 1]!,
    );
    let checked = 0;
    await atEachCut(traced, cuts, SEED, async ({ at, writeImage, acknowledged }) => {
      const folder = join(scratch, `process-${at}`);
      writeImage(folder);
      const kept = acknowledged.flatMap(({ envelope, receipt, isPersonal }) =>
        receipt === null || isPersonal ? [] : [{ envelope, receipt, atMs: 0 }],
      );
      const city = await CityProcess.start(folder);
      try {
        assert.equal(await countLost(city, folder, kept), 0);
        for (const { id, receipt } of acknowledged)
          if (receipt === null) assert.equal((await fetch(`${city.http}/api/v1/transactions/${toHex(id)}`)).status, 200);
      } finally {
        await city.end('SIGTERM');
      }
      assert.deepEqual((await checkFolder(folder)).damages, []);
      checked += acknowledged.filter(({ isPersonal }) => !isPersonal).length;
    });
    t.diagnostic(`processes ${cuts.length}, acknowledged ${checked} checked`);
  });

  test('every durable point is written, by its name, and no other file', async () => {
    const points = writtenPoints(await run());
    assert.deepEqual([...(points.get(null)?.files ?? [])], []);
    const ofCity = DURABLE_POINTS.filter(({ writer }) => writer === 'city').map(({ name }) => name);
    assert.deepEqual(new Set(points.keys()), new Set(ofCity));
  });

  test('a city that did not sync the names of a store is found out', async () => {
    const traced = await run();
    for (const store of ['node', 'shards/0/vault']) {
      const isKept = (event: TraceEvent) => event.call !== 'sync' || event.path !== join(traced.data, store);
      const careless = { ...traced, events: traced.events.filter(isKept) };
      const last = careless.promises.at(-1)!.answers[0]!.start;
      await atEachCut(careless, [last], NOTHING_KEPT, async ({ writeImage, acknowledged, erased }) => {
        const folder = join(scratch, 'careless');
        writeImage(folder);
        const lost = await findLost(folder, acknowledged, erased).catch((error: Error) => [error.message]);
        assert.ok(lost.length > 0, store);
        rmSync(folder, { recursive: true });
      });
    }
  });

  test('a city that has stopped leaves nothing to chance: bytes and names of its files are on the disk', async () => {
    const { data, events } = await run();
    const disk = new SimulatedDisk(data);
    for (const event of events) disk.apply(event);
    assert.deepEqual(
      disk.unsure().filter((file) => !PASSING_FILES.test(file)),
      [],
    );
  });
});

test('each durable point is named where it is written, and nothing else is', () => {
  const labels = globSync('{services,apps}/*/src/**/*.ts', { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^ +\/\/ DURABLE: (.+)$/gm)].map(([, name]) => name),
  );
  assert.deepEqual(new Set(labels), new Set(DURABLE_POINTS.map(({ name }) => name)));
});
