/**
 * Certificates of any evidence, in four languages: of a reading, a transaction, records of the ledger, a range of readings, a file. The codes
 * are scanned from the page, as a phone would, and what they hold is verified by the policy alone.
 */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { joinEvidenceCodes } from '@oppidum/formats/evidence-codes';
import type { DeviceDetailJson } from '@oppidum/gateway/api-types';
import { verifyFile } from '@oppidum/proofs/verify-file';
import jsqr from 'jsqr';
import type { BrowserContext, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { seriousFindings } from '../support/axe.ts';
import { watchRequests } from '../support/browser.ts';
import { listReadings, until } from '../support/city-process.ts';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';
import { LANGUAGES } from '../support/reads-well.ts';

/** Its types say a module of its own, it is a function. */
const scan = jsqr as unknown as typeof jsqr.default;
const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
const YEAR = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)] as const;

describe('certificates', { skip: skipWithout('chromium') }, () => {
  let city: ConsoleCity;
  let [device, reading, transaction, policyText] = ['', '', '', ''];

  before(async () => {
    city = await ConsoleCity.open();
    device = await replayed('level', 4);
    reading = (await listReadings(city.http)).find((each) => each.device === device)?.id ?? '';
    transaction = (await city.get<DeviceDetailJson>(`/api/v1/devices/${device}`)).registration;
    policyText = readFileSync(join(city.data, 'city.policy'), 'utf8');
  });

  after(() => city?.close());

  /** A device of this name with so many readings, a minute between them, all anchored. */
  const replayed = async (name: string, count: number): Promise<string> => {
    const rows = Array.from({ length: count }, (_, i) => `2026-02-01T00:${String(i).padStart(2, '0')}:00Z,${i}`);
    const file = join(city.data, '..', `${name}.csv`);
    writeFileSync(file, `time,${name}\n${rows.join('\n')}\n`);
    await city.command('replay', file, '--pack', '1');
    let device = '';
    await until('all are anchored', async () => {
      const listed = await listReadings(city.http);
      device = listed[0]?.device ?? '';
      return listed.filter((each) => each.device === device).length === count && listed.every(({ anchored }) => anchored);
    });
    return device;
  };

  /** What each is of, in an address, and the facts that a scan of it must prove. */
  const asked = (): readonly (readonly [name: string, text: string, facts: Readonly<Record<string, unknown>>])[] => [
    ['reading', reading, { fact: 'reading', device }],
    ['transaction', transaction, { fact: 'transaction', id: transaction }],
    ['device', `records.device.${device}`, { kind: 'device', found: 'present', about: device }],
    ['suspensions', `records.suspension.${device}`, { kind: 'suspension', found: 'complete' }],
    ['absent', `records.device.${'0'.repeat(64)}`, { kind: 'device', found: 'absent' }],
    ['policy', 'records.policyEffective', { kind: 'policyEffective', found: 'present' }],
    ['keys', `records.deviceKey.${device}.0-3`, { kind: 'deviceKey', found: 'complete' }],
    ['range', `readings.${device}.0.${YEAR.join('-')}`, { fact: 'readings', device }],
  ];

  const scanned = async (page: Page): Promise<Bytes> => {
    const texts: string[] = [];
    // Drawn, and not only there.
    await page.evaluate("Promise.all([...document.querySelectorAll('.codes img')].map((code) => code.decode()))");
    for (const code of await page.locator('.codes img').all()) {
      const { data, width, height } = PNG.sync.read(await code.screenshot());
      texts.push(scan(new Uint8ClampedArray(data), width, height)?.data ?? '');
    }
    const joined = joinEvidenceCodes(crypto, texts);
    assert.ok('file' in joined, texts.map((text) => text.slice(0, 20)).join());
    return joined.file;
  };

  const verified = (file: Bytes) =>
    verifyFile(crypto, file, { policy: parseCityPolicy(crypto, new TextEncoder().encode(policyText)) }).report;

  const pinnedContext = async (): Promise<BrowserContext> => {
    const context = await city.newContext({ deviceScaleFactor: 2 });
    await city.pin(context);
    return context;
  };

  for (const lang of LANGUAGES) {
    test(`of everything in ${lang}: scanned from the page, the codes verify`, async () => {
      const context = await pinnedContext();
      const files = new Map<string, Bytes>();
      const page = await city.openView(context, '#/certificate', { lang });
      assert.deepEqual(await seriousFindings(page), []);
      for (const [name, text, facts] of asked()) {
        await page.evaluate(`location.hash = '#/certificate/${text}'`);
        await page.waitForSelector('.codes img');
        const file = await scanned(page);
        const report = verified(file);
        assert.equal(report.verdict, 'OK', name);
        for (const [fact, value] of Object.entries(facts)) assert.deepEqual(report.facts[fact], value, `${name}: ${fact}`);
        // The range ends with the newest reading, so that nobody knows whether another was left out behind it.
        assert.equal(await page.textContent('.verdict code'), name === 'range' ? 'INCOMPLETE' : 'OK', name);
        assert.equal(await page.evaluate('document.documentElement.dir'), lang === 'ar' ? 'rtl' : 'ltr');
        await city.shoot(page, `console-certificate-${name}-${lang}.png`);
        if (name === 'suspensions' || name === 'range') assert.deepEqual(await seriousFindings(page), [], name);
        if (name === 'reading') writeFileSync(join(SHOTS, `console-certificate-${lang}.pdf`), await page.pdf({ format: 'A4' }));
        files.set(name, file);
        await page.click('a[href="#/certificate"]');
        await page.waitForSelector('input[name=evidence]');
      }
      // Languages differ in words alone.
      if (lang === 'en') await fromFiles(context, lang, files);
      await context.close();
    });
  }

  /** Of files that somebody has: the same codes again, and nobody is asked for evidence. */
  async function fromFiles(context: BrowserContext, lang: string, files: ReadonlyMap<string, Bytes>): Promise<void> {
    const page = await city.openView(context, '#/certificate', { lang });
    const asked = watchRequests(page);
    for (const [name, file] of files) {
      const given = { name: `${name}.evidence`, mimeType: '', buffer: Buffer.from(file) };
      await page.setInputFiles('input[name=evidence]', given);
      await page.waitForSelector('.codes img');
      assert.deepEqual(await scanned(page), file, name);
      await page.click('a[href="#/certificate"]');
      await page.waitForSelector('input[name=evidence]');
    }
    assert.deepEqual(
      asked.filter((address) => address.includes('/evidence')),
      [],
    );
    await page.close();
  }

  test('what is asked by its form leads to an address of its own; what names nothing is told', async () => {
    const context = await pinnedContext();
    const page = await city.openView(context, '#/certificate');
    await page.fill('form[name=id] input', 'ab');
    await page.click('form[name=id] button');
    await page.waitForSelector('form[name=id] ~ .problem');
    await page.fill('form[name=id] input', reading);
    await page.click('form[name=id] button');
    await page.waitForURL(`**#/certificate/${reading}`);
    await page.waitForSelector('.codes img');
    await page.click('main .actions a');
    await page.selectOption('form[name=records] select', 'suspension');
    await page.fill('input[name=segment0]', device);
    await page.fill('form[name=records] input[name=from]', '0');
    await page.click('form[name=records] button');
    await page.waitForURL(`**#/certificate/records.suspension.${device}.0-`);
    await page.waitForSelector('.codes img');
    await page.goBack();
    await page.fill('form[name=readings] input[name=device]', device);
    await page.fill('form[name=readings] input[name=from]', '2025-12-31T00:00');
    await page.fill('form[name=readings] input[name=to]', '2026-01-01T00:00:30');
    await page.click('form[name=readings] button');
    await page.waitForSelector('.codes img');
    assert.match(page.url(), new RegExp(`#/certificate/readings\\.${device}\\.0\\.[0-9]+-[0-9]+$`));
    await page.goto(`${city.http}/?lang=en#/certificate/records.nothing`);
    await page.waitForSelector('main > .problem');
    await context.close();
  });

  test('a range that is complete is green, and says so; altered or of another device it is nothing', async () => {
    const [first, last] = (await listReadings(city.http))
      .filter((each) => each.device === device)
      .map(({ id }) => id)
      .slice(-2);
    assert.ok(first !== undefined && last !== undefined);
    const times = await Promise.all(
      [first, last].map(async (id) => (await city.get<{ readonly timeMs: number }>(`/api/v1/readings/${id}`)).timeMs),
    );
    // Until before the newest reading, which closes the span.
    const span = `${Math.min(...times)}-${Math.max(...times)}`;
    const context = await pinnedContext();
    const page = await city.openView(context, `#/certificate/readings.${device}.0.${span}`);
    await page.waitForSelector('.verdict.green code:text-is("COMPLETE")');
    await page.waitForSelector('.codes img');
    const alter = async (make: (honest: Buffer) => Buffer, expected: string): Promise<void> => {
      await context.route('**/api/v1/evidence/readings?*', async (route) => {
        const answer = await route.fetch();
        await route.fulfill({ response: answer, body: make(await answer.body()) });
      });
      await page.reload();
      await page.waitForSelector(expected);
      assert.equal(await page.locator('.codes, .green:visible').count(), 0);
      await context.unroute('**/api/v1/evidence/readings?*');
    };
    await alter((honest) => {
      honest[honest.length - 9]! ^= 1;
      return honest;
    }, '.verdict.red');
    const other = (await listReadings(city.http)).find((each) => each.device !== device)?.device;
    const answer = await fetch(`${city.http}/api/v1/evidence/readings?device=${other}&from=${YEAR[0]}&to=${YEAR[1]}`);
    const elsewhere = Buffer.from(await answer.arrayBuffer());
    await alter(() => elsewhere, '.verdict.red code:text-is("OTHER_FACT")');
    await context.close();
  });

  test('bad files are refused by their codes and print nothing; forgetting the policy takes a certificate away', async () => {
    const context = await pinnedContext();
    const page = await city.openView(context, '#/certificate');
    const good = Buffer.from(await (await fetch(`${city.http}/api/v1/evidence/${reading}`)).arrayBuffer());
    const altered = Buffer.from(good);
    altered[altered.length >> 1]! ^= 1;
    for (const [what, buffer] of [
      ['half of it', good.subarray(0, 900)],
      ['one bit of it', altered],
      ['no evidence at all', Buffer.from('hello')],
      ['JSON that is none', Buffer.from('{"version":1}')],
      ['nothing', Buffer.alloc(0)],
    ] as const) {
      await page.setInputFiles('input[name=evidence]', { name: 'x', mimeType: '', buffer });
      await page.locator('.verdict.red').waitFor();
      assert.equal(await page.locator('.codes').count(), 0, what);
      await page.click('a[href="#/certificate"]');
      await page.waitForSelector('input[name=evidence]');
    }
    await page.setInputFiles('input[name=evidence]', { name: 'x', mimeType: '', buffer: Buffer.alloc(9_000_000) });
    await page.waitForSelector('text=larger than any evidence');
    const json = await fetch(`${city.http}/api/v1/evidence/${reading}`, { headers: { accept: 'application/json' } });
    await page.setInputFiles('input[name=evidence]', { name: 'x', mimeType: '', buffer: Buffer.from(await json.arrayBuffer()) });
    await page.waitForSelector('.codes img');
    assert.deepEqual(verified(await scanned(page)).facts['device'], device, 'JSON goes to paper in its binary form');
    await (await city.openView(context, '#/trust')).click('button:has-text("Forget")');
    await page.waitForSelector('.codes', { state: 'detached' });
    assert.equal(await page.locator('.verdict').count(), 0, 'nothing is proven to whom nobody is trusted by any more');
    await context.close();
  });

  test('what does not fit on paper is saved as a file, which the offline verifier takes', async () => {
    const many = await replayed('many', 60);
    const context = await pinnedContext();
    const page = await city.openView(context, `#/certificate/readings.${many}.0.${YEAR.join('-')}`);
    await page.waitForSelector('text=Too large for paper');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("Save the evidence")')]);
    const saved = new Uint8Array(readFileSync((await download.path()) ?? ''));
    assert.equal(verified(saved).verdict, 'OK');
    const verifier = await (await city.newContext({ offline: true })).newPage();
    await verifier.goto(`${pathToFileURL(join(ROOT, '.cache/pages/verify.html')).href}#lang=en`);
    await verifier.fill('#policy-text', policyText);
    await verifier.setInputFiles('#evidence-file', { name: 'x', mimeType: '', buffer: Buffer.from(saved) });
    await verifier.waitForSelector('.verdict.amber code:text-is("INCOMPLETE")');
    assert.match((await verifier.textContent('.facts')) ?? '', /Readings60/);
    await context.close();
  });
});
