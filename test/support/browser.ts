/** A real browser for tests of pages: Chromium of the system, driven by playwright-core. */

import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { findProgram } from './programs.ts';

/** Maps draw by WebGL, also where there is no graphics card. */
const SOFTWARE_GRAPHICS = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];

/** Starts a browser; whoever opens it closes it. Skip tests by `skipWithout('chromium')`. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium');
  if (executablePath === null) throw new Error('there is no Chromium here');
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...SOFTWARE_GRAPHICS] });
}

/** Calls `use` with a browser, and ends it. */
export async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await openBrowser();
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

/** Addresses that a page asks for, but for its own file and data within it. */
export function watchRequests(page: Page): readonly string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) asked.push(request.url());
  });
  return asked;
}
