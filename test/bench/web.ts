/**
 * Bench `web`: the pages as they are built, from a gateway as it serves them, in the browser of the tests. The first view is that of a city
 * of 120 devices, map and updates are of one of 10,000. Their list, places and updates are made up in the forms of the API
 * (test/support/big-city.ts): what is measured is what pages do with them. The evidence is real, with four cosigners.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { encodeBase64, parseUtf8 } from '@oppidum/formats/bytes';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { encodePolicy } from '@oppidum/formats/policy';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { type BigCity, serveBigCity } from '../support/big-city.ts';
import { withBrowser } from '../support/browser.ts';
import { CityProcess } from '../support/city-process.ts';
import { EvidenceCity } from '../support/evidence.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const [SMALL_COUNT, BIG_COUNT] = [120, 10_000];
const UPDATES_A_SECOND = 500;
const VIEWS = 5;
const READING_COUNT = 1_000;
/** Until what comes of itself after a view was drawn has come. */
const SETTLE_MS = 3_000;
/** What the map alone loads. */
const MAP_PART = /\/(assets\/(city-map|maplibre)|map\.geojson)/;

/** In the page: when its first list was drawn and the main thread took up something else; what its frames cost in script. */
const WATCH = `(() => {
  const look = new MutationObserver(() => {
    if (document.querySelector('main tbody tr, main [role="gridcell"]') === null) return;
    look.disconnect();
    requestAnimationFrame(() => setTimeout(() => { document.documentElement.dataset.listed = performance.now(); }));
  });
  look.observe(document, { childList: true, subtree: true });
  window.frameMs = new Map();
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (draw) => ask((at) => {
    const begun = performance.now();
    try { draw(at); } finally { window.frameMs.set(at, (window.frameMs.get(at) ?? 0) + performance.now() - begun); }
  });
})()`;

/**
 * `firstViewKb`: all that is transferred for the first view, as it is transferred, but for the map. `interactiveMs`: from asking for the
 * page until its list is drawn and the main thread is free. `frameScriptMs`: script of a frame while the map is dragged (the 95th
 * percentile of drawing, and beside it the mean of all else). `busyShare`: of the main thread. `verifyMs`: from evidence given as text to
 * its report drawn, in the offline verifier (median). `verifierPageKb`: as it is kept, uncompressed.
 */
export async function benchWeb({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-bench-web-'));
  const pages = join(folder, 'pages');
  execFileSync(process.execPath, [join(ROOT, 'tools/pages.ts'), '--out', pages]);
  const city = await CityProcess.start(join(folder, 'city'), undefined, ['--pages', pages]);
  const [small, big] = await Promise.all([serveBigCity(city.http, SMALL_COUNT), serveBigCity(city.http, BIG_COUNT)]);
  const figures: Record<string, number> = {};
  try {
    await withBrowser(async (browser) => {
      const measures = [
        () => measureFirstViews(browser, small),
        () => measureFrames(browser, big, seconds / 2),
        () => measureUpdates(browser, big, seconds),
        () => measureVerifier(browser, city.http, seconds / 4),
      ];
      for (const measure of measures) {
        const found = await measure();
        say(JSON.stringify(found));
        Object.assign(figures, found);
      }
    });
    return { ...figures, verifierPageKb: statSync(join(pages, 'verify.html')).size / 1_000 };
  } finally {
    await Promise.all([small.close(), big.close()]);
    await city.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  }
}

type Opened = { readonly page: Page; readonly session: CDPSession };

async function openPage(browser: Browser, address: string): Promise<Opened> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-US' });
  const page = await context.newPage();
  const session = await context.newCDPSession(page);
  await page.addInitScript(WATCH);
  await session.send('Network.enable');
  // Time that the main thread was given, whatever else the machine does.
  await session.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
  await session.send('Performance.enable');
  if (address !== '') await page.goto(address);
  return { page, session };
}

/** Since the page was asked for. */
async function listedMs(page: Page): Promise<number> {
  return Number(await page.locator('html[data-listed]').getAttribute('data-listed'));
}

