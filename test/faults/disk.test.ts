/**
 * The power fails, again and again, in a city that was traced: the disk keeps what was synced, and of the rest what it likes. Each time
 * the city comes up, its files are in order, and everything that it acknowledged is there and can be proven.
 * OPPIDUM_FAULT_IMAGES makes more images, OPPIDUM_FAULT_SEED others.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import { Dice } from '../simulator/dice.ts';
import { checkFolder } from '../support/damaged-city.ts';
import { skipWithout } from '../support/programs.ts';
import { atEachCut, chooseCuts, findLost } from './disk-run.ts';
import { recordRun, type TracedRun } from './order-run.ts';

const IMAGE_COUNT = Number(process.env['OPPIDUM_FAULT_IMAGES'] ?? 64);
const SEED = Number(process.env['OPPIDUM_FAULT_SEED'] ?? 2026);
const SIZE = { devices: 4, readingsEach: 30, transactions: 20 };

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
    let [checked, unfounded] = [0, 0];
    const wrong: string[] = [];
    await atEachCut(traced, cuts, SEED, async ({ at, writeImage, acknowledged }) => {
      const folder = join(scratch, `image-${at}`);
      rmSync(folder, { recursive: true, force: true });
      writeImage(folder);
      try {
        for (const lost of await findLost(folder, acknowledged)) wrong.push(`cut ${at}: ${lost}`);
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
    });
    t.diagnostic(
      `images ${cuts.length}, acknowledged ${checked} checked, lost ${wrong.length}, cut before the city was founded ${unfounded}`,
    );
    assert.deepEqual(wrong, []);
    assert.ok(checked > IMAGE_COUNT * 30);
  });
});
