import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ROLES } from '@oppidum/contracts/authority';
import { governanceActions } from '@oppidum/contracts/governance/actions';
import { PARAMETERS } from '@oppidum/contracts/governance/parameters';

const spec = readFileSync(join(resolve(import.meta.dirname, '../..'), 'specs/ledger.md'), 'utf8');
const rows = spec.split('\n').filter((line) => line.startsWith('| `'));
const rowOf = (name: string): string =>
  rows.find((row) => row.startsWith(`| \`${name}\` |`)) ?? assert.fail(`no row for ${name}`);

test('specs/ledger.md lists every role', () => {
  for (const role of ROLES) rowOf(role);
});

test('specs/ledger.md lists every parameter with its range and default', () => {
  const digits = (n: number) => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  for (const [name, { min, max, initial }] of Object.entries(PARAMETERS)) {
    assert.equal(rowOf(name), `| \`${name}\` | ${[min, max, initial].map(digits).join(' | ')} |`);
  }
});

test('specs/ledger.md lists every action of governance, and asks for the council exactly where it is dangerous', () => {
  for (const { kind, dangerous } of governanceActions)
    assert.equal(rowOf(kind).startsWith(`| \`${kind}\` | council |`), dangerous);
});

test('the refusals of specs/ledger.md are those that stand above each action, in the same order', () => {
  const folder = join(resolve(import.meta.dirname, '../..'), 'core/contracts/src/governance');
  for (const { kind } of governanceActions) {
    const [area = '', verb = ''] = kind.split('/');
    const [first, rest] = verb.split('-');
    const file = rest === undefined ? `${verb}-${area}` : `${first}-${area}-${rest}`;
    const source = readFileSync(join(folder, `${file}.ts`), 'utf8');
    const comment = /Refuses, in this order: ([\s\S]*?)\*\//.exec(source)?.[1] ?? assert.fail(`${file}.ts says nothing`);
    const codes = (text: string) =>
      (text.match(/[A-Z]+_[A-Z_]+|\bEXPIRED\b/g) ?? []).filter((code) => !/^POLICY_(MAL|KEY|THR)/.test(code));
    assert.deepEqual(codes(rowOf(kind)), codes(comment), kind);
  }
});
