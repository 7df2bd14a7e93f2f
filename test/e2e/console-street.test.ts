/** Pages of the street in a real browser: a signal plan is changed with two approvals by the lines that a page shows, and lamps say what they saved. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ZoneDetailJson, ZoneJson } from '@oppidum/gateway/api/orders';
import type { Browser, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser } from '../support/browser.ts';
import { runCommand, startCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { type StartedCity, startCity } from '../support/started-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
const TOWN = ['--devices', '12', '--speed', '20'];
const COMMAND = 'npx --no-install oppidum ';

describe('pages of the street', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-street-'));
  const data = join(folder, 'city');
  let city: StartedCity;
  let browser: Browser;
  let page: Page;

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    city = await startCity(data, TOWN);
    browser = await openBrowser();
    page = await browser.newPage({ locale: 'en-US', viewport: { width: 1_280, height: 900 } });
    // What does not come is ended by the time limit of the test.
    page.setDefaultTimeout(0);
  });

  after(async () => {
    await browser?.close();
    await city?.stop();
    rmSync(folder, { recursive: true });
  });

  const open = (zone: string): Promise<unknown> => page.goto(`${city.api}/?lang=en#/zones/${zone}`);

  /** The id of a zone once its machines can be ordered. */
  const zoneNamed = async (name: string): Promise<string> => {
    for (;;) {
      const { items } = await get<{ readonly items: readonly ZoneJson[] }>('zones');
      const zone = items.find((each) => each.name === name);
      const { challengedCount = 0 } = zone === undefined ? {} : await get<ZoneDetailJson>(`zones/${zone.id}`);
      if (zone !== undefined && zone.deviceCount > 0 && challengedCount === zone.deviceCount) return zone.id;
      await sleep(200);
    }
  };
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${city.api}/api/v1/${path}`)).json()) as T;

  /** The words of a line on the page, with a key of the town's engineers in the place of its key file. */
  const lineOf = async (name: string, keyFile: string): Promise<readonly string[]> => {
    const line = (await page.textContent(`pre[data-copy=${name}]`)) ?? '';
    assert.ok(line.startsWith(COMMAND), line);
    const words = line.slice(COMMAND.length).split(' ');
    const key = words.findIndex((word) => word.endsWith('.seed'));
    assert.ok(key > 0, line);
    return [...words.with(key, join(data, 'demo/engineers', keyFile)), '--yes', '--data', data];
  };

  test('what each head shows comes as its controller tells it', async () => {
    await open(await zoneNamed('First junction'));
    await page.waitForSelector('[data-phase="2"][data-aspect]');
    assert.equal(await page.locator('[data-phase]').count(), 4);
    // The same page, not asked for anew, shows both greens in turn and never together.
    const seen = new Set<string>();
    while (seen.size < 2) {
      const greens = await page
        .locator('[data-aspect=green]')
        .evaluateAll((all) => all.map((each) => (each as never as { dataset: { phase: string } }).dataset.phase));
      assert.ok(!(greens.includes('2') && greens.includes('4')), greens.join());
      for (const phase of greens) if (phase === '2' || phase === '4') seen.add(phase);
      await page.waitForTimeout(100);
    }
    await page.waitForSelector('text=sees nothing wrong');
    assert.deepEqual(await seriousFindings(page), []);
    await page.screenshot({ path: join(SHOTS, 'console-street-junction.png'), fullPage: true });
  });

  test('on a phone each head is in sight with what it shows, and a table that goes on says so until its end', async () => {
    await page.setViewportSize({ width: 390, height: 900 });
    const hidden = `[...document.querySelectorAll('[data-aspect]')].filter((each) =>
      each.getBoundingClientRect().right > each.closest('.wide').getBoundingClientRect().right).length`;
    assert.ok((await page.locator('[data-aspect]').count()) >= 4);
    assert.equal(await page.evaluate(hidden), 0);
    /** Of the table of plans, which has many columns, scrolled to there. */
    const shadowAt = (left: number): Promise<string> =>
      page.evaluate(`new Promise((done) => {
        const box = [...document.querySelectorAll('.wide')].find(({ textContent }) => textContent.includes('fire brigade'));
        box.scrollTo({ left: ${left} });
        requestAnimationFrame(() => requestAnimationFrame(() => done(getComputedStyle(box).boxShadow)));
      })`);
    assert.match(await shadowAt(0), / -[1-9][0-9.]*px .*inset/);
    assert.match(await shadowAt(10_000), / 0px 0px 0px 0px inset|none/);
    assert.deepEqual(await seriousFindings(page), []);
    await page.screenshot({ path: join(SHOTS, 'console-street-phone.png'), fullPage: true });
    await page.setViewportSize({ width: 1280, height: 900 });
  });

  test('a plan is changed with two approvals by nothing but what the page says', async () => {
    await page.selectOption('select[name=order]', { label: 'signal/plan 1 – day' });
    await page.waitForSelector('text=2 of 2 must sign this order');
    const zone = page.url();
    const issuing = startCommand([...(await lineOf('order-issue', 'junction-1.seed'))]);
    // The second engineer finds it among the newest orders of the zone, and what to type on its own page.
    await page.click('[aria-labelledby=orders-heading] a[href^="#/orders/"]');
    const approved = await runCommand([...(await lineOf('approve', 'junction-2.seed'))]);
    assert.equal(approved.code, 0, approved.stderr);
    const issued = await issuing.ended;
    assert.equal(issued.code, 0, issued.stderr);
    await page.waitForSelector('.state.applied');
    await page.goto(zone);
    await page.waitForSelector('dd:has-text("1 day")');
    await page.selectOption('select[name=order]', { label: 'signal/flash' });
    await page.waitForSelector('text=1 of 2 must sign this order');
    assert.equal(await page.locator('pre[data-copy=order-watch]').count(), 0);
  });

  test('lamps say what they saved, money goes by the price that somebody puts in, and cabinets add up', async () => {
    await open(await zoneNamed('Street lights'));
    await page.waitForSelector('text=Saved against never dimmed');
    await page.waitForSelector('[data-cabinets]');
    await page.waitForSelector('.assumptions input');
    await page.fill('.assumptions input >> nth=0', '0');
    await page.waitForSelector('dd:has-text("€0.00")');
    await page.fill('.assumptions input >> nth=1', '0');
    await page.waitForSelector('dd:text-is("0 g")');
    await page.waitForSelector('.chart canvas >> nth=1');
    await page.click('summary:has-text("The same as a table")');
    assert.ok((await page.locator('[aria-label="Electricity saved so far"] tbody tr').count()) >= 1);
    assert.deepEqual(await seriousFindings(page), []);
    await page.screenshot({ path: join(SHOTS, 'console-street-lights.png'), fullPage: true });
  });
});
