/** What tests of the pages of makers share: a city with a model, a browser, and the key of a maker in it. */

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createModel, makeTransaction } from '@oppidum/device/actions';
import { toHex } from '@oppidum/formats/bytes';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { admitMaker, CityProcess } from './city-process.ts';
import { runCommand } from './command-line.ts';
import { freshBytes } from './running-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const STEP_MS_MAX = 60_000;

export type MakerPages = {
  readonly folder: string;
  readonly data: string;
  readonly city: CityProcess;
  readonly browser: Browser;
  /** A model in hex, of a manufacturer of the operator. */
  readonly model: string;
  readonly close: () => Promise<void>;
};

/** Builds the pages, starts a city with the model "Lamp 3" and a browser. */
export async function openMakerPages(): Promise<MakerPages> {
  execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-makers-'));
  const data = join(folder, 'city');
  process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
  const city = await CityProcess.start(data);
  const { api, records, manufacturer, maker } = await admitMaker(city, data);
  const model = { id: freshBytes(32), name: 'Lamp 3', deviceType: 'street-light', personal: false, simulated: true };
  assert.equal((await api.submit(makeTransaction(records.audience, [createModel(manufacturer, model)], [maker]))).code, 'OK');
  api.close();
  const browser = await openBrowser();
  const close = async (): Promise<void> => {
    delete process.env['OPPIDUM_PAGES'];
    await browser.close();
    await city.end('SIGKILL');
    rmSync(folder, { recursive: true });
  };
  return { folder, data, city, browser, model: toHex(model.id), close };
}

/** Opens a view of the console. */
export async function openView(context: BrowserContext, city: CityProcess, address: string, lang = 'en'): Promise<Page> {
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS_MAX);
  await page.goto(`${city.http}/?lang=${lang}${address}`);
  await page.waitForSelector('main h1');
  return page;
}

/** The words of a command line that a page shows, as a shell reads them, without the name of the program. */
export function shellWords(line: string): readonly string[] {
  const { stdout, status } = spawnSync('bash', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  assert.equal(status, 0, line);
  const words = stdout.split('\0').slice(0, -1);
  assert.deepEqual(words.slice(0, 3), ['npx', '--no-install', 'oppidum']);
  return words.slice(3);
}

/** A context whose browser holds an everyday key of the operator's account. */
export async function withMakerKey({ browser, city, data }: MakerPages): Promise<BrowserContext> {
  const context = await browser.newContext({ locale: 'en-US' });
  const page = await openView(context, city, '#/keys');
  await page.click('button:has-text("Make a key")');
  const request = await page.inputValue('textarea[readonly]');
  const fingerprint = ((await page.textContent('.fingerprint')) ?? '').trim().replaceAll(/\s+/g, ' ');
  const { operator } = JSON.parse(readFileSync(join(data, 'keys/accounts.json'), 'utf8')) as { readonly operator: string };
  const signed = ['--account', operator, '--key', join(data, 'keys/operator.seed')];
  const where = ['--json', '--api', city.http, '--data', data];
  const added = await runCommand(['account', 'add-key', request, '--fingerprint', fingerprint, ...signed, ...where]);
  assert.equal(added.code, 0, added.stderr);
  const { invitation } = JSON.parse(added.stdout) as { readonly invitation: string };
  await page.goto(`${city.http}/?lang=en#/keys/${invitation}`);
  await page.click('button:has-text("Take it")');
  await page.waitForSelector('text=in force: it can sign');
  await page.close();
  return context;
}
