/** One way for every law to fail: by file, with a sentence, minus the exceptions that are still needed. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './sources.ts';

/** One breach: the file, and what is wrong where, so that it can be mended without reading the law. */
export type Breach = { readonly file: string; readonly what: string };

export type LawException = { readonly law: string; readonly file: string; readonly reason: string };

/** The exceptions granted so far; the list may only shrink. */
export function readExceptions(): readonly LawException[] {
  return JSON.parse(readFileSync(join(ROOT, 'tidy/exceptions.json'), 'utf8')) as LawException[];
}

/** Every law by name, as exceptions name it. */
export const LAWS = [
  'imports',
  'cycles',
  'purity',
  'file-length',
  'function-length',
  'plain-language',
  'docstrings',
  'dead-files',
  'dead-exports',
  'error-codes',
  'words',
  'repository',
  'packages',
  'logical-styles',
] as const;
export type Law = (typeof LAWS)[number];

/** Fails with every breach that no exception covers, and with every exception of this law that covers nothing. */
export function assertLaw(law: Law, breaches: readonly Breach[]): void {
  const exceptions = readExceptions().filter((exception) => exception.law === law);
  const excused = new Set(exceptions.map(({ file }) => file));
  const broken = new Set(breaches.map(({ file }) => file));
  const lines = breaches.filter(({ file }) => !excused.has(file)).map(({ file, what }) => `${file}: ${what}`);
  for (const file of excused)
    if (!broken.has(file)) lines.push(`tidy/exceptions.json: ${law} for ${file} is no longer needed: remove it`);
  assert.equal(lines.length, 0, `law "${law}" is broken ${lines.length} times:\n${lines.join('\n')}`);
}
