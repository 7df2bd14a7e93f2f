/**
 * Dangerous acts in the console of a city whose council is two of three: prepared here, signed apart by the command line and on the offline
 * page, taken back, checked, executed. And answers that sign something else.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { toHex } from '@oppidum/formats/bytes';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser, watchRequests } from '../support/browser.ts';
import { CityProcess, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { action, type Council, makeCouncil, PASSPHRASE, propose } from '../support/council-city.ts';
import { skipWithout } from '../support/programs.ts';
import { assertReadsWell, LANGUAGES } from '../support/reads-well.ts';
import { freshBytes } from '../support/running-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');

describe('decisions in the console', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-decisions-'));
  const data = join(folder, 'city');
  const passphraseFile = join(folder, 'passphrase');
  let city: CityProcess;
  let browser: Browser;
  let council: Council;
  let context: BrowserContext;
  let page: Page;

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    writeFileSync(passphraseFile, `${PASSPHRASE}\n`, { mode: 0o600 });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    city = await CityProcess.start(data);
    council = await makeCouncil(city, data, folder);
    browser = await openBrowser();
    context = await browser.newContext({ locale: 'en-US', viewport: { width: 1200, height: 900 } });
    page = await context.newPage();
    // Pinned as a user of this browser would have pinned it.
    await page.addInitScript(
      (text) => localStorage.setItem('oppidum.console.policy', text),
      new TextDecoder().decode(council.policyFile),
    );
  });

  after(async () => {
    delete process.env['OPPIDUM_PAGES'];
    await browser?.close();
    await city?.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const open = async (argument = ''): Promise<void> => {
    await page.goto('about:blank');
    await page.goto(`${city.http}/?lang=en#/decisions${argument}`);
    await page.waitForSelector('main h1');
  };
  const named = (name: string): string => `[data-name="${name}"]`;
  /** Saves the request that was prepared. */
  const saveRequest = async (name: string): Promise<string> => {
    await page.waitForSelector(named('save-request'));
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(named('save-request'))]);
    const file = join(folder, name);
    writeFileSync(file, readFileSync((await download.path()) ?? ''));
    return file;
  };
  const signByCommand = (request: string, member: number, answer: string, more: readonly string[] = []) =>
    runCommand([
      ...['transaction', 'sign', request, '--key', council.members[member]?.keyFile ?? '', '--passphrase-file', passphraseFile],
      ...['--out', answer, '--yes', ...more],
    ]);
  /** Asks for the role of registrar for Clara, to be signed by a member. */
  const prepareGrant = async (signer: string): Promise<void> => {
    await page.selectOption(named('kind'), 'role/grant');
    await page.selectOption(named('account'), council.members[2].id);
    await page.selectOption(named('role'), 'registrar');
    await page.selectOption(named('signer'), signer);
    await until('the key of the signer is known', async () => {
      await page.click(named('prepare'));
      return (await page.locator('text=Something is missing').count()) === 0;
    });
  };
  const proposals = async (): Promise<readonly { id: string; status: string }[]> =>
    ((await (await fetch(`${city.http}/api/v1/proposals?limit=10`)).json()) as { items: { id: string; status: string }[] }).items;
  const rolesOf = async (account: string): Promise<readonly string[]> =>
    ((await (await fetch(`${city.http}/api/v1/accounts/${account}`)).json()) as { roles: { role: string }[] }).roles.map(
      ({ role }) => role,
    );

  test('a proposal is prepared here, signed by the command line, taken back and waits; the second approval, signed offline, decides', async () => {
    const [operator, ben, clara] = council.members;
    await open();
    await prepareGrant(operator.id);
    const request = await saveRequest('propose.request');
    assert.match((await page.textContent('main')) ?? '', /Give the role registrar.*to the account/s);
    writeFileSync(join(SHOTS, 'decisions-request-en.png'), await page.screenshot({ fullPage: true }));
    assert.deepEqual(await seriousFindings(page), []);

    // The command line shows the same words, and refuses the key of somebody else.
    const stranger = await signByCommand(request, 1, join(folder, 'none'));
    assert.deepEqual([stranger.code, /not one that the request asks for/.test(stranger.stderr)], [4, true], stranger.stderr);
    const answer = join(folder, 'propose.answer');
    const signed = await signByCommand(request, 0, answer);
    assert.equal(signed.code, 0, signed.stderr);
    assert.match(signed.stdout, /Put the proposal [0-9a-f]{64} before the body [0-9a-f]{64} \(council\)/);
    assert.match(signed.stdout, /DANGEROUS: Whoever holds a role/);
    assert.match(signed.stdout, new RegExp(`account: ${clara.id} \\(Clara\\)`));
    await page.setInputFiles(named('answer-file'), answer);
    await page.waitForSelector(`${named('outcome')}:has-text("still waits for others")`);
    const [made] = (await proposals()).filter(({ status }) => status === 'open');
    assert.deepEqual(await rolesOf(clara.id), []);

    // The second member, on the offline page.
    await open(`/${made?.id}`);
    await page.waitForSelector('text=Has not approved');
    await page.selectOption(named('signer'), ben.id);
    await page.click(`${named('approve')}:enabled`);
    const approval = await saveRequest('approve.request');
    const codes = await signOffline(approval, 1);
    await page.fill(named('answer-text'), codes);
    await page.click('button:has-text("Check and send")');
    await page.waitForSelector(`${named('outcome')}:has-text("Decided")`);
    writeFileSync(join(SHOTS, 'decisions-decided-en.png'), await page.screenshot({ fullPage: true }));
    assert.deepEqual(await rolesOf(clara.id), ['registrar']);
    await until('the page shows it', async () => (await page.locator('.state.executed').count()) > 0);
  });

  /** Signs a request on the offline page; the texts of the answer's codes. */
  const signOffline = async (request: string, member: number): Promise<string> => {
    const apart = await browser.newContext({ offline: true, locale: 'en-US' });
    const signer = await apart.newPage();
    const asked = watchRequests(signer);
    await signer.goto(pathToFileURL(join(ROOT, '.cache/pages/sign.html')).href);
    await signer.setInputFiles('#request-file', request);
    await signer.setInputFiles('#key-file', council.members[member]?.keyFile ?? '');
    await signer.fill('#passphrase', PASSPHRASE);
    await signer.click('#open-key');
    await signer.click('#sign');
    const codes = await signer.inputValue('#answer-text');
    assert.deepEqual(asked, []);
    await apart.close();
    return codes;
  };

  test('an answer to another request, or by another key, is not sent', async () => {
    const [operator] = council.members;
    await open();
    await prepareGrant(operator.id);
    const first = await saveRequest('first.request');
    await open();
    // Kept when the page was left.
    await page.waitForSelector('h2:has-text("Requests that wait for their answer")');
    await prepareGrant(operator.id);
    await saveRequest('second.request');
    const answer = join(folder, 'first.answer');
    assert.equal((await signByCommand(first, 0, answer)).code, 0);
    await page.setInputFiles(named('answer-file'), answer);
    await page.waitForSelector('.problem:has-text("ANSWER_OTHER")');
    await page.fill(named('answer-text'), 'AAAA');
    await page.click('button:has-text("Check and send")');
    await page.waitForSelector('.problem:has-text("This is no signed answer")');
    // By the command line the first is handed in all the same: the signature is the authority.
    const submitted = await runCommand(['transaction', 'submit', answer, '--api', city.http]);
    assert.equal(submitted.code, 0, submitted.stderr);
    assert.match(submitted.stdout, /proposal\/created/);
    const again = await runCommand(['transaction', 'submit', answer, '--api', city.http]);
    assert.equal(again.code, 0, 'a retry gets the first answer');
  });

  test('a city that prepares something else than it shows is found out where it is signed', async () => {
    const [operator, ben] = council.members;
    const proposal = freshBytes(32);
    const revoke = action('account/close', { account: ben.account });
    assert.equal(await council.act([propose(council.body, [revoke], proposal)], operator), 'OK');
    await page.route(`**/api/v1/proposals/${toHex(proposal)}`, async (route) => {
      const answer = await route.fetch();
      const told = (await answer.json()) as { actions: unknown; kinds: unknown };
      const harmless = [{ kind: 'parameter/set', body: { name: 'telemetry/anchor-sensor-clock-ahead-ms', value: 1 } }];
      await route.fulfill({ json: { ...told, actions: harmless, kinds: ['parameter/set'] } });
    });
    await open(`/${toHex(proposal)}`);
    await page.waitForSelector('text=Set the parameter');
    await page.selectOption(named('signer'), ben.id);
    await page.click(`${named('approve')}:enabled`);
    const request = await saveRequest('lie.request');
    // Already here, from the bytes of the request; and wherever it is signed.
    await page.waitForSelector('.risk:has-text("All its keys and roles end")');
    const shown = await runCommand(['transaction', 'sign', request, '--dry-run', '--policy', join(data, 'city.policy')]);
    assert.match(shown.stdout, new RegExp(`Close the account ${ben.id}`));
    await page.unrouteAll({ behavior: 'wait' });
  });

  test('an answer for later is kept and sent when its time comes', async () => {
    await open();
    await page.selectOption(named('kind'), 'device/suspend');
    await page.fill(named('device'), '5'.repeat(64));
    await page.fill(named('reason'), 'a test');
    await page.selectOption(named('signer'), council.members[0].id);
    await page.selectOption(named('hours'), '1');
    await until('it is prepared', async () => {
      await page.click(named('prepare'));
      return (await page.locator('text=Something is missing').count()) === 0;
    });
    const request = await saveRequest('later.request');
    const answer = join(folder, 'later.answer');
    const signed = await signByCommand(request, 0, answer);
    assert.match(signed.stdout, /still to come/);
    await page.setInputFiles(named('answer-file'), answer);
    await page.waitForSelector('text=Checked and kept. It is sent at');
    const early = await runCommand(['transaction', 'submit', answer, '--api', city.http]);
    assert.match(early.stderr, /Its time lies too far ahead/);
  });

  for (const lang of LANGUAGES) {
    test(`it reads well in ${lang}: no serious finding, nothing wider than a phone, nothing asked elsewhere`, async () => {
      const [, closing] = await proposals();
      for (const [name, argument] of [
        ['list', ''],
        ['proposal', `/${closing?.id}`],
      ] as const)
        await assertReadsWell(
          browser,
          { http: city.http, address: `#/decisions${argument}`, lang, name: `decisions-${name}` },
          (page) => page.waitForSelector('main .acts'),
        );
    });
  }
});
