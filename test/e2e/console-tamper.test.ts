/** The tamper desk in a real browser: every alteration is played on a copy of a running city, and who should notice does, by its code. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { CityProcess, listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { assertDeskMissed, assertDeskStarted } from '../support/desks.ts';
import { skipWithout } from '../support/programs.ts';
import { assertReadsWell, LANGUAGES } from '../support/reads-well.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');

type Seen = {
  /** Caught or not, of fsck, verifier and witness. */
  readonly caught: readonly [fsck: boolean, verifier: boolean, witness: boolean];
  /** Codes that stand on the page. */
  readonly codes: readonly string[];
  /** Logs whose signer is convicted. */
  readonly forks: string;
};

const CONFLICT = 'WITNESS_CONFLICT';
/** Every alteration at its lowest and highest depth that differ; `services/telemetry/src/tamper/play.test.ts` plays all of them. */
const CASES: readonly (readonly [what: string, depth: string, seen: Seen])[] = [
  ['alter', 'bytes', { caught: [true, true, false], codes: ['ENTRY_DAMAGED', 'NOT_IN_LOG'], forks: '' }],
  ['alter', 'shard', { caught: [true, true, true], codes: ['LAST_SIGNED_CONFLICT', 'NOT_IN_LOG', CONFLICT], forks: 'shard' }],
  ['drop', 'bytes', { caught: [true, true, false], codes: ['ENTRY_DAMAGED'], forks: '' }],
  ['drop', 'city', { caught: [false, true, true], codes: [CONFLICT], forks: 'city shard' }],
  ['reorder', 'bytes', { caught: [true, true, false], codes: ['ENTRY_DAMAGED', 'NOT_IN_LOG'], forks: '' }],
  ['reorder', 'city', { caught: [false, true, true], codes: ['LOG_INCONSISTENT', CONFLICT], forks: 'city shard' }],
  [
    'checkpoint',
    'bytes',
    { caught: [true, true, true], codes: ['CHECKPOINT_DAMAGED', 'SIGNATURE_INVALID', 'WITNESS_REFUSED'], forks: 'city' },
  ],
  ['checkpoint', 'city', { caught: [true, true, true], codes: ['CHECKPOINT_DAMAGED', 'NOT_IN_LOG', CONFLICT], forks: 'city' }],
];

