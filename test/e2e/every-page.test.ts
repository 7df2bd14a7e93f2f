/**
 * Every page and every view of the console, in four languages, light and dark, at a desk and on a phone: pictures are kept in
 * .cache/screenshots/every-page, and each is held to the same: a heading, nothing wider than the page, no error, nobody else asked, a policy
 * that allows nothing from elsewhere, no serious finding of axe, the whole of it by keyboard. Views are those that the console knows.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { AREAS } from '@oppidum/console/areas';
import type { Browser, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { openBrowser, watchRequests } from '../support/browser.ts';
import { runCommand } from '../support/command-line.ts';
import { skipWithout } from '../support/programs.ts';
import { LANGUAGES } from '../support/reads-well.ts';
import { firstAnchoredReading, type StartedCity, startCity } from '../support/started-city.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGES = join(ROOT, '.cache/pages');
const SHOTS = join(ROOT, '.cache/screenshots/every-page');
const [DESK, PHONE] = [
  { width: 1280, height: 900 },
  { width: 360, height: 780 },
];
/** In an order that changes one thing at a time. `judged`: in which languages axe looks at it, which takes longest. */
const VARIANTS = [
  { size: DESK, colorScheme: 'light', judged: /-en$/ },
  { size: DESK, colorScheme: 'dark', judged: null },
  { size: PHONE, colorScheme: 'dark', judged: /-[a-z]+$/ },
  { size: PHONE, colorScheme: 'light', judged: null },
] as const;
/** Lists go on below it. */
const SHOT_HEIGHT_MAX = 2_000;
/** Of one view, by keyboard: behind these come rows of the same kind. */
const STOPS_MAX = 40;

describe('every page', { skip: skipWithout('chromium') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-every-page-'));
  let city: StartedCity;
  let browser: Browser;
  let views: Readonly<Record<string, string>> = {};

  before(async () => {
    execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts')]);
    rmSync(SHOTS, { recursive: true, force: true });
    mkdirSync(SHOTS, { recursive: true });
    city = await startCity(join(folder, 'city'));
    views = { ...(await viewsOf(city.api)), ...(await streetViewsOf(city.api, join(folder, 'city'))) };
    browser = await openBrowser();
  });

  after(async () => {
    await browser?.close();
    await city?.stop();
    rmSync(folder, { recursive: true });
  });

  test('no view is forgotten', () => {
    const routes = readFileSync(join(ROOT, 'apps/console/src/route.ts'), 'utf8');
    const names = /export type Route =[\s\S]*?;\n\n/.exec(routes)?.[0].matchAll(/view: ((?:'[a-z]+'(?: \| )?)+)/g) ?? [];
    const withId = /WITH_ID = \[([^\]]*)\]/.exec(routes)?.[1] ?? '';
    const known = [...names]
      .map(([, list]) => list)
      .concat(withId)
      .join();
    const wanted = [...known.matchAll(/'([a-z]+)'/g)].map(([, name]) => name as string).filter((name) => name !== 'area');
    assert.ok(wanted.length > 8, wanted.join());
    for (const name of [...wanted, ...Object.keys(AREAS)]) assert.ok(Object.hasOwn(views, name), `${name} has an address here`);
  });

  for (const lang of LANGUAGES) {
    test(`the console in ${lang}`, async () => {
      const watched = await watchedPage(browser, `${city.api}/?lang=${lang}#/ledger`);
      for (const [name, address] of Object.entries(views)) {
        await go(watched.page, address);
        await holdToAll(watched, `${name}-${lang}`, city.api);
      }
      await watched.page.context().close();
    });

    test(`pages of one file in ${lang}`, async () => {
      for (const [name, address] of [
        ['verify', pathToFileURL(join(PAGES, 'verify.html')).href],
        ['sign', pathToFileURL(join(PAGES, 'sign.html')).href],
        ['verify-served', `${city.api}/verify`],
        ['sign-served', `${city.api}/sign`],
        // An example for makers, in English alone.
        ...(lang === 'en' ? ([['device-page', `${city.api}/device-page`]] as const) : []),
      ] as const) {
        const watched = await watchedPage(browser, `${address}#lang=${lang}`, address.startsWith('file:'));
        await holdToAll(watched, `${name}-${lang}`, name === 'device-page' ? city.api : null);
        await watched.page.context().close();
      }
    });
  }

  for (const lang of LANGUAGES) {
    test(`by keyboard alone in ${lang}: what can be used is reached in its order, and seen to be`, async () => {
      const { page } = await watchedPage(browser, `${city.api}/?lang=${lang}#/ledger`);
      for (const [name, address] of Object.entries(views)) {
        await go(page, address);
        await walk(page, `${name}-${lang}`);
      }
      await page.context().close();
    });
  }
});