async function measureFirstViews(browser: Browser, { http, tell }: BigCity): Promise<BenchFigures> {
  tell(SMALL_COUNT / 10);
  const [sizes, times]: [number[], number[]] = [[], []];
  for (let view = 0; view < VIEWS; view++) {
    const { page, session } = await openPage(browser, '');
    const addresses = new Map<string, string>();
    let size = 0;
    session.on('Network.requestWillBeSent', ({ requestId, request }) => addresses.set(requestId, request.url));
    session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      if (!MAP_PART.test(addresses.get(requestId) ?? '')) size += encodedDataLength;
    });
    await page.goto(`${http}/`);
    times.push(await listedMs(page));
    await page.waitForTimeout(SETTLE_MS / 2);
    sizes.push(size);
    await page.context().close();
  }
  return { firstViewKb: percentile(sizes, 0.5) / 1_000, interactiveMs: percentile(times, 0.5) };
}

async function measureFrames(browser: Browser, { http, tell }: BigCity, seconds: number): Promise<BenchFigures> {
  tell(0);
  const { page, session } = await openPage(browser, `${http}/`);
  const map = page.locator('.map canvas');
  await map.waitFor();
  await page.waitForTimeout(SETTLE_MS);
  const box = await map.boundingBox();
  if (box === null) throw new Error('there is no map');
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.evaluate('window.frameMs.clear()');
  const before = await metricsOf(session);
  const end = performance.now() + 1_000 * seconds;
  for (let step = 0; performance.now() < end; step++) {
    await page.mouse.move(x + 0.3 * box.width * Math.sin(step / 20), y + 0.3 * box.height * Math.cos(step / 15));
    await page.waitForTimeout(8);
  }
  const after = await metricsOf(session);
  const frames = await page.evaluate<number[]>('[...window.frameMs.values()]');
  await page.context().close();
  if (frames.length < seconds) throw new Error(`${frames.length} frames: the map does not move`);
  const drawnMs = frames.reduce((sum, each) => sum + each, 0);
  const othersMs = Math.max(0, 1_000 * (after.ScriptDuration - before.ScriptDuration) - drawnMs) / frames.length;
  return { frameScriptMs: percentile(frames, 0.95) + othersMs, framesPerSecond: frames.length / seconds };
}

async function measureUpdates(browser: Browser, { http, tell, streamCount }: BigCity, seconds: number): Promise<BenchFigures> {
  tell(UPDATES_A_SECOND);
  const { page, session } = await openPage(browser, `${http}/`);
  await listedMs(page);
  await page.waitForTimeout(2 * SETTLE_MS);
  const [before, begun] = [await metricsOf(session), performance.now()];
  await page.waitForTimeout(1_000 * seconds);
  const [after, ended] = [await metricsOf(session), performance.now()];
  if (streamCount() !== 1) throw new Error('the page does not listen');
  await page.context().close();
  return { busyShare: (after.TaskDuration - before.TaskDuration) / ((ended - begun) / 1_000) };
}

async function metricsOf(session: CDPSession): Promise<{ readonly TaskDuration: number; readonly ScriptDuration: number }> {
  const { metrics } = await session.send('Performance.getMetrics');
  const read = (wanted: string): number => metrics.find(({ name }) => name === wanted)?.value ?? Number.NaN;
  return { TaskDuration: read('TaskDuration'), ScriptDuration: read('ScriptDuration') };
}

async function measureVerifier(browser: Browser, http: string, seconds: number): Promise<BenchFigures> {
  const city = new EvidenceCity({ validatorCount: 5 });
  for (let n = 1; n <= READING_COUNT; n++) city.keep(city.sign(n));
  const evidence = encodeBase64(encodeEvidence(city.proveReading(READING_COUNT / 2, city.anchor())));
  const { page } = await openPage(browser, `${http}/verify`);
  await page.fill('#policy-text', parseUtf8(encodePolicy(nativeCrypto, city.policy)));
  await page.fill('#evidence-text', evidence);
  const verdict = await page.textContent('.verdict code');
  if (verdict !== 'OK') throw new Error(`the evidence is ${verdict}`);
  const samples = await page.evaluate<number[]>(`(() => {
    const samples = [];
    const field = document.getElementById('evidence-text');
    const end = performance.now() + ${1_000 * seconds};
    while (performance.now() < end) {
      const begun = performance.now();
      field.dispatchEvent(new Event('input'));
      samples.push(performance.now() - begun);
    }
    return samples;
  })()`);
  await page.context().close();
  return { verifyMs: percentile(samples, 0.5) };
}
