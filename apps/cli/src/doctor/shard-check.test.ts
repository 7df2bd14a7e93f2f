import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CityJson } from '@oppidum/gateway/api-types';
import { checkShards } from './shard-check.ts';

type Shard = CityJson['shards'][number];

const shard = (number: number, changes: Partial<Shard> = {}): Shard => ({
  ...{ id: '00'.repeat(32), number, origin: `test/shard-${number}`, size: 0, anchoredSize: 0 },
  ...{ status: 'active', accepts: true },
  ...changes,
});
const check = (...shards: Shard[]) => checkShards({ shards } as Partial<CityJson> as CityJson);

test('each shard in service takes readings, else the doctor says what to do', () => {
  assert.equal(checkShards(null).outcome, 'skip');
  assert.equal(check(shard(0), shard(1)).outcome, 'pass');
  assert.equal(check(shard(0), shard(1, { status: 'retired', accepts: false })).detail, 'one takes readings');
  const away = check(shard(0), shard(1, { accepts: false }));
  assert.deepEqual([away.outcome, away.detail], ['warn', 'shard 1 takes no readings now']);
  assert.match(away.action ?? '', /shard start 1/);
  assert.match(check(shard(0), shard(2, { status: 'frozen', accepts: false })).detail, /shard 2 signed two histories/);
  assert.match(check().detail, /none is in service/);
});
