/** The offline verifier in a real browser, from its file, with the network off: the same verdicts as everywhere, and nothing asked. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseHex } from '@oppidum/formats/bytes';
import { encodeEvidenceCodes } from '@oppidum/formats/evidence-codes';
import type { Browser, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { watchRequests, withBrowser } from '../support/browser.ts';
import { skipWithout } from '../support/programs.ts';
import { LANGUAGES, pixelsTooWide } from '../support/reads-well.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, '.cache/pages/verify.html');
const SHOTS = join(ROOT, '.cache/screenshots');

type Vector = {
  readonly why: string;
  readonly policy: string;
  readonly file: string;
  readonly verdict: string;
  readonly former?: unknown;
  readonly seen?: unknown;
};
type Vectors = { readonly policies: Readonly<Record<string, string>>; readonly cases: readonly Vector[] };

const vectorsOf = (name: string): Vectors => JSON.parse(readFileSync(join(ROOT, 'vectors/evidence', name), 'utf8')) as Vectors;

/** The page, opened from its file with the network off. */
async function openPage(browser: Browser, options: { lang?: string; width?: number; dark?: boolean } = {}): Promise<Page> {
  const { lang = 'en', width = 1200, dark = false } = options;
  const context = await browser.newContext({
    offline: true,
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  const page = await context.newPage();
  await page.goto(`${pathToFileURL(PAGE).href}#lang=${lang}`);
  return page;
}

async function give(page: Page, policy: string, evidence: string): Promise<void> {
  await page.fill('#policy-text', policy);
  await page.fill('#evidence-text', evidence);
}

const verdictOf = (page: Page): Promise<string | null> => page.textContent('.verdict code');

describe('the offline verifier', { skip: skipWithout('chromium') }, () => {
  before(() => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
  });

  test('gives every evidence vector the verdict of the command line', async (t) => {
    let count = 0;
    await withBrowser(async (browser) => {
      const page = await openPage(browser);
      const asked = watchRequests(page);
      const troubles: string[] = [];
      page.on('pageerror', ({ message }) => troubles.push(message));
      for (const file of globSync('*.json', { cwd: join(ROOT, 'vectors/evidence') })) {
        const { policies, cases } = vectorsOf(basename(file));
        // What a verifier remembers from before is no part of this page.
        for (const { why, policy, file: evidence, verdict } of cases.filter(
          ({ former, seen }) => former === undefined && seen === undefined,
        )) {
          await give(page, policies[policy] ?? '', evidence);
          assert.equal(await verdictOf(page), verdict, why);
          const advice = await page.locator('.verdict:has-text("What to do:")').count();
          assert.equal(advice, verdict === 'OK' ? 0 : 1, 'what to do, where there is something to do');
          count++;
        }
      }
      assert.deepEqual([asked, troubles], [[], []]);
    });
    assert.ok(count > 30, `${count} vectors`);
    t.diagnostic(`${count} vectors`);
  });

  test('an order to a machine: issued by the city, amber because nobody has the keys of its zone here', async () => {
    type OrderVectors = { readonly pinned: { readonly policy: string }; readonly cases: readonly { readonly order: string }[] };
    const { pinned, cases } = JSON.parse(readFileSync(join(ROOT, 'vectors/orders/orders.json'), 'utf8')) as OrderVectors;
    await withBrowser(async (browser) => {
      const page = await openPage(browser, { width: 390 });
      await give(page, pinned.policy, cases[0]?.order ?? '');
      assert.equal(await verdictOf(page), 'STATUS_UNKNOWN_OFFLINE');
      const facts = (await page.textContent('.facts')) ?? '';
      for (const fact of ['gate/lamp 60', '30 s', 'ordinary']) assert.ok(facts.includes(fact), facts);
      await page.screenshot({ path: join(SHOTS, 'verify-order.png'), fullPage: true });
    });
  });

  test('takes JSON, base64, QR texts and files, and says what it cannot take', async () => {
    const { policies, cases } = vectorsOf('readings.json');
    const { policy, file } = cases.find(({ verdict }) => verdict === 'OK') as Vector;
    const bytes = parseHex(file);
    const codes = encodeEvidenceCodes(crypto, bytes);
    await withBrowser(async (browser) => {
      const page = await openPage(browser);
      await page.fill('#policy-text', policies[policy] ?? '');
      for (const text of [Buffer.from(bytes).toString('base64'), codes.toReversed().join('\n')]) {
        await page.fill('#evidence-text', text);
        assert.equal(await verdictOf(page), 'OK');
      }
      await page.fill('#evidence-text', codes[0] ?? '');
      assert.match((await page.textContent('#verdict')) ?? '', /missing.*1\/3/);
      await page.fill('#evidence-text', 'nonsense, really');
      assert.match((await page.textContent('#verdict')) ?? '', /neither JSON/);
      await page.fill('#evidence-text', '{"version":1}');
      assert.equal(await verdictOf(page), 'UNREADABLE');
      const input = (buffer: Buffer) => ({ name: 'x.evidence', mimeType: '', buffer });
      await page.setInputFiles('#evidence-file', input(Buffer.from(bytes)));
      await page.waitForSelector('.verdict code:text-is("OK")');
      await page.setInputFiles('#evidence-file', input(Buffer.alloc(9_000_000)));
      await page.waitForSelector('#verdict .problem');
      await page.fill('#policy-text', 'log nonsense');
      assert.match((await page.textContent('#policy-state')) ?? '', /not the policy file/);
      assert.equal(await page.locator('.verdict').count(), 0, 'nothing is believed without a policy');
    });
  });

  test('remembers the policy only when asked, and forgets it', async () => {
    const { policies, cases } = vectorsOf('readings.json');
    const [{ policy }] = cases as [Vector];
    await withBrowser(async (browser) => {
      const page = await openPage(browser);
      await page.fill('#policy-text', policies[policy] ?? '');
      await page.reload();
      assert.match((await page.textContent('#policy-state')) ?? '', /No policy yet/);
      await page.fill('#policy-text', policies[policy] ?? '');
      await page.click('#remember');
      await page.reload();
      assert.match((await page.textContent('#policy-state')) ?? '', /SHA-256/);
      await page.click('#forget');
      await page.reload();
      assert.match((await page.textContent('#policy-state')) ?? '', /No policy yet/);
    });
  });

  for (const lang of LANGUAGES) {
    test(`reads well in ${lang}: no serious finding, nothing wider than a phone, pictures kept`, async () => {
      const { policies, cases } = vectorsOf('readings.json');
      await withBrowser(async (browser) => {
        for (const [width, dark] of [
          [1200, false],
          [1200, true],
          [390, false],
          [390, true],
        ] as const) {
          const page = await openPage(browser, { lang, width, dark });
          for (const verdict of ['OK', 'SIGNATURE_INVALID']) {
            const { policy, file } = cases.find((each) => each.verdict === verdict) as Vector;
            await give(page, policies[policy] ?? '', file);
            const name = `verify-${lang}-${width}-${dark ? 'dark' : 'light'}-${verdict}.png`;
            writeFileSync(join(SHOTS, name), await page.screenshot({ fullPage: true }));
            assert.deepEqual(await seriousFindings(page), [], name);
            const overflow = await pixelsTooWide(page);
            assert.equal(overflow, 0, `${name} scrolls sideways`);
          }
          assert.equal(await page.evaluate('document.documentElement.dir'), lang === 'ar' ? 'rtl' : 'ltr');
          await page.context().close();
        }
      });
    });
  }

  test('is reached by the keyboard alone', async () => {
    await withBrowser(async (browser) => {
      const page = await openPage(browser);
      const reached: string[] = [];
      for (let i = 0; i < 8; i++) {
        await page.keyboard.press('Tab');
        reached.push(await page.evaluate<string>("document.activeElement?.id ?? ''"));
      }
      for (const id of ['language', 'policy-file', 'policy-text', 'evidence-file', 'evidence-text'])
        assert.ok(reached.includes(id), id);
    });
  });
});
