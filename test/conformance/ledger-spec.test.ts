import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { ROLES } from '@oppidum/contracts/authority';
import { PARAMETERS } from '@oppidum/contracts/governance/parameters';
import { cityRegistry } from '@oppidum/contracts/registry';

const ROOT = resolve(import.meta.dirname, '../..');
const CONTRACTS = join(ROOT, 'core/contracts/src');

const rows = ['ledger', 'devices', 'trust', 'telemetry', 'orders', 'alarms'].flatMap((name) => {
  const lines = readFileSync(join(ROOT, `specs/${name}.md`), 'utf8').split('\n');
  return lines.filter((line) => line.startsWith('| `'));
});
const rowOf = (name: string): string =>
  rows.find((row) => row.startsWith(`| \`${name}\` |`)) ?? assert.fail(`no row for ${name}`);

const sources = readdirSync(CONTRACTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(CONTRACTS, file), 'utf8'));

test('specs/ledger.md lists every role', () => {
  for (const role of ROLES) rowOf(role);
});

test('specs/ledger.md lists every parameter with its range and default', () => {
  const digits = (n: number) => String(n).replaceAll(/\B(?=(\d{3})+$)/g, ',');
  for (const [name, { min, max, initial }] of Object.entries(PARAMETERS)) {
    assert.equal(rowOf(name), `| \`${name}\` | ${[min, max, initial].map(digits).join(' | ')} |`);
  }
});

test('the specifications list every action, and ask for the council exactly where it is dangerous', () => {
  for (const { kind, dangerous } of cityRegistry.actions.values())
    assert.equal(rowOf(kind).startsWith(`| \`${kind}\` | council |`), dangerous);
});

/** Kinds that stand in code as a name of formats. */
const NAMED = { 'telemetry/anchor': 'ANCHOR_ACTION', 'erasure/record': 'ERASURE_ACTION' } as const;

test('the refusals in the specifications are those that stand above each action, in the same order', () => {
  for (const { kind } of cityRegistry.actions.values()) {
    const written = kind in NAMED ? NAMED[kind as keyof typeof NAMED] : `'${kind}'`;
    const source = sources.find((text) => text.includes(`  kind: ${written},`)) ?? assert.fail(`no file defines ${kind}`);
    const comment = /Refuses, in this order: ([\s\S]*?)\*\//.exec(source)?.[1] ?? assert.fail(`${kind} says nothing`);
    const codes = (text: string) =>
      (text.match(/[A-Z]+_[A-Z_]+|\bEXPIRED\b/g) ?? []).filter((code) => !/^POLICY_(MAL|KEY|THR)/.test(code));
    assert.deepEqual(codes(rowOf(kind)), codes(comment), kind);
  }
});

test('the specifications list every event, and no event that nobody emits', () => {
  const emitted = new Set(sources.flatMap((text) => [...text.matchAll(/\.emit\('([^']+)'/g)].map(([, kind]) => kind)));
  assert.ok(emitted.size > 25);
  const kinds = new Set(cityRegistry.actions.keys());
  const listed = rows
    .map((row) => row.split('|')[1] ?? '')
    .flatMap((cell) => [...cell.matchAll(/`([a-z-]+\/[a-z-]+)`/g)].map(([, kind]) => kind ?? ''))
    .filter((kind) => (emitted.has(kind) || !kinds.has(kind)) && !Object.hasOwn(PARAMETERS, kind));
  assert.deepEqual([...new Set(listed)].sort(), [...emitted].sort());
});
