/**
 * Builds the pages that people open in a browser, once, and again only when their sources change.
 *   node tools/pages.ts [--out DIR]
 * Prints one line a page: its file, size and SHA-256. The same sources give the same bytes on every machine.
 */

import { createHash, hash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build, type Plugin, type Rolldown } from 'vite';
import { withLock } from './file-lock.ts';
import { givenCodes, leanCatalogue } from './lean-catalogue.ts';
import { leanCodes } from './lean-codes.ts';
import { leanColors } from './lean-colors.ts';
import { leanLimits } from './lean-limits.ts';
import { leanShapes } from './lean-shapes.ts';
import { leanTexts } from './lean-texts.ts';
import { onlyPassphrases } from './one-recipient.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Files that decide what a page is. */
const SOURCES = [
  'apps/{verifier,signer,console,device-page}/{index.html,package.json,src/**/*.{ts,tsx,css}}',
  'core/{formats,proofs}/src/*.ts',
  'sdk/pages/src/**/*.{ts,css}',
  'sdk/{device,web-device,onboarding,signing}/src/**/*.{ts,css}',
  'package-lock.json',
  'tools/{pages,lean-catalogue,lean-codes,lean-colors,lean-limits,lean-shapes,lean-texts,one-recipient}.ts',
];
/** Pages that are one HTML file each, and whom they may ask. Without `isLean` they may meet any code, as answers of a city hold them; who asks nobody meets its own. */
const SINGLE_PAGES = [
  { app: 'verifier', file: 'verify.html', mayAsk: [], isLean: true },
  { app: 'signer', file: 'sign.html', mayAsk: [], isLean: true },
  { app: 'device-page', file: 'device.html', mayAsk: ["'self'"], isLean: false },
] as const;
/** Smaller files are sent as they are. */
const COMPRESSED_SIZE_MIN = 1_000;
/** The best but one of those that take little time. */
const BROTLI_QUALITY = 9;
type Page = { readonly file: string; readonly bytes: number; readonly gzipBytes: number; readonly sha256: string };

