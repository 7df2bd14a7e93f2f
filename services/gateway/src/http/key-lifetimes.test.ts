import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { enrolDevice, eventually, openDoors, type RunningDoors } from '../../../../test/support/running-gateway.ts';
import type { Right } from '../access/principal.ts';
import { csvParts } from './series.ts';

const DAY_MS = 86_400_000;
const OWNER = { owner: 'mayor' };

describe('the end of a key', () => {
  let [doors, nowMs]: [RunningDoors, number] = [null as never, Date.now()];
  const makeKey = (rights: readonly Right[], days: number) =>
    doors.gateway.access.createKey(
      { name: 'a test', rights, devices: null, deviceTypes: null, expiresMs: nowMs + days * DAY_MS },
      OWNER,
    );

  before(async () => {
    doors = await openDoors({ clock: () => nowMs });
  });
  after(() => doors.close());

  test('a table under way breaks off when its key is revoked or expires, and is not taken for whole: API_KEY_INVALID', async () => {
    const lamp = await enrolDevice(doors.city);
    await doors.shard.client.ingest(lamp.reading(1));
    const { access, readModel } = doors.gateway;
    await eventually(
      async () => readModel.lag(),
      ({ blocks, readings }) => blocks === 0 && readings === 0,
    );
    const begin = async (days: number) => {
      const { id } = makeKey(['readings:read'], days).key;
      const principal = { kind: 'key', id, rights: new Set(['readings:read'] as const), scope: null } as const;
      const parts = csvParts({ access, readModel }, principal, { device: lamp.hex, after: null });
      for (const part of [/^device,/, new RegExp(`^${lamp.hex}`)]) assert.match(String((await parts.next()).value), part);
      return { id, parts };
    };
    const revoked = await begin(30);
    access.revokeKey(revoked.id, OWNER);
    await assert.rejects(revoked.parts.next(), { code: 'API_KEY_INVALID' });
    const expired = await begin(1);
    nowMs += DAY_MS;
    await assert.rejects(expired.parts.next(), { code: 'API_KEY_INVALID' });
    const whole = await begin(30);
    assert.equal((await whole.parts.next()).done, true);
  });

  test('no key makes one that outlives it: REQUEST_INVALID', async () => {
    const { text } = makeKey(['keys:manage', 'ledger:read'], 2);
    const create = async (expiresMs: number): Promise<readonly [number, string | undefined]> => {
      const response = await fetch(`${doors.gateway.http}/api/v1/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${text}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'heir', rights: ['ledger:read'], expiresMs }),
      });
      return [response.status, ((await response.json()) as { readonly code?: string }).code];
    };
    assert.deepEqual(await create(nowMs + 2 * DAY_MS + 1), [400, 'REQUEST_INVALID']);
    assert.deepEqual(await create(nowMs + 2 * DAY_MS), [200, undefined]);
  });
});
