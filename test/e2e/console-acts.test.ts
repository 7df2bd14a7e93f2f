/** Everyday acts in a real browser: in words, signed there, followed to their end; and what the ledger refuses of such a key. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { EDDSA } from '@oppidum/formats/ids';
import { type Action, draftTransaction, signTransaction } from '@oppidum/formats/transaction';
import type { TransactionDetailJson } from '@oppidum/gateway/api-types';
import type { BrowserContext } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { watchRequests } from '../support/browser.ts';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';
import { LANGUAGES, pixelsTooWide } from '../support/reads-well.ts';
import { freshBytes } from '../support/running-city.ts';

/** Runs in the page: a signature of the key there over bytes in hex, as somebody would whose script got in. */
const signInPage = (message: Bytes): string => `(async () => {
  const database = await new Promise((resolve) => {
    const request = indexedDB.open('oppidum-keys');
    request.onsuccess = () => resolve(request.result);
  });
  const [{ pair }] = await new Promise((resolve) => {
    const request = database.transaction('keys').objectStore('keys').getAll();
    request.onsuccess = () => resolve(request.result);
  });
  database.close();
  const bytes = Uint8Array.from('${toHex(message)}'.match(/../g), (pair) => parseInt(pair, 16));
  const signature = new Uint8Array(await crypto.subtle.sign('Ed25519', pair.privateKey, bytes));
  return Array.from(signature, (byte) => byte.toString(16).padStart(2, '0')).join('');
})()`;

