/**
 * Whatever the attack desk says is said in every language: each sentence that the program of attacks can say, also of an attack that succeeds,
 * which no run shows, is known to the console.
 */

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import { attacksOn } from '@oppidum/cli/attacks/attacks';
import { ruleSentence, tell } from '@oppidum/console/areas/attacks/told';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { VERDICTS, type Verdict } from '@oppidum/formats/verdicts';
import { chooseLanguage } from '@oppidum/pages/languages';

const ROOT = resolve(import.meta.dirname, '../..');
const LANGUAGES = ['et', 'zh', 'ar'] as const;
/** What was seen: a text of one piece, with values in it. */
const SAW = /\bsaw(?::| =)\s+(.)/g;
const SAID = /\bsaw(?::| =)\s+(?:'([^'\n]+)'|`([^`\n]+)`)/g;
const HANDED = /\bhandOver\(city, \w+, '([^']+)'\)/g;

const sources = globSync('apps/cli/src/attacks/*-attacks.ts', { cwd: ROOT }).map((file) =>
  readFileSync(resolve(ROOT, file), 'utf8'),
);
const found = (pattern: RegExp): readonly string[] =>
  sources.flatMap((text) => [...text.matchAll(pattern)].map(([, first, second]) => first ?? second ?? ''));
const attacks = [...attacksOn(false), ...attacksOn(true)];

const assertTold = (text: string): void => {
  for (const lang of LANGUAGES) {
    const parts = tell(lang, text);
    assert.ok(parts !== null, `${lang}: ${text}`);
    const said = parts.map((part) => part.text).join('');
    assert.ok(said !== text && !/[{}]/.test(said), `${lang}: ${said}`);
  }
};

describe('words of attacks', () => {
  test('what each is called, tries, and is stopped by', () => {
    for (const { name, tried, stop } of attacks) for (const text of [name, tried, stop.by]) assertTold(text);
    assertTold('nobody');
  });

  test('every rule has words, and those of a verdict are the verifier’s', () => {
    for (const { stop } of attacks) {
      const sentence = ruleSentence(stop.rule);
      assert.ok(sentence !== null, stop.rule);
      assertTold(sentence);
      if (Object.hasOwn(ERRORS, stop.rule) || !Object.hasOwn(VERDICTS, stop.rule)) continue;
      for (const lang of LANGUAGES) {
        const { means } = chooseLanguage([lang]).words.verdicts[stop.rule as Verdict];
        assert.deepEqual(tell(lang, sentence), [{ kind: 'words', text: means }], `${lang}: ${stop.rule}`);
      }
    }
    assert.equal(ruleSentence('NO_SUCH_RULE'), null);
  });

  test('what was seen, however it ended', () => {
    const said = [...found(SAID), ...found(HANDED)];
    assert.ok(found(HANDED).length >= 4);
    assert.ok(said.length > 35, said.join('\n'));
    assert.deepEqual(found(SAW).length, found(SAID).length, 'each is a text of one piece');
    for (const text of said) assertTold(text.replaceAll(/\$\{[^}]*\}/g, '7'));
  });

  test('values stand where they belong, also in a sentence within another; what is not known stays as it is', () => {
    const joined = (text: string): string =>
      (tell('et', text) ?? []).map((part) => `${part.kind === 'value' ? '=' : ''}${part.text}`).join('');
    assert.equal(
      joined('two roots of size 12 under 2 keys; of one validator it cannot be prevented'),
      'kaks juurt suurusega =12, võtmeid =2; ühe valideerija puhul ei saa seda ära hoida',
    );
    assert.equal(
      joined('the ledger awaits another signature; the lamp did nothing on the order with one signature'),
      'pearaamat ootab veel üht allkirja; lamp ei teinud midagi, kui tuli ühe allkirjaga korraldus',
    );
    assert.equal(
      joined('1 damaged; first envelopes: entry 3: cannot be read: 1 2'),
      'kahjustatud =1; esimene =envelopes: =entry 3: cannot be read: 1 2',
    );
    assert.deepEqual(tell('et', 'the lie says nothing\nat all'), null);
    for (const text of ['', 'another sentence', 'the gateway.', '{verdict}']) assert.equal(tell('ar', text), null, text);
    assert.equal(tell('en', 'the gateway'), null);
  });
});
