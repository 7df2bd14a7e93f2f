/** Programs that some tests drive: a broker, a tracer, a browser, another language. Nothing of the product needs them. */

import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** What tests may ask for. `python3` is one with the package `cryptography`, `other-node` a Node of another major that runs TypeScript. */
export type Program = 'mosquitto' | 'strace' | 'chromium' | 'python3' | 'cometbft' | 'abci-cli' | 'other-node' | 'script';

/** Of the environment, where a program is named by a path of its own. */
const PATH_VARIABLES: Readonly<Partial<Record<Program, string>>> = { chromium: 'CHROMIUM_PATH' };
/** `.cache/engine`: where `.ci/run` builds CometBFT. */
const BESIDE_PATH = ['/usr/local/sbin', '/usr/sbin', '/sbin', resolve(import.meta.dirname, '../../.cache/engine')];

/** The browser that comes as a package, for one platform: its package.json stands for it. */
export const PACKED_CHROMIUM = resolve(import.meta.dirname, '../../node_modules/@sparticuz/chromium/package.json');
const HAS_PACKED_CHROMIUM = process.platform === 'linux' && process.arch === 'x64' && existsSync(PACKED_CHROMIUM);

/** Where `.ci/run` puts a Node of another major. */
const OTHER_NODE = resolve(
  import.meta.dirname,
  `../../.cache/other-node/node_modules/node-${process.platform}-${process.arch}/bin/node`,
);

/** A Node that is not of our major and runs TypeScript as it is written: the one of `.ci/run`, or one on PATH. */
function findOtherNode(): string | null {
  const [major] = process.versions.node.split('.');
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  const paths = [OTHER_NODE, ...folders.map((folder) => join(folder, 'node'))].filter(isExecutable);
  const isOther = (path: string): boolean => {
    const asked = spawnSync(path, ['-p', 'process.versions.node + " " + process.features.typescript']);
    const [version = '', typescript = ''] = String(asked.stdout).trim().split(' ');
    return version.split('.')[0] !== major && typescript === 'strip';
  };
  return paths.find(isOther) ?? null;
}

/** Where the program is, or null. A browser may be `PACKED_CHROMIUM`, still to be unpacked. */
export function findProgram(program: Program): string | null {
  if (program === 'other-node') return findOtherNode();
  const named = process.env[PATH_VARIABLES[program] ?? ''];
  if (program === 'chromium' && named === undefined && HAS_PACKED_CHROMIUM) return PACKED_CHROMIUM;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...BESIDE_PATH];
  const path = [...(named === undefined ? [] : [named]), ...folders.map((folder) => join(folder, program))].find(isExecutable);
  if (path === undefined) return null;
  if (program === 'python3' && spawnSync(path, ['-c', 'import cryptography']).status !== 0) return null;
  return path;
}

/**
 * For the `skip` option of a test: why it cannot run, or false when it can. With OPPIDUM_REQUIRE_ALL=1 the run then fails, unless
 * OPPIDUM_WITHOUT names the program: whoever runs the tests has said so, and the summary shows it.
 */
export function skipWithout(program: Program): string | false {
  return findProgram(program) === null ? `without ${program}` : false;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
