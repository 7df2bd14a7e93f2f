/** A page of a real browser as a device: the key that nobody can read, the outbox that outlives the page, receipts that are proven. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { createModel, makeTransaction } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { BrowserContext, Page } from 'playwright-core';
import { openBrowser } from '../support/browser.ts';
import { admitMaker, CityProcess, listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { freshBytes, inTemporaryFolder } from '../support/running-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');

const textOf = async (page: Page, id: string): Promise<string> => (await page.textContent(`#${id}`)) ?? '';
const waitFor = (page: Page, id: string, text: RegExp): Promise<void> =>
  until(`${id} says ${text}`, async () => text.test(await textOf(page, id)));

/** What comes of it when a page tries to read the private key of its device. */
function exportKey(page: Page): Promise<unknown> {
  return page.evaluate(`
    new Promise((done) => { const open = indexedDB.open('device'); open.onsuccess = () => done(open.result); })
      .then((database) => new Promise((done) => {
        const read = database.transaction('facts').objectStore('facts').get('key');
        read.onsuccess = () => done(read.result);
      }))
      .then(({ privateKey }) => crypto.subtle.exportKey('pkcs8', privateKey))
      .then(() => 'exported', (error) => error.name)`);
}

/** A model on the ledger; its id in hex. */
async function makeModel(city: CityProcess, data: string): Promise<string> {
  const { api, records, manufacturer, maker } = await admitMaker(city, data);
  const model = { id: freshBytes(32), name: 'Page', deviceType: 'page', personal: false, simulated: true };
  const made = await api.submit(makeTransaction(records.audience, [createModel(manufacturer, model)], [maker]));
  assert.equal(made.code, 'OK');
  api.close();
  return toHex(model.id);
}

/** Opens the page; what it throws is collected. */
async function openPage(context: BrowserContext, city: CityProcess, faults: string[], query = ''): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  await page.goto(`${city.http}/device-page${query}`);
  return page;
}

/** Runs the commands that the page asks for, until it is active. */
async function enrolPage(page: Page, model: string, city: CityProcess, data: string): Promise<void> {
  const run = async (): Promise<void> => {
    const command = await textOf(page, 'command');
    const args = command.replace('npx --no-install oppidum ', '').replace('MODEL', model).split(' ');
    const { code, stderr } = await runCommand([...args, '--api', city.http, '--data', data]);
    assert.equal(code, 0, stderr);
  };
  await run();
  await waitFor(page, 'command', /--proof [0-9a-f]{128}$/);
  await run();
  await waitFor(page, 'state', /^active$/);
}

type Shown = {
  readonly sequence: number;
  readonly clockErrorMs: number;
  readonly records: readonly { readonly value: number }[];
};

async function assertListed(city: CityProcess): Promise<void> {
  await until('both are listed', async () => (await listReadings(city.http)).length === 2);
  const { items } = (await (await fetch(`${city.http}/api/v1/readings`)).json()) as { readonly items: readonly Shown[] };
  const values = items.map(({ sequence, records: [record] }) => [sequence, record?.value]);
  assert.deepEqual(
    values.sort(([a = 0], [b = 0]) => a - b),
    [
      [1, 1.5],
      [2, 2.25],
    ],
  );
  assert.ok(items.every(({ clockErrorMs }) => clockErrorMs > 1_900 && clockErrorMs < 2_100));
}

/** A page whose clock is too bad measures and is closed; the next one dates it between what was known and its own begin. */
async function measureWithoutTime(context: BrowserContext, city: CityProcess, faults: string[]): Promise<void> {
  const page = await openPage(context, city, faults, '?clock-error-ms=70000');
  await waitFor(page, 'clock', /^unknown$/);
  await page.fill('#value', '3');
  await page.click('#measure button');
  await waitFor(page, 'waiting', /^1$/);
  await page.close();
  const next = await openPage(context, city, faults);
  await waitFor(next, 'waiting', /^0$/);
  await until('the third is listed', async () => (await listReadings(city.http)).length === 3);
  const { items } = (await (await fetch(`${city.http}/api/v1/readings`)).json()) as { readonly items: readonly Shown[] };
  const dated = items.find(({ records: [record] }) => record?.value === 3);
  assert.ok(dated !== undefined && dated.sequence === 3 && dated.clockErrorMs < 60_000);
}

test(
  'a browser page is enrolled by its public key, signs, keeps what waits through a reload, and deletes it on a proven receipt',
  { skip: skipWithout('chromium') },
  () =>
    inTemporaryFolder(async (data) => {
      execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
      mkdirSync(SHOTS, { recursive: true });
      process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
      let city = await CityProcess.start(data);
      const browser = await openBrowser();
      try {
        const model = await makeModel(city, data);
        const context = await browser.newContext({ locale: 'en-US', viewport: { width: 900, height: 900 } });
        const faults: string[] = [];
        const page = await openPage(context, city, faults);
        await waitFor(page, 'state', /^not registered$/);
        const id = await textOf(page, 'device');

        // Measured before anybody knows the device: it waits, and is refused for now.
        await page.click('#measure button');
        await waitFor(page, 'waiting', /^1$/);
        await waitFor(page, 'problem', /DEVICE_UNKNOWN/);
        await page.screenshot({ path: join(SHOTS, 'device-page-waiting.png') });
        const second = await openPage(context, city, faults);
        await waitFor(second, 'problem', /Another process uses this outbox/);
        await second.close();

        await enrolPage(page, model, city, data);
        await waitFor(page, 'waiting', /^0$/);
        const [reading] = await listReadings(city.http);
        assert.deepEqual([reading?.device, reading?.sequence], [id, 1]);
        assert.equal(await page.textContent(`[id="${reading?.id}"] td:last-child`), 'kept');

        // The city goes away, the page is closed; both come back.
        await city.end('SIGKILL');
        await page.fill('#value', '2.25');
        await page.click('#measure button');
        await waitFor(page, 'waiting', /^1$/);
        await waitFor(page, 'problem', /CITY_UNREACHABLE/);
        await page.close();
        city = await city.again(data);
        const again = await openPage(context, city, faults);
        await waitFor(again, 'device', new RegExp(`^${id}$`));
        await waitFor(again, 'waiting', /^0$/);
        await waitFor(again, 'state', /^active$/);
        await assertListed(city);
        await again.screenshot({ path: join(SHOTS, 'device-page.png') });
        assert.equal(await exportKey(again), 'InvalidAccessError');
        await again.close();
        await measureWithoutTime(context, city, faults);
        assert.deepEqual(faults, []);
      } finally {
        delete process.env['OPPIDUM_PAGES'];
        await browser.close();
        await city.end('SIGTERM');
      }
    }),
);
