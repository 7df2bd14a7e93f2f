/**
 * A real browser for tests of pages, driven by playwright-core. In this order: the one that CHROMIUM_PATH names; the one that comes as a
 * package (@sparticuz/chromium, Linux on x64 alone), so that no package of the system is needed; a Chromium of the system.
 */

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { withLock } from '../../tools/file-lock.ts';
import { findProgram, PACKED_CHROMIUM } from './programs.ts';

const ROOT = resolve(import.meta.dirname, '../..');
/** Maps draw by WebGL, also where there is no graphics card. */
const SOFTWARE_GRAPHICS = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'];
/** Unpacks what the package holds into TMPDIR; it does so whole only where it believes to be where it was made for. */
const UNPACK = "import chromium from '@sparticuz/chromium'; await chromium.executablePath();";

/** Starts a browser; whoever opens it closes it. Skip tests by `skipWithout('chromium')`. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = findProgram('chromium');
  if (executablePath === null) throw new Error('there is no Chromium here');
  const args = ['--no-sandbox', ...SOFTWARE_GRAPHICS];
  if (executablePath !== PACKED_CHROMIUM) return chromium.launch({ executablePath, args });
  const folder = await unpackChromium();
  return chromium.launch({ executablePath: join(folder, 'chromium'), args, env: packedEnvironment(folder) });
}

/** The folder of the packed browser, unpacked once for each of its versions. */
async function unpackChromium(): Promise<string> {
  const { version } = JSON.parse(readFileSync(PACKED_CHROMIUM, 'utf8')) as { readonly version: string };
  const folder = join(ROOT, '.cache', `chromium-${version}`);
  if (existsSync(folder)) return folder;
  await withLock(folder, async () => {
    if (existsSync(folder)) return;
    const fresh = `${folder}.new`;
    rmSync(fresh, { recursive: true, force: true });
    mkdirSync(fresh, { recursive: true });
    const env = { ...process.env, TMPDIR: fresh, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', UNPACK], { cwd: ROOT, env });
    renameSync(fresh, folder);
  });
  return folder;
}

/** It brings the libraries that it needs, and letters for where there are none. */
function packedEnvironment(folder: string): Record<string, string> {
  const env: Record<string, string> = { LD_LIBRARY_PATH: join(folder, 'al2023/lib') };
  if (!existsSync('/etc/fonts/fonts.conf')) env['FONTCONFIG_PATH'] = join(folder, 'fonts');
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
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
