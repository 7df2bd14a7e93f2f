/**
 * Writes services/abci as others install it: JavaScript with declarations, because Node strips no types below `node_modules`.
 * `node tools/abci-package.ts FOLDER`, then `npm install ./FOLDER` in a program of one's own, or `npm publish`.
 */

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');
const PACKAGE = join(ROOT, 'services/abci');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
/** What `cosmjs-types` asks for; what we write needs no newer one. */
const NODE_MIN = '>=20.19';

type Manifest = { readonly name: string; readonly exports: Readonly<Record<string, string>> } & Readonly<Record<string, unknown>>;

/** Fills a new folder with the package. Throws a plain Error where the folder has something in it or the sources do not compile. */
export function writeAbciPackage(folder: string): void {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`);
  compile(folder);
  const { private: _, ...manifest } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as Manifest;
  const exported = Object.keys(manifest.exports).map((name) => [name, { types: `${name}.d.ts`, default: `${name}.js` }]);
  const written = { ...manifest, engines: { node: NODE_MIN }, exports: Object.fromEntries(exported) };
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(written, null, 2)}\n`);
  copyFileSync(join(PACKAGE, 'README.md'), join(folder, 'README.md'));
  copyFileSync(join(ROOT, 'LICENSE'), join(folder, 'LICENSE'));
}

function compile(folder: string): void {
  const asOne = ['--composite', 'false', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  const asJavaScript = ['--emitDeclarationOnly', 'false', '--declaration', '--rewriteRelativeImportExtensions'];
  const words = [TSC, '-p', PACKAGE, ...asOne, ...asJavaScript, '--outDir', folder];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`services/abci does not compile: ${stdout}${stderr}`);
  // In declarations the compiler leaves the extension that the source has.
  for (const name of readdirSync(folder).filter((each) => each.endsWith('.d.ts'))) {
    const file = join(folder, name);
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(/(from|import\()( ?)'(\.\/[a-z-]+)\.ts'/g, "$1$2'$3.js'"));
  }
}

if (import.meta.main) {
  const [folder, ...more] = process.argv.slice(2);
  if (folder === undefined || more.length > 0) {
    console.error('node tools/abci-package.ts FOLDER');
    process.exitCode = 2;
  } else writeAbciPackage(resolve(folder));
}
