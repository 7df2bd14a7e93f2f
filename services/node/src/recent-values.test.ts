import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecentValues } from './recent-values.ts';

const SIZE_MAX = 64 * 1_024;
const value = (i: number): Uint8Array => Uint8Array.of(i, i >> 8);

describe('recent values', () => {
  test('take no more memory than they may, whatever is asked for and however large it is', () => {
    const recent = new RecentValues(SIZE_MAX);
    for (let i = 0; i < 5_000; i++) {
      recent.add(`key ${i % 700}`, i % 3 === 0 ? null : new Uint8Array(i % 2_000));
      recent.replace(`key ${(i * 7) % 900}`, new Uint8Array(i % 50));
      assert.ok(recent.size <= 2 * SIZE_MAX, `${recent.size} bytes`);
    }
    assert.ok(recent.size > SIZE_MAX);
  });

  test('what is written again replaces what was asked for, in either generation, and nothing else is kept', () => {
    const recent = new RecentValues(SIZE_MAX);
    recent.add('asked', value(1));
    recent.add('absent', null);
    recent.replace('asked', value(2));
    recent.replace('absent', value(3));
    recent.replace('never asked', value(4));
    assert.deepEqual([recent.get('asked'), recent.get('absent')], [value(2), value(3)]);
    assert.equal(recent.get('never asked'), undefined);
    // Until the younger generation has become the elder, but not yet gone.
    for (let i = 0; recent.size < SIZE_MAX; i++) recent.add(`other ${i}`, value(i));
    recent.replace('asked', null);
    assert.equal(recent.get('asked'), null);
    for (let i = 0; i < 1_000; i++) recent.add(`further ${i}`, value(i));
    assert.equal(recent.get('asked'), undefined, 'nobody asked for it any more');
  });

  test('the same value asked for again and again takes its place once', () => {
    const recent = new RecentValues(SIZE_MAX);
    for (let i = 0; i < 10_000; i++) recent.add('one', value(i));
    recent.add('two', value(2));
    assert.deepEqual(recent.get('one'), value(9_999));
    assert.ok(recent.size < 2_000, `${recent.size} bytes`);
  });
});
