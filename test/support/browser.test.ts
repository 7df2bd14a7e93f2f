import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const PACKED = process.platform === 'linux' && process.arch === 'x64';

/** What a program of a few lines prints, with nothing on its PATH. */
function run(code: string, environment: Readonly<Record<string, string>> = {}): string {
  const args = ['--input-type=module', '--disable-warning=ExperimentalWarning', '--eval', code];
  const env = { PATH: '/nonexistent', HOME: process.env['HOME'] ?? '/tmp', ...environment };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { env, cwd: import.meta.dirname, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout.trim();
}

test('a browser opens where the system has none: it comes as a package, draws by WebGL and signs by Ed25519', {
  skip: PACKED ? false : 'the package is for Linux on x64',
}, () => {
  const printed = run(`
      import { withBrowser } from ${JSON.stringify(join(import.meta.dirname, 'browser.ts'))};
      await withBrowser(async (browser) => {
        const page = await browser.newPage();
        await page.goto('about:blank');
        console.log(await page.evaluate("document.createElement('canvas').getContext('webgl2') !== null"));
        await page.goto('file://' + ${JSON.stringify(join(import.meta.dirname, 'browser.ts'))});
        console.log(await page.evaluate("crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify']).then(() => 'key')"));
      });`);
  assert.deepEqual(printed.split('\n'), ['true', 'key']);
});

test('a browser that is named comes before all others', () => {
  const code = `
    import { findProgram } from ${JSON.stringify(join(import.meta.dirname, 'programs.ts'))};
    console.log(findProgram('chromium'));`;
  assert.equal(run(code, { CHROMIUM_PATH: process.execPath }), process.execPath);
  const expected = PACKED ? /@sparticuz\/chromium\/package\.json$/ : /^null$/;
  assert.match(run(code), expected);
});