/** An address of each view, with records of the city. */
async function viewsOf(api: string): Promise<Readonly<Record<string, string>>> {
  const first = async (path: string): Promise<string> => {
    const answer = await fetch(`${api}/api/v1/${path}?limit=1`);
    const { items } = (await answer.json()) as { readonly items: readonly { readonly id: string }[] };
    return items[0]?.id ?? '0'.repeat(64);
  };
  const reading = await firstAnchoredReading(api);
  const [transaction, account, model, manufacturer, proposal] = await Promise.all(
    ['transactions', 'accounts', 'models', 'manufacturers', 'proposals'].map(first),
  );
  return {
    ...{ city: '#/city', ledger: '#/ledger', trust: '#/trust', search: '#/search/nothing', block: '#/block/3' },
    ...{ device: `#/device/${reading.device}`, reading: `#/reading/${reading.id}`, transaction: `#/transaction/${transaction}` },
    ...{ certificate: `#/certificate/${reading.id}`, account: `#/account/${account}`, proposal: `#/proposal/${proposal}` },
    ...{ model: `#/model/${model}`, manufacturer: `#/manufacturer/${manufacturer}` },
    ...Object.fromEntries(Object.keys(AREAS).map((area) => [area, `#/${area}`])),
  };
}

/** Two of the zones that engineers of the demo made, and an order to the lamps of one, as soon as those can be ordered. */
async function streetViewsOf(api: string, data: string): Promise<Readonly<Record<string, string>>> {
  for (;;) {
    const answer = await fetch(`${api}/api/v1/zones`);
    const { items } = (await answer.json()) as { readonly items: readonly { readonly id: string; readonly name: string }[] };
    const [lights, junction] = ['Street lights', 'First junction'].map((name) => items.find((zone) => zone.name === name)?.id);
    if (lights !== undefined && junction !== undefined) {
      const key = join(data, 'demo/engineers/lights-1.seed');
      const words = ['--zone', lights, '--all', '--order-key', key, '--data', data, '--api', api, '--yes', '--json'];
      const issued = await runCommand(['order', 'issue', 'light/full', ...words]);
      const orders = await fetch(`${api}/api/v1/orders?limit=1`);
      const [order] = ((await orders.json()) as { readonly items: readonly { readonly id: string }[] }).items;
      if (issued.code === 0 && order !== undefined)
        return { order: `#/orders/${order.id}`, lights: `#/zones/${lights}`, junction: `#/zones/${junction}` };
    }
    await sleep(500);
  }
}

/** A page with what it asked for and what went wrong in it. */
type Watched = { readonly page: Page; readonly asked: readonly string[]; readonly troubles: string[] };

async function watchedPage(browser: Browser, address: string, offline = false): Promise<Watched> {
  const context = await browser.newContext({ viewport: DESK, locale: 'en-US', offline, reducedMotion: 'reduce' });
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('pageerror', ({ message }) => troubles.push(message));
  page.on('console', (message) => {
    // The browser's own words on an answer that says no, which the page tells its reader.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) troubles.push(message.text());
  });
  page.on('response', async (response) => {
    if (response.request().resourceType() !== 'document') return;
    const policy = response.headers()['content-security-policy'] ?? '';
    const isClosed = /default-src 'none'/.test(policy) && !/unsafe-eval|https?:|\*/.test(policy);
    if (response.url().startsWith('http') && !isClosed) troubles.push(`${response.url()} allows: ${policy}`);
  });
  const watched = { page, asked: watchRequests(page), troubles };
  await page.goto(address);
  await settle(page);
  return watched;
}

