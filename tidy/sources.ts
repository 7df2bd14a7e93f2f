/** The repository as the laws see it: every TypeScript file with its text and its syntax tree. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Node, SourceFile } from 'typescript/unstable/ast';
import { API } from 'typescript/unstable/sync';

export const ROOT = resolve(import.meta.dirname, '..');

export type Source = {
  /** Path from the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly tree: SourceFile;
  readonly isTest: boolean;
  /** `core/formats`, `apps/cli`, … for files of a package; `test`, `tidy` or `tools` otherwise. */
  readonly house: string;
};

/** Paths of all files that git tracks or would track, so that a law also sees a file not yet added. */
export function trackedFiles(): readonly string[] {
  const answer = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (answer.status !== 0) throw new Error(`git ls-files failed: ${answer.stderr}`);
  const deleted = new Set(listDeleted());
  return answer.stdout.split('\0').filter((file) => file !== '' && !deleted.has(file));
}

function listDeleted(): string[] {
  return spawnSync('git', ['ls-files', '-z', '--deleted'], { cwd: ROOT, encoding: 'utf8' }).stdout.split('\0');
}

let cached: readonly Source[] | null = null;

/** All TypeScript files, sorted by path. A file outside every tsconfig is an error: nothing would check it. */
export function sources(): readonly Source[] {
  cached ??= readSources();
  return cached;
}

/** Files that ship: neither tests nor the tools around them. */
export function productSources(): readonly Source[] {
  return sources().filter(({ isTest, house }) => !isTest && house.includes('/'));
}

function readSources(): Source[] {
  const files = trackedFiles();
  const configs = files.filter((file) => /^(tsconfig\.test|[a-z]+\/[a-z-]+\/tsconfig)\.json$/.test(file));
  const api = new API({ cwd: ROOT });
  const snapshot = api.updateSnapshot({ openProjects: configs.map((config) => join(ROOT, config)) });
  const trees = new Map<string, SourceFile>();
  for (const project of snapshot.getProjects()) {
    for (const file of project.rootFiles) {
      const tree = project.program.getSourceFile(file);
      if (tree !== undefined) trees.set(resolve(file), tree);
    }
  }
  const found = files.filter((file) => /\.tsx?$/.test(file)).sort();
  const result = found.map((path) => {
    const tree = trees.get(join(ROOT, path));
    if (tree === undefined) throw new Error(`${path} belongs to no tsconfig: add it to one, or remove it`);
    return { path, text: readFileSync(join(ROOT, path), 'utf8'), tree, isTest: /\.test\.tsx?$/.test(path), house: houseOf(path) };
  });
  api.close();
  return result;
}

function houseOf(path: string): string {
  const [first = '', second = ''] = path.split('/');
  return ['core', 'services', 'sdk', 'apps'].includes(first) ? `${first}/${second}` : first;
}

/** Calls `visit` for the node and everything below it. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node);
  node.forEachChild((child) => walk(child, visit));
}

/** The 1-based line on which a node begins. */
export function lineOf(source: Source, node: Node): number {
  return source.tree.getLineAndCharacterOfPosition(node.getStart(source.tree)).line + 1;
}
