import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLanguage, LANGUAGES } from './languages.ts';

for (const [tags, code] of [
  [['fr', 'et-EE', 'en'], 'et'],
  [['ar-EG@calendar=islamic'], 'ar'],
  [['et_EE.UTF-8'], 'et'],
  [['ZH-Hant'], 'zh'],
  [['en-US@posix'], 'en'],
  [['constructor', '__proto__', ''], 'en'],
  [[], 'en'],
] as const)
  test(`whoever wants ${JSON.stringify(tags)} is spoken to in ${code}`, () => assert.equal(chooseLanguage(tags).code, code));

test('each language has a tag that Intl takes, and its own direction', () => {
  for (const { tag, direction, code } of Object.values(LANGUAGES)) {
    assert.equal(Intl.getCanonicalLocales(tag)[0], tag);
    assert.equal(direction, code === 'ar' ? 'rtl' : 'ltr');
  }
});
