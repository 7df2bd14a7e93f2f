import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText } from './plain-text.ts';

test('what leaves no mark, breaks a line or turns it is shown as an escape', () => {
  for (const unseen of [
    ...[
      '\u0000',
      '\u001b',
      '\u007f',
      '\u0085',
      '\u00ad',
      '\u034f',
      '\u061c',
      '\u115f',
      '\u180e',
      '\u200b',
      '\u200d',
      '\u2028',
      '\u202e',
    ],
    ...['\u2060', '\u2066', '\u206f', '\u2800', '\u3164', '\ufe0f', '\ufeff', '\uffa0', '\ufff9', '\u{e0041}', '\ud800'],
  ]) {
    const code = (unseen.codePointAt(0) as number).toString(16);
    assert.equal(plainText(`Pump${unseen} 1`), `Pump\\u{${code}} 1`);
  }
});

test('texts of any script, and pictures, stay as they are', () => {
  for (const text of ['Tänav 5', '主街水表', 'شارع رئيسي', 'मुख्य सड़क', '강변로', '👋🏽', '10 µg/m³'])
    assert.equal(plainText(text), text);
});

test('a long text is cut, and never within a character', () => {
  assert.equal(plainText('abcdef', 3), 'abc…');
  assert.equal(plainText('ab👋cd', 3), 'ab…');
});
