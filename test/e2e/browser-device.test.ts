/** A page of a real browser as a device: the key that nobody can read, the outbox that outlives the page, receipts that are proven. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { createModel, makeTransaction } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { Page } from 'playwright-core';
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
        const { api, records, manufacturer, maker } = await admitMaker(city, data);
        const model = { id: freshBytes(32), name: 'Page', deviceType: 'page', personal: false, simulated: true };
        const made = await api.submit(makeTransaction(records.audience, [createModel(manufacturer, model)], [maker]));
        assert.equal(made.code, 'OK');
        api.close();

        const context = await browser.newContext({ locale: 'en-US', viewport: { width: 900, height: 900 } });
        const page = await context.newPage();
        const faults: string[] = [];
        page.on('pageerror', (error) => faults.push(error.message));
        await page.goto(`${city.http}/device-page`);
        await waitFor(page, 'state', /^not registered$/);
        const id = await textOf(page, 'device');
        const run = async (command: string, ...more: string[]): Promise<void> => {
          const args = command.replace('npx --no-install oppidum ', '').replace('MODEL', toHex(model.id)).split(' ');
          const { code, stderr } = await runCommand([...args, ...more, '--api', city.http, '--data', data]);
          assert.equal(code, 0, stderr);
        };

        // Measured before anybody knows the device: it waits, and is refused for now.
        await page.click('#measure button');
        await waitFor(page, 'waiting', /^1$/);
        await waitFor(page, 'problem', /DEVICE_UNKNOWN/);
        await page.screenshot({ path: join(SHOTS, 'device-page-waiting.png') });
        const second = await context.newPage();
        await second.goto(`${city.http}/device-page`);
        await waitFor(second, 'problem', /Another process uses this outbox/);
        await second.close();

        await run(await textOf(page, 'command'));
        await waitFor(page, 'command', /--proof [0-9a-f]{128}$/);
        await run(await textOf(page, 'command'));
        await waitFor(page, 'state', /^active$/);
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
        const again = await context.newPage();
        again.on('pageerror', (error) => faults.push(error.message));
        await again.goto(`${city.http}/device-page`);
        await waitFor(again, 'device', new RegExp(`^${id}$`));
        await waitFor(again, 'waiting', /^0$/);
        await until('both are listed', async () => (await listReadings(city.http)).length === 2);
        const listed = await fetch(`${city.http}/api/v1/readings`);
        const { items } = (await listed.json()) as {
          readonly items: readonly { sequence: number; clockErrorMs: number; records: { value: number }[] }[];
        };
        assert.deepEqual(items.map(({ sequence, records: [record] }) => [sequence, record?.value]).sort(), [
          [1, 1.5],
          [2, 2.25],
        ]);
        assert.ok(items.every(({ clockErrorMs }) => clockErrorMs >= 2_000 && clockErrorMs < 2_100));
        await waitFor(again, 'state', /^active$/);
        await again.screenshot({ path: join(SHOTS, 'device-page.png') });

        const stolen = await again.evaluate(async () => {
          const database = await new Promise<IDBDatabase>((done) => {
            const request = indexedDB.open('device');
            request.onsuccess = () => done(request.result);
          });
          const pair = await new Promise<CryptoKeyPair>((done) => {
            const request = database.transaction('facts').objectStore('facts').get('key');
            request.onsuccess = () => done(request.result as CryptoKeyPair);
          });
          return crypto.subtle.exportKey('pkcs8', pair.privateKey).then(
            () => 'exported',
            (error: Error) => error.name,
          );
        });
        assert.equal(stolen, 'InvalidAccessError');
        assert.deepEqual(faults, []);
      } finally {
        delete process.env['OPPIDUM_PAGES'];
        await browser.close();
        await city.end('SIGTERM');
      }
    }),
);
