/** A person's key in a real browser: made and kept there, enrolled by an invitation that names it, by a registrar at a terminal or at a page. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { encodeInvitation, fingerprintOf, type Invitation } from '@oppidum/formats/enrolment';
import type { AccountDetailJson } from '@oppidum/gateway/api-types';
import type { BrowserContext } from 'playwright-core';
import { ConsoleCity, fingerprintShown, requestOf } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';
import { freshBytes } from '../support/running-city.ts';

/** Runs in the page: the private key of the city there, and what comes of trying to read it out. */
const TRY_EXPORT = `(async () => {
  const database = await new Promise((resolve, reject) => {
    const request = indexedDB.open('oppidum-keys');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const all = await new Promise((resolve) => {
    const request = database.transaction('keys').objectStore('keys').getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  const found = [];
  for (const { pair } of all)
    for (const format of ['pkcs8', 'jwk', 'raw'])
      found.push(await crypto.subtle.exportKey(format, pair.privateKey).then(() => 'readable', (error) => error.name));
  return { count: all.length, extractable: all.map(({ pair }) => pair.privateKey.extractable), found };
})()`;

describe('keys of people in the console', { skip: skipWithout('chromium') }, () => {
  let town: ConsoleCity;
  let person: BrowserContext;
  let account = '';

  before(async () => {
    town = await ConsoleCity.open();
    person = await town.newContext();
  });

  after(() => town?.close());

  for (const [why, script, said] of [
    [
      'keeps nothing',
      `Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } })`,
      'its storage is blocked',
    ],
    [
      'came over a wire that anybody could change',
      `Object.defineProperty(crypto, 'subtle', { value: undefined })`,
      'not loaded over HTTPS',
    ],
    [
      'cannot sign as the city demands',
      `crypto.subtle.generateKey = () => Promise.reject(new DOMException('no', 'NotSupportedError'))`,
      'cannot sign as the city demands',
    ],
  ] as const) {
    test(`no key is made in a browser that ${why}, and the page says so`, async () => {
      const context = await town.newContext();
      await context.addInitScript(script);
      const page = await town.openView(context, '#/keys');
      const make = page.locator('button:has-text("Make a key")');
      if (why.startsWith('cannot')) await make.click();
      await page.waitForSelector(`.problem:has-text("${said}")`);
      assert.equal(await make.count(), 0);
      assert.equal(await page.locator('.fingerprint').count(), 0);
      await context.close();
    });
  }

  test('a key is made here, cannot be read out, survives a reload, and is the same in every tab', async () => {
    const other = await town.openView(person, '#/keys');
    await other.waitForSelector('button:has-text("Make a key")');
    const page = await town.makeKeyIn(person);
    const { request, fingerprint } = await requestOf(page);
    assert.equal(await fingerprintShown(page), fingerprint);
    assert.deepEqual([toHex(request.city), request.class], [town.genesis, 'everyday']);
    const tried = await page.evaluate<{
      readonly count: number;
      readonly extractable: readonly boolean[];
      readonly found: readonly string[];
    }>(TRY_EXPORT);
    assert.deepEqual(tried, {
      count: 1,
      extractable: [false],
      found: ['InvalidAccessError', 'InvalidAccessError', 'InvalidAccessError'],
    });
    await other.waitForSelector('.fingerprint');
    assert.equal(await fingerprintShown(other), fingerprint, 'the other tab heard of it');
    await page.reload();
    await page.waitForSelector('.fingerprint');
    assert.equal(await fingerprintShown(page), fingerprint);
    await page.close();
    await other.close();
  });

  test('two tabs that make a key at once end with one', async () => {
    const context = await town.newContext();
    const pages = await Promise.all([town.openView(context, '#/keys'), town.openView(context, '#/keys')]);
    for (const page of pages) await page.waitForSelector('button:has-text("Make a key")');
    const click = "[...document.querySelectorAll('button')].find(({ textContent }) => textContent === 'Make a key')?.click()";
    await Promise.all(pages.map((page) => page.evaluate(click)));
    const shown: string[] = [];
    for (const page of pages) {
      await page.waitForSelector('.fingerprint');
      shown.push(await fingerprintShown(page));
    }
    assert.equal(shown[0], shown[1]);
    const [page] = pages;
    assert.equal((await page.evaluate<{ readonly count: number }>(TRY_EXPORT)).count, 1);
    // Forgotten only after a second word, and then gone in both.
    await page.click('button:has-text("Forget this key")');
    await page.click('button:has-text("Keep it")');
    await page.click('button:has-text("Forget this key")');
    await page.click('button:has-text("Yes, forget it")');
    for (const each of pages) await each.waitForSelector('button:has-text("Make a key")');
    await context.close();
  });

  test('an invitation that is not for this key here is refused, with its reason', async () => {
    const page = await town.openView(person, '#/keys');
    await page.waitForSelector('textarea[readonly]');
    const { request } = await requestOf(page);
    const honest: Invitation = {
      city: parseHex(town.genesis),
      account: freshBytes(32),
      keyNumber: 0,
      class: 'everyday',
      fingerprint: fingerprintOf(crypto, request.key),
    };
    const operator = parseHex(town.operator);
    for (const [text, said] of [
      [encodeInvitation({ ...honest, fingerprint: freshBytes(32) }), 'INVITATION_FOREIGN'],
      [encodeInvitation({ ...honest, city: freshBytes(32) }), 'WRONG_CITY'],
      [encodeInvitation(honest).replace('-1.', '-2.'), 'VERSION_UNSUPPORTED'],
      [encodeInvitation(honest).slice(0, 80), 'only a part of one'],
      ['<img src=x onerror="document.title=1">', 'TEXT_INVALID'],
      ['x'.repeat(100_000), 'TOO_LARGE'],
      [encodeInvitation(honest), 'not on the ledger, or not yet'],
      [encodeInvitation({ ...honest, account: operator }), 'another key than yours stands there'],
    ] as const) {
      await page.fill('textarea:not([readonly])', text);
      await page.click('button:has-text("Take it")');
      await page.waitForSelector(`[role=alert] .problem:has-text("${said}")`);
    }
    // By a link it is only filled in, never taken.
    const linked = await town.openView(person, `#/keys/${encodeInvitation({ ...honest, fingerprint: freshBytes(32) })}`);
    await linked.waitForSelector('textarea:not([readonly])');
    assert.match(await linked.inputValue('textarea:not([readonly])'), /^oppidum-invitation-1\./);
    await linked.close();
    await page.close();
  });

  test('a registrar invites by the command line; the browser takes the invitation and proves what it says', async () => {
    const page = await town.openView(person, '#/keys');
    await page.waitForSelector('textarea[readonly]');
    const invited = await town.invite(page, 'operator');
    account = invited.account;
    await page.goto(`${town.http}/?lang=en#/keys/${invited.invitation}`);
    await page.click('button:has-text("Take it")');
    await page.waitForSelector('text=in force: it can sign');
    await page.waitForSelector('text=So says the city');
    await page.waitForSelector('li:has-text("suspend and resume devices")');
    assert.match((await page.textContent('main')) ?? '', new RegExp(account));
    await town.pin(person);
    await page.goto(`${town.http}/?lang=en#/city`);
    await page.goto(`${town.http}/?lang=en#/keys`);
    await page.waitForSelector('text=Proven by your browser');
    await page.waitForSelector('li:has-text("suspend and resume devices")');
    await page.close();
  });

  test('a registrar enrols in the browser: the fingerprint that was read out decides', async () => {
    const [registrar, newcomer] = [await town.newContext(), await town.newContext()];
    const desk = await town.makeKeyIn(registrar);
    const own = await requestOf(desk);
    const by = ['--account', town.operator, '--key', join(town.data, 'keys/operator.seed')];
    const added = await town.command('account', 'add-key', own.text, '--fingerprint', own.fingerprint, ...by, '--json');
    await desk.fill('textarea:not([readonly])', (JSON.parse(added) as { readonly invitation: string }).invitation);
    await desk.click('button:has-text("Take it")');
    await desk.waitForSelector('h2:has-text("Invite somebody")');

    const screen = await town.makeKeyIn(newcomer);
    const theirs = await requestOf(screen);
    await desk.fill('textarea:not([readonly])', 'nothing of the kind');
    await desk.click('button:has-text("Read it")');
    await desk.waitForSelector('[role=alert]:has-text("TEXT_INVALID")');
    await desk.fill('textarea:not([readonly])', theirs.text);
    await desk.click('button:has-text("Read it")');
    await desk.waitForSelector('text=Have them read out the fingerprint');
    assert.ok(!((await desk.textContent('main')) ?? '').includes(theirs.fingerprint.slice(0, 14)), 'there is nothing to copy');
    await desk.fill('main form input', own.fingerprint);
    await desk.click('button:has-text("Show what will be signed")');
    await desk.waitForSelector('text=This is not the fingerprint');
    await desk.fill('main form input', await fingerprintShown(screen));
    await desk.click('button:has-text("Show what will be signed")');
    await desk.waitForSelector('.act-sentence:has-text("Create the account")');
    await desk.click('button:has-text("Sign and send")');
    await desk.waitForSelector('.done');
    const invitation = await desk.inputValue('.done ~ .carried textarea');
    assert.ok(invitation.startsWith(`${town.http}/#/keys/oppidum-invitation-1.`), 'as a link, which pastes as well');

    await screen.fill('textarea:not([readonly])', invitation);
    await screen.click('button:has-text("Take it")');
    await screen.waitForSelector('text=in force: it can sign');
    assert.equal(await screen.locator('text=suspend and resume devices').count(), 0, 'roles are the council’s to give');
    // Without the role the ledger refuses, and the page says why.
    await screen.goto(`${town.http}/?lang=en#/act/${town.device}`);
    await screen.click('label:has-text("Suspend it")');
    await screen.fill('form.card input:not([type=radio])', 'let me');
    await screen.click('button:has-text("Show what will be signed")');
    await screen.click('button:has-text("Sign and send")');
    await screen.waitForSelector('.problem:has-text("NOT_AUTHORIZED")');
    assert.equal((await town.deviceNow()).status, 'active');
    await registrar.close();
    await newcomer.close();
  });

  test('a key that the registrar retired says so and signs nothing more', async () => {
    await town.command('account', 'retire-key', account, '0', '--yes');
    assert.notEqual((await town.get<AccountDetailJson>(`/api/v1/accounts/${account}`)).keys[0]?.to, null);
    const page = await town.openView(person, '#/keys');
    await page.waitForSelector('text=retired: it signs nothing any more');
    await page.goto(`${town.http}/?lang=en#/act/${town.device}`);
    await page.waitForSelector('.problem:has-text("retired: it signs nothing any more")');
    assert.equal(await page.locator('form.card').count(), 0);
    await page.close();
  });

  test('an invitation in a link replaces the account that is kept only when its owner says so, who is shown who else signs', async () => {
    const context = await town.newContext();
    const page = await town.makeKeyIn(context);
    const own = await requestOf(page);
    const kept = await town.invite(page, 'operator');
    await page.goto(`${town.http}/?lang=en#/keys/${kept.invitation}`);
    await page.click('button:has-text("Take it")');
    await page.waitForSelector('text=in force: it can sign');
    const by = ['--account', town.operator, '--key', join(town.data, 'keys/operator.seed')];
    const added = await town.command('account', 'add-key', own.text, '--fingerprint', own.fingerprint, ...by, '--json');
    const { invitation } = JSON.parse(added) as { readonly invitation: string };
    await page.goto(`${town.http}/?lang=en#/keys/${invitation}`);
    const isAccount = (id: string): Promise<number> => page.locator(`dd:has-text("${id}")`).count();
    for (const [button, account] of [
      ['Keep mine', kept.account],
      ['Yes, replace mine', town.operator],
    ] as const) {
      const isPinned = account === town.operator;
      if (isPinned) await town.pin(context);
      await page.click('button:has-text("Take it")');
      await page.waitForSelector('.replace:has-text("Others can sign for it, too") .fingerprint');
      assert.equal(
        await page.locator('.replace .hint').count(),
        isPinned ? 0 : 1,
        'who signs is proven where a policy is pinned',
      );
      assert.equal(await isAccount(kept.account), 1, 'nothing is replaced before it is asked');
      await page.click(`button:has-text("${button}")`);
      await page.waitForSelector('.replace', { state: 'detached' });
      await page.waitForSelector(`dd:has-text("${account}")`);
    }
    assert.equal(await isAccount(kept.account), 0);
    await context.close();
  });
});