describe('everyday acts in the console', { skip: skipWithout('chromium') }, () => {
  let town: ConsoleCity;
  let person: BrowserContext;
  let account = '';

  before(async () => {
    town = await ConsoleCity.open();
    person = await town.newContext();
    account = await town.enrolOperator(person);
  });

  after(() => town?.close());

  test('a device is suspended and resumed, by the keyboard alone: words first, then the signature, then what became of it', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    const asked = watchRequests(page);
    await page.waitForSelector('text=What do you want to do?');
    assert.equal(await page.locator('[onclick]').count(), 0);
    assert.match((await page.textContent('main')) ?? '', /<b onclick=x>\\u\{202e\}evil/);
    const focus = async (isIt: string): Promise<void> => {
      for (let i = 0; i < 40 && !(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`)); i++)
        await page.keyboard.press('Tab');
      assert.ok(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`), isIt);
    };
    await focus("(element) => element.type === 'radio'");
    await page.keyboard.press('Space');
    await focus(
      "(element) => element.tagName === 'INPUT' && element.type === 'text' && element.id !== '' && element.closest('form.card') !== null",
    );
    await page.keyboard.type('<i>flickers</i> since noon');
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=This is what you sign');
    const words = (await page.textContent('.act-sentence')) ?? '';
    assert.match(words, /^Suspend the device/);
    assert.ok(words.includes(town.device) && words.includes('evil'), 'its id, and its name as the ledger proves it');
    const shown = (await page.textContent('main')) ?? '';
    for (const part of ['<i>flickers</i> since noon', town.genesis, account, 'name proven by the ledger'])
      assert.ok(shown.includes(part), part);
    assert.equal((await town.deviceNow()).status, 'active', 'nothing was sent yet');
    await focus("(element) => element.textContent === 'Sign and send'");
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done:has-text("Done: it is on the ledger.")');
    const suspended = await town.deviceNow();
    assert.deepEqual([suspended.status, suspended.reason], ['suspended', '<i>flickers</i> since noon']);
    const link = (await page.getAttribute('a[href^="#/transaction/"]', 'href')) ?? '';
    const transaction = await town.get<TransactionDetailJson>(`/api/v1/transactions/${link.split('/').at(-1)}`);
    assert.deepEqual([transaction.signers, transaction.kinds, transaction.code], [[account], ['device/suspend'], 'OK']);

    await page.click('button:has-text("Back")');
    await page.click('label:has-text("Resume it")');
    await page.click('button:has-text("Show what will be signed")');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.done');
    assert.equal((await town.deviceNow()).status, 'active');
    assert.deepEqual(
      asked.filter((address) => !address.startsWith(`${town.http}/`)),
      [],
    );
    await page.close();
  });

  test('a reason that the ledger would refuse is not signed', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    await page.click('label:has-text("Suspend it")');
    for (const reason of ['', '  ', 'ä'.repeat(129)]) {
      await page.fill('form.card input:not([type=radio])', reason);
      await page.click('button:has-text("Show what will be signed")');
      await page.waitForSelector('text=A reason of 1 to 256 bytes');
      assert.equal(await page.locator('.act-sentence').count(), 0);
    }
    await page.close();
  });

  test('an answer that is lost on its way is asked for again; the act happens once', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    let count = 0;
    await page.route('**/api/v1/transactions', async (route) => {
      if (count++ > 0) return route.continue();
      await route.fetch();
      await route.abort();
    });
    await page.click('label:has-text("Suspend it")');
    await page.fill('form.card input:not([type=radio])', 'the wire was cut');
    await page.click('button:has-text("Show what will be signed")');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.done');
    const { suspensions } = await town.deviceNow();
    assert.equal(suspensions.filter(({ reason }) => reason === 'the wire was cut').length, 1);
    await page.close();
    await town.command('device', 'resume', town.device);
  });

  test('what was looked at for too long is prepared anew and looked at again', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    await page.click('label:has-text("Suspend it")');
    await page.fill('form.card input:not([type=radio])', 'after lunch');
    await page.click('button:has-text("Show what will be signed")');
    await page.waitForSelector('.act-sentence');
    await page.evaluate('{ const now = Date.now; Date.now = () => now() + 115_000; }');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.problem:has-text("prepared anew")');
    assert.equal((await town.deviceNow()).status, 'active', 'nothing was sent');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.done');
    assert.equal((await town.deviceNow()).reason, 'after lunch');
    await page.close();
    await town.command('device', 'resume', town.device);
  });

  test('while the clocks differ by an hour nothing is signed', async () => {
    const page = await person.newPage();
    await page.addInitScript('const now = Date.now; Date.now = () => now() + 3_600_000');
    await page.goto(`${town.http}/?lang=en#/act/${town.device}`);
    await page.click('label:has-text("Suspend it")');
    await page.fill('form.card input:not([type=radio])', 'an hour late');
    await page.click('button:has-text("Show what will be signed")');
    await page.waitForSelector('.problem:has-text("Set the clock right first")');
    assert.equal(await page.locator('button:has-text("Sign and send")').count(), 0);
    await page.close();
  });

  test('a city that lies about the key, the device or itself gets no signature for it', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    await page.waitForSelector('form.card');
    await page.route('**/api/v1/evidence/state?*', async (route) => {
      const answer = await route.fetch();
      const altered = Buffer.from(await answer.body());
      altered[altered.length >> 1] = (altered[altered.length >> 1] ?? 0) ^ 1;
      await route.fulfill({ response: answer, body: altered });
    });
    await page.reload();
    await page.waitForSelector('.problem:has-text("evidence that does not hold")');
    assert.equal(await page.locator('form.card').count(), 0);
    await page.unroute('**/api/v1/evidence/state?*');

    await page.route(`**/api/v1/devices/${town.device}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), label: 'A harmless lamp' } });
    });
    await page.reload();
    await page.waitForSelector('text=A harmless lamp');
    await page.click('label:has-text("Suspend it")');
    await page.fill('form.card input:not([type=radio])', 'it flickers');
    await page.click('button:has-text("Show what will be signed")');
    const words = (await page.textContent('.act-sentence')) ?? '';
    assert.ok(words.includes('evil') && !words.includes('harmless'), words);

    // The device in the address under the id of another one.
    await page.route(`**/api/v1/devices/${town.device}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), id: 'cd'.repeat(32) } });
    });
    await page.reload();
    await page.waitForSelector('.problem:has-text("The city sent something that this page c")');
    assert.equal(await page.locator('form.card').count(), 0);

    await page.route('**/api/v1/city', async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...((await answer.json()) as object), genesis: 'ab'.repeat(32) } });
    });
    await page.goto(`${town.http}/?lang=en#/keys`);
    await page.reload();
    await page.waitForSelector('text=not the one whose policy you pinned');
    assert.equal(await page.locator('button:has-text("Make a key")').count(), 0);
    await page.close();
  });

  test('what is dangerous is not offered, and the ledger refuses it from this key whoever sends it', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    await page.click('label:has-text("Revoke it for good")');
    await page.waitForSelector('text=This needs a full key');
    await page.waitForSelector('text=KEY_CLASS_TOO_LOW');
    assert.equal(await page.locator('main a[href="/sign"]').count(), 1);
    assert.equal(await page.locator('main a[href="#/decisions"]').count(), 1);
    assert.ok(((await page.textContent('main')) ?? '').includes(`oppidum device revoke ${town.device}`));
    assert.equal(await page.locator('button:has-text("Show what will be signed")').count(), 0);
    const send = async (kind: string, fields: Readonly<Record<string, CborValue>>): Promise<string> => {
      const action: Action = { kind, body: new Map(Object.entries(fields)) };
      const signers = [parseHex(account)];
      const payload = {
        city: parseHex(town.genesis),
        validUntil: Date.now() + 60_000,
        nonce: freshBytes(16),
        signers,
        actions: [action],
      };
      const draft = draftTransaction(payload, { account: parseHex(account), keyNumber: 0, algorithm: EDDSA });
      const signature = parseHex(await page.evaluate<string>(signInPage(draft.toBeSigned)));
      const envelope = draft.seal(signature);
      const fixed = { algorithm: EDDSA, publicKey: new Uint8Array(32), sign: () => signature } as const;
      assert.deepEqual(envelope, signTransaction(payload, [{ account: parseHex(account), keyNumber: 0, signer: fixed }]));
      return (await town.submit(envelope)).code;
    };
    assert.equal(await send('device/revoke', { id: parseHex(town.device), reason: 'stolen' }), 'KEY_CLASS_TOO_LOW');
    assert.equal(await send('account/retire-key', { account: parseHex(account), keyNumber: 0 }), 'KEY_CLASS_TOO_LOW');
    assert.equal(await send('role/revoke', { account: parseHex(account), role: 'operator' }), 'PROPOSAL_REQUIRED');
    assert.equal((await town.deviceNow()).status, 'active');
    await page.close();
  });

  test('a device is set apart with a reason, and not twice', async () => {
    const page = await town.openView(person, `#/act/${town.device}`);
    await page.click('label:has-text("Set it apart")');
    await page.click('button:has-text("Show what will be signed")');
    await page.waitForSelector('text=A reason of 1 to 256 bytes');
    await page.fill('form.card input:not([type=radio])', 'measures 40° in January');
    await page.click('button:has-text("Show what will be signed")');
    await page.waitForSelector('.act-sentence:has-text("Put the device")');
    const open = async () => (await town.deviceNow()).quarantines.filter(({ to }) => to === null);
    assert.deepEqual(await open(), [], 'nothing was sent yet');
    // Somebody else is quicker: what was looked at is refused in words.
    await town.command('device', 'quarantine', town.device, '--reason', 'odd', '--yes');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.problem:has-text("The device is in quarantine already.")');
    await town.command('device', 'release', town.device, '--yes');
    await page.click('button:has-text("Back")');
    await page.click('label:has-text("Set it apart")');
    await page.fill('form.card input:not([type=radio])', 'measures 40° in January');
    await page.click('button:has-text("Show what will be signed")');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.done');
    assert.deepEqual(
      (await open()).map(({ cause, reason }) => [cause, reason]),
      [['manual', 'measures 40° in January']],
    );
    await page.click('button:has-text("Back")');
    await page.waitForSelector('label:has-text("Suspend it")');
    await page.locator('label:has-text("Set it apart")').waitFor({ state: 'detached' });
    await page.waitForSelector('.facts:has-text("it is in quarantine"):has-text("measures 40° in January")');
    await page.close();
  });

  test('pages about keys read well: no serious finding in four languages, nothing wider than a phone', async () => {
    const empty = await town.newContext({ colorScheme: 'dark' });
    const asking = await town.newContext();
    await (await town.makeKeyIn(asking)).close();
    const states: readonly (readonly [name: string, context: BrowserContext, address: string, width: number])[] = [
      ['none', empty, '#/keys', 360],
      ['asking', asking, '#/keys', 360],
      ['enrolled', person, '#/keys', 360],
      ['act', person, `#/act/${town.device}`, 360],
    ];
    for (const lang of LANGUAGES) {
      for (const [name, context, address, width] of states) {
        // The others hold all that it says.
        if (name === 'none' && lang !== 'en') continue;
        const page = await context.newPage();
        const troubles: string[] = [];
        page.on('pageerror', ({ message }) => troubles.push(message));
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`${town.http}/?lang=${lang}${address}`);
        await page.waitForSelector(
          { none: '.keys button.primary', asking: '.key-code', enrolled: '.state.active', act: '.choice' }[name] ?? 'h1',
        );
        if (name === 'act') {
          await page.click('.choice >> nth=0');
          await page.fill('form.card input:not([type=radio])', 'reason');
          await page.click('button.primary');
          await page.waitForSelector('.act-sentence');
        }
        const shot = `console-keys-${name}-${lang}-${width}.png`;
        await town.shoot(page, shot);
        assert.deepEqual(await seriousFindings(page), [], shot);
        assert.equal(await pixelsTooWide(page), 0, shot);
        assert.deepEqual(troubles, [], shot);
        await page.close();
      }
    }
    await empty.close();
    await asking.close();
  });
});