/** To another view without loading the page again. */
async function go(page: Page, address: string): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(address)}`);
  await settle(page);
}

/** Until a heading stands and what the view asked for at once has mostly come. */
async function settle(page: Page): Promise<void> {
  await page.waitForTimeout(50);
  await page.locator('h1').first().waitFor();
  await page.waitForTimeout(250);
  if ((await page.locator('.map').count()) === 0) return;
  await page.locator('.map canvas').waitFor();
  await page.waitForTimeout(1_000);
}

/** Takes the four pictures and asserts of each what every page promises; `origin` is the only one that may be asked. */
async function holdToAll({ page, asked, troubles }: Watched, name: string, origin: string | null): Promise<void> {
  for (const { size, colorScheme, judged } of VARIANTS) {
    const shot = `${name}-${size === DESK ? 'desk' : 'phone'}-${colorScheme}`;
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await page.waitForTimeout(50);
    const [heading, height, over] = await page.evaluate<[string, number, number]>(
      '[document.querySelector("h1")?.textContent ?? "", document.documentElement.scrollHeight, document.documentElement.scrollWidth - document.documentElement.clientWidth]',
    );
    const clip = { x: 0, y: 0, width: size.width, height: Math.min(height, SHOT_HEIGHT_MAX) };
    await page.screenshot({
      path: join(SHOTS, `${shot}.png`),
      fullPage: true,
      clip,
      animations: 'disabled',
    });
    assert.notEqual(heading.trim(), '', `${shot}: a heading`);
    assert.equal(over, 0, `${shot}: wider than the page`);
    assert.deepEqual(await page.evaluate(MOVING), [], `${shot}: moves, and its reader asked for stillness`);
    if (size === DESK && /-(et|zh|ar)$/.test(name))
      assert.deepEqual(await page.evaluate(UNTRANSLATED), [], `${shot}: not translated`);
    if (judged?.test(name)) assert.deepEqual(await seriousFindings(page), [], shot);
  }
  await page.setViewportSize(DESK);
  const elsewhere = asked.filter((address) => !isOwn(address, page.url(), origin));
  assert.deepEqual(elsewhere, [], `${name}: nobody else is asked`);
  assert.deepEqual(troubles, [], name);
}

function isOwn(address: string, page: string, origin: string | null): boolean {
  return origin === null ? address === page.replace(/#.*/, '') : address.startsWith(`${origin}/`);
}

/** What moves by itself; a shadow that follows the scrolling of a table does not. */
const MOVING = `document.getAnimations().filter(({ playState, timeline }) => playState === 'running' && timeline === document.timeline).map(({ effect }) => effect.target.outerHTML.slice(0, 120))`;

/**
 * Texts on a page in another language in which words stand that only English has. Not what is marked as English, as commands, or as a value of
 * somebody else; names to choose from are mostly of those.
 */
const UNTRANSLATED = `(() => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) {
    const { parentElement, textContent } = texts.currentNode;
    if (parentElement.closest('[lang^=en], bdi, code, pre, script, style, noscript, textarea, option, svg, canvas') !== null) continue;
    if (/\\b(the|and|with|this|from|of|to|not|are)\\b/i.test(textContent)) found.push(textContent.trim());
  }
  return found;
})()`;

/**
 * What can be used, in the order of the document, and where the focus is among it, and was before: what comes late above them moves both.
 */
const FOCUS = `(() => {
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')].filter((each) =>
    each.tabIndex >= 0 && !each.disabled && each.checkVisibility({ visibilityProperty: true }) &&
    (each.type !== 'radio' || each.checked || document.querySelector('input[name="' + each.name + '"]:checked') === null));
  const here = document.activeElement;
  // Fields of a date mark the one of their parts that has the focus.
  const marks = here?.type === 'datetime-local' || [here, here?.parentElement, here?.nextElementSibling].some((each) => {
    const style = each instanceof Element ? getComputedStyle(each) : null;
    return style !== null && (style.outlineStyle !== 'none' || style.boxShadow !== 'none');
  });
  const box = here?.getBoundingClientRect();
  const seen = marks && box !== undefined && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  const from = all.indexOf(globalThis.stopBefore);
  globalThis.stopBefore = here;
  return { count: all.length, from, at: all.indexOf(here), seen, what: here?.outerHTML.slice(0, 120) ?? '' };
})()`;
type Focus = {
  readonly count: number;
  readonly from: number;
  readonly at: number;
  readonly seen: boolean;
  readonly what: string;
};

/** Until nothing that can be used came or went for most of a second, or ten seconds where a list always changes. */
async function settleWhole(page: Page): Promise<void> {
  let before = -1;
  for (let quiet = 0, asked = 0; quiet < 3 && asked < 40; asked++) {
    const { count } = await page.evaluate<Focus>(FOCUS);
    quiet = count === before ? quiet + 1 : 0;
    before = count;
    await page.waitForTimeout(250);
  }
}

/** From the top of the page by Tab: the way past the navigation comes first. */
async function walk(page: Page, name: string): Promise<void> {
  await settleWhole(page);
  await page.evaluate("document.querySelector('a[href], button, input, select, [tabindex]')?.focus()");
  const first = await page.evaluate<Focus>(FOCUS);
  assert.match(first.what, /class="skip"/, `${name}: the first stop leads past the navigation: ${first.what}`);
  let before = first;
  for (let stop = 1; stop < Math.min(first.count, STOPS_MAX); stop++) {
    await page.keyboard.press('Tab');
    const here = await page.evaluate<Focus>(FOCUS);
    // Lists that change meanwhile may move it by one, or take away where it was.
    const from = here.from < 0 ? before.at : here.from;
    assert.ok(here.at >= from && here.at <= from + 2, `${name}: ${before.what} leads to ${here.what}`);
    assert.ok(here.seen, `${name}: the focus is seen at ${here.what}`);
    before = here;
  }
}
