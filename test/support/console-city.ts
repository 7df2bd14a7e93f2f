/** A running city with its console in a real browser, for tests of what people do there: pages, keys, and the command line beside them. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { type EnrolmentRequest, fingerprintOf, fingerprintText, parseEnrolmentRequest } from '@oppidum/formats/enrolment';
import type { CityJson, DeviceDetailJson, DeviceJson, TransactionResultJson } from '@oppidum/gateway/api-types';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { openBrowser } from './browser.ts';
import { CityProcess } from './city-process.ts';
import { runCommand } from './command-line.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHOTS = join(ROOT, '.cache/screenshots');
/** However busy the machine is. */
const STEP_MS_MAX = 60_000;
/** What a stranger may call a device: markup, and a mark that turns the direction of what follows. */
const HOSTILE = '<b onclick=x>\u202eevil';

/** A request that a page shows, parsed by the ledger's own code, and the fingerprint of its key. */
export type ShownRequest = { readonly text: string; readonly request: EnrolmentRequest; readonly fingerprint: string };

/** The request on this page. */
export async function requestOf(page: Page): Promise<ShownRequest> {
  const text = await page.inputValue('textarea[readonly]');
  const request = parseEnrolmentRequest(text);
  return { text, request, fingerprint: fingerprintText(fingerprintOf(crypto, request.key)) };
}

/** The fingerprint as somebody reads it from this page. */
export async function fingerprintShown(page: Page): Promise<string> {
  return ((await page.textContent('.fingerprint')) ?? '').trim().replaceAll(/\s+/g, ' ');
}

/** Everything that such a test needs, in a folder of its own; `close` takes it away. */
export class ConsoleCity {
  readonly data: string;
  readonly #folder: string;
  readonly #city: CityProcess;
  readonly #browser: Browser;
  /** Of a device with a hostile name. */
  device = '';
  /** The city's genesis hash. */
  genesis = '';
  /** Account of the operator, with the seed in `keys/operator.seed`. */
  operator = '';

  private constructor(folder: string, data: string, city: CityProcess, browser: Browser) {
    this.#folder = folder;
    this.data = data;
    this.#city = city;
    this.#browser = browser;
  }

  /** Builds the pages, starts city and browser, and has one device say something. */
  static async open(): Promise<ConsoleCity> {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    mkdirSync(SHOTS, { recursive: true });
    process.env['OPPIDUM_PAGES'] = join(ROOT, '.cache/pages');
    const folder = mkdtempSync(join(tmpdir(), 'oppidum-console-city-'));
    const data = join(folder, 'city');
    const opened = new ConsoleCity(folder, data, await CityProcess.start(data), await openBrowser());
    const file = join(folder, 'levels.csv');
    writeFileSync(file, `time,${HOSTILE},level\n2026-01-01T00:00:00Z,1,2\n2026-01-01T00:01:00Z,2,1\n`);
    await opened.command('replay', file);
    const { items } = await opened.get<{ readonly items: readonly DeviceJson[] }>('/api/v1/devices');
    opened.device = items.find(({ label }) => label?.includes('evil'))?.id ?? '';
    opened.genesis = (await opened.get<CityJson>('/api/v1/city')).genesis;
    const accounts = JSON.parse(readFileSync(join(data, 'keys/accounts.json'), 'utf8')) as { readonly operator: string };
    opened.operator = accounts.operator;
    return opened;
  }

  get http(): string {
    return this.#city.http;
  }

  async close(): Promise<void> {
    delete process.env['OPPIDUM_PAGES'];
    await this.#browser.close();
    await this.#city.end('SIGKILL');
    rmSync(this.#folder, { recursive: true });
  }

  /** JSON of a path. */
  async get<T>(path: string): Promise<T> {
    return (await (await fetch(`${this.http}${path}`)).json()) as T;
  }

  /** The device as it is now. */
  deviceNow(): Promise<DeviceDetailJson> {
    return this.get<DeviceDetailJson>(`/api/v1/devices/${this.device}`);
  }

  /** What a command of the operator writes; it must succeed. */
  async command(...args: readonly string[]): Promise<string> {
    const where = ['--api', this.http, '--data', this.data];
    const { code, stdout, stderr } = await runCommand([...args, ...where], { cwd: this.#folder });
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** Sends a signed transaction as anybody could. */
  async submit(envelope: Bytes): Promise<TransactionResultJson> {
    const headers = { 'content-type': 'application/cose' };
    const answer = await fetch(`${this.http}/api/v1/transactions`, { method: 'POST', headers, body: Buffer.from(envelope) });
    return (await answer.json()) as TransactionResultJson;
  }

  /** Somebody's browser, with storage of its own. */
  newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
    return this.#browser.newContext({ locale: 'en-US', ...options });
  }

  /** A tab at an address of the console; `before` runs in it before anything of the page. */
  async openView(context: BrowserContext, address: string, { lang = 'en', before = '' } = {}): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS_MAX);
    if (before !== '') await page.addInitScript(before);
    await page.goto(`${this.http}/?lang=${lang}${address}`);
    await page.waitForSelector('main h1');
    return page;
  }

  /** A tab in which somebody made a key. */
  async makeKeyIn(context: BrowserContext): Promise<Page> {
    const page = await this.openView(context, '#/keys');
    await page.click('button:has-text("Make a key")');
    await page.waitForSelector('textarea[readonly]');
    return page;
  }

  /** A person whose key of this browser acts as an operator, and who pinned the policy; the account. */
  async enrolOperator(person: BrowserContext): Promise<string> {
    const page = await this.makeKeyIn(person);
    const { account, invitation } = await this.invite(page, 'operator');
    await page.goto(`${this.http}/?lang=en#/keys/${invitation}`);
    await page.click('button:has-text("Take it")');
    await page.waitForSelector('text=in force: it can sign');
    await page.close();
    await this.pin(person);
    return account;
  }

  /** Pins the policy that the city serves. */
  async pin(context: BrowserContext): Promise<void> {
    const page = await this.openView(context, '#/trust');
    await page.click('button:has-text("Pin the policy")');
    await page.waitForSelector('text=Pinned in this browser');
    await page.close();
  }

  /** The operator invites whoever asks on this page, with these roles: account and invitation. */
  async invite(page: Page, ...roles: readonly string[]): Promise<{ readonly account: string; readonly invitation: string }> {
    const { text, fingerprint } = await requestOf(page);
    const asked = roles.flatMap((role) => ['--role', role]);
    const stdout = await this.command('account', 'invite', text, '--fingerprint', fingerprint, ...asked, '--json');
    return JSON.parse(stdout) as { readonly account: string; readonly invitation: string };
  }

  /** Keeps a picture to be looked at. */
  async shoot(page: Page, name: string): Promise<void> {
    writeFileSync(join(SHOTS, name), await page.screenshot({ fullPage: true }));
  }
}
