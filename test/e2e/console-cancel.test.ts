/** An order is taken back in a real browser by the key of that browser: words first, then the signature; and not twice. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { doBy } from '@oppidum/cli/attacks/make-street';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { encodeOrder, orderId } from '@oppidum/formats/order-statement';
import type { BrowserContext, Page } from 'playwright-core';
import { seriousFindings } from '../support/axe.ts';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';
import { actionOf } from '../support/running-city.ts';
import { makeStreet, orderAt, type Street, signAs } from '../support/street.ts';

/** However slow the machine, it is not over by itself. */
const LIFETIME_MS = 3_600_000;

describe('an order is taken back in the console', { skip: skipWithout('chromium') }, () => {
  let town: ConsoleCity;
  let street: Street;
  let person: BrowserContext;
  let id = '';

  before(async () => {
    town = await ConsoleCity.open();
    street = await makeStreet(town.data, town.http, 1, { lifetimeMsMax: LIFETIME_MS });
    person = await town.newContext();
    await town.enrolOperator(person);
    const { keySet, zone, lamps } = street;
    const statement = encodeOrder({
      ...{ city: keySet.city, zone, keys: 1, envelope: 1, command: 'light/full', arguments: [], mode: 'ordinary' },
      target: { device: lamps[0]?.id ?? assert.fail(), challenge: new Uint8Array(randomBytes(32)) },
      ...{ lifetimeMs: LIFETIME_MS, expiresMs: Date.now() + LIFETIME_MS, nonce: new Uint8Array(randomBytes(16)) },
    });
    await doBy(street, [actionOf('order/issue', { statement, signatures: signAs(street, statement, [0]) })]);
    id = toHex(orderId(nativeCrypto, statement));
  });
  after(async () => {
    street?.api.close();
    await town?.close();
  });

  const stateNow = async (): Promise<string | undefined> => (await orderAt(town.http, id))?.state;
  const look = async (page: Page): Promise<void> => {
    await page.click('section[aria-labelledby=cancel-heading] button:has-text("Show what will be signed")');
    await page.waitForSelector('.act-sentence:has-text("Cancel the order")');
  };

  test('without a key one is told where to make one', async () => {
    const page = await town.openView(await town.newContext(), `#/orders/${id}`);
    await page.waitForSelector('section[aria-labelledby=cancel-heading] a[href="#/keys"]');
    assert.equal(await page.locator('section[aria-labelledby=cancel-heading] button').count(), 0);
    await page.close();
  });

  test('it is found by its id alone, and its zone by its own', async () => {
    const page = await town.openView(await town.newContext(), '#/ledger');
    for (const [text, address] of [
      [id, `#/orders/${id}`],
      [street.hex, `#/zones/${street.hex}`],
    ] as const) {
      await page.fill('input[name="text"]', text);
      await page.press('input[name="text"]', 'Enter');
      await page.waitForURL(`**${address}`);
    }
    await page.close();
  });

  test('an operator reads what is signed, signs, and sees it taken back; a second one is told that it is over', async () => {
    const [page, late] = [await town.openView(person, `#/orders/${id}`), await town.openView(person, `#/orders/${id}`)];
    await look(page);
    await look(late);
    assert.ok(((await page.textContent('.act-sentence')) ?? '').includes(id));
    assert.equal(await stateNow(), 'queued', 'nothing was sent yet');
    assert.deepEqual(await seriousFindings(page), []);
    await page.click('button:has-text("Sign and send")');
    await page.waitForSelector('.done:has-text("Done: it is on the ledger.")');
    await page.waitForSelector('.state.cancelled');
    assert.equal(await stateNow(), 'cancelled');
    await town.shoot(page, 'console-cancel.png');

    await late.click('button:has-text("Sign and send")');
    await late.waitForSelector('.problem:has-text("The order is over, or was taken back already.")');
    await late.reload();
    await late.waitForSelector('.state.cancelled');
    assert.equal(await late.locator('section[aria-labelledby=cancel-heading]').count(), 0, 'nothing is left to take back');
    await page.close();
    await late.close();
  });
});
