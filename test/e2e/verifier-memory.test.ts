/** What the offline verifier takes beside a policy and remembers when asked: successors of the policy, and heads that it believed. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import type { Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { withBrowser } from '../support/browser.ts';
import { nodeCrypto } from '../support/crypto.ts';
import { EvidenceCity } from '../support/evidence.ts';
import { skipWithout } from '../support/programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, '.cache/pages/verify.html');

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fileOf = (policy: Policy): string => Buffer.from(encodePolicy(nodeCrypto, policy)).toString();

describe('the offline verifier remembers', { skip: skipWithout('chromium') }, () => {
  before(() => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
  });

  const withPage = (use: (page: Page) => Promise<void>): Promise<void> =>
    withBrowser(async (browser) => {
      const page = await (await browser.newContext({ offline: true })).newPage();
      await page.goto(`${pathToFileURL(PAGE).href}#lang=en`);
      await use(page);
    });
  const verdictOf = (page: Page): Promise<string | null> => page.textContent('.verdict code');

  test('successors by paste, in any order, and by reload; what leads nowhere is told', async () => {
    const city = new EvidenceCity({ validatorCount: 1 });
    const first = city.changePolicy('second', 4);
    const second = city.changePolicy('third', 4);
    const [one, two] = [hex(encodeEvidence(first.announced)), hex(encodeEvidence(second.announced))];
    const index = city.keep(city.sign(1));
    const evidence = hex(encodeEvidence(city.proveReading(index, city.anchor())));
    await withPage(async (page) => {
      await page.fill('#policy-text', fileOf(first.former));
      await page.fill('#evidence-text', evidence);
      assert.equal(await verdictOf(page), 'QUORUM_MISSING', 'the first policy does not know the third');
      await page.click('summary');
      await page.fill('#successor-text', two);
      assert.match((await page.textContent('#policy-state')) ?? '', /does not prove a successor/);
      await page.fill('#successor-text', `${two}\n\n${one}\n`);
      assert.match((await page.textContent('#policy-state')) ?? '', /followed: 2/);
      assert.equal(await verdictOf(page), 'OK');
      assert.deepEqual(await seriousFindings(page), []);
      await page.click('#remember');
      await page.reload();
      assert.match((await page.textContent('#policy-state')) ?? '', /followed: 2/);
      await page.click('summary');
      await page.fill('#successor-text', 'nonsense, really');
      assert.match((await page.textContent('#verdict')) ?? '', /neither JSON/);
    });
  });

  test('an older head is noted, another history of one is refused, and forgetting forgets', async () => {
    const city = new EvidenceCity({ validatorCount: 1 });
    const keep = (): Uint8Array => encodeEvidence(city.proveReading(city.keep(city.sign(city.shardLog.size + 1)), city.anchor()));
    const [older, newer] = [hex(keep()), hex(keep())];
    await withPage(async (page) => {
      await page.fill('#policy-text', fileOf(city.policy));
      await page.click('#remember');
      for (const [evidence, isOlder] of [
        [older, false],
        [newer, false],
        [older, true],
      ] as const) {
        await page.fill('#evidence-text', evidence);
        assert.equal(await verdictOf(page), 'OK');
        assert.equal(/older checkpoint/.test((await page.textContent('#verdict')) ?? ''), isOlder);
      }
      await page.evaluate(`(() => {
        const heads = JSON.parse(localStorage.getItem('oppidum.verifier.heads'));
        localStorage.setItem('oppidum.verifier.heads', JSON.stringify(heads.map((line, i) => i === 0 ? line : line.split(' ')[0] + ' ' + '0'.repeat(64))));
      })()`);
      await page.fill('#evidence-text', '');
      await page.fill('#evidence-text', newer);
      assert.equal(await verdictOf(page), 'LOG_INCONSISTENT');
      await page.click('#forget');
      assert.equal(await verdictOf(page), 'OK');
      assert.equal(await page.evaluate('localStorage.length'), 0);
    });
  });

  test('heads of one policy refute nothing under another that a second tab remembers', async () => {
    const [one, other] = [new EvidenceCity({ validatorCount: 1 }), new EvidenceCity({ validatorCount: 4 })];
    const evidenceOf = (city: EvidenceCity): string =>
      hex(encodeEvidence(city.proveReading(city.keep(city.sign(1)), city.anchor())));
    await withPage(async (page) => {
      const second = await page.context().newPage();
      await second.goto(`${pathToFileURL(PAGE).href}#lang=en`);
      for (const [tab, city] of [
        [page, one],
        [second, other],
      ] as const) {
        await tab.fill('#policy-text', fileOf(city.policy));
        await tab.click('#remember');
      }
      // The first page has forgotten nothing, yet what is remembered is no longer what it believes.
      await page.fill('#evidence-text', evidenceOf(one));
      assert.equal(await verdictOf(page), 'OK');
      await second.fill('#evidence-text', evidenceOf(other));
      assert.equal(await verdictOf(second), 'OK');
      assert.doesNotMatch((await second.textContent('#verdict')) ?? '', /older checkpoint/);
    });
  });
});
