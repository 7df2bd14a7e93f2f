/** The console of a city of four validators, each under a real CometBFT: who decides, who cosigned, and what a browser makes of it. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { runCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { firstAnchoredReading, type StartedCity, startCluster } from '../support/started-city.ts';

/** However busy the machine is. */
const STEP_MS_MAX = 120_000;

describe('the console of a cluster', { skip: skipWithout('cometbft') || skipWithout('chromium'), timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-console-cluster-'));
  let city: StartedCity;
  let browser: Browser;
  let page: Page;

  before(async () => {
    const data = join(folder, 'city');
    const made = await runCommand(['cluster', 'init', '--data', data, '--p2p-port', String(await freePorts(4))]);
    assert.equal(made.code, 0, made.stderr);
    city = await startCluster(data);
    browser = await openBrowser();
    page = await browser.newPage({ locale: 'en-US' });
    page.setDefaultTimeout(STEP_MS_MAX);
  });

  after(async () => {
    await browser?.close();
    await city?.stop();
    rmSync(folder, { recursive: true });
  });

  const open = (address: string, lang = 'en') => page.goto(`${city.api}/?lang=${lang}${address}`);

  test('the ledger names the engine, and no quorum before a policy is pinned', async () => {
    await open('#/ledger');
    await page.waitForSelector('.card >> text=CometBFT: validators agree on every block');
    await page.waitForSelector('text=Nobody checked these signatures here');
    assert.equal(await page.locator('.card >> text=cosigned,').count(), 0);
  });

  test('with one it says how many cosigned, how many must, and how many may fail', async () => {
    await open('#/trust');
    await page.click('button:has-text("Pin the policy")');
    await page.waitForSelector('text=Pinned in this browser');
    await open('#/ledger');
    await page.waitForSelector('text=/[34] of 4 cosigned, 3 must\\. While no more than 1 fails or lies/');
    await page.waitForSelector('text=the quorum of your pinned policy cosigned');
    assert.ok((await page.locator('.card tbody tr:has-text("validator-")').count()) >= 3);
    await open('#/ledger', 'ar');
    await page.waitForSelector('text=/وقّع [34] من 4، والمطلوب 3/');
  });

  test('a reading is proven here by the signatures of three of them', async () => {
    const { id } = await firstAnchoredReading(city.api);
    await open(`#/reading/${id}`);
    await page.click('button:has-text("Check here")');
    await page.waitForSelector('.verdict.green code:text-is("OK")');
    await page.waitForSelector('text=/cosigned by validator-\\d, validator-\\d, validator-\\d/');
  });
});
