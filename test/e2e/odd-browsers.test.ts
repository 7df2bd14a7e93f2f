/**
 * Every part of the console in browsers that are set oddly: a locale that is no language tag, no storage at all, a clock that is an hour
 * wrong, and a city that is gone when the part first loads. Each time there is a heading, what can be said is said, and nothing breaks.
 */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { AREAS } from '@oppidum/console/areas';
import type { BrowserContext, Page } from 'playwright-core';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';

/** Neither kind of storage; both answer as Chromium does where a user blocks them. */
const NO_STORAGE = `{
  const refuse = { get() { throw new DOMException('Access is denied for this document.', 'SecurityError'); } };
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB']) Object.defineProperty(window, name, refuse);
}`;
const HOUR_AHEAD = '{ const now = Date.now.bind(Date); Date.now = () => now() + 3_600_000; }';
/** Addresses that ask nothing of the city before somebody does something, and why. */
const ASK_NOTHING: Readonly<Record<string, string>> = {
  '#/trust': 'the policy that is pinned lies in this browser, and that of the city is no part of the API',
  '#/tour': 'words alone',
  '#/act': 'names no device',
  '#/certificate': 'names no evidence',
};
/** A certificate asks for evidence only where it can be judged. */
const NEEDS_A_POLICY = /^#\/certificate\/[0-9a-f]{64}$/;

describe('a browser that is set oddly', { skip: skipWithout('chromium') }, () => {
  let city: ConsoleCity;
  let views: readonly (readonly [name: string, address: string])[];

  before(async () => {
    city = await ConsoleCity.open();
    const { items } = await city.get<{ readonly items: readonly { readonly id: string }[] }>('/api/v1/readings?limit=1');
    const reading = String(items[0]?.id);
    views = [
      ...['city', 'ledger', 'trust', `search/${reading}`, 'block/3', `device/${city.device}`, `reading/${reading}`],
      ...[`certificate/${reading}`, `account/${city.operator}`, ...Object.keys(AREAS), `act/${city.device}`],
    ].map((address) => [address.split('/')[0] ?? '', `#/${address}`]);
  });

  after(() => city?.close());

  /** Opens each part anew and looks at it; what broke in it is a failure. */
  async function eachView(
    {
      before,
      locale = 'en-US',
      prepare,
    }: { before?: string; locale?: string; prepare?: (context: BrowserContext) => Promise<void> },
    look: (page: Page, name: string) => Promise<void>,
  ): Promise<void> {
    const context = await city.newContext({ locale });
    await prepare?.(context);
    for (const [name, address] of views) {
      const page = await context.newPage();
      const troubles: string[] = [];
      page.on('pageerror', ({ message }) => troubles.push(message));
      if (before !== undefined) await page.addInitScript(before);
      await page.goto(`${city.http}/?lang=en${address}`);
      await page.locator('main h1').waitFor({ timeout: 60_000 });
      await page.waitForTimeout(200);
      assert.notEqual((await page.locator('main').innerText()).trim(), '', `${address}: not blank`);
      assert.equal(await page.locator('text=This part of the page failed').count(), 0, `${address}: ${troubles.join()}`);
      await look(page, name).catch((error: Error) => assert.fail(`${address}: ${error.message}`));
      assert.deepEqual(troubles, [], address);
      await page.close();
    }
    await context.close();
  }

  test('whose clock is an hour and whose locale altogether wrong shows every part, charts with it, and nothing is called old', () =>
    eachView({ before: HOUR_AHEAD, locale: 'en-US@posix' }, async (page, name) => {
      assert.equal(await page.locator('text=Old: nothing new').count(), 0, name);
      if (name === 'device') await page.locator('.chart canvas').first().waitFor();
    }));

  test('that blocks every storage shows every part', () => eachView({ before: NO_STORAGE }, async () => undefined));

  test('that finds the city gone says so in every part that asks it', () =>
    eachView({ prepare: goneFor }, async (page) => {
      const address = new URL(page.url()).hash;
      if (Object.hasOwn(ASK_NOTHING, address)) return;
      if (NEEDS_A_POLICY.test(address)) return page.locator('text=No policy is pinned').waitFor();
      await page.locator('main >> text=cannot be reached').first().waitFor({ timeout: 60_000 });
      assert.equal(await page.locator('main >> text="None."').count(), 0, 'what nobody knows is not called none');
    }));
});

async function goneFor(context: BrowserContext): Promise<void> {
  await context.route('**/api/**', (route) => route.abort());
}
