/** A device with 100,000 readings in a browser: its table is scrolled through, and wherever it is stopped, rows stand and none is missing. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { serveBigCity } from '../support/big-city.ts';
import { withBrowser } from '../support/browser.ts';
import { CityProcess } from '../support/city-process.ts';
import { skipWithout } from '../support/programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const READING_COUNT = 100_000;
const STEPS = 60;
const JUMPS = 40;

/** Two frames after it was scrolled: what of the table is empty, and which rows stand there. */
const LOOK = (to: string): string => `new Promise((done) => {
  const box = document.querySelector('section.rows');
  box.scrollTop = ${to};
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const top = box.querySelector('thead th').getBoundingClientRect().bottom;
    const bottom = box.getBoundingClientRect().top + box.clientTop + box.clientHeight;
    const rows = [...box.querySelectorAll('tbody:not(.room) tr')]
      .map((row) => ({ box: row.getBoundingClientRect(), index: Number(row.getAttribute('aria-rowindex')) }))
      .filter((row) => row.box.bottom > top && row.box.top < bottom);
    let [end, hole, isInOrder] = [top, 0, true];
    for (const [at, row] of rows.entries()) {
      hole = Math.max(hole, row.box.top - end);
      end = row.box.bottom;
      if (at > 0 && row.index !== rows[at - 1].index + 1) isInOrder = false;
    }
    const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 2;
    done({ hole: isAtEnd ? hole : Math.max(hole, bottom - end), isInOrder, last: rows.at(-1)?.index ?? 0, height: box.scrollHeight });
  }));
})`;
type Look = { readonly hole: number; readonly isInOrder: boolean; readonly last: number; readonly height: number };

const look = (page: Page, to: string): Promise<Look> => page.evaluate<Look>(LOOK(to));

test('a table of 100,000 readings scrolls without holes', { skip: skipWithout('chromium') }, async (t) => {
  execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-long-table-'));
  const city = await CityProcess.start(join(folder, 'city'), undefined, ['--pages', join(ROOT, '.cache/pages')]);
  const big = await serveBigCity(city.http, 10);
  t.after(async () => {
    await big.close();
    await city.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  const { items } = (await (await fetch(`${big.http}/api/v1/devices`)).json()) as { readonly items: readonly { id: string }[] };
  await withBrowser(async (browser) => {
    const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US' })).newPage();
    await page.goto(`${big.http}/?lang=en#/device/${items[0]?.id}`);
    await page.locator('section.rows tbody tr[aria-rowindex="2"]').waitFor();
    const check = ({ hole, isInOrder, last }: Look, where: string): void => {
      assert.ok(hole <= 2, `${where}: ${hole} px are empty above row ${last}`);
      assert.ok(isInOrder, where);
    };
    for (let step = 1; step <= STEPS; step++) check(await look(page, 'box.scrollTop + 300'), `step ${step}`);
    // To the end, as far as it has come each time.
    for (let end = 0; end < READING_COUNT; ) {
      const seen = await look(page, 'box.scrollHeight');
      check(seen, `the end at row ${seen.last}`);
      end = seen.last - 1;
    }
    const { height } = await look(page, 'box.scrollHeight');
    for (let jump = 0; jump < JUMPS; jump++)
      check(await look(page, String(((jump * 7_919) % 10_007) * (height / 10_007))), `jump ${jump}`);
    assert.equal((await look(page, '0')).last < 50, true);
    t.diagnostic(`${READING_COUNT} rows, ${height} px`);
  });
});
