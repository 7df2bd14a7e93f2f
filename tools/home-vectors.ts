/** Writes vectors/homes/homes.json: `node tools/home-vectors.ts`; specs/telemetry.md says how to read it. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { type DeclaredShard, homeShard } from '@oppidum/proofs/home-shard';

const idOf = (name: string): Uint8Array => crypto.sha256(encodeUtf8(name));
const shard = (number: number, from: number, to?: number): DeclaredShard => ({
  id: idOf(`shard ${number}`),
  number,
  from,
  ...(to === undefined ? {} : { to }),
});

const LIVES: readonly (readonly [why: string, shards: readonly DeclaredShard[], keyFrom: number])[] = [
  ['one shard', [shard(0, 1)], 5],
  ['three in service', [shard(0, 1), shard(1, 1), shard(2, 4)], 5],
  ['the third comes later', [shard(0, 1), shard(1, 1), shard(2, 6)], 5],
  ['declared and in force in one block', [shard(0, 1), shard(1, 5)], 5],
  ['the first ended before', [shard(0, 1, 4), shard(1, 2)], 5],
  ['the first ended in this block', [shard(0, 1, 5), shard(1, 2)], 5],
  ['the first ended later: its keys stay', [shard(0, 1, 6), shard(1, 2)], 5],
  ['none in service: the next one', [shard(0, 1, 3), shard(2, 9), shard(1, 8)], 5],
  ['none in service: of one block the lower number', [shard(4, 8), shard(3, 8)], 5],
  ['none at all', [], 5],
  ['all ended', [shard(0, 1, 2)], 5],
];

/** The file's text. */
export function renderHomeVectors(): string {
  const cases = LIVES.flatMap(([why, shards, keyFrom]) =>
    ['first device', 'second device', 'third device'].map((name) => {
      const home = homeShard(crypto, shards, idOf(name), keyFrom);
      const shown = shards.map(({ id, ...life }) => ({ id: toHex(id), ...life }));
      return { why, shards: shown, device: toHex(idOf(name)), keyFrom, home: home === null ? null : home.number };
    }),
  );
  return `${JSON.stringify({ cases }, null, 2)}\n`;
}

if (import.meta.main) {
  const folder = new URL('../vectors/homes/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('homes.json', folder), renderHomeVectors());
}
