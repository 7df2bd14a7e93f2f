import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseTransaction } from '@oppidum/formats/transaction';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { envelopeOf, execute, freshAccount } from '../../../../test/support/running-city.ts';
import { withDoors } from '../../../../test/support/running-gateway.ts';

type Content = Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;
type Operation = {
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly requestBody?: { readonly content: Content };
};
type OpenApi = {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: object };
};

describe('the description of the API', () => {
  test('has an example for every JSON, which its schema allows, and says which key each operation takes', () =>
    withDoors(async ({ gateway }) => {
      const document = (await (await fetch(`${gateway.http}/openapi.json`)).json()) as OpenApi;
      assert.match(document.openapi, /^3\.1\./);
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      ajv.addSchema({ $id: 'city', components: document.components });
      let count = 0;
      for (const [path, operations] of Object.entries(document.paths)) {
        for (const [method, { security, responses, requestBody }] of Object.entries(operations)) {
          const name = `${method} ${path}`;
          assert.ok(security !== undefined && security.length > 0, name);
          for (const status of ['400', '429']) assert.ok(responses[status] !== undefined, `${name} ${status}`);
          for (const { content = {} } of [...Object.values(responses), requestBody ?? {}]) {
            const json = content['application/json'];
            if (json === undefined) continue;
            assert.ok('example' in json, name);
            const schema = JSON.parse(JSON.stringify(json.schema).replaceAll('"#/components', '"city#/components')) as object;
            const fits = ajv.compile(schema);
            assert.ok(fits(json.example), `${name} ${JSON.stringify(json.example)} ${JSON.stringify(fits.errors?.[0])}`);
            count++;
          }
        }
      }
      assert.ok(count > 20, `${count} examples`);
    }));

  test('its page asks no other host for anything, and may not', () =>
    withDoors(async ({ gateway }) => {
      const page = await fetch(`${gateway.http}/docs`);
      const policy = page.headers.get('content-security-policy') ?? '';
      assert.ok(policy.startsWith("default-src 'none'"), policy);
      assert.ok(!/https?:|\*/.test(policy), policy);
      for (const [, address] of (await page.text()).matchAll(/(?:src|href)="([^"]*)"/g)) {
        assert.match(address!, /^(\/|\.|#)(?!\/)/, address);
        const file = await fetch(new URL(address!, `${gateway.http}/docs`));
        await file.arrayBuffer();
        assert.equal(file.status, 200, address);
      }
    }));
});

describe('a transaction that is not executed yet', () => {
  test('is waited for as long as is asked, and no longer', () =>
    withDoors(async ({ gateway, city }) => {
      const account = freshAccount();
      const envelope = envelopeOf(city.client, city.operator, [account.action]);
      const unknown = await fetch(`${gateway.http}/api/v1/transactions/${'ab'.repeat(32)}?wait=1`);
      assert.equal(((await unknown.json()) as { code: string }).code, 'TRANSACTION_UNKNOWN');
      const executed = await execute(city.client, envelope);
      const id = Buffer.from(executed.id).toString('hex');
      assert.equal((await fetch(`${gateway.http}/api/v1/transactions/${id}?wait=30`)).status, 200);
      const late = envelopeOf(city.client, city.operator, [freshAccount().action]);
      const lateId = Buffer.from(parseTransaction(nativeCrypto, late).id).toString('hex');
      const waiting = fetch(`${gateway.http}/api/v1/transactions/${lateId}?wait=30`);
      await execute(city.client, late);
      assert.equal((await waiting).status, 200);
      assert.equal((await fetch(`${gateway.http}/api/v1/transactions/${id}?wait=31`)).status, 400);
    }));
});
