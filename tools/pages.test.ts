import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { after, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { ERRORS } from '@oppidum/formats/error-catalogue';

const ROOT = resolve(import.meta.dirname, '..');
/** Of one HTML file that people keep and pass on. */
const SIZE_MAX = { verify: 150_000, sign: 256_000 } as const;
const KEPT = ['core', 'sdk', 'apps', 'services/gateway', 'tools', 'package.json', 'package-lock.json', 'tsconfig.base.json'];

/** The sources in another folder, with the installed packages; those of this repository are the copies. */
function copySources(root: string): void {
  for (const name of KEPT) {
    const filter = (path: string): boolean => basename(path) !== 'node_modules';
    cpSync(join(ROOT, name), join(root, name), { recursive: true, filter });
  }
  const modules = join(root, 'node_modules');
  mkdirSync(join(modules, '@oppidum'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@oppidum') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  for (const file of globSync('{core,sdk,apps,services}/*/package.json', { cwd: root })) {
    const { name } = JSON.parse(readFileSync(join(root, file), 'utf8')) as { readonly name: string };
    symlinkSync(join(root, dirname(file)), join(modules, name));
  }
}

/** Name and content of each built file. */
function filesOf(out: string): ReadonlyMap<string, Buffer> {
  const names = globSync('**/*.*', { cwd: out }).sort();
  return new Map(names.map((name) => [relative('.', name), readFileSync(join(out, name))]));
}

describe('pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-pages-build-'));
  const [copy, out] = [join(folder, 'elsewhere'), join(folder, 'here')];
  after(() => rmSync(folder, { recursive: true }));

  test('are the same bytes from the same sources in another folder, and what is printed is their SHA-256', () => {
    copySources(copy);
    const print = (root: string, place: string): string =>
      execFileSync(process.execPath, [join(root, 'tools/pages.ts'), '--out', place], { cwd: folder, encoding: 'utf8' });
    const here = print(ROOT, out);
    const there = print(copy, join(folder, 'there'));
    assert.equal(there.replaceAll('there/', 'here/'), here);
    assert.match(here, /^here\/verify\.html {2}\d+ bytes \(\d+ gzip\) {2}SHA-256 [0-9a-f]{64}$/m);
    const [first, second] = [filesOf(out), filesOf(join(folder, 'there'))];
    assert.deepEqual([...first.keys()], [...second.keys()]);
    for (const [name, bytes] of first) assert.ok(second.get(name)?.equals(bytes), name);
    assert.equal(print(ROOT, out), here, 'built once');
  });

  test('lie compressed beside themselves', () => {
    const files = filesOf(out);
    const compressed = [...files.keys()].filter((name) => /\.(br|gz)$/.test(name));
    assert.ok(compressed.includes('verify.html.br') && compressed.includes('verify.html.gz'), compressed.join());
    for (const name of compressed) {
      const bytes = files.get(name) as Buffer;
      const plain = name.endsWith('.br') ? brotliDecompressSync(bytes) : gunzipSync(bytes);
      assert.ok(files.get(name.slice(0, -3))?.equals(plain), name);
    }
  });

  for (const [name, sizeMax] of Object.entries(SIZE_MAX))
    test(`${name}.html is small, and has the sentences of the codes that it gives`, () => {
      const page = readFileSync(join(out, `${name}.html`), 'utf8');
      assert.ok(Buffer.byteLength(page) <= sizeMax, `${Buffer.byteLength(page)} bytes`);
      for (const code of ['TRUNCATED', 'CODES_MIXED', 'VERSION_UNSUPPORTED'] as const)
        assert.ok(page.includes(ERRORS[code].message), code);
      assert.ok(!page.includes(ERRORS.NOT_AUTHORIZED.message));
      // Of the library of all curves nothing is left.
      assert.doesNotMatch(page, /weierstrass|ML-KEM/i);
    });
});
