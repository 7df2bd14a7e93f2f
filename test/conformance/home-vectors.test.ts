import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseHex } from '@oppidum/formats/bytes';
import { homeShard } from '@oppidum/proofs/home-shard';
import { renderHomeVectors } from '../../tools/home-vectors.ts';
import { nodeCrypto as crypto } from '../support/crypto.ts';

type Case = {
  readonly why: string;
  readonly shards: readonly { readonly id: string; readonly number: number; readonly from: number; readonly to?: number }[];
  readonly device: string;
  readonly keyFrom: number;
  readonly home: number | null;
};

const text = readFileSync(new URL('../../vectors/homes/homes.json', import.meta.url), 'utf8');

test('every device key of the vectors is at home where they say', () => {
  const { cases } = JSON.parse(text) as { readonly cases: readonly Case[] };
  assert.ok(cases.length > 20);
  for (const { why, shards, device, keyFrom, home } of cases) {
    const declared = shards.map(({ id, ...life }) => ({ ...life, id: parseHex(id, 32) }));
    assert.equal(homeShard(crypto, declared, parseHex(device, 32), keyFrom)?.number ?? null, home, why);
  }
});

test('the vectors are what their tool writes', () => {
  assert.equal(text, renderHomeVectors());
});