/** Digest of all sources: their names and contents. */
function digestSources(): string {
  const digest = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: ROOT }).sort()) {
    if (file.endsWith('.test.ts')) continue;
    const name = file.replaceAll('\\', '/');
    digest
      .update(`${name}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  }
  return digest.digest('hex');
}

/** Of every page. Time that the bundler took on a busy machine is no news for whoever starts a city. */
const BUILD = {
  write: false,
  target: 'es2023',
  modulePreload: false,
  rolldownOptions: { checks: { bundlerTimings: false } },
} as const;

/** The console: a page, and beside it the files it loads, each named by its content. */
async function buildConsole(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const made = (await build({
    root: join(ROOT, 'apps/console'),
    configFile: false,
    logLevel: 'warn',
    plugins: [react()],
    build: { ...BUILD, assetsInlineLimit: 0 },
  })) as Rolldown.RolldownOutput;
  return new Map(made.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]));
}

type SinglePage = { readonly app: string; readonly mayAsk: readonly string[]; readonly isLean: boolean };

async function bundle(app: string, plugins: Plugin[] = []): Promise<Rolldown.RolldownOutput> {
  return (await build({
    root: join(ROOT, 'apps', app),
    configFile: false,
    logLevel: 'warn',
    base: './',
    plugins,
    build: {
      ...BUILD,
      assetsInlineLimit: 0,
      minify: true,
      cssMinify: true,
      rolldownOptions: {
        ...BUILD.rolldownOptions,
        // No getter here does anything else than get. That calls do nothing else is never said: some are made for what they refuse.
        treeshake: { propertyReadSideEffects: false },
      },
    },
  })) as Rolldown.RolldownOutput;
}

/** One HTML file that holds all it needs, and says so to the browser: nothing else is loaded, and nobody asked but `mayAsk`. */
async function buildPage({ app, mayAsk, isLean }: SinglePage): Promise<string> {
  const lean = (): Plugin[] => [onlyPassphrases(), leanCodes(), leanLimits(), leanShapes(), leanTexts()];
  const whole = await bundle(app, lean());
  const made = isLean ? await bundle(app, [...lean(), leanCatalogue(givenCodes(whole))]) : whole;
  const text = (end: string): string => {
    const found = made.output.filter(({ fileName }) => fileName.endsWith(end));
    const [one] = found;
    if (one === undefined || found.length > 1) throw new Error(`${app} is one ${end}, not ${found.length}`);
    return one.type === 'chunk' ? one.code : String(one.source);
  };
  // `</script` inside a script would end it.
  const script = text('.js').trim().replaceAll('</script', '<\\/script');
  const style = isLean ? leanColors(text('.css').trim()) : text('.css').trim();
  const policy = [
    "default-src 'none'",
    `script-src '${sourceHash(script)}'`,
    `style-src '${sourceHash(style)}'`,
    'img-src data:',
    ...(mayAsk.length === 0 ? [] : [`connect-src ${mayAsk.join(' ')}`]),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const page = text('.html')
    .replaceAll(/^ +/gm, '')
    .replace(/<script type="module"[^>]*><\/script>\s*/, '')
    .replace(/<link rel="stylesheet"[^>]*>\s*/, '')
    .replace(
      '<meta charset="utf-8">',
      () => `<meta charset="utf-8">\n<meta http-equiv="content-security-policy" content="${policy}">`,
    )
    .replace('</head>', () => `<style>${style}</style>\n</head>`)
    .replace('</body>', () => `<script type="module">${script}</script>\n</body>`);
  if (/(src|href)="(?!data:)/.test(page.replace(script, ''))) throw new Error(`${app} loads something from outside`);
  return page;
}

/** CSP Level 3 §2.3.1. */
function sourceHash(text: string): string {
  return `sha256-${hash('sha256', text, 'base64')}`;
}

function describe(out: string, file: string): Page {
  const bytes = readFileSync(join(out, file));
  return { file, bytes: bytes.length, gzipBytes: gzipSync(bytes, { level: 9 }).length, sha256: hash('sha256', bytes) };
}

/** What is sent to browsers that take it so (RFC 9110 §8.4.1), by the ending of its file: made once here, never while somebody waits. */
function compressed(name: string, content: string | Uint8Array): readonly (readonly [ending: string, bytes: Uint8Array])[] {
  if (!/\.(html|js|css|json)$/.test(name) || content.length < COMPRESSED_SIZE_MIN) return [];
  const bytes = Buffer.from(content);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: BROTLI_QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return [
    ['.br', brotliCompressSync(bytes, { params })],
    ['.gz', gzipSync(bytes, { level: 9 })],
  ];
}

/** Everything into a new folder first, which then takes the place of the one before: no page is ever served in part. */
async function buildAll(out: string, digest: string): Promise<void> {
  const fresh = `${out}.new`;
  rmSync(fresh, { recursive: true, force: true });
  const files = new Map<string, string | Uint8Array>();
  for (const page of SINGLE_PAGES) files.set(page.file, await buildPage(page));
  for (const [name, content] of await buildConsole()) files.set(`console/${name}`, content);
  files.set('sources', digest);
  for (const [name, content] of files) {
    mkdirSync(dirname(join(fresh, name)), { recursive: true });
    writeFileSync(join(fresh, name), content);
    for (const [ending, bytes] of compressed(name, content)) writeFileSync(join(fresh, name + ending), bytes);
  }
  rmSync(out, { recursive: true, force: true });
  renameSync(fresh, out);
}

function isBuilt(out: string, digest: string): boolean {
  const mark = join(out, 'sources');
  return existsSync(mark) && readFileSync(mark, 'utf8') === digest;
}

async function main(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--out');
  const out = resolve(at < 0 ? join(ROOT, '.cache/pages') : (args[at + 1] ?? ''));
  mkdirSync(dirname(out), { recursive: true });
  const digest = digestSources();
  if (!isBuilt(out, digest)) {
    await withLock(out, async () => {
      if (!isBuilt(out, digest)) await buildAll(out, digest);
    });
  }
  for (const name of globSync('**/*.{html,js,css}', { cwd: out }).sort()) {
    const { file, bytes, gzipBytes, sha256 } = describe(out, name);
    process.stdout.write(`${relative(process.cwd(), join(out, file))}  ${bytes} bytes (${gzipBytes} gzip)  SHA-256 ${sha256}\n`);
  }
}

await main(process.argv.slice(2));