describe('the tamper desk', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-tamper-'));
  const data = join(folder, 'city');
  let city: CityProcess;
  let browser: Browser;
  let reading = '';

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    city = await CityProcess.start(data, undefined, ['--tamper-desk']);
    browser = await openBrowser();
    const rows = Array.from({ length: 24 }, (_, i) => `2026-01-01T00:${String(i).padStart(2, '0')}:00Z,${i},${40 - i}`);
    const file = join(folder, 'levels.csv');
    writeFileSync(file, `time,flow,level\n${rows.join('\n')}\n`);
    const replayed = await runCommand(['replay', file, '--pack', '4', '--api', city.http, '--data', data]);
    assert.equal(replayed.code, 0, replayed.stderr);
    await until('readings are anchored', async () => {
      const listed = await listReadings(city.http);
      // Not the last: what stands behind a dropped one is still anchored then.
      reading = listed.at(5)?.id ?? '';
      return listed.length === 12 && listed.every(({ anchored }) => anchored);
    });
  });

  after(async () => {
    delete process.env['OPPIDUM_PAGES'];
    await browser?.close();
    await city?.end('SIGTERM');
    assert.equal(existsSync(join(data, 'demo', 'tamper')), false, 'a city that stops takes the copy with it');
    rmSync(folder, { recursive: true });
  });

  const openDesk = async (context: BrowserContext, lang = 'en'): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${city.http}/?lang=${lang}#/tamper/${reading}`);
    await page.waitForSelector(`input[name=reading][value="${reading}"]`);
    return page;
  };

  const playGame = async (page: Page, what: string, depth: string): Promise<void> => {
    await page.check(`input[name=what][value=${what}]`);
    await page.check(`input[name=depth][value=${depth}]`);
    await page.click('button[type=submit].main');
    await page.waitForSelector('[role=status] .stages');
    await page.waitForSelector('[data-judge=witness]', { timeout: 60_000 });
    await page.waitForSelector('[data-judge=verifier]');
  };

  test('every alteration, as deep as can be, is caught by who can, and by nobody else', async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await openDesk(context);
    for (const [what, depth, { caught, codes, forks }] of CASES) {
      await playGame(page, what, depth);
      const seen = await page
        .locator('[data-judge]')
        .evaluateAll((cards) => cards.map((card) => (card as never as { dataset: { caught: string } }).dataset.caught === 'yes'));
      assert.deepEqual(seen, caught, `${what} ${depth}`);
      const shown = await page.locator('main code').allTextContents();
      for (const code of codes) assert.ok(shown.includes(code), `${what} ${depth}: ${code} is not among ${shown.join(' ')}`);
      const convicted = page.locator('[data-forks]');
      assert.equal((await convicted.count()) === 0 ? '' : await convicted.getAttribute('data-forks'), forks, `${what} ${depth}`);
      writeFileSync(join(SHOTS, `tamper-${what}-${depth}.png`), await page.screenshot({ fullPage: true }));
    }
    await context.close();
  });

  // What the last game left on the desk is the same in every language.
  test('reads well in four languages: no serious finding, nothing wider than a phone, nothing asked elsewhere', async () => {
    for (const lang of LANGUAGES) {
      const view = { http: city.http, address: `#/tamper/${reading}`, lang, name: 'console-tamper' };
      await assertReadsWell(browser, view, async (page) => {
        await page.waitForSelector('[data-judge=verifier]');
        await page.waitForSelector(`input[name=reading][value="${reading}"]`);
      });
    }
  });

  test('files of a game say elsewhere what they say here; then it is put back and the city is whole', async () => {
    const context = await browser.newContext({ locale: 'en-US', acceptDownloads: true });
    const page = await openDesk(context);
    await playGame(page, 'reorder', 'city');
    await page.waitForSelector('.problem:has-text("Give none of them to witnesses of the living city")');
    const save = async (name: string): Promise<Uint8Array> => {
      const [download] = await Promise.all([page.waitForEvent('download'), page.click(`a[download="${name}"]`)]);
      const path = join(folder, name);
      await download.saveAs(path);
      return new Uint8Array(readFileSync(path));
    };
    const policy = parseCityPolicy(crypto, new Uint8Array(readFileSync(join(data, 'city.policy'))));
    const [now, earlier] = [await save('tampered.evidence'), await save('earlier.evidence')];
    assert.deepEqual(
      [now, earlier].map((file) => verifyEvidence(crypto, file, { policy }).verdict),
      ['OK', 'OK'],
    );
    const told = JSON.parse(new TextDecoder().decode(await save('fork.json'))) as { forks: { log: string }[] };
    assert.deepEqual(
      told.forks.map(({ log }) => log),
      ['city', 'shard'],
    );
    const verify = (name: string, ...flags: readonly string[]) =>
      runCommand(['verify', join(folder, name), '--policy', join(data, 'city.policy'), ...flags]);
    assert.equal((await verify('tampered.evidence')).code, 0, 'by the policy alone the second story is as good as the first');
    // Who remembers the honest head refuses it.
    const memory = ['--seen', join(folder, 'heads.txt')];
    assert.equal((await verify('earlier.evidence', ...memory)).code, 0);
    const refused = await verify('tampered.evidence', ...memory);
    assert.deepEqual([refused.code, /LOG_INCONSISTENT/.test(refused.stdout)], [3, true], refused.stdout);
    assert.ok(existsSync(join(data, 'demo/tamper/city/oppidum.json')));
    await page.click('button:has-text("Put it back")');
    await page.waitForSelector('[data-judge]', { state: 'detached' });
    assert.equal(existsSync(join(data, 'demo', 'tamper')), false);
    await context.close();
  });

  test('is played by the keyboard alone', async () => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await openDesk(context);
    const focus = (name: string) => page.evaluate(`document.activeElement?.getAttribute('name') === '${name}'`);
    const tabTo = async (isThere: () => Promise<unknown>): Promise<void> => {
      for (let i = 0; i < 60 && !(await isThere()); i++) await page.keyboard.press('Tab');
      assert.ok(await isThere());
    };
    await tabTo(() => focus('what'));
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.isChecked('input[name=what][value=drop]'), true);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-judge=fsck][data-caught=yes]', { timeout: 60_000 });
    await tabTo(() => page.evaluate("document.activeElement?.textContent === 'Put it back'"));
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-judge]', { state: 'detached' });
    await context.close();
  });

  test('a city without a desk says so', () =>
    assertDeskMissed(browser, join(folder, 'plain'), '#/tamper', 'This city has no tamper desk'));

  test('`oppidum start` opens the desk with its simulated town and not with --no-demo', () =>
    assertDeskStarted(folder, '/api/v1/tamper'));

  test('after all of it nothing of the city is damaged', async () => {
    await city.end('SIGTERM');
    const { code, stdout } = await runCommand(['fsck', '--data', data]);
    assert.equal(code, 0, stdout);
  });
});
