/** Alarms in a real browser: seen in the shell, read with their evidence, answered for by a key of that browser, and over when the ledger says so. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { AlarmJson } from '@oppidum/gateway/api/alarms';
import type { BrowserContext } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { watchRequests } from '../support/browser.ts';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';
import { LANGUAGES, pixelsTooWide } from '../support/reads-well.ts';
import { eventually } from '../support/running-gateway.ts';

const [DESK, PHONE] = [
  { width: 1280, height: 900 },
  { width: 360, height: 780 },
];

describe('alarms in the console', { skip: skipWithout('chromium') }, () => {
  let town: ConsoleCity;
  let person: BrowserContext;
  let account = '';
  let id = '';
  const alarmNow = () => town.get<AlarmJson>(`/api/v1/alarms/${id}`);

  before(async () => {
    town = await ConsoleCity.open();
    person = await town.newContext();
    account = await town.enrolOperator(person);
  });

  after(() => town?.close());

  test('a quiet city says so, and shows no number', async () => {
    const page = await town.openView(person, '#/alarms');
    await page.waitForSelector('text=Nothing is wrong that anybody knows of.');
    assert.equal(await page.locator('nav .badge').count(), 0);
    await page.close();
  });

  test('one is counted in the shell wherever one is, and read with what opened it', async () => {
    await town.command('device', 'quarantine', town.device, '--reason', 'odd', '--yes');
    const page = await town.openView(person, '#/ledger');
    await page.waitForSelector('nav .badge:has-text("1")');
    assert.match((await page.textContent('nav a[href="#/alarms"]')) ?? '', /1 open/);
    await page.click('nav a[href="#/alarms"]');
    await page.waitForSelector('td:has-text("a device is in quarantine")');
    assert.equal(await page.textContent('[data-name="counts"]'), '1 open, 0 of them escalated; 0 answered for and not over.');
    assert.equal(await page.locator('[onclick]').count(), 0, 'its name is a stranger’s');
    assert.match((await page.textContent('tbody')) ?? '', /major.*open.*Device.*evil.*operators/s);
    await page.selectOption('[data-name="severity"]', 'minor');
    await page.waitForSelector('text=No alarm of this sort.');
    await page.selectOption('[data-name="severity"]', 'major');
    await page.click('td a:has-text("a device is in quarantine")');
    await page.waitForSelector('h1:has-text("a device is in quarantine")');
    await page.waitForSelector('dd:has-text("somebody decided so")');
    id = page.url().split('/').at(-1) ?? '';
    const { opening, state } = await alarmNow();
    assert.deepEqual([opening.kind, state], ['transaction', 'open']);
    await page.goto(`${town.http}/#/search/${id}`);
    await page.waitForURL(`**#/alarms/${id}`);
    await page.click('button:has-text("Check here")');
    await page.waitForSelector('.verdict.green');
    await page.close();
  });

  test('it is answered for in words, by the keyboard alone; the ledger has who and what', async () => {
    const page = await town.openView(person, `#/alarms/${id}`);
    const asked = watchRequests(page);
    await page.waitForSelector('text=What do you do about it?');
    const focus = async (isIt: string): Promise<void> => {
      for (let i = 0; i < 60 && !(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`)); i++)
        await page.keyboard.press('Tab');
      assert.ok(await page.evaluate<boolean>(`(${isIt})(document.activeElement)`), isIt);
    };
    await focus("(element) => element.type === 'radio'");
    await page.keyboard.press('ArrowDown');
    await focus("(element) => element.textContent === 'Look at what I sign'");
    await page.keyboard.press('Enter');
    await page.waitForSelector('text=This is what you sign');
    const words = (await page.textContent('.act-sentence')) ?? '';
    assert.match(
      words,
      /^Acknowledge the alarm a device is in quarantine \(device-quarantined\) of .*somebody is on the way \(crew-sent\)/,
    );
    assert.ok(words.includes(town.device));
    assert.equal((await alarmNow()).state, 'open', 'nothing was sent yet');
    await focus("(element) => element.textContent === 'Sign and send'");
    await page.keyboard.press('Enter');
    await page.waitForSelector('.done:has-text("Done: it is on the ledger.")');
    const answered = await eventually(alarmNow, ({ state }) => state === 'acknowledged');
    assert.deepEqual([answered.acknowledgement?.account, answered.acknowledgement?.response], [account, 'crew-sent']);
    await page.waitForSelector('dd:has-text("somebody is on the way")');
    assert.deepEqual(
      asked.filter((address) => !address.startsWith(`${town.http}/`)),
      [],
    );
    await page.close();
  });

  test('over when its cause is gone, by what; nobody is asked to answer any more', async () => {
    await town.command('device', 'release', town.device, '--yes');
    const page = await town.openView(person, `#/alarms/${id}`);
    await page.waitForSelector('.state.closed:has-text("over")');
    assert.equal(await page.locator('form').filter({ hasText: 'What do you do' }).count(), 0);
    assert.equal((await alarmNow()).closed?.by?.kind, 'transaction');
    await page.goto(`${town.http}/?lang=en#/alarms`);
    await page.waitForSelector('text=Nothing is wrong that anybody knows of.');
    await page.close();
  });

  test('without a key one is told where to make one', async () => {
    await town.command('device', 'quarantine', town.device, '--reason', 'odd again', '--yes');
    const stranger = await town.newContext();
    const page = await town.openView(stranger, `#/alarms/${id}`);
    await page.waitForSelector('.problem:has-text("this browser has no key of yours")');
    await stranger.close();
  });

  for (const lang of LANGUAGES)
    test(`the list and one of them in ${lang}: at a desk and on a phone, dark and light`, async () => {
      for (const [size, viewport, colorScheme] of [
        ['desk', DESK, 'dark'],
        ['phone', PHONE, 'light'],
      ] as const) {
        for (const [name, address] of [
          ['list', '#/alarms'],
          ['one', `#/alarms/${id}`],
        ] as const) {
          const page = await town.openView(person, address, { lang });
          await page.setViewportSize(viewport);
          await page.emulateMedia({ colorScheme });
          await page.waitForSelector(name === 'list' ? 'tbody tr' : '.state.open');
          const shot = `alarms-${name}-${lang}-${size}.png`;
          await town.shoot(page, shot);
          assert.deepEqual(await seriousFindings(page), [], shot);
          assert.equal(await pixelsTooWide(page), 0, shot);
          await page.close();
        }
      }
    });
});
