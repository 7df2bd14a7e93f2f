import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertLaw, type Breach } from './law.ts';
import { ROOT, trackedFiles } from './sources.ts';

/** What names one machine or one download host; written in parts so that this file does not match itself. */
const FORBIDDEN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [new RegExp(`(^|[\\s"'\`(=:])/(${['work', 'home', 'root', 'Users'].join('|')})/[\\w.-]`), 'a path of one machine'],
  [new RegExp(`https?://(${['registry', 'proxy', 'mirror', 'cache'].join('|')})[.-]`), 'a download host'],
  [new RegExp(`-----BEGIN [A-Z ]*PRIVATE${' '}KEY`), 'a private key'],
];
const TEXT_SIZE_MAX = 4 * 1024 * 1024;

function findForbidden(file: string): Breach[] {
  if (statSync(join(ROOT, file)).size > TEXT_SIZE_MAX) return [];
  const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
  return lines.flatMap((line, at) => {
    const hit = FORBIDDEN.find(([pattern]) => pattern.test(line));
    return hit === undefined ? [] : [{ file, what: `line ${at + 1}: ${hit[1]}` }];
  });
}

test('no file names a machine path, a download host or holds a private key', () => {
  assertLaw(
    'repository',
    trackedFiles()
      .filter((file) => file !== 'package-lock.json')
      .flatMap(findForbidden),
  );
});

test('the lock file names no download host and is complete', () => {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean; version?: string }>;
  };
  const entries = Object.entries(lock.packages);
  assert.ok(entries.length > 100, 'the lock file was read');
  for (const [place, { resolved, integrity, link }] of entries) {
    if (!place.includes('node_modules/') || link === true) continue;
    assert.equal(resolved, undefined, `${place}: install with omit-lockfile-registry-resolved=true`);
    assert.match(integrity ?? '', /^sha512-/, `${place}: no integrity`);
  }
});

test('what runs is executable, and the two commands are there', () => {
  for (const file of ['.ci/run', 'apps/cli/bin/oppidum.cjs'])
    assert.ok((statSync(join(ROOT, file)).mode & 0o111) !== 0, `${file} is not executable`);
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  // No prestart or pretest: `ignore-scripts=true` would skip them.
  assert.deepEqual(
    Object.keys(scripts).filter((name) => /^(pre|post)/.test(name)),
    [],
  );
  assert.equal(scripts['start'], 'node tools/run.cjs start');
  assert.equal(scripts['test'], 'node tools/run.cjs test');
});
