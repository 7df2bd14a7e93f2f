import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertLaw } from './law.ts';
import { findImpurities } from './purity.ts';
import { sampleSource } from './samples.ts';
import { productSources } from './sources.ts';

test('core is pure', () => {
  const core = productSources().filter(({ house }) => house.startsWith('core/'));
  assert.ok(core.length > 0, 'core was found');
  assertLaw('purity', core.flatMap(findImpurities));
});

const IMPURE: readonly (readonly [text: string, what: RegExp])[] = [
  ['export const now = () => Date.now();', /Date has no place/],
  ['export const roll = () => Math.random();', /Math\.random/],
  ['export const log = (x: number) => Math.log2(x);', /Math\.log2/],
  ['export const sorted = (a: string, b: string) => a.localeCompare(b);', /localeCompare/],
  ['export const form = (a: string) => a.normalize();', /normalize/],
  ['export const isWord = (a: string) => /\\p{L}/u.test(a);', /Unicode/],
  ['export const same = (a: string) => /abc/i.test(a);', /Unicode/],
  ['export async function wait() {}', /does not wait/],
  ['export const later = () => Promise.resolve(1);', /Promise/],
  ['export const keys = (o: object) => { for (const k in o) k; };', /for…in/],
  ['export const tell = () => console.log(1);', /console/],
  [
    'export const deep = (f: () => void) => { try { f(); } catch (error) { if (error instanceof RangeError) return; throw error; } };',
    /stack depth/,
  ],
  ['export const all = (f: () => void) => { try { f(); } catch { return; } };', /FormatError/],
  ['export const text = (error: Error) => error.message;', /not data/],
  ['export const power = (x: number) => x ** 0.5;', /\*\*/],
  ['export const order = (x: number[]) => x.sort();', /sort\(\)/],
  ['let count = 0; export const next = () => count++;', /hidden state/],
];

for (const [text, what] of IMPURE) {
  test(`core may not hold: ${text.slice(0, 60)}`, () => {
    const found = findImpurities(sampleSource(text));
    assert.ok(
      found.some((breach) => what.test(breach.what)),
      `found ${JSON.stringify(found)}`,
    );
  });
}

test('core may hold what is exact and ordered', () => {
  const pure = [
    'export const limit = 2 ** 53;',
    'export const big = (x: bigint) => x ** 2n;',
    'export const half = (x: number) => Math.floor(x / 2);',
    'export const name = { Date: 1, normalize: 2 };',
    'export const sorted = (x: number[]) => x.sort((a, b) => a - b);',
    'export const hex = (x: string) => /^[0-9a-f]+$/.test(x);',
    'export const parse = (f: () => void) => { try { f(); } catch (error) { if (error instanceof FormatError) return; throw error; } };',
  ];
  assert.deepEqual(findImpurities(sampleSource(pure.join('\n'))), []);
});
