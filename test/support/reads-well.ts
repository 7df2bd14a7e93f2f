/** What holds for every view of the console, in each language: at a desk in the light, on a phone in the dark. */

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { seriousFindings } from './axe.ts';
import { watchRequests } from './browser.ts';

/** Of every page. */
export const LANGUAGES = ['en', 'et', 'zh', 'ar'] as const;
const SHOTS = resolve(import.meta.dirname, '../../.cache/screenshots');
const STEP_MS_MAX = 60_000;
const SIZES = [
  [1200, 'light'],
  [360, 'dark'],
] as const;

/** `address`: `#/…`; `name`: of its pictures. */
export type View = {
  readonly http: string;
  readonly address: string;
  readonly lang: (typeof LANGUAGES)[number];
  readonly name: string;
};

/** Takes pictures: no serious finding, nothing too wide, nothing asked elsewhere, no script that fails. `prepare`: until it is to be seen. */
export async function assertReadsWell(
  browser: Browser,
  { http, address, lang, name }: View,
  prepare: (page: Page) => Promise<unknown>,
): Promise<void> {
  mkdirSync(SHOTS, { recursive: true });
  for (const [width, colorScheme] of SIZES) {
    const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, locale: 'en-US' });
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    const [asked, troubles] = [watchRequests(page), [] as string[]];
    page.on('pageerror', ({ message }) => troubles.push(message));
    await page.goto(`${http}/?lang=${lang}${address}`);
    await page.waitForSelector('main h1');
    await prepare(page);
    const shot = `${name}-${lang}-${width}-${colorScheme}.png`;
    await page.screenshot({ path: join(SHOTS, shot), fullPage: true });
    assert.deepEqual(await seriousFindings(page), [], shot);
    assert.equal(await pixelsTooWide(page), 0, shot);
    const elsewhere = asked.filter((url) => !url.startsWith(`${http}/`));
    assert.deepEqual([elsewhere, troubles], [[], []], shot);
    await context.close();
  }
}

/** By how much a page is wider than its window: then it scrolls sideways. */
export async function pixelsTooWide(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
