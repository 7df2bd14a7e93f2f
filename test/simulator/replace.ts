/**
 * Puts a simulated world under the real services, where their code meets the real one: the modules of Node and the database that they
 * import, the clock among the globals, and the two files of ours that talk to CometBFT and hold a folder. Call it before anything of
 * services is loaded; nothing else is changed.
 */

import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

const ROOT = pathToFileURL(`${new URL('../..', import.meta.url).pathname}`).href;
const require = createRequire(import.meta.url);

const file = (url: URL): string => url.href;
const DISK = file(new URL('./replaced/fs.ts', import.meta.url));
const CLOCK = file(new URL('./replaced/clock.ts', import.meta.url));

/** Modules of Node, by what stands in for each. */
const BUILT_IN: Readonly<Record<string, string>> = {
  'node:fs': DISK,
  'node:fs/promises': DISK,
  'node:timers/promises': file(new URL('./replaced/timers-promises.ts', import.meta.url)),
  'node:child_process': file(new URL('./replaced/child-process.ts', import.meta.url)),
  'node:net': file(new URL('./replaced/net.ts', import.meta.url)),
  'node:worker_threads': file(new URL('./replaced/worker-threads.ts', import.meta.url)),
};
/** Others, by the end of what is imported. */
const FILES: readonly (readonly [RegExp, string])[] = [
  [/^lmdb$/, file(new URL('./replaced/lmdb.ts', import.meta.url))],
  [/^\.\/folder-lock\.ts$/, file(new URL('./replaced/folder-lock.ts', import.meta.url))],
  [/^\.\/comet-rpc\.ts$/, file(new URL('./replaced/comet-rpc.ts', import.meta.url))],
];
const SCHEME = 'simulated:';
/** On the first line, so that no line gets another number. */
const CLOCKED = `import { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, performance, Date } from '${CLOCK}'; `;

/** Whose imports are replaced: everything that does IO. */
function isService(url: string | undefined): boolean {
  return url !== undefined && /^(services|sdk\/crypto)\//.test(url.replace(ROOT, ''));
}

/** All names of the original, so that whoever imports one of them loads; what is not simulated throws when it is called. */
function sourceOf(name: string): string {
  const names = Object.keys(require(name) as object).filter((each) => /^[a-zA-Z]\w*$/.test(each) && each !== 'default');
  const lines = names.map((each) => `export const ${each} = choose('${each}');`);
  return `import * as own from '${BUILT_IN[name]}';
import * as real from '${name}';
function choose(key) {
  if (key in own) return own[key];
  if (typeof real[key] !== 'function') return real[key];
  return function () { throw new Error('${name}.' + key + ' is not simulated'); };
}
${lines.join('\n')}`;
}

/** From here on, services that are loaded live in the simulated world. */
export function replaceWorld(): void {
  registerHooks({
    resolve(specifier, context, next) {
      if (!isService(context.parentURL)) return next(specifier, context);
      if (specifier in BUILT_IN) return { url: SCHEME + specifier, format: 'module', shortCircuit: true };
      const found = FILES.find(([pattern]) => pattern.test(specifier));
      return found === undefined ? next(specifier, context) : { url: found[1], shortCircuit: true };
    },
    load(url, context, next) {
      if (url.startsWith(SCHEME)) return { format: 'module', source: sourceOf(url.slice(SCHEME.length)), shortCircuit: true };
      const loaded = next(url, context);
      if (!/^services\//.test(url.replace(ROOT, '')) || typeof loaded.source === 'undefined') return loaded;
      return { ...loaded, source: CLOCKED + String(loaded.source) };
    },
  });
}
