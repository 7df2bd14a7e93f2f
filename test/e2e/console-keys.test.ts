/** A person's key in a real browser: made and kept there, enrolled by an invitation, signing everyday acts and refused for others. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseHex, toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import {
  encodeInvitation,
  fingerprintOf,
  fingerprintText,
  type Invitation,
  parseEnrolmentRequest,
} from '@oppidum/formats/enrolment';
import { EDDSA } from '@oppidum/formats/ids';
import { type Action, draftTransaction, signTransaction } from '@oppidum/formats/transaction';
import type {
  AccountDetailJson,
  CityJson,
  DeviceDetailJson,
  DeviceJson,
  TransactionDetailJson,
  TransactionResultJson,
} from '@oppidum/gateway/api-types';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser, watchRequests } from '../support/browser.ts';
import { CityProcess } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { freshBytes } from '../support/running-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
const LANGUAGES = ['en', 'et', 'zh', 'ar'] as const;
const STEP_MS_MAX = 10_000;
/** What a stranger may call a device: markup, and a mark that turns the direction of what follows. */
const HOSTILE = '<b onclick=x>\u202eevil';

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

describe('keys of people in the console', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-console-keys-'));
  const data = join(folder, 'city');
  let city: CityProcess;
  let browser: Browser;
  let person: BrowserContext;
  let genesis = '';
  let device = '';
  let account = '';

  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${city.http}${path}`)).json()) as T;
  const deviceNow = (): Promise<DeviceDetailJson> => get<DeviceDetailJson>(`/api/v1/devices/${device}`);
  const command = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runCommand([...args, '--api', city.http, '--data', data], { cwd: folder });
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const newContext = (options: BrowserContextOptions = {}): Promise<BrowserContext> =>
    browser.newContext({ locale: 'en-US', ...options });
  const openView = async (context: BrowserContext, address: string, lang = 'en'): Promise<Page> => {
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    await page.goto(`${city.http}/?lang=${lang}${address}`);
    await page.waitForSelector('main h1');
    return page;
  };
  /** The request that a page shows, parsed by the ledger's own code, and its key's fingerprint. */
  const requestOf = async (page: Page) => {
    const text = await page.inputValue('textarea[readonly]');
    const request = parseEnrolmentRequest(text);
    return { text, request, fingerprint: fingerprintText(fingerprintOf(crypto, request.key)) };
  };
  const fingerprintShown = async (page: Page): Promise<string> =>
    ((await page.textContent('.fingerprint')) ?? '').trim().replaceAll(/\s+/g, ' ');
  const makeKeyIn = async (context: BrowserContext): Promise<Page> => {
    const page = await openView(context, '#/keys');
    await page.click('button:has-text("Make a key")');
    await page.waitForSelector('textarea[readonly]');
    return page;
  };
  const pin = async (context: BrowserContext): Promise<void> => {
    const page = await openView(context, '#/trust');
    await page.click('button:has-text("Pin the policy")');
    await page.waitForSelector('text=Pinned in this browser');
    await page.close();
  };
  const submit = async (envelope: Bytes): Promise<TransactionResultJson> => {
    const headers = { 'content-type': 'application/cose' };
    const answer = await fetch(`${city.http}/api/v1/transactions`, { method: 'POST', headers, body: Buffer.from(envelope) });
    return (await answer.json()) as TransactionResultJson;
  };

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    city = await CityProcess.start(data);
    browser = await openBrowser();
    const file = join(folder, 'levels.csv');
    writeFileSync(file, `time,${HOSTILE},level\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:01:00Z,2,1\n`);
    await command('replay', file);
    const { items } = await get<{ readonly items: readonly DeviceJson[] }>('/api/v1/devices');
    device = items.find(({ label }) => label?.includes('evil'))?.id ?? '';
    genesis = (await get<CityJson>('/api/v1/city')).genesis;
    person = await newContext();
  });

  after(async () => {
    delete process.env['OPPIDUM_PAGES'];
    await browser?.close();
    await city?.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

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
      const context = await newContext();
      await context.addInitScript(script);
      const page = await openView(context, '#/keys');
      const make = page.locator('button:has-text("Make a key")');
      if (why.startsWith('cannot')) await make.click();
      await page.waitForSelector(`.problem:has-text("${said}")`);
      assert.equal(await make.count(), 0);
      assert.equal(await page.locator('.fingerprint').count(), 0);
      await context.close();
    });
  }

  test('a key is made here, cannot be read out, survives a reload, and is the same in every tab', async () => {
    const other = await openView(person, '#/keys');
    await other.waitForSelector('button:has-text("Make a key")');
    const page = await makeKeyIn(person);
    const { request, fingerprint } = await requestOf(page);
    assert.equal(await fingerprintShown(page), fingerprint);
    assert.deepEqual([toHex(request.city), request.class], [genesis, 'everyday']);
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
    const context = await newContext();
    const pages = await Promise.all([openView(context, '#/keys'), openView(context, '#/keys')]);
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
    const page = await openView(person, '#/keys');
    await page.waitForSelector('textarea[readonly]');
    const { request } = await requestOf(page);
    const honest: Invitation = {
      city: parseHex(genesis),
      account: freshBytes(32),
      keyNumber: 0,
      class: 'everyday',
      fingerprint: fingerprintOf(crypto, request.key),
    };
    const operator = parseHex(
      (JSON.parse(readFileSync(join(data, 'keys/accounts.json'), 'utf8')) as { operator: string }).operator,
    );
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
    const linked = await openView(person, `#/keys/${encodeInvitation({ ...honest, fingerprint: freshBytes(32) })}`);
    await linked.waitForSelector('textarea:not([readonly])');
    assert.match(await linked.inputValue('textarea:not([readonly])'), /^oppidum-invitation-1\./);
    await linked.close();
    await page.close();
  });

  test('a registrar invites by the command line; the browser takes the invitation and proves what it says', async () => {
    const page = await openView(person, '#/keys');
    await page.waitForSelector('textarea[readonly]');
    const { text, fingerprint } = await requestOf(page);
    const stdout = await command('account', 'invite', text, '--fingerprint', fingerprint, '--role', 'operator', '--json');
    const answer = JSON.parse(stdout) as { readonly account: string; readonly invitation: string };
    account = answer.account;
    await page.goto(`${city.http}/?lang=en#/keys/${answer.invitation}`);
    await page.click('button:has-text("Take it")');
    await page.waitForSelector('text=in force: it can sign');
    await page.waitForSelector('text=So says the city');
    await page.waitForSelector('li:has-text("suspend and resume devices")');
    assert.match((await page.textContent('main')) ?? '', new RegExp(account));
    await pin(person);
    await page.goto(`${city.http}/?lang=en#/city`);
    await page.goto(`${city.http}/?lang=en#/keys`);
    await page.waitForSelector('text=Proven by your browser');
    await page.waitForSelector('li:has-text("suspend and resume devices")');
    await page.close();
  });

  test('a device is suspended and resumed, by the keyboard alone: words first, then the signature, then what became of it', async () => {
    const page = await openView(person, `#/act/${device}`);
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
    assert.ok(words.includes(device) && words.includes('evil'), 'its id, and its name as the ledger proves it');
    const shown = (await page.textContent('main')) ?? '';
    for (const part of ['<i>flickers</i> since noon', genesis, account, 'name proven by the ledger'])
      assert.ok(shown.includes(part), part);
    assert.equal((await deviceNow()).status, 'active', 'nothing was sent yet');
    await focus("(element) => element.textContent === 'Sign and send'");
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done:has-text("Done: it is on the ledger.")');
    const suspended = await deviceNow();
    assert.deepEqual([suspended.status, suspended.reason], ['suspended', '<i>flickers</i> since noon']);
    const link = (await page.getAttribute('a[href^="#/transaction/"]', 'href')) ?? '';
    const transaction = await get<TransactionDetailJson>(`/api/v1/transactions/${link.split('/').at(-1)}`);
    assert.deepEqual([transaction.signers, transaction.kinds, transaction.code], [[account], ['device/suspend'], 'OK']);

    await page.click('button:has-text("Back")');
    await page.click('label:has-text("Resume it")');
    await page.click('button:has-text("Show what will be signed")');
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.done');
    assert.equal((await deviceNow()).status, 'active');
    assert.deepEqual(
      asked.filter((address) => !address.startsWith(`${city.http}/`)),
      [],
    );
    await page.close();
  });

  test('a reason that the ledger would refuse is not signed', async () => {
    const page = await openView(person, `#/act/${device}`);
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
    const page = await openView(person, `#/act/${device}`);
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
    const { suspensions } = await deviceNow();
    assert.equal(suspensions.filter(({ reason }) => reason === 'the wire was cut').length, 1);
    await page.close();
    await command('device', 'resume', device);
  });

  test('while the clocks differ by an hour nothing is signed', async () => {
    const page = await person.newPage();
    await page.addInitScript('const now = Date.now; Date.now = () => now() + 3_600_000');
    await page.goto(`${city.http}/?lang=en#/act/${device}`);
    await page.click('label:has-text("Suspend it")');
    await page.fill('form.card input:not([type=radio])', 'an hour late');
    await page.click('button:has-text("Show what will be signed")');
    await page.waitForSelector('.problem:has-text("Set the clock right first")');
    assert.equal(await page.locator('button:has-text("Sign and send")').count(), 0);
    await page.close();
  });

  test('what is dangerous is not offered, and the ledger refuses it from this key whoever sends it', async () => {
    const page = await openView(person, `#/act/${device}`);
    await page.click('label:has-text("Revoke it for good")');
    await page.waitForSelector('text=This needs a full key');
    await page.waitForSelector('text=KEY_CLASS_TOO_LOW');
    assert.equal(await page.locator('main a[href="/sign"]').count(), 1);
    assert.equal(await page.locator('main a[href="#/decisions"]').count(), 1);
    assert.ok(((await page.textContent('main')) ?? '').includes(`oppidum device revoke ${device}`));
    assert.equal(await page.locator('button:has-text("Show what will be signed")').count(), 0);
    const send = async (kind: string, fields: Readonly<Record<string, CborValue>>): Promise<string> => {
      const action: Action = { kind, body: new Map(Object.entries(fields)) };
      const signers = [parseHex(account)];
      const payload = {
        city: parseHex(genesis),
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
      return (await submit(envelope)).code;
    };
    assert.equal(await send('device/revoke', { id: parseHex(device), reason: 'stolen' }), 'KEY_CLASS_TOO_LOW');
    assert.equal(await send('account/retire-key', { account: parseHex(account), keyNumber: 0 }), 'KEY_CLASS_TOO_LOW');
    assert.equal(await send('role/revoke', { account: parseHex(account), role: 'operator' }), 'PROPOSAL_REQUIRED');
    assert.equal((await deviceNow()).status, 'active');
    await page.close();
  });

  test('pages about keys read well: no serious finding in four languages, nothing wider than a phone', async () => {
    const empty = await newContext({ colorScheme: 'dark' });
    const asking = await newContext();
    await (await makeKeyIn(asking)).close();
    const states: readonly (readonly [name: string, context: BrowserContext, address: string, width: number])[] = [
      ['none', empty, '#/keys', 360],
      ['asking', asking, '#/keys', 360],
      ['enrolled', person, '#/keys', 360],
      ['act', person, `#/act/${device}`, 360],
    ];
    for (const lang of LANGUAGES) {
      for (const [name, context, address, width] of states) {
        // The others hold all that it says.
        if (name === 'none' && lang !== 'en') continue;
        const page = await context.newPage();
        const troubles: string[] = [];
        page.on('pageerror', ({ message }) => troubles.push(message));
        await page.setViewportSize({ width, height: 900 });
        await page.goto(`${city.http}/?lang=${lang}${address}`);
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
        writeFileSync(join(SHOTS, shot), await page.screenshot({ fullPage: true }));
        assert.deepEqual(await seriousFindings(page), [], shot);
        assert.equal(await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'), 0, shot);
        assert.deepEqual(troubles, [], shot);
        await page.close();
      }
    }
    await empty.close();
    await asking.close();
  });

  test('a registrar enrols in the browser: the fingerprint that was read out decides', async () => {
    const operator = (JSON.parse(readFileSync(join(data, 'keys/accounts.json'), 'utf8')) as { operator: string }).operator;
    const [registrar, newcomer] = [await newContext(), await newContext()];
    const desk = await makeKeyIn(registrar);
    const own = await requestOf(desk);
    const by = ['--account', operator, '--key', join(data, 'keys/operator.seed')];
    const added = await command('account', 'add-key', own.text, '--fingerprint', own.fingerprint, ...by, '--json');
    await desk.fill('textarea:not([readonly])', (JSON.parse(added) as { readonly invitation: string }).invitation);
    await desk.click('button:has-text("Take it")');
    await desk.waitForSelector('h2:has-text("Invite somebody")');

    const screen = await makeKeyIn(newcomer);
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
    assert.ok(invitation.startsWith(`${city.http}/#/keys/oppidum-invitation-1.`), 'as a link, which pastes as well');

    await screen.fill('textarea:not([readonly])', invitation);
    await screen.click('button:has-text("Take it")');
    await screen.waitForSelector('text=in force: it can sign');
    assert.equal(await screen.locator('text=suspend and resume devices').count(), 0, 'roles are the council’s to give');
    // Without the role the ledger refuses, and the page says why.
    await screen.goto(`${city.http}/?lang=en#/act/${device}`);
    await screen.click('label:has-text("Suspend it")');
    await screen.fill('form.card input:not([type=radio])', 'let me');
    await screen.click('button:has-text("Show what will be signed")');
    await screen.click('button:has-text("Sign and send")');
    await screen.waitForSelector('.problem:has-text("NOT_AUTHORIZED")');
    assert.equal((await deviceNow()).status, 'active');
    await registrar.close();
    await newcomer.close();
  });

  test('a key that the registrar retired says so and signs nothing more', async () => {
    await command('account', 'retire-key', account, '0', '--yes');
    assert.notEqual((await get<AccountDetailJson>(`/api/v1/accounts/${account}`)).keys[0]?.to, null);
    const page = await openView(person, '#/keys');
    await page.waitForSelector('text=retired: it signs nothing any more');
    await page.goto(`${city.http}/?lang=en#/act/${device}`);
    await page.waitForSelector('.problem:has-text("retired: it signs nothing any more")');
    assert.equal(await page.locator('form.card').count(), 0);
    await page.close();
  });
});
