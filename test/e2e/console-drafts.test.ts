import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import { encodeBy } from '@oppidum/formats/common-schemas';
import type { Signer } from '@oppidum/formats/crypto';
import { envelopeSchema } from '@oppidum/formats/envelope';
import { signStatement } from '@oppidum/formats/statement';
import { encodeZoneDraft, zoneDraftId } from '@oppidum/formats/zone-draft';
import { seriousFindings } from '../support/axe.ts';
import { ConsoleCity } from '../support/console-city.ts';
import { skipWithout } from '../support/programs.ts';
import { makeStreet, type Street } from '../support/street.ts';

describe('changes that wait for engineers, on the page of their zone', { skip: skipWithout('chromium') }, () => {
  let console: ConsoleCity;
  let street: Street;

  before(async () => {
    console = await ConsoleCity.open();
    street = await makeStreet(console.data, console.http, 1);
  });
  after(async () => {
    street?.api.close();
    await console?.close();
  });

  test('a second engineer sees what waits and which key signed it', async () => {
    const previous = nativeCrypto.sha256(encodeBy(envelopeSchema, street.envelope));
    const statement = encodeBy(envelopeSchema, {
      ...street.envelope,
      version: 2,
      previous,
      lifetimeMsMax: 50_000,
      dangerousLifetimeMsMax: 50_000,
    });
    const [signer] = street.signers as [Signer];
    const signatures = signStatement(nativeCrypto, 'envelope', statement, [{ key: 0, signer }]);
    const draft = { use: 'envelope' as const, statement, signatures, envelopeSignatures: [], records: [] };
    const page = await console.openView(await console.newContext(), `#/zones/${street.hex}`);
    await page.waitForSelector('text=Nothing waits.');
    const headers = { 'content-type': 'application/cbor' };
    const answer = await fetch(`${console.http}/api/v1/zone-drafts`, {
      method: 'POST',
      headers,
      body: Buffer.from(encodeZoneDraft(draft)),
    });
    assert.equal(answer.status, 200);
    const section = page.locator('section[aria-labelledby="drafts-heading"]');
    await section.locator('text=Envelope (Version 2)').waitFor();
    const text = (await section.textContent()) ?? '';
    assert.ok(text.includes('1 of 2'), text);
    for (const id of [toHex(signer.publicKey), toHex(zoneDraftId(nativeCrypto, draft))])
      assert.ok(text.includes(id.slice(0, 6)), text);
    assert.deepEqual(await seriousFindings(page), []);
    await page.screenshot({ path: '.cache/screenshots/zone-drafts.png', fullPage: true });
  });
});
