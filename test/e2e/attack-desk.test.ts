/** The attack desk in a real browser: every attack that the command line lists is carried out beside a running city, and its evidence judged by the page. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { CityProcess } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { assertDeskMissed, assertDeskStarted } from '../support/desks.ts';
import { skipWithout } from '../support/programs.ts';
import { assertReadsWell, LANGUAGES } from '../support/reads-well.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
const PROGRAM = join(ROOT, 'apps/cli/src/main.ts');
const WEAK = join(ROOT, 'test/support/weak-attacks.ts');
/** A city is founded for each run; the time limit of the test decides. */
const ENDLESS = { timeout: 0 };

type Listed = { readonly attacks: readonly { readonly attack: string; readonly tried: string; readonly rule: string }[] };

describe('the attack desk', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-attacks-'));
  const data = join(folder, 'city');
  let city: CityProcess;
  let browser: Browser;
  let listed: Listed = { attacks: [] };

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    city = await CityProcess.start(data, undefined, ['--attack-desk', PROGRAM]);
    browser = await openBrowser();
    listed = JSON.parse((await runCommand(['attack', 'list', '--json'])).stdout) as Listed;
  });

  after(async () => {
    delete process.env['OPPIDUM_PAGES'];
    await browser?.close();
    await city?.end('SIGTERM');
    assert.equal(existsSync(join(data, 'demo', 'attacks')), false, 'a city that stops leaves nothing of an attack');
    rmSync(folder, { recursive: true });
  });

  const openDesk = async (context: BrowserContext, lang = 'en', http = city.http): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${http}/?lang=${lang}#/attacks`);
    await page.waitForSelector('[data-attack]');
    return page;
  };

  test('all that are listed are carried out; each is stopped, and the browser says of the evidence what was said beside the attack', async () => {
    const context = await browser.newContext({ locale: 'en-US', acceptDownloads: true });
    const page = await openDesk(context);
    const cards = page.locator('[data-attack]');
    assert.deepEqual(
      await cards.evaluateAll((all) => all.map((card) => (card as never as { dataset: { attack: string } }).dataset.attack)),
      listed.attacks.map(({ attack }) => attack),
    );
    for (const { tried } of listed.attacks)
      assert.ok(
        (await cards.allTextContents()).some((text) => text.includes(tried)),
        tried,
      );
    await page.click('text=Carry out all');
    await page.waitForSelector('[data-standing=running]', ENDLESS);
    writeFileSync(join(SHOTS, 'attack-desk-running.png'), await page.screenshot());
    await page.waitForSelector('[data-result=done]', ENDLESS);
    const standings = await cards.evaluateAll((all) =>
      all.map((card) => (card as never as { dataset: { standing: string } }).dataset.standing),
    );
    assert.ok(
      standings.every((standing) => standing === 'prevented' || standing === 'detected'),
      standings.join(' '),
    );
    await page.waitForSelector('text=No attack succeeded.');
    const exhibits = page.locator('.exhibit');
    const count = await exhibits.count();
    assert.ok(count >= 5, `${count} pieces of evidence`);
    await page.waitForFunction(`document.querySelectorAll('.exhibit[data-verdict]').length === ${count}`);
    for (const text of await exhibits.allTextContents()) assert.match(text, /The same as beside the attack: [A-Z_]+\./);
    writeFileSync(join(SHOTS, 'attack-desk-done.png'), await page.screenshot({ fullPage: true }));

    // What is saved here says elsewhere what it says here.
    const save = async (selector: string, name: string): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
      const path = join(folder, name);
      await download.saveAs(path);
      return path;
    };
    const policy = await save('a[download="attacked.policy"]', 'attacked.policy');
    const fork = await save('a[download$=".fork"]', 'two.fork');
    const said = await runCommand(['verify', fork, '--policy', policy]);
    assert.equal(said.code, 6, said.stdout);
    const proven = page.locator('.exhibit[data-verdict=OK]:has(a[download$=".evidence"])').first();
    const name = (await proven.locator('a').first().getAttribute('download')) ?? assert.fail();
    const evidence = await save(`.exhibit[data-verdict=OK] a[download="${name}"]`, 'one.evidence');
    const offline = await context.newPage();
    await offline.goto(`${city.http}/verify#lang=en`);
    await offline.fill('#policy-text', readFileSync(policy, 'utf8'));
    await offline.setInputFiles('#evidence-file', evidence);
    await offline.waitForSelector('.verdict code:text-is("OK")');
    await context.close();
  });

  // What the last run left on the desk is the same in every language.
  test('reads well in four languages: no serious finding, nothing wider than a phone, nothing asked elsewhere', async () => {
    for (const lang of LANGUAGES) {
      await assertReadsWell(browser, { http: city.http, address: '#/attacks', lang, name: 'attack-desk' }, async (page) => {
        await page.waitForSelector('.exhibit[data-verdict]', ENDLESS);
        const english = await page.locator('.told[lang=en]').allTextContents();
        assert.equal(english.length > listed.attacks.length * 3, lang === 'en', english.join('\n'));
        if (lang !== 'en') assert.deepEqual(english, [], 'every sentence of an attack is said in the language of the page');
      });
    }
  });

  test('one is carried out and the desk cleared by the keyboard alone', async () => {
    await fetch(`${city.http}/api/v1/attacks`, { method: 'DELETE' });
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await openDesk(context);
    const tabTo = async (what: string, isThere: string): Promise<void> => {
      for (let i = 0; i < 120 && !(await page.evaluate(isThere)); i++) await page.keyboard.press('Tab');
      assert.ok(await page.evaluate(isThere), what);
    };
    const { attack } = listed.attacks.at(-1) as Listed['attacks'][number];
    await tabTo('its button', `document.activeElement?.getAttribute('aria-describedby') === 'attack-${attack}'`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-result=done]', ENDLESS);
    assert.equal(await page.locator('[data-standing=prevented], [data-standing=detected]').count(), 1);
    await page.evaluate("document.querySelector('a[href], button')?.focus()");
    await tabTo('clearing', "document.activeElement?.textContent === 'Clear the desk'");
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-result]', { state: 'detached' });
    assert.equal(existsSync(join(data, 'demo', 'attacks')), false);
    await context.close();
  });

  test('an attack that succeeds is called so, plainly', async () => {
    const weak = await CityProcess.start(join(folder, 'weak'), undefined, ['--attack-desk', WEAK]);
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await openDesk(context, 'en', weak.http);
    await page.click('[data-attack=hijacked-controller] button');
    await page.waitForSelector('[data-result=done]', ENDLESS);
    await page.waitForSelector('[data-attack=hijacked-controller][data-standing=succeeded]');
    await page.waitForSelector('[role=alert]:has-text("Attacks that succeeded: 1.")');
    assert.equal(await page.locator('text=No attack succeeded.').count(), 0);
    writeFileSync(join(SHOTS, 'attack-desk-succeeded.png'), await page.screenshot({ fullPage: true }));
    await context.close();
    await weak.end('SIGKILL');
  });

  test('a city without a desk says so', () =>
    assertDeskMissed(browser, join(folder, 'plain'), '#/attacks', 'This city has no attack desk'));

  test('`oppidum start` opens the desk with its simulated town and not with --no-demo', () =>
    assertDeskStarted(folder, '/api/v1/attacks'));

  test('after all of it nothing of the city is damaged, and none of its lines is of an attack', async () => {
    const policy = readFileSync(join(data, 'city.policy'), 'utf8');
    assert.equal(policy.includes('attacked.example'), false);
    await city.end('SIGTERM');
    const { code, stdout } = await runCommand(['fsck', '--data', data]);
    assert.equal(code, 0, stdout);
  });
});
