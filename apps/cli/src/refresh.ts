/** Bringing an evidence file under the newest checkpoint of its city, with a consistency proof made from the city's tiles. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { formatError } from '@oppidum/formats/errors';
import { encodeEvidence, parseEvidenceFile } from '@oppidum/formats/evidence';
import { encodeTilePath, TILE_WIDTH, type Tile, tileOf } from '@oppidum/formats/tiles';
import { nodeHash } from '@oppidum/proofs/merkle-hash';
import { type HashReader, proveConsistency } from '@oppidum/proofs/merkle-tree';
import { headOf, refreshEvidence } from '@oppidum/proofs/refresh-evidence';
import { CityCalls } from './api.ts';
import { type Cli, COMMAND, readInput } from './cli.ts';
import { type EvidenceOptions, findPolicy, writeEvidence } from './evidence-files.ts';
import { CliFailure, EXIT, usageFailure } from './failure.ts';
import { walkPolicies } from './policy-walk.ts';

const HASH_SIZE = 32;
/** Tree levels in one tile: 2^8 = 256 hashes. */
const TILE_HEIGHT = 8;
/** Stands for every hash while only the list of tiles is of interest. */
const NO_HASH: Bytes = new Uint8Array(HASH_SIZE);

/**
 * Reads evidence, proves it under the city's newest checkpoint, and writes it. Where the city has changed its policy since the one at
 * hand, the newest is found as `policy follow` does. Nothing is taken that it does not believe.
 */
export async function refreshFile(cli: Cli, file: string, options: EvidenceOptions): Promise<void> {
  const trusted = await findPolicy(cli, options);
  if (trusted === null) throw usageFailure('Refreshing needs the policy to trust', 'Name it with --policy FILE');
  const evidence = parseEvidenceFile(await readInput(file));
  const city = new CityCalls(cli.api);
  const newestChange = (await walkPolicies(city, trusted)).at(-1);
  const policy = newestChange?.policy ?? trusted;
  const note = await city.bytes('/log/checkpoint', 'text/plain');
  const { size } = headOf(evidence);
  const newest = parseCheckpointNote(note).checkpoint.size;
  if (newest < size)
    throw new CliFailure(`The newest checkpoint of the city has size ${newest}, the evidence already stands under size ${size}`, {
      exitCode: EXIT.failed,
      action: 'Ask another node, or wait',
    });
  const consistency = await fetchConsistency(city, size, newest);
  const answer = refreshEvidence(nativeCrypto, evidence, policy, { note, consistency });
  if ('code' in answer) throw formatError(answer.code, answer.details);
  await writeEvidence(cli, encodeEvidence(answer.evidence), options, { policy });
  if (newestChange !== undefined)
    cli.output.note(
      `It verifies under the policy of block ${newestChange.height}, SHA-256 ${newestChange.sha256}: have it with \`${COMMAND} policy follow\`.`,
    );
}

/** The proof from one size of the block log to another, from its tiles. */
async function fetchConsistency(city: CityCalls, size1: number, size2: number): Promise<Bytes[]> {
  const wanted = new Map<string, Tile>();
  const record: HashReader = (level, index) => {
    const tile = tileAt(level, index, size2);
    wanted.set(encodeTilePath(tile), tile);
    return NO_HASH;
  };
  proveConsistency(nativeCrypto, record, size1, size2);
  const tiles = new Map<string, Bytes>();
  for (const [path, { width }] of wanted) {
    const bytes = await city.bytes(`/log/${path}`, 'application/octet-stream');
    if (bytes.length !== width * HASH_SIZE) throw formatError('CITY_ANSWER_INVALID', { path, want: width * HASH_SIZE });
    tiles.set(path, bytes);
  }
  const read: HashReader = (level, index) => {
    const tile = tileAt(level, index, size2);
    return subtreeHash(tiles.get(encodeTilePath(tile)) as Bytes, level % TILE_HEIGHT, index);
  };
  return proveConsistency(nativeCrypto, read, size1, size2);
}

/** The tile that a complete subtree's hash follows from. */
function tileAt(level: number, index: number, size: number): Tile {
  const tile = tileOf(Math.floor(level / TILE_HEIGHT), index * 2 ** level, size);
  if (tile === null) throw new Error('a complete subtree has its tile');
  return tile;
}

/** Hash of the `index`-th subtree of 2^height hashes of a tile's level; it lies within this one tile. */
function subtreeHash(tile: Bytes, height: number, index: number): Bytes {
  const count = 2 ** height;
  const first = (index * count) % TILE_WIDTH;
  let hashes = Array.from({ length: count }, (_, i) => tile.subarray((first + i) * HASH_SIZE, (first + i + 1) * HASH_SIZE));
  while (hashes.length > 1)
    hashes = Array.from({ length: hashes.length / 2 }, (_, i) =>
      nodeHash(nativeCrypto, hashes[2 * i] as Bytes, hashes[2 * i + 1] as Bytes),
    );
  return hashes[0] as Bytes;
}
