/**
 * A sentence that lacks in one language is a type error, and what has type errors is not released: of every table of texts one sentence is
 * taken away, in a copy, and the check of types names each of the tables.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const HOUSES = ['apps/console', 'apps/verifier', 'apps/signer', 'sdk/pages', 'sdk/signing'];
/** A file for each language. */
const BY_LANGUAGE = '{apps,sdk}/*/src/**/{,texts-,told-}{en,et,zh,ar}.ts';
/** All languages in one file: its last language is the one that loses a sentence. */
const TOGETHER = 'apps/console/src/{texts/{device,ledger,trust,kinds},areas/tour/texts}.ts';
/** A sentence of one line at the first level of a table, or of a language in it. */
const SENTENCE = /^ {2,4}'?\w[\w ]*'?: '.*',\n/gm;

describe('a missing translation', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-translation-'));
  after(() => rmSync(folder, { recursive: true }));

  /** What the compiler says of the copies; of what they import it is not asked. */
  const check = (): string => {
    try {
      execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['--noEmit', '-p', folder], { cwd: folder, encoding: 'utf8' });
      return '';
    } catch (error) {
      const { stdout } = error as { readonly stdout: string };
      return stdout
        .split('\n')
        .filter((line) => /^(apps|sdk)\//.test(line))
        .join('\n');
    }
  };

  test('fails the check of types, in every table of texts and every language', () => {
    for (const house of HOUSES) cpSync(join(ROOT, house, 'src'), join(folder, house, 'src'), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    for (const test of globSync('**/*.test.ts', { cwd: folder, exclude: ['node_modules'] })) rmSync(join(folder, test));
    const of = { lib: ['ES2024', 'DOM', 'DOM.Iterable'], jsx: 'react-jsx', types: [] };
    const options = { ...of, composite: false, incremental: false, emitDeclarationOnly: false };
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: options, include: ['apps', 'sdk'] }),
    );
    assert.equal(check(), '', 'the copy as it is has no error');
    const tables = [...globSync(BY_LANGUAGE, { cwd: folder }), ...globSync(TOGETHER, { cwd: folder })].sort();
    assert.ok(tables.length > 40, tables.join());
    for (const table of tables) {
      const file = join(folder, table);
      const text = readFileSync(file, 'utf8');
      const lost = [...text.matchAll(SENTENCE)].at(-1);
      assert.ok(lost !== undefined, `${table} has a sentence of one line`);
      writeFileSync(file, text.slice(0, lost.index) + text.slice(lost.index + lost[0].length));
    }
    const said = check();
    for (const table of tables)
      assert.ok(said.includes(table.replaceAll('\\', '/')), `${table} lacks a sentence unnoticed:\n${said}`);
  });
});
