/** The import of devices in the console: a maker's file read in a real browser, judged by the city, registered by key or command. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { toHex } from '@oppidum/formats/bytes';
import type { Page } from 'playwright-core';
import { runCommand } from '../support/command-line.ts';
import { type MakerPages, openMakerPages, openView, shellWords, withMakerKey } from '../support/maker-pages.ts';
import { skipWithout } from '../support/programs.ts';
import { assertReadsWell, LANGUAGES } from '../support/reads-well.ts';
import { freshBytes } from '../support/running-city.ts';

const HOSTILE = '<img src=x onerror=alert(1)>\u202eevil';

/** Keys as devices have them; y below the field. */
const freshKey = (): string => toHex(freshBytes(32).fill(7, 31));

describe('the import of devices in the console', { skip: skipWithout('chromium') }, () => {
  let pages: MakerPages;
  before(async () => {
    pages = await openMakerPages();
  });
  after(() => pages?.close());

  /** A file of good rows and three that are none, and its path. */
  const makeFile = (name: string, good: number): string => {
    const rows = Array.from({ length: good }, (_, i) => `${i === 0 ? HOSTILE : `lamp ${i}`};${freshKey()};Lamp 3`);
    const bad = ['=1+1;abcd;Lamp 3', `other;${freshKey()};Lamp 4`, 'short'];
    const file = join(pages.folder, name);
    writeFileSync(file, `\ufeffBezeichnung;Schlüssel;Model\r\n${[...rows, ...bad].join('\r\n')}\r\n`);
    return file;
  };
  const dryRun = async (page: Page, file: string): Promise<void> => {
    await page.setInputFiles('input[type=file]', file);
    await page.click('main button:has-text("Dry run")');
    await page.waitForSelector('#rows');
  };
  const countOf = async (page: Page, state: string): Promise<number> =>
    Number((await page.textContent(`[data-state=${state}] dd`))?.replaceAll(/\D/g, ''));

  for (const lang of LANGUAGES)
    test(`reads well in ${lang}, before a file and with one`, async () => {
      const view = { http: pages.city.http, address: '#/import', lang };
      await assertReadsWell(pages.browser, { ...view, name: 'console-import-empty' }, async () => undefined);
      const file = makeFile(`${lang}.csv`, 5);
      await assertReadsWell(pages.browser, { ...view, name: 'console-import' }, async (page) => {
        await page.setInputFiles('input[type=file]', file);
        await page.locator('main p.actions > button:enabled').first().click();
        await page.waitForSelector('#rows table');
      });
    });

  test('columns are guessed and changed, every row has its outcome, failed rows come back as a file', async () => {
    const context = await pages.browser.newContext({ locale: 'en-US', acceptDownloads: true });
    const page = await openView(context, pages.city, '#/import');
    const file = makeFile('lamps.csv', 250);
    await dryRun(page, file);
    assert.deepEqual([await countOf(page, 'new'), await countOf(page, 'failed')], [250, 3]);
    assert.equal(await page.inputValue('[data-field=public-key]'), '1');
    // The name of this column nobody knows: it is chosen, and what was judged before is forgotten.
    await page.selectOption('[data-field=label]', '0');
    assert.equal(await page.locator('#rows').count(), 0);
    await page.click('main button:has-text("Dry run")');
    await page.waitForSelector('#rows');
    assert.match((await page.textContent('#rows table')) ?? '', /<img src=x onerror=alert\(1\)>\\u\{202e\}evil/);
    assert.equal(await page.locator('main img').count(), 0);
    assert.equal(await page.locator('#rows tbody tr').count(), 100);
    await page.click('button:has-text("Rows after")');
    await page.waitForSelector('text=Rows 101 to 200 of 253');
    await page.locator('#rows select').selectOption('failed');
    await page.waitForSelector('text=Rows 1 to 3 of 3');
    assert.equal(await page.locator('#rows tbody tr').count(), 3);

    const [download] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("Save the rows")')]);
    const failed = readFileSync((await download.path()) ?? '', 'utf8');
    assert.equal(download.suggestedFilename(), 'lamps-failed.csv');
    assert.match(failed, /^Bezeichnung;Schlüssel;Model;problem\r\n'=1\+1;abcd;Lamp 3;its public key is no Ed25519 key/);

    // The command has the mapping in it: it registers exactly what the page said.
    const line = (await page.textContent('[data-copy=import-command]')) ?? '';
    const words = shellWords(line).map((word) => (word === 'lamps.csv' ? file : word));
    const flag = words.indexOf('--key');
    const { operator } = JSON.parse(readFileSync(join(pages.data, 'keys/accounts.json'), 'utf8')) as { operator: string };
    assert.equal(words[words.indexOf('--account') + 1], operator);
    const own = words.with(flag + 1, join(pages.data, 'keys/operator.seed'));
    const done = await runCommand([...own, '--api', pages.city.http, '--data', pages.data], { cwd: pages.folder });
    assert.deepEqual([done.code, /registered +250/.test(done.stdout)], [1, true], done.stderr);
    await page.click('main button:has-text("Dry run")');
    await page.waitForSelector('[data-state=known] dd:text-is("250")');
    await context.close();
  });

  test('the maker’s key in this browser registers; stopped, it goes on with the same file', async () => {
    const context = await withMakerKey(pages);
    const page = await openView(context, pages.city, '#/import');
    const file = makeFile('many.csv', 1_700);
    await dryRun(page, file);
    await page.click('button:has-text("Register 1,700 devices")');
    await page
      .locator('button:has-text("Stop after")')
      .click({ timeout: 2_000 })
      .catch(() => undefined);
    await page.waitForSelector('#register p[role=status]:not(:empty)');
    await page.reload();
    await page.waitForSelector('main h1');
    await dryRun(page, file);
    const [known, left] = [await countOf(page, 'known'), await countOf(page, 'new')];
    assert.equal(known + left, 1_700);
    assert.ok(known >= 500, `${known} were registered before it was stopped`);
    if (left > 0) {
      await page.click('#register button:has-text("Register")');
      await page.waitForSelector('#register p[role=status]:has-text("Done")');
      assert.equal(await countOf(page, 'registered'), left);
    }
    await context.close();
  });

  test('by the keyboard alone, from the file to the table', async () => {
    const context = await pages.browser.newContext({ locale: 'en-US' });
    const page = await openView(context, pages.city, '#/import');
    const focus = async (isIt: string): Promise<void> => {
      for (let i = 0; i < 60 && !(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`)); i++)
        await page.keyboard.press('Tab');
      assert.ok(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`), isIt);
    };
    await focus("(element) => element.type === 'file'");
    // What the browser opens then is its own.
    await page.setInputFiles('input[type=file]', makeFile('keys.csv', 2));
    await page.waitForSelector('[data-field=default-model]');
    await focus("(element) => element.textContent?.startsWith('Dry run')");
    await page.keyboard.press('Enter');
    await page.waitForSelector('#rows');
    await focus("(element) => element.textContent === 'Copy'");
    await context.close();
  });

  test('what is no file of devices, and a city that is gone: the page says what and what to do', async () => {
    const context = await pages.browser.newContext({ locale: 'en-US' });
    const page = await openView(context, pages.city, '#/import');
    const give = (content: Buffer): Promise<void> =>
      page.setInputFiles('input[type=file]', { name: '--help.csv', mimeType: 'text/csv', buffer: content });
    await give(Buffer.from('Name,Key\nlämp,1\n', 'latin1'));
    await page.waitForSelector('.problem:has-text("not in UTF-8")');
    await give(Buffer.from(''));
    await page.waitForSelector('.problem:has-text("This file is empty")');
    await give(Buffer.from('a,b\n1,2\n'));
    await page.waitForSelector('text=Choose the column of the public keys');
    assert.ok(await page.isDisabled('main button:has-text("Dry run")'));
    await give(Buffer.from(`label,key\nx,${freshKey()}\n`));
    await page.selectOption('[data-field=default-model]', pages.model);
    await context.route('**/api/v1/devices:import**', (route) => route.abort());
    await page.click('main button:has-text("Dry run")');
    await page.waitForSelector('.problem:has-text("cannot be reached")');
    await context.unroute('**/api/v1/devices:import**');
    await context.route('**/api/v1/devices:import**', (route) => route.fulfill({ body: '{"state":"new"}\n{"state":"new"}\n' }));
    await page.click('main button:has-text("Dry run")');
    await page.waitForSelector('.problem:has-text("The city sent something ")');
    await context.unroute('**/api/v1/devices:import**');
    await page.click('main button:has-text("Dry run")');
    await page.waitForSelector('[data-copy=import-command]');
    assert.match((await page.textContent('[data-copy=import-command]')) ?? '', /device import \.\/--help\.csv /);
    await context.close();
  });
});
