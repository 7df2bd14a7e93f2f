/** The kit for a device in the console: every program that it shows is taken from the page and run until its first reading is listed. */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { toHex } from '@oppidum/formats/bytes';
import type { DeviceDetailJson } from '@oppidum/gateway/api-types';
import jsqr from 'jsqr';
import type { BrowserContext, Page } from 'playwright-core';
import { PNG } from 'pngjs';
import { listReadings, until } from '../support/city-process.ts';
import { runCommand } from '../support/command-line.ts';
import { type MakerPages, openMakerPages, openView, shellWords, withMakerKey } from '../support/maker-pages.ts';
import { findProgram, skipWithout } from '../support/programs.ts';
import { assertReadsWell, LANGUAGES } from '../support/reads-well.ts';
import { freshBytes } from '../support/running-city.ts';

/** Its types say a module of its own, it is a function. */
const scan = jsqr as unknown as typeof jsqr.default;
/** Every program fetches its policy so. */
const HAS_CURL = spawnSync('curl', ['--version']).status === 0;

describe('the kit for a device', { skip: skipWithout('chromium') }, () => {
  let pages: MakerPages;
  const running: ChildProcess[] = [];
  before(async () => {
    pages = await openMakerPages();
  });
  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    await pages?.close();
  });

  const textOf = async (page: Page, name: string): Promise<string> => (await page.textContent(`[data-copy=${name}]`)) ?? '';
  const run = async (line: string): Promise<void> => {
    const { code, stderr } = await runCommand([...shellWords(line), '--api', pages.city.http, '--data', pages.data], {
      cwd: pages.folder,
    });
    assert.equal(code, 0, stderr);
  };
  /** Runs what the page says, line by line as a shell does; a program of ours finds its packages by addresses. */
  const runShown = (lines: string): ReturnType<typeof spawnSync> => {
    const adapted = lines.replace('node_modules/.bin/node', `'${process.execPath}'`);
    return spawnSync('bash', ['-c', adapted], { cwd: pages.folder, encoding: 'utf8' });
  };
  const saveProgram = async (page: Page, label: string): Promise<void> => {
    const program = (await textOf(page, 'program')).replaceAll(
      /from '(@oppidum\/[^']+)'/g,
      (_, name: string) => `from '${import.meta.resolve(name)}'`,
    );
    writeFileSync(join(pages.folder, `${label}.ts`), program);
  };
  const openKit = async (label: string, language: string): Promise<{ readonly page: Page; readonly context: BrowserContext }> => {
    const context = await pages.browser.newContext({ locale: 'en-US', acceptDownloads: true });
    const page = await openView(context, pages.city, '#/kit');
    await page.fill('[data-field=label]', label);
    await page.check(`input[name=language][value=${language}]`);
    await page.waitForSelector('[data-copy=run]');
    return { page, context };
  };
  /** Waits until the page itself says that the reading came. */
  const untilHeard = (page: Page): Promise<unknown> => page.waitForSelector('[data-step=reading][data-done=true]');

  for (const lang of LANGUAGES)
    test(`reads well in ${lang}`, () =>
      assertReadsWell(
        pages.browser,
        { http: pages.city.http, address: `#/kit/${pages.model}.${freshPublicKey()}`, lang, name: 'console-kit' },
        async (page) => {
          await page.waitForSelector('[data-copy=program]');
          await page.waitForSelector('.enrolment-code img');
          await page.locator('details summary').first().click();
        },
      ));

  for (const language of ['node', 'mqtt'])
    test(`from nothing to the first reading in ${language}: two blocks and one command`, {
      skip: !HAS_CURL && 'without curl',
    }, async () => {
      const label = `kit-${language}`;
      const { page, context } = await openKit(label, language);
      await page.fill('[data-field=value]', '2.5');
      await saveProgram(page, label);
      const lines = (await textOf(page, 'run')).split('\n');
      assert.equal(runShown(lines.slice(0, -1).join('\n')).status, 0);
      const [, ...args] = (lines.at(-1) ?? '').split(' ');
      const child = spawn(process.execPath, args, { cwd: pages.folder, stdio: 'ignore' });
      running.push(child);
      await run(await textOf(page, 'enrol'));
      await untilHeard(page);
      child.kill('SIGKILL');
      const link = (await page.getAttribute('#first-reading a[href^="#/reading/"]', 'href')) ?? '';
      const shown = await fetch(`${pages.city.http}/api/v1/readings/${link.split('/').at(-1)}`);
      const { records } = (await shown.json()) as {
        readonly records: readonly { readonly value: number; readonly unit: string }[];
      };
      assert.deepEqual([records[0]?.value, records[0]?.unit], [2.5, 'm']);
      await context.close();
    });

  for (const [language, program] of [
    ['python', 'python3'],
    ['shell', null],
  ] as const) {
    const isMissing = !HAS_CURL || (program !== null && findProgram(program) === null);
    test(`the same in ${language}: run once, let in, run again`, {
      skip: isMissing && `without ${program ?? 'curl'}`,
    }, async () => {
      const { page, context } = await openKit(`kit-${language}`, language);
      await page.fill('[data-field=value]', '7');
      const shown = await textOf(page, 'run');
      const first = runShown(shown);
      assert.match(String(first.stderr), /DEVICE_UNKNOWN/, String(first.stdout));
      await run(await textOf(page, 'enrol'));
      const again = runShown(shown.split('\n').at(-1) ?? '');
      assert.equal(again.status, 0, String(again.stderr));
      await untilHeard(page);
      await until('both are listed', async () => (await readingCount(page)) === 2);
      await context.close();
    });
  }

  /** Of the device that the page found. */
  const readingCount = async (page: Page): Promise<number> => {
    const link = (await page.getAttribute('#first-reading a[href^="#/device/"]', 'href')) ?? '';
    const { items } = (await (
      await fetch(`${pages.city.http}/api/v1/readings?device=${link.split('/').at(-1)}&limit=10`)
    ).json()) as { readonly items: readonly unknown[] };
    return items.length;
  };

  test('a key made here is saved once and proves itself by the command; the code brings model and key', async () => {
    const { page, context } = await openKit('kit-file', 'shell');
    await page.selectOption('[data-field=model]', pages.model);
    await page.check('input[name=key-place] >> nth=1');
    await page.click('button:has-text("Make a key")');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('button:has-text("Save the private key")')]);
    assert.equal(await page.locator('button:has-text("Save the private key")').count(), 0);
    const seed = readFileSync((await download.path()) ?? '', 'utf8');
    assert.match(seed, /^[0-9a-f]{64}\n$/);
    const publicKey = toHex(ed25519Signer(new Uint8Array(Buffer.from(seed.trim(), 'hex'))).publicKey);
    assert.ok(!((await page.textContent('body')) ?? '').includes(seed.trim()), 'the secret is nowhere on the page');

    // Drawn, and not only there.
    await page.evaluate("document.querySelector('.enrolment-code img').decode()");
    const { data, width, height } = PNG.sync.read(await page.locator('.enrolment-code img').screenshot());
    const text = scan(new Uint8ClampedArray(data), width, height)?.data;
    assert.equal(text, `${pages.city.http}/#/kit/${pages.model}.${publicKey}`);
    const scanned = await context.newPage();
    await scanned.goto(text ?? '');
    await scanned.waitForSelector(`[data-field=public-key]:has-text("${publicKey}")`);
    await scanned.close();

    await page.locator('summary:has-text("two machines")').click();
    const key = join(pages.data, 'keys/operator.seed');
    const [register = ''] = (await textOf(page, 'apart')).split('\n');
    await run(register.replace('--key FILE', `--key '${key}'`));
    await page.waitForSelector('[data-copy=apart]:has-text("--proof")');
    const [, activate = ''] = (await textOf(page, 'apart')).split('\n');
    await run(activate);
    await page.waitForSelector('[data-step=active][data-done=true]');

    if (HAS_CURL) {
      writeFileSync(join(pages.folder, 'key.seed'), seed);
      await page.fill('[data-field=value]', '3');
      const done = runShown(await textOf(page, 'run'));
      assert.equal(done.status, 0, String(done.stderr));
      await untilHeard(page);
    }
    await context.close();
  });

  test('with the maker’s key in this browser the page lets the device in by itself', async () => {
    const context = await withMakerKey(pages);
    const page = await openView(context, pages.city, '#/kit');
    await page.fill('[data-field=label]', 'kit-here');
    await page.selectOption('[data-field=model]', pages.model);
    await page.check('input[name=key-place] >> nth=1');
    await page.click('button:has-text("Make a key")');
    await page.click('button:has-text("Register and activate it")');
    await page.waitForSelector('[data-step=active][data-done=true]');
    const id = ((await page.getAttribute('#first-reading a[href^="#/device/"]', 'href')) ?? '').split('/').at(-1);
    const device = (await (await fetch(`${pages.city.http}/api/v1/devices/${id}`)).json()) as DeviceDetailJson;
    assert.deepEqual([device.status, device.label, device.model, device.grade], ['active', 'kit-here', pages.model, 'device']);
    await context.close();
  });

  test('the page that is a device itself is opened with the model, and its first reading comes', async () => {
    const context = await pages.browser.newContext({ locale: 'en-US' });
    const page = await openView(context, pages.city, '#/kit');
    await page.selectOption('[data-field=model]', pages.model);
    await page.check('input[name=language][value=browser]');
    await page.click('a[href^="/device-page"]');
    await page.waitForSelector(`#command:has-text("--model ${pages.model}")`);
    await run((await page.textContent('#command')) ?? '');
    await page.waitForSelector('#command:has-text("--proof")');
    await run((await page.textContent('#command')) ?? '');
    await page.click('#measure button');
    await page.waitForSelector('td:text-is("kept")');
    const id = (await page.textContent('#device')) ?? '';
    await until('its reading is listed', async () => (await listReadings(pages.city.http)).some(({ device }) => device === id));
    await context.close();
  });

  test('words that no command could hold are refused before they stand in one', async () => {
    const { page, context } = await openKit('kit-bad', 'node');
    for (const [field, word] of [
      ['label', '$(touch x)'],
      ['label', '../up'],
      ['label', '-rf'],
      ['sensor', "a'b"],
      ['unit', 'm;ls'],
      ['value', 'Infinity'],
      ['type', 'a b'],
    ] as const) {
      const before = await page.inputValue(`[data-field=${field}]`);
      await page.fill(`[data-field=${field}]`, word);
      await page.waitForSelector(`[data-field=${field}][aria-invalid=true]`);
      assert.equal(await page.locator('[data-copy]').count(), 0, word);
      await page.fill(`[data-field=${field}]`, before);
    }
    await page.fill('[data-field=modelName]', "O'Brien $(id) `id`");
    const words = shellWords(await textOf(page, 'enrol'));
    assert.equal(words[words.indexOf('--name') + 1], "O'Brien $(id) `id`");
    assert.equal(words[words.indexOf('--api') + 1], pages.city.http, 'a city elsewhere than at the default is named');
    await page.fill('[data-field=public-key]', 'zz');
    await page.waitForSelector('.problem:has-text("no Ed25519 public key")');
    await context.close();
  });

  test('by the keyboard alone: another language, and its program is copied', async () => {
    const context = await pages.browser.newContext({ locale: 'en-US', permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await openView(context, pages.city, '#/kit');
    await page.waitForSelector('[data-copy=run]');
    const focus = async (isIt: string): Promise<void> => {
      for (let i = 0; i < 80 && !(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`)); i++)
        await page.keyboard.press('Tab');
      assert.ok(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`), isIt);
    };
    await focus("(element) => element.name === 'language'");
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown');
    await page.waitForSelector('[data-copy=run]:has-text("device.sh")');
    await focus("(element) => element.textContent === 'Copy'");
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=Copied.');
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), await textOf(page, 'run'));
    await context.close();
  });
});

function freshPublicKey(): string {
  return toHex(ed25519Signer(freshBytes(32)).publicKey);
}
