/**
 * Named places where a process of the city may die, taken from the comments of its code: before, within and after each statement that
 * follows `// DURABLE: name`, and at each `// FAULT POINT: name`. A test loads this file before a program (`node --import`), the source
 * of `services/node` gets a call at each of them as it is loaded, and the process is killed at the one that the test named. The product
 * has nothing of it: without this file the comments are comments.
 *
 *   OPPIDUM_TEST_POINTS_FILE   where each point that is passed is written down, a line each
 *   OPPIDUM_TEST_DIE_AT        `point`, or `point#n`: the process is killed when it passes it for the n-th time
 */

import { appendFileSync, globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE = dirname(fileURLToPath(import.meta.resolve('@oppidum/node/durable-points')));
const LABEL = /^( *)\/\/ (DURABLE|FAULT POINT): (.+)$/;

type Insertion = { readonly line: number; readonly point: string };

/** Where calls go: before the line of this index. */
function insertionsOf(file: string, lines: readonly string[]): Insertion[] {
  const found: Insertion[] = [];
  for (const [i, line] of lines.entries()) {
    const [, indent, kind, name] = LABEL.exec(line) ?? [];
    if (indent === undefined || name === undefined) continue;
    const point = (when: string): string => `${basename(file)}: ${when}${name}`;
    if (kind === 'FAULT POINT') {
      found.push({ line: i, point: point('') });
      continue;
    }
    const end = lines.findIndex(
      (other, at) => at > i && other.startsWith(indent) && other[indent.length] !== ' ' && other.endsWith(';'),
    );
    found.push({ line: i, point: point('before ') });
    // The last line of a statement of several closes what the statement does.
    if (end > i + 1) found.push({ line: end, point: point('within ') });
    found.push({ line: end + 1, point: point('after ') });
  }
  return found;
}

/** Every point of the code, in the order of files and lines. */
export function faultPoints(): string[] {
  return globSync('*.ts', { cwd: NODE })
    .filter((file) => !file.endsWith('.test.ts'))
    .sort()
    .flatMap((file) => insertionsOf(file, readFileSync(resolve(NODE, file), 'utf8').split('\n')).map(({ point }) => point));
}

/** The same source with calls; line numbers stay. */
function withCalls(file: string, source: string): string {
  const lines = source.split('\n');
  for (const { line, point } of insertionsOf(file, [...lines])) {
    const path = "typeof path === 'string' ? path : null";
    lines[line] = `globalThis.oppidumFaultPoint(${JSON.stringify(point)}, ${path}); ${lines[line] ?? ''}`;
  }
  return lines.join('\n');
}

/** Code that writes many files has its points once for each, by the name of the file. */
function nameOf(point: string, path: string | null): string {
  return path === null ? point : `${point} (${basename(path).replace(/\d+/, 'N')})`;
}

/** Changes what is loaded from here on. */
function install(file: string, dieAt: string | undefined): void {
  const [wanted, times = '1'] = (dieAt ?? '').split('#');
  let left = Number(times);
  const pass = (point: string, path: string | null): void => {
    const name = nameOf(point, path);
    appendFileSync(file, `${name}\n`);
    if (name === wanted && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
  Object.assign(globalThis, { oppidumFaultPoint: pass });
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith(pathToFileURL(NODE).href) || loaded.source === undefined || loaded.source === null) return loaded;
      return { ...loaded, source: withCalls(fileURLToPath(url), Buffer.from(loaded.source as Uint8Array).toString()) };
    },
  });
}

const POINTS_FILE = process.env['OPPIDUM_TEST_POINTS_FILE'];
if (POINTS_FILE !== undefined) install(POINTS_FILE, process.env['OPPIDUM_TEST_DIE_AT']);
