/** Layers of the operations map in a real browser: map and list show the same, the address remembers it, marks have words. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser } from '../support/browser.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { pixelsTooWide } from '../support/reads-well.ts';
import { eventually } from '../support/running-gateway.ts';
import { type StartedCity, startCity } from '../support/started-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
const STEP_MS_MAX = 90_000;
const DEVICE_COUNT = 120;

describe('layers of the operations map', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-layers-'));
  const data = join(folder, 'city');
  let city: StartedCity;
  let browser: Browser;

  before(async () => {
    mkdirSync(SHOTS, { recursive: true });
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    city = await startCity(data, ['--devices', String(DEVICE_COUNT)]);
    browser = await openBrowser();
    // Whoever counts some of them counts them when all are there.
    await eventually(
      () => listOf('devices?limit=500'),
      (devices) => devices.length === DEVICE_COUNT,
    );
  });
  after(async () => {
    await browser?.close();
    await city?.stop();
    rmSync(folder, { recursive: true });
  });

  const listOf = async (path: string): Promise<readonly { readonly id: string }[]> => {
    const answer = await fetch(`${city.api}/api/v1/${path}`);
    return ((await answer.json()) as { readonly items: readonly { readonly id: string }[] }).items;
  };
  const open = async (address: string, lang = 'en', width = 1280, colorScheme: 'dark' | 'light' = 'light'): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, reducedMotion: 'reduce' });
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    await page.goto(`${city.api}/?lang=${lang}${address}`);
    await page.waitForSelector('.map canvas');
    return page;
  };
  const until = (page: Page, isIt: (count: number) => boolean): Promise<number> =>
    eventually(async () => Number(await page.textContent('#devices-heading .count')), isIt);

  test('one that is switched off is neither on the map nor in the list, and the address remembers it', async () => {
    const page = await open('#/city');
    const all = await until(page, (count) => count > 10);
    for (const layer of ['signals', 'roads', 'water', 'power', 'others', 'zones'])
      await page.uncheck(`.layers input[name=${layer}]`);
    const lamps = await until(page, (count) => count < all);
    assert.ok(lamps > 0 && lamps < all);
    assert.equal(new URL(page.url()).hash, '#/city/lighting,alarms');
    await page.reload();
    await page.waitForSelector('.map canvas');
    await until(page, (count) => count === lamps);
    assert.equal(await page.isChecked('.layers input[name=roads]'), false);
    await page.context().close();
  });

  test('a device with an alarm is marked, in the list by words beside the shape', async () => {
    const { id } = (await listOf('devices?type=street-light&limit=1'))[0] ?? assert.fail();
    const apart = await runCommand(['device', 'quarantine', id, '--reason', 'odd', '--yes', '--data', data, '--api', city.api]);
    assert.equal(apart.code, 0, apart.stderr);
    const page = await open('#/city/lighting,alarms');
    await page.fill('.filters input[type=search]', id);
    await page.waitForSelector('tbody tr:has-text("▲ alarm")');
    writeFileSync(join(SHOTS, 'layers-desk.png'), await page.screenshot());
    await page.uncheck('.layers input[name=alarms]');
    await page.waitForSelector('tbody tr:has-text("▲ alarm")', { state: 'detached' });
    await page.context().close();
  });

  test('zones are a layer with a list beside the map, and one is picked from it by the keyboard', async () => {
    const page = await open('#/city');
    const list = page.locator('section[aria-labelledby=city-zones-heading]');
    const button = list.locator('button[aria-pressed]').first();
    await button.waitFor();
    // The town may be making the last of them: each is in the list a moment later.
    await eventually(async () => (await list.locator('tbody tr').count()) === (await listOf('zones?limit=1000')).length, Boolean);
    assert.match((await button.getAttribute('aria-label')) ?? '', /^Show .+ on the map$/);
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    await button.focus();
    await page.keyboard.press('Enter');
    await list.locator('button[aria-pressed=true]').waitFor();
    await page.locator('.map').waitFor();
    // In sight.
    await page.waitForFunction(`document.querySelector('.map').getBoundingClientRect().bottom <= innerHeight`);
    await page.waitForTimeout(500);
    writeFileSync(join(SHOTS, 'layers-zone.png'), await page.screenshot());
    await page.uncheck('.layers input[name=zones]');
    await list.waitFor({ state: 'detached' });
    await page.context().close();
  });

  for (const [lang, width, scheme] of [
    ['ar', 360, 'dark'],
    ['zh', 360, 'light'],
    ['et', 1280, 'dark'],
  ] as const)
    test(`in ${lang}, ${width} wide and ${scheme}`, async () => {
      const page = await open('#/city/lighting,signals,zones,alarms', lang, width, scheme);
      await page.waitForTimeout(500);
      writeFileSync(join(SHOTS, `layers-${lang}-${width}.png`), await page.screenshot({ fullPage: true }));
      assert.deepEqual(await seriousFindings(page), []);
      assert.equal(await pixelsTooWide(page), 0);
      await page.context().close();
    });
});
