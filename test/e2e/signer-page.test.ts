/** The offline signing page in a real browser, from its file, with the network off: what it shows, what it signs, what it never signs. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeEvidenceCodes, joinEvidenceCodes } from '@oppidum/formats/evidence-codes';
import { encodeSigningRequest } from '@oppidum/formats/signing-request';
import { type Action, encodePayload, parseTransaction } from '@oppidum/formats/transaction';
import { lockKey } from '@oppidum/signing/locked-key';
import type { Browser, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser, watchRequests } from '../support/browser.ts';
import { CityProcess } from '../support/city-process.ts';
import { action, type Council, type CouncilMember, makeCouncil, PASSPHRASE, propose } from '../support/council-city.ts';
import { skipWithout } from '../support/programs.ts';
import { LANGUAGES, pixelsTooWide } from '../support/reads-well.ts';
import { freshBytes } from '../support/running-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = join(ROOT, '.cache/pages/sign.html');
const SHOTS = join(ROOT, '.cache/screenshots');
const HOUR_MS = 3_600_000;
/** What a stranger may call an account: markup, and a mark that turns the direction of what follows. */
const HOSTILE = '<b onclick=x>\u202eevil';

describe('the offline signing page', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-signer-'));
  const proposal = freshBytes(32);
  const other = freshBytes(32);
  let city: CityProcess;
  let browser: Browser;
  let council: Council;
  let evidence: Bytes;
  let otherEvidence: Bytes;

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    city = await CityProcess.start(join(folder, 'city'));
    council = await makeCouncil(city, join(folder, 'city'), folder);
    browser = await openBrowser();
    const [first] = council.members;
    assert.equal(await council.act([propose(council.body, [grant('registrar')], proposal)], first), 'OK');
    assert.equal(await council.act([propose(council.body, [grant('data-protection')], other)], first), 'OK');
    evidence = await stateEvidence('proposal', proposal);
    otherEvidence = await stateEvidence('proposal', other);
  });

  after(async () => {
    await browser?.close();
    await city?.end('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  const grant = (role: string): Action => action('role/grant', { account: council.members[2].account, role });
  const approve = (): Action => action('proposal/approve', { id: proposal });

  /** Evidence as soon as a checkpoint covers it. */
  const stateEvidence = async (kind: string, id: Bytes): Promise<Bytes> => {
    const query = new URLSearchParams({ kind, segments: toHex(id) });
    for (;;) {
      const answer = await fetch(`${city.http}/api/v1/evidence/state?${query}`, { headers: { accept: 'application/cbor' } });
      if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
      await new Promise((wait) => setTimeout(wait, 50));
    }
  };

  type Ask = {
    readonly actions: readonly Action[];
    readonly member?: CouncilMember;
    readonly records?: readonly Bytes[];
    readonly city?: Bytes;
    readonly aheadMs?: number;
  };
  const ask = ({
    actions,
    member = council.members[1],
    records = [],
    city: of = council.genesis,
    aheadMs = 500_000,
  }: Ask): Bytes => {
    const validUntil = Date.now() + aheadMs;
    const payload = encodePayload({
      city: of,
      validUntil,
      nonce: freshBytes(16),
      signers: [member.account],
      actions: [...actions],
    });
    const { account, keyNumber, signer } = member;
    const key = { algorithm: signer.algorithm, publicKey: signer.publicKey };
    return encodeSigningRequest({ payload, keys: [{ account, keyNumber, key }], successors: [], records: [...records] });
  };

  /** The page, opened from its file with the network off. */
  const openPage = async (options: { lang?: string; width?: number; dark?: boolean } = {}): Promise<Page> => {
    const { lang = 'en', width = 1200, dark = false } = options;
    const context = await browser.newContext({
      offline: true,
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
      locale: 'en-US',
    });
    const page = await context.newPage();
    await page.goto(`${pathToFileURL(PAGE).href}#lang=${lang}`);
    return page;
  };
  const give = (page: Page, id: string, bytes: Bytes | string): Promise<void> =>
    page.setInputFiles(id, { name: 'given', mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
  const openKey = async (page: Page, file: Bytes | string): Promise<void> => {
    await give(page, '#key-file', file);
    await page.fill('#passphrase', PASSPHRASE);
    await page.click('#open-key');
    await page.waitForSelector('#close-key:visible');
  };
  const keyOf = (member: CouncilMember): Bytes => new Uint8Array(readFileSync(member.keyFile));
  const refusalsOf = async (page: Page): Promise<readonly string[]> =>
    page.locator('#judgement-state .problem code').allTextContents();

  test('an approval: shown as the ledger proves it, signed apart, taken by the city, and it decides', async () => {
    const records = [evidence, await stateEvidence('account', council.members[2].account)];
    const request = ask({ actions: [approve()], records });
    const page = await openPage();
    const asked = watchRequests(page);
    await give(page, '#request-file', request);
    await page.waitForSelector('text=Open your key to go on');
    assert.equal(await page.isVisible('#sign'), false);
    await openKey(page, keyOf(council.members[1]));
    const text = (await page.textContent('#judgement')) ?? '';
    assert.match(text, /This is the city that your key file names/);
    assert.match(text, /The ledger proves that this proposal holds:.*Give the role registrar.* to the account/s);
    assert.match(text, /called, as the ledger proves: Clara/);
    assert.match(text, /Dangerous: Whoever holds a role/);
    writeFileSync(join(SHOTS, 'signer-judgement-en.png'), await page.screenshot({ fullPage: true }));
    await page.click('#sign');
    await page.waitForSelector('#answer');
    assert.deepEqual(await seriousFindings(page), []);
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save-answer')]);
    const answer = new Uint8Array(readFileSync((await download.path()) ?? ''));
    const codes = (await page.inputValue('#answer-text')).split('\n');
    assert.deepEqual(joinEvidenceCodes(crypto, codes), { file: answer });
    assert.equal(await page.locator('#answer img').count(), codes.length);
    assert.deepEqual(asked, []);
    const submitted = await fetch(`${city.http}/api/v1/transactions`, {
      method: 'POST',
      headers: { 'content-type': 'application/cose' },
      body: answer,
    });
    const result = (await submitted.json()) as { id: string; code: string; events: readonly { kind: string }[] };
    assert.equal(result.code, 'OK');
    assert.equal(result.id, toHex(parseTransaction(crypto, answer).id));
    assert.ok(result.events.some(({ kind }) => kind === 'role/granted'));
    await page.context().close();
  });

  test('what it never signs, whoever prepared it: there is no button, and the code says why', async () => {
    const [, ben, clara] = council.members;
    const foreign = action('telemetry/anchor', { shard: proposal, checkpoint: encodeUtf8('x'), consistency: [], sensors: [] });
    const table: readonly (readonly [what: string, code: string, request: Bytes])[] = [
      ['another city', 'WRONG_CITY', ask({ actions: [approve()], records: [evidence], city: freshBytes(32) })],
      ['a proposal without proof', 'PROPOSAL_UNPROVEN', ask({ actions: [approve()] })],
      ['proof of another proposal', 'PROPOSAL_UNPROVEN', ask({ actions: [approve()], records: [otherEvidence] })],
      ['altered proof', 'PROPOSAL_UNPROVEN', ask({ actions: [approve()], records: [altered(evidence)] })],
      ['for somebody else', 'SIGNING_KEY_OTHER', ask({ actions: [approve()], records: [evidence], member: clara })],
      [
        'for the own key under another account',
        'SIGNING_KEY_OTHER',
        ask({ actions: [grant('operator')], member: { ...ben, account: clara.account } }),
      ],
      ['good for two months', 'REQUEST_TOO_FAR', ask({ actions: [grant('operator')], aheadMs: 60 * 24 * HOUR_MS })],
      ['an action without words', 'ACTION_UNKNOWN', ask({ actions: [foreign] })],
      ['an unknown action', 'ACTION_UNKNOWN', ask({ actions: [action('no/such', { id: proposal })] })],
      [
        'an unknown field',
        'UNKNOWN_FIELD',
        ask({ actions: [action('role/grant', { account: ben.account, role: 'operator', also: 1 })] }),
      ],
      ['a proposal in a proposal', 'PROPOSAL_NESTED', ask({ actions: [propose(council.body, [approve()])] })],
      ['half of a request', 'TRUNCATED', ask({ actions: [approve()] }).slice(0, 90)],
      ['something else', 'WRONG_TYPE', Uint8Array.of(1)],
    ];
    const page = await openPage();
    await openKey(page, keyOf(ben));
    for (const [what, code, request] of table) {
      await give(page, '#request-file', request);
      await page
        .waitForFunction(`document.querySelector('#judgement-state')?.textContent.includes('${code}')`, undefined, {
          timeout: 30_000,
        })
        .catch(() => undefined);
      assert.deepEqual(await refusalsOf(page), [code], what);
      assert.equal(await page.isVisible('#sign'), false, what);
    }
    // The same request, as it should be, has one.
    await give(page, '#request-file', ask({ actions: [approve()], records: [evidence] }));
    await page.waitForSelector('#sign:visible');
    await page.context().close();
  });

  test('an answer does not appear below a request that was given while it was made', async () => {
    const page = await openPage();
    await openKey(page, keyOf(council.members[1]));
    await give(page, '#request-file', ask({ actions: [grant('operator')] }));
    await page.waitForSelector('#sign:visible');
    await page.evaluate(`(() => {
      document.getElementById('sign').click();
      const text = document.getElementById('request-text');
      text.value = 'something else';
      text.dispatchEvent(new Event('input'));
    })()`);
    await new Promise((wait) => setTimeout(wait, 1_000));
    assert.equal(await page.locator('#answer').count(), 0);
    await page.context().close();
  });

  test('a key file that names no city signs nothing until a policy does', async () => {
    const [, ben] = council.members;
    const page = await openPage();
    await openKey(page, await lockKey({ seed: ben.seed }, PASSPHRASE, 17));
    await give(page, '#request-file', ask({ actions: [approve()], records: [evidence] }));
    await page.waitForSelector('text=CITY_NOT_PINNED');
    assert.equal(await page.isVisible('#sign'), false);
    await page.click('#policy summary');
    await page.fill('#policy-text', new TextDecoder().decode(council.policyFile));
    await page.waitForSelector('#sign:visible');
    assert.match((await page.textContent('#judgement')) ?? '', /This is the city of the policy you gave/);
    await page.click('#close-key');
    assert.equal(await page.isVisible('#sign'), false);
    await page.context().close();
  });

  test('a wrong passphrase, an altered file and one that would burn the machine are refused by their codes', async () => {
    const text = new TextDecoder().decode(keyOf(council.members[1]));
    const costly = Buffer.from(text.split('\n').slice(1, -2).join(''), 'base64').toString('latin1').replace(' 17\n', ' 60\n');
    const armored = `-----BEGIN AGE ENCRYPTED FILE-----\n${(
      Buffer.from(costly, 'latin1')
        .toString('base64')
        .match(/.{1,64}/g) ?? []
    ).join('\n')}\n-----END AGE ENCRYPTED FILE-----\n`;
    const page = await openPage();
    for (const [code, file, passphrase] of [
      ['PASSPHRASE_WRONG', text, 'not the passphrase'],
      ['ACCOUNT_KEY_COST', armored, PASSPHRASE],
      ['ACCOUNT_KEY_INVALID', 'no key at all', PASSPHRASE],
    ] as const) {
      await give(page, '#key-file', file);
      await page.fill('#passphrase', passphrase);
      await page.click('#open-key');
      await page.waitForSelector(`#key-state code:has-text("${code}")`);
    }
    await page.context().close();
  });

  test('codes are pasted in any order; names of strangers are shown as what they are', async () => {
    const page = await openPage();
    const create = action('manufacturer/create', { id: proposal, name: HOSTILE, account: council.members[0].account });
    const codes = encodeEvidenceCodes(crypto, ask({ actions: [create], records: [evidence, otherEvidence] }));
    assert.ok(codes.length > 1);
    await page.fill('#request-text', codes.slice(1).join('\n'));
    await page.waitForSelector('text=Some QR codes are missing');
    await page.fill('#request-text', [...codes].reverse().join('\n'));
    await page.waitForSelector('text=Admit the manufacturer');
    assert.match((await page.textContent('#judgement')) ?? '', /<b onclick=x>\\u\{202e\}evil/);
    assert.equal(await page.locator('[onclick]').count(), 0);
    await page.context().close();
  });

  test('a key that is made here opens here and names its city; all of it by keyboard', async () => {
    const page = await openPage();
    await page.focus('#policy summary');
    await page.keyboard.press('Enter');
    await page.fill('#policy-text', new TextDecoder().decode(council.policyFile));
    await page.focus('#new-key summary');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    await page.keyboard.type(council.members[1].id);
    await page.keyboard.press('Tab');
    await page.keyboard.type('elevenchars');
    await page.keyboard.press('Tab');
    await page.keyboard.type('elevenchars');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#new-state code:has-text("PASSPHRASE_SHORT")');
    await page.fill('#new-passphrase', PASSPHRASE);
    await page.fill('#new-repeat', PASSPHRASE);
    await page.focus('#make-key');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#save-key');
    const publicKey = await page.textContent('#new-state code');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.keyboard.press('Tab').then(() => page.press('#save-key', 'Enter')),
    ]);
    await openKey(page, new Uint8Array(readFileSync((await download.path()) ?? '')));
    const state = (await page.textContent('#key-state')) ?? '';
    assert.ok(
      state.includes(publicKey ?? 'none') && state.includes(council.members[1].id) && state.includes('test.oppidum.example/'),
    );
    await page.context().close();
  });

  for (const lang of LANGUAGES) {
    test(`it reads well in ${lang}: no serious finding, nothing wider than a phone, nothing asked`, async () => {
      for (const [width, dark] of [
        [1200, false],
        [360, true],
      ] as const) {
        const page = await openPage({ lang, width, dark });
        const [asked, troubles] = [watchRequests(page), [] as string[]];
        page.on('pageerror', ({ message }) => troubles.push(message));
        page.on('console', (message) => message.type() === 'error' && troubles.push(message.text()));
        await give(
          page,
          '#request-file',
          ask({ actions: [approve(), propose(council.body, [grant('operator')])], records: [evidence] }),
        );
        await openKey(page, keyOf(council.members[1]));
        await page.click('#sign');
        await page.waitForSelector('#answer img');
        await page.click('#new-key summary');
        const shot = `signer-${lang}-${width}-${dark ? 'dark' : 'light'}.png`;
        writeFileSync(join(SHOTS, shot), await page.screenshot({ fullPage: true }));
        assert.deepEqual(await seriousFindings(page), [], shot);
        assert.equal(await pixelsTooWide(page), 0, shot);
        assert.deepEqual([asked, troubles], [[], []], shot);
        await page.context().close();
      }
    });
  }
});

/** One bit of it is another. */
function altered(bytes: Bytes): Bytes {
  const copy = Uint8Array.from(bytes);
  const middle = copy.length >> 1;
  copy[middle] = (copy[middle] as number) ^ 1;
  return copy;
}
