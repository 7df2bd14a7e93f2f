/** The console's views in a real browser: tables of any length, records by any id, a city that lies or goes back, and a browser that is set oddly. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser } from '../support/browser.ts';
import { CityProcess, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { pixelsTooWide } from '../support/reads-well.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
/** More than one page of the API, so that the table has to ask again. */
const READING_COUNT = 1_200;
const HOSTILE = `<img src=x onerror=alert(1)>\u202e${'long '.repeat(2_000)}`;

/** In the page: numbers of the rows of the table, in their order, while they fill what is looked at; else none. */
const COVERING = `(() => {
  const box = document.querySelector('section.rows');
  const rows = [...box.querySelectorAll('tbody tr[aria-rowindex]')];
  const { top, bottom } = box.getBoundingClientRect();
  const [first, last] = [rows.at(0).getBoundingClientRect(), rows.at(-1).getBoundingClientRect()];
  const isAtEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 2;
  const isCovered = first.top <= top + 60 && (isAtEnd || last.bottom >= bottom);
  return isCovered ? rows.map((row) => Number(row.getAttribute('aria-rowindex'))) : [];
})()`;

type Listed = { readonly items: readonly Readonly<Record<string, string | number | boolean>>[] };

describe('views of the console', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-views-'));
  const data = join(folder, 'city');
  let city: CityProcess;
  let browser: Browser;
  let device = '';
  let reading = '';

  const ask = async (path: string): Promise<Listed> => (await (await fetch(`${city.http}${path}`)).json()) as Listed;
  const first = async (path: string, name = 'id'): Promise<string> => String((await ask(path)).items[0]?.[name]);

  const replay = async (name: string, count: number): Promise<void> => {
    const rows = Array.from(
      { length: count },
      (_, i) => `${new Date(Date.UTC(2026, 0, 1) + i * 60_000).toISOString()},${i % 97}`,
    );
    const file = join(folder, `${name}.csv`);
    writeFileSync(file, `time,${name}\n${rows.join('\n')}\n`);
    const { code, stderr } = await runCommand(['replay', file, '--pack', '1', '--api', city.http, '--data', data]);
    assert.equal(code, 0, stderr);
  };

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    city = await CityProcess.start(data);
    browser = await openBrowser();
    await replay('level', READING_COUNT);
    await until('all readings are listed and anchored', async () => {
      const [listed] = (await ask('/api/v1/devices')).items;
      const [newest] = (await ask('/api/v1/readings?limit=1')).items;
      device = String(listed?.['id']);
      reading = String(newest?.['id']);
      return listed?.['readingCount'] === READING_COUNT && newest?.['anchored'] === true;
    });
  });

  after(async () => {
    delete process.env['OPPIDUM_PAGES'];
    await browser?.close();
    await city?.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const open = async (context: BrowserContext, address: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${city.http}/?lang=en${address}`);
    await page.waitForSelector('main h1');
    return page;
  };
  const withContext = async (use: (context: BrowserContext) => Promise<void>, options = {}): Promise<void> => {
    const context = await browser.newContext({ locale: 'en-US', ...options });
    await use(context);
    // What a page asks for by itself may be on its way through a test's hands.
    await context.unrouteAll({ behavior: 'ignoreErrors' });
    await context.close();
  };
  const pin = async (page: Page): Promise<void> => {
    await page.goto(`${city.http}/?lang=en#/trust`);
    await page.click('button:has-text("Pin the policy")');
    await page.waitForSelector('text=Pinned in this browser');
    await page.waitForSelector('main a[href^="#/reading/"]:has-text("Next")');
  };
  const check = (page: Page): Promise<void> => page.click('button:has-text("Check here")');
  const shoot = async (page: Page, name: string): Promise<void> => {
    writeFileSync(join(SHOTS, `views-${name}.png`), await page.screenshot({ fullPage: true }));
    assert.deepEqual(await seriousFindings(page), [], name);
  };

  test('a table scrolls through all readings without a hole, and says where one is', async () => {
    await withContext(async (context) => {
      const page = await open(context, `#/device/${device}`);
      const table = page.locator('section.rows');
      await table.locator('tbody tr[aria-rowindex="2"]').waitFor();
      await shoot(page, 'device');
      assert.equal(await table.locator('table').getAttribute('aria-rowcount'), String(READING_COUNT + 1));
      await table.focus();
      const seen = new Set<number>();
      for (let i = 0; i < 400 && !seen.has(READING_COUNT + 1); i++) {
        let indexes: readonly number[] = [];
        // Drawn in a frame after the scrolling, on a busy machine a little later: what is never drawn is a hole.
        await until('rows fill what is looked at', async () => {
          indexes = await page.evaluate<readonly number[]>(COVERING);
          return indexes.length > 0;
        });
        assert.deepEqual(
          indexes,
          indexes.map((_, n) => (indexes[0] ?? 0) + n),
          'one row after the other',
        );
        for (const index of indexes) seen.add(index);
        await page.evaluate(
          "(() => { const box = document.querySelector('section.rows'); box.scrollTop += box.clientHeight; })()",
        );
      }
      assert.equal(seen.size, READING_COUNT, 'every row was there once');
    });
  });

  test('any id or hash is found: device, reading, transaction, block hash, account, model, maker, number of a block', async () => {
    const transaction = await first('/api/v1/transactions?limit=1');
    const account = await first('/api/v1/accounts?limit=1');
    const model = await first('/api/v1/models?limit=1');
    const maker = await first('/api/v1/manufacturers?limit=1');
    const [block] = (await ask('/api/v1/blocks?limit=1')).items;
    await withContext(async (context) => {
      const page = await open(context, '#/city');
      for (const [text, address] of [
        [device, `#/device/${device}`],
        [reading, `#/reading/${reading}`],
        [transaction, `#/transaction/${transaction}`],
        [account, `#/account/${account}`],
        [model, `#/model/${model}`],
        [maker, `#/manufacturer/${maker}`],
        [String(block?.['appHash']), `#/block/${block?.['height']}`],
        ['3', '#/block/3'],
      ] as const) {
        await page.fill('input[name="text"]', text);
        await page.press('input[name="text"]', 'Enter');
        await page.waitForURL(`**${address}`);
        await page.waitForSelector('main h1');
        await page.waitForSelector('text=As of');
      }
      await page.fill('input[name="text"]', 'ab'.repeat(32));
      await page.press('input[name="text"]', 'Enter');
      await page.waitForSelector('text=Nothing on record');
    });
  });

  test('the ledger says in words what happened, pages back, and names who cosigned once a policy is pinned', async () => {
    await withContext(async (context) => {
      const page = await open(context, '#/ledger');
      await page.waitForSelector('text=Nobody checked these signatures');
      assert.equal(await page.locator('text=Anchor what shard').count(), 0, 'anchors are left out until asked for');
      await page.click('text=Leave out anchors');
      await page.waitForSelector('text=Anchor what shard');
      await pin(page);
      await page.goto(`${city.http}/?lang=en#/ledger`);
      await page.waitForSelector('text=Your browser verified these signatures');
      await page.waitForSelector('td:has-text("validator-1")');
      await shoot(page, 'ledger');
      assert.equal(await page.title(), 'Ledger – Oppidum');
    });
  });

  test('a city that shows another value than the device signed is caught, and one that goes back', async () => {
    await withContext(async (context) => {
      const page = await open(context, '#/trust');
      await pin(page);
      await page.goto(`${city.http}/?lang=en#/reading/${reading}`);
      await check(page);
      await page.waitForSelector('.verdict.green code:text-is("OK")');
      const old = await (await fetch(`${city.http}/api/v1/evidence/${reading}`)).arrayBuffer();

      await context.route(`**/api/v1/readings/${reading}`, async (route) => {
        const answer = await route.fetch();
        const honest = (await answer.json()) as { records: { value: number }[] };
        honest.records[0]!.value += 1;
        await route.fulfill({ response: answer, json: honest });
      });
      await page.reload();
      await check(page);
      await page.waitForSelector('.verdict.red code:text-is("SHOWN_DIFFERS")');
      assert.equal(await page.locator('.green:visible').count(), 0);
      await context.unroute(`**/api/v1/readings/${reading}`);

      await replay('flow', 3);
      await page.reload();
      const sizeOf = (): Promise<number> =>
        page.evaluate("Number((JSON.parse(localStorage.getItem('oppidum.console.heads')) ?? []).at(-1)?.split(' ')[0])");
      const before = await sizeOf();
      await until('evidence leads to a newer checkpoint', async () => {
        await check(page);
        await page.waitForSelector('.verdict.green');
        return (await sizeOf()) > before;
      });
      await context.route('**/api/v1/evidence/*', (route) =>
        route.fulfill({ body: Buffer.from(old), contentType: 'application/cbor' }),
      );
      await check(page);
      await page.waitForSelector('.verdict.red code:text-is("CHECKPOINT_OLD")');
      assert.equal(await page.locator('.green:visible').count(), 0);
      await shoot(page, 'checkpoint-old');
    });
  });

  test('a policy that is none is refused with its reason; what is stored and cannot be read trusts nobody', async () => {
    await withContext(async (context) => {
      const page = await open(context, '#/trust');
      await page.fill('textarea', 'log nonsense');
      await page.click('button:has-text("Pin what is pasted")');
      await page.waitForSelector('text=This is no policy of a city');
      await page.evaluate("localStorage.setItem('oppidum.console.policy', 'quorum none')");
      await page.reload();
      await page.waitForSelector('text=can no longer be read');
      await page.waitForSelector('text=No policy is pinned yet');
    });
  });

  test('where storage is blocked a policy holds as long as the page, and the page says so', async () => {
    await withContext(async (context) => {
      await context.addInitScript("Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no'); } })");
      const page = await open(context, '#/trust');
      await page.click('button:has-text("Pin the policy")');
      await page.waitForSelector('text=This browser keeps nothing');
      await page.evaluate(`location.hash = '#/reading/${reading}'`);
      await check(page);
      await page.waitForSelector('.verdict.green');
    });
  });

  test('two tabs listen at once, and what one pins the other knows', async () => {
    await withContext(async (context) => {
      const [one, two] = [await open(context, '#/city'), await open(context, '#/city')];
      for (const page of [one, two]) await page.waitForSelector('.live .state:text-is("Live")');
      await two.goto(`${city.http}/?lang=en#/trust`);
      await two.waitForSelector('text=No policy is pinned yet');
      await pin(one);
      await two.waitForSelector('text=Pinned in this browser');
    });
  });

  test('a new device and its readings come by the stream; without one the lists are asked for', async () => {
    await withContext(async (context) => {
      const page = await open(context, '#/city');
      await page.waitForSelector('.live .state:text-is("Live")');
      await replay('inflow', 4);
      await page.waitForSelector('tr:has-text("inflow")');
      await page.click('tr:has-text("inflow") .pick button');
      await page.waitForSelector('tr.selected:has-text("inflow")');
      await page.waitForSelector('h3:has-text("Selected")');
    });
    await withContext(async (context) => {
      await context.route('**/api/v1/live?*', (route) => route.abort());
      const page = await open(context, '#/city');
      await page.waitForSelector('text=No live stream');
      await page.waitForSelector('tr:has-text("level")');
    });
  });

  test('a clock that is an hour wrong is told, and ages are right all the same', async () => {
    await withContext(async (context) => {
      await context.addInitScript('{ const now = Date.now.bind(Date); Date.now = () => now() + 3_600_000; }');
      const page = await open(context, '#/city');
      await page.waitForSelector('text=The clock of this device is 1 hour ahead');
      await page.waitForSelector('text=As of');
      assert.equal(await page.locator('text=Old: nothing new').count(), 0);
    });
  });

  test('a part that cannot be loaded, and an answer that is none, leave no blank page', async () => {
    await withContext(async (context) => {
      await context.route('**/assets/ledger-view*', (route) => route.abort());
      const page = await open(context, '#/ledger');
      await page.waitForSelector('text=This part of the page failed');
      await page.click('main a:has-text("City")');
      await page.waitForSelector('text=The city now');
      await context.route('**/api/v1/devices/*', (route) => route.fulfill({ body: '<html>', contentType: 'text/html' }));
      await page.evaluate(`location.hash = '#/device/${device}'`);
      await page.waitForSelector('text=something that this page cannot read');
    });
  });

  test('a name of 10 kB with markup and marks of direction is cut, shown as it is, and widens nothing', async () => {
    await withContext(
      async (context) => {
        await context.route('**/api/v1/devices?*', async (route) => {
          const answer = await route.fetch();
          const page = (await answer.json()) as { items: { label: string; deviceType: string; reason: string }[] };
          for (const item of page.items) Object.assign(item, { label: HOSTILE, deviceType: HOSTILE, reason: HOSTILE });
          await route.fulfill({ response: answer, json: page });
        });
        const page = await open(context, '#/city');
        await page.waitForSelector('tr >> text=<img src=x');
        await page.click('.pick button');
        await page.waitForSelector('h3:has-text("Selected")');
        assert.equal(await page.locator('img').count(), 0);
        assert.doesNotMatch((await page.textContent('main')) ?? '', /\u202e/);
        assert.equal(await pixelsTooWide(page), 0);
        await shoot(page, 'hostile');
      },
      { viewport: { width: 360, height: 800 } },
    );
  });

  test('on a phone the parts are behind one button; the present one is marked', async () => {
    await withContext(
      async (context) => {
        const page = await open(context, '#/city');
        assert.equal(await page.locator('nav a:visible').count(), 0);
        await page.click('button.menu');
        assert.equal(await page.locator('nav a[aria-current="page"]').textContent(), 'City');
        for (const box of await Promise.all((await page.locator('nav a').all()).map((link) => link.boundingBox())))
          assert.ok(box !== null && box.height >= 24 && box.x >= 0 && box.x + box.width <= 360, JSON.stringify(box));
        await shoot(page, 'menu');
        await page.click('nav a:has-text("Ledger")');
        await page.waitForSelector('h1:has-text("Ledger")');
        assert.equal(await page.locator('nav a:visible').count(), 0);
      },
      { viewport: { width: 360, height: 800 } },
    );
  });
});
