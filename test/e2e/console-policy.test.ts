/** A browser that pinned a policy, and a city whose council has really changed it, twice: led on by what is proven alone, and never back. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { changePolicy } from '../support/policy-change.ts';
import { skipWithout } from '../support/programs.ts';
import { envelopeOf, execute, freshAccount } from '../support/running-city.ts';
import { openDoors, type RunningDoors } from '../support/running-gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGES = join(ROOT, '.cache/pages');
const CHECK = 'button:has-text("Check here")';

describe('a policy that the city has replaced, in a browser that pinned it before', { skip: skipWithout('chromium') }, () => {
  let doors: RunningDoors;
  let browser: Browser;
  /** In the order of their terms; the last is in force. */
  let policies: readonly [Bytes, Bytes, Bytes];
  /** A transaction of the first term and one of the last. */
  let [old, recent] = ['', ''];
  /** Evidence of the old one, of the first term. */
  let kept = Buffer.alloc(0);

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    doors = await openDoors({ pages: PAGES });
    browser = await openBrowser();
    const { client } = doors.city;
    const first = client.policyFile();
    old = await transact();
    await client.checkpointOf(client.head().logSize);
    kept = Buffer.from(await (await fetch(`${doors.gateway.http}/api/v1/evidence/${old}`)).arrayBuffer());
    const second = await changePolicy(doors.city, 2);
    policies = [first, second, await changePolicy(doors.city, 3)];
    recent = await transact();
    await client.checkpointOf(client.head().logSize);
  });

  after(async () => {
    await browser?.close();
    await doors?.close();
  });

  const transact = async (): Promise<string> => {
    const { client, operator } = doors.city;
    return toHex((await execute(client, envelopeOf(client, operator, [freshAccount().action]))).id);
  };

  const goTo = async (page: Page, address: string): Promise<void> => {
    await page.goto(`${doors.gateway.http}/?lang=en#/city`);
    await page.goto(`${doors.gateway.http}/?lang=en${address}`);
    await page.locator('main h1').waitFor();
  };

  /** A browser in which somebody pinned this policy from a file. */
  const pinned = async (policy: Bytes): Promise<{ readonly context: BrowserContext; readonly page: Page }> => {
    const context = await browser.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    await goTo(page, '#/trust');
    const buffer = Buffer.from(policy);
    await page.setInputFiles('input[type=file]', { name: 'city.policy', mimeType: 'text/plain', buffer });
    await page.waitForSelector('text=Pinned in this browser');
    return { context, page };
  };

  /** Hands on evidence of changes altered, or another list of them. */
  const forge = async (
    context: BrowserContext,
    alter: (honest: Buffer) => Buffer,
    path = '**/api/v1/policies/*',
  ): Promise<void> => {
    await context.route(path, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, body: alter(await answer.body()) });
    });
  };
  const followedIn = (page: Page): Promise<string | null> => page.evaluate("localStorage.getItem('oppidum.console.followed')");
  const check = async (page: Page, id: string, verdict: string): Promise<void> => {
    await goTo(page, `#/transaction/${id}`);
    await page.click(CHECK);
    await page.locator(`.verdict code:text-is("${verdict}")`).waitFor();
  };

  test('"Check here" goes the proven way by itself, says so, and remembers it', async () => {
    const { context, page } = await pinned(policies[0]);
    await check(page, recent, 'OK');
    await page.waitForSelector('.verdict.green');
    await page.waitForSelector('text=your browser followed the change');
    const digest = toHex(crypto.sha256(policies[0]));
    assert.deepEqual(JSON.parse((await followedIn(page)) ?? ''), [digest, ...policies.slice(1).map(parseUtf8)]);
    // Known from now on: nothing is asked again.
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await check(page, recent, 'OK');
    assert.equal(await page.locator('text=your browser followed the change').count(), 0);
    assert.deepEqual(
      asked.filter((path) => path.startsWith('/api/v1/policies')),
      [],
    );
    await context.close();
  });

  test('the page of trust says that another policy is served, and follows it when asked', async () => {
    const { context, page } = await pinned(policies[0]);
    await page.waitForSelector('text=serves another policy');
    await page.click('button:has-text("Follow the changes")');
    await page.waitForSelector('text=followed since, each proven under the one before: 2');
    assert.equal(await page.locator('text=serves another policy').count(), 0);
    assert.equal(await page.evaluate("localStorage.getItem('oppidum.console.policy')"), parseUtf8(policies[0]), 'still pinned');
    await context.close();
  });

  test('a forged successor is refused by name, nothing is remembered, nothing is green, and the way is shown', async () => {
    const { context, page } = await pinned(policies[0]);
    for (const place of [0, 0.1, 0.5, 0.97]) {
      await forge(context, (honest) => {
        const at = Math.floor(honest.length * place);
        honest[at] = (honest[at] ?? 0) ^ 1;
        return honest;
      });
      await goTo(page, `#/transaction/${recent}`);
      await page.click(CHECK);
      await page.waitForSelector('.verdict.red');
      await page.waitForSelector('text=evidence of a change that does not hold');
      assert.equal(await page.locator('.green:visible').count(), 0);
      await page.click('text=Your policy does not lead to these signatures >> a');
      await page.click('button:has-text("Follow the changes")');
      await page.waitForSelector('text=evidence of a change that does not hold');
      assert.equal(await followedIn(page), null, `byte at ${place}`);
      await context.unroute('**/api/v1/policies/*');
    }
    await context.close();
  });

  test('a city that hides its changes, or gives none, leaves the pinned policy as it was and says where to go on', async () => {
    const { context, page } = await pinned(policies[0]);
    const none = Buffer.from(JSON.stringify({ items: [], next: null }));
    for (const answer of [() => none, () => Buffer.from('no list at all')]) {
      await forge(context, answer, '**/api/v1/policies?*');
      await check(page, recent, 'QUORUM_MISSING');
      await page.waitForSelector('text=Your policy does not lead to these signatures');
      assert.equal(await followedIn(page), null);
      await context.unroute('**/api/v1/policies?*');
    }
    await context.close();
  });

  test('who trusts a later policy is never led back, whatever is served and whatever lies in storage', async () => {
    const { context, page } = await pinned(policies[0]);
    await check(page, recent, 'OK');
    await forge(context, () => Buffer.from(policies[0]), '**/city.policy');
    await goTo(page, '#/trust');
    await page.reload();
    await page.waitForSelector('text=serves another policy');
    await page.click('button:has-text("Follow the changes")');
    await page.waitForSelector('text=no evidence that leads on from your policy');
    await page.waitForSelector('text=followed since, each proven under the one before: 2');
    await check(page, old, 'OK');
    // What was true in the first term, under a head of then, is told as the past.
    await forge(context, () => kept, '**/api/v1/evidence/*');
    await check(page, old, 'CHECKPOINT_OLD');
    assert.equal(await page.locator('.green:visible').count(), 0);
    await context.close();
    // The middle one alone, as its own first policy: one step, forward.
    const middle = await pinned(policies[1]);
    await check(middle.page, recent, 'OK');
    assert.deepEqual(JSON.parse((await followedIn(middle.page)) ?? '').slice(1), [parseUtf8(policies[2])]);
    await middle.context.close();
  });
});
