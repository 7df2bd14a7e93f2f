import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, toHex } from '@oppidum/formats/bytes';
import fc from 'fast-check';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { type DeclaredShard, homeShard } from './home-shard.ts';

const id = (seed: number): Uint8Array => crypto.sha256(Uint8Array.of(seed));
const shard = (number: number, from: number, to?: number): DeclaredShard => ({
  id: id(number),
  number,
  from,
  ...(to === undefined ? {} : { to }),
});

test('of the shards in service when the key came into force, the heaviest is its home', () => {
  const shards = [shard(0, 1), shard(1, 1), shard(2, 5)];
  const device = id(77);
  const weight = ({ id: shardId }: DeclaredShard): string => toHex(crypto.sha256(concatBytes(shardId, device)));
  const [first, second] = shards as [DeclaredShard, DeclaredShard];
  assert.equal(homeShard(crypto, shards, device, 3), weight(first) > weight(second) ? first : second);
  assert.equal(homeShard(crypto, [shard(0, 1)], device, 1)?.number, 0, 'declared in the same block');
  assert.equal(homeShard(crypto, [shard(0, 1, 4), shard(1, 6)], device, 5)?.number, 1, 'none in service: the next one');
  assert.equal(homeShard(crypto, [shard(3, 9), shard(2, 9)], device, 5)?.number, 2, 'of one block the lower number');
  assert.equal(homeShard(crypto, [shard(0, 1, 4)], device, 4), null, 'ended at this height');
  assert.equal(homeShard(crypto, [], device, 4), null);
});

test('the home of a key never changes, whatever is declared or ends later', () => {
  const height = fc.nat({ max: 20 });
  const spans = fc.array(fc.tuple(height, fc.option(height)), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(spans, fc.nat({ max: 255 }), height, (drawn, seed, keyFrom) => {
      const lives = drawn.map(([from, length], number) => shard(number, from, length === null ? undefined : from + length + 1));
      const seenAt = (now: number): DeclaredShard[] =>
        lives.filter(({ from }) => from <= now).map(({ to, ...rest }) => (to === undefined || to > now ? rest : { ...rest, to }));
      const device = id(seed);
      let known: number | null = null;
      for (let now = keyFrom; now < 45; now++) {
        const home = homeShard(crypto, seenAt(now), device, keyFrom)?.number ?? null;
        if (known !== null) assert.equal(home, known, `at height ${now}`);
        known = home;
      }
    }),
  );
});

test('devices spread over the shards', () => {
  const shards = [shard(0, 1), shard(1, 1), shard(2, 1)];
  const counts = [0, 0, 0];
  for (let n = 0; n < 900; n++) {
    const home = homeShard(crypto, shards, crypto.sha256(Uint8Array.of(n & 255, n >> 8)), 1);
    counts[home?.number ?? -1]!++;
  }
  for (const count of counts) assert.ok(count > 200 && count < 400, String(counts));
});
