/** The console in a real browser over a running city: what it shows, what it refuses to call proven, and whom it keeps out: nobody. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { CityProcess, listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
/** What a stranger may call a device: markup, and a mark that turns the direction of what follows. */
const HOSTILE = '<b onclick=x>\u202eevil';

const CHECK = 'button:has-text("Check here")';

/** What a city tells of a record, as far as it is told otherwise here. */
type Told = {
  personal: boolean;
  label: string;
  readonly items: { id: string }[];
  readonly records: { value: number }[];
  readonly actions: { readonly body: Record<string, string> }[];
};

describe('the console', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-console-'));
  const data = join(folder, 'city');
  let city: CityProcess;
  let browser: Browser;
  let reading = { id: '', device: '' };
  let transaction = '';

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    city = await CityProcess.start(data);
    browser = await openBrowser();
    const rows = Array.from({ length: 40 }, (_, i) => `2026-01-01T00:${String(i).padStart(2, '0')}:00Z,${i},${40 - i}`);
    const file = join(folder, 'levels.csv');
    writeFileSync(file, `time,${HOSTILE},level\n${rows.join('\n')}\n`);
    const replayed = await runCommand(['replay', file, '--pack', '4', '--api', city.http, '--data', data]);
    assert.equal(replayed.code, 0, replayed.stderr);
    await until('readings are anchored', async () => {
      const listed = await listReadings(city.http);
      [reading = reading] = listed;
      return listed.length === 20 && listed.every(({ anchored }) => anchored);
    });
    const page = (await (await fetch(`${city.http}/api/v1/transactions?limit=1`)).json()) as { items: { id: string }[] };
    transaction = page.items[0]?.id ?? '';
  });

  after(async () => {
    delete process.env['OPPIDUM_PAGES'];
    await browser?.close();
    await city?.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const views = (): Readonly<Record<string, string>> => ({
    reading: `#/reading/${reading.id}`,
    transaction: `#/transaction/${transaction}`,
  });

  const openView = async (context: BrowserContext, address: string, lang = 'en'): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${city.http}/?lang=${lang}${address}`);
    await page.waitForSelector('main h1');
    await page.waitForLoadState('networkidle').catch(() => undefined);
    return page;
  };

  test('a hostile name is shown as what it is', async () => {
    const context = await browser.newContext();
    const page = await openView(context, '#/city');
    await page.waitForSelector('text=<b onclick=x>');
    assert.match((await page.textContent('main')) ?? '', /<b onclick=x>\\u\{202e\}evil/);
    assert.equal(await page.locator('[onclick]').count(), 0);
    await context.close();
  });

  test('nothing is called proven without a policy, and a reading and a transaction are with one', async () => {
    const context = await browser.newContext();
    const page = await openView(context, views()['reading'] ?? '');
    await page.click('button:has-text("Check here")');
    await page.waitForSelector('text=No policy is pinned');
    assert.equal(await page.locator('.green').count(), 0);
    await pin(page);
    for (const name of ['reading', 'transaction']) {
      await page.goto(`${city.http}/?lang=en${views()[name]}`);
      await page.click('button:has-text("Check here")');
      await page.waitForSelector('.verdict.green code:text-is("OK")');
    }
    await context.close();
  });

  test('a city that lies is not believed: altered evidence, evidence of something else, no answer', async () => {
    const context = await browser.newContext();
    const page = await openView(context, '#/trust');
    await pin(page);
    const lie = async (make: (honest: Buffer) => Buffer): Promise<void> => {
      await context.unroute('**/api/v1/evidence/*');
      await context.route('**/api/v1/evidence/*', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: make(await answer.body()) });
      });
      await page.goto(`${city.http}/?lang=en#/city`);
      await page.goto(`${city.http}/?lang=en${views()['reading']}`);
      await page.click('button:has-text("Check here")');
    };
    await lie((honest) => {
      const altered = Buffer.from(honest);
      altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
      return altered;
    });
    await page.waitForSelector('.verdict.red');
    assert.equal(await page.locator('.green').count(), 0);

    const other = await fetch(`${city.http}/api/v1/evidence/${transaction}`);
    const about = Buffer.from(await other.arrayBuffer());
    await lie(() => about);
    await page.waitForSelector('text=evidence of something else');
    assert.equal(await page.locator('.green').count(), 0);

    await context.unroute('**/api/v1/evidence/*');
    await context.route('**/api/v1/**', (route) => route.abort());
    await page.click('button:has-text("Check here")');
    await page.waitForSelector('text=cannot be reached');
    assert.equal(await page.locator('.green').count(), 0);
    await context.close();
  });

  test('true evidence makes no lie green: values said to be about people, another label, another body of an action', async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await openView(context, '#/trust');
    await pin(page);
    const lie = async (view: string, path: string, tell: (honest: Told) => void): Promise<void> => {
      const isIt = ({ pathname, search }: URL): boolean => pathname + search === path;
      await context.route(isIt, async (route) => {
        const answer = await route.fetch();
        const honest = (await answer.json()) as Told;
        tell(honest);
        await route.fulfill({ response: answer, json: honest });
      });
      await page.goto(`${city.http}/?lang=en#/city`);
      await page.goto(`${city.http}/?lang=en${view}`);
      await page.click(CHECK);
      await page.waitForSelector('.verdict.red code:text-is("SHOWN_DIFFERS")');
      assert.equal(await page.locator('.green:visible').count(), 0);
      await context.unroute(isIt);
    };
    await lie(`#/reading/${reading.id}`, `/api/v1/readings/${reading.id}`, (honest) => {
      honest.personal = true;
      honest.records[0]!.value += 1;
    });
    await lie(`#/reading/${reading.id}`, `/api/v1/readings/${reading.id}`, (honest) => {
      honest.label = 'Another street';
    });
    const other = (await listReadings(city.http)).find(({ device }) => device !== reading.device);
    assert.ok(other !== undefined);
    await lie(`#/device/${other.device}`, `/api/v1/readings?device=${other.device}&limit=1`, (honest) => {
      honest.items[0]!.id = reading.id;
    });
    await lie(`#/transaction/${transaction}`, `/api/v1/transactions/${transaction}`, (honest) => {
      honest.actions[0]!.body['reason'] = 'never said';
    });
    const listed = await (await fetch(`${city.http}/api/v1/transactions?limit=200`)).json();
    const { items } = listed as { readonly items: readonly { readonly id: string; readonly kinds: readonly string[] }[] };
    const kinds = new Map(items.map(({ id, kinds }) => [kinds.join(), id]));
    for (const id of kinds.values()) {
      await page.goto(`${city.http}/?lang=en#/transaction/${id}`);
      await page.click(CHECK);
      await page.waitForSelector('.verdict.green');
      // What no evidence is about stands apart from what is green.
      assert.equal(await page.locator('text="Size in bytes"').count(), 1);
      assert.equal(await page.locator('[data-unproven]:has-text("Told by the city") >> text="Size in bytes"').count(), 1);
    }
    await context.close();
  });

  test('an answer that was kept back until another policy was pinned leads nowhere and says nothing', async () => {
    const context = await browser.newContext();
    const [page, other] = [await openView(context, '#/trust'), await openView(context, '#/trust')];
    await pin(page);
    let answer = (): void => undefined;
    const isAsked = new Promise<void>((asked) => {
      void context.route('**/api/v1/evidence/*', async (route) => {
        const kept = new Promise<void>((go) => {
          answer = go;
        });
        asked();
        await kept;
        await route.continue();
      });
    });
    await page.goto(`${city.http}/?lang=en#/reading/${reading.id}`);
    await page.click(CHECK);
    await isAsked;
    await other.click('button:has-text("Forget")');
    await page.waitForSelector('text=Not checked');
    answer();
    await page.waitForLoadState('networkidle');
    assert.equal(await page.locator('.green:visible').count(), 0);
    assert.equal(await page.evaluate("localStorage.getItem('oppidum.console.heads')"), null);
    await context.close();
  });

  test('another policy than the pinned one is not taken over', async () => {
    const context = await browser.newContext();
    const page = await openView(context, '#/trust');
    await pin(page);
    const { policies } = JSON.parse(readFileSync(join(ROOT, 'vectors/evidence/readings.json'), 'utf8')) as {
      readonly policies: Readonly<Record<string, string>>;
    };
    await context.route('**/city.policy', (route) => route.fulfill({ body: policies['first'] ?? '' }));
    await page.reload();
    await page.waitForSelector('text=serves another policy');
    await page.waitForSelector('text=Pinned in this browser');
    await page.goto(`${city.http}/?lang=en${views()['reading']}`);
    await page.click('button:has-text("Check here")');
    await page.waitForSelector('.verdict.green');
    await context.close();
  });

  test('search finds a record by its id, by the keyboard alone', async () => {
    const context = await browser.newContext();
    const page = await openView(context, '#/city');
    // As many stops as the heading and its menu have.
    const stopCount = await page.locator('header a, header button, nav a, header input').count();
    for (let i = 0; i <= stopCount && (await page.evaluate("document.activeElement?.getAttribute('name')")) !== 'text'; i++)
      await page.keyboard.press('Tab');
    await page.keyboard.type(reading.id);
    await page.keyboard.press('Enter');
    await page.waitForURL(`**#/reading/${reading.id}`);
    await context.close();
  });

  test('when the city is gone, what is shown says how old it is', async () => {
    const context = await browser.newContext();
    const page = await openView(context, '#/city');
    await page.waitForSelector('text=As of');
    await context.route('**/api/v1/**', (route) => route.abort());
    await page.waitForSelector('text=cannot be reached');
    await page.waitForSelector('text=Old: nothing new since', { timeout: 60_000 });
    await context.close();
  });

  async function pin(page: Page): Promise<void> {
    await page.goto(`${city.http}/?lang=en#/trust`);
    await page.click('button:has-text("Pin the policy")');
    await page.waitForSelector('text=Pinned in this browser');
  }
});
