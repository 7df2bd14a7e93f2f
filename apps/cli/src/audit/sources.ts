/**
 * Where heads of a city's log come from: gateways that are asked again and again, and files that were kept: signed checkpoints, evidence,
 * standard proofs, forks, heads that `verify --seen` remembered, the memory of a witness, or a folder of any of these.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseUtf8 } from '@oppidum/formats/bytes';
import { parseCheckpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { orNull } from '@oppidum/formats/errors';
import { parseEvidenceFile } from '@oppidum/formats/evidence';
import { parseForkFile, startsAsForkFile } from '@oppidum/formats/fork-proof';
import type { Policy } from '@oppidum/formats/policy';
import { parseTlogProof } from '@oppidum/formats/tlog-proof';
import type { SeenHead } from '@oppidum/proofs/verify-checkpoint';
import { CityCalls } from '../api.ts';
import { readFile } from '../cli.ts';
import { describeFailure, usageFailure } from '../failure.ts';
import { type PolicyChange, walkPolicies } from '../policy-walk.ts';
import { readSeenHeads } from '../seen-heads.ts';

/** Files of one folder that are read. */
const FILE_COUNT_MAX = 10_000;
const TILE_BYTES = 'application/octet-stream';

/** A gateway of the city. It is asked without an API key: whoever audits shows nothing of his own. */
export class LiveSource {
  readonly name: string;
  readonly #city: CityCalls;

  constructor(address: string) {
    this.name = address;
    this.#city = new CityCalls(address, { isKeyShown: false });
  }

  /** The newest checkpoint it shows. Throws as `CityCalls` does. */
  checkpoint(): Promise<Bytes> {
    return this.#city.bytes('/log/checkpoint', 'text/plain');
  }

  /** Throws as `CityCalls` does. */
  tile(path: string): Promise<Bytes> {
    return this.#city.bytes(`/log/${path}`, TILE_BYTES);
  }

  /** Throws as `walkPolicies` does. */
  changesSince(trusted: Policy): Promise<readonly PolicyChange[]> {
    return walkPolicies(this.#city, trusted);
  }
}

/** What a file or folder says: heads as signed, heads that were only written down, and files that claim to prove a fork. */
export type KeptSource = {
  readonly name: string;
  readonly notes: readonly Bytes[];
  readonly heads: readonly SeenHead[];
  readonly forks: readonly KeptFork[];
};
export type KeptFork = { readonly path: string; readonly file: Bytes };

/** Reads a file, or the files of a folder, for heads of the log `origin`. Throws exit code 2 where a file is nothing of the kind. */
export function readKept(path: string, origin: string): KeptSource {
  if (!statSync(path).isDirectory()) return readOne(path, origin);
  const folder = existsSync(join(path, 'cosigned')) ? join(path, 'cosigned') : path;
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
  if (names.length > FILE_COUNT_MAX)
    throw usageFailure(`${path} has more than ${FILE_COUNT_MAX} files`, 'Name the files that count');
  const read = names.map(({ name }) => readOne(join(folder, name), origin));
  return {
    name: path,
    notes: read.flatMap(({ notes }) => notes),
    heads: read.flatMap(({ heads }) => heads),
    forks: read.flatMap(({ forks }) => forks),
  };
}

function readOne(path: string, origin: string): KeptSource {
  const none: KeptSource = { name: path, notes: [], heads: [], forks: [] };
  const bytes = readFile(path);
  const text = orNull(() => parseUtf8(bytes));
  if (text?.startsWith('origin ') === true) return { ...none, heads: readSeenHeads(path, origin) };
  const record = text === null ? null : orNull(() => parseCheckpoint(text));
  // A witness writes down heads of all logs that its policy names.
  if (record !== null) return record.origin === origin ? { ...none, heads: [record] } : none;
  if (startsAsForkFile(bytes)) return { ...none, notes: readFork(path, bytes), forks: [{ path, file: bytes }] };
  for (const read of [readCheckpoint, readEvidence, readProof]) {
    const notes = orNull(() => read(bytes));
    if (notes !== null) return { ...none, notes };
  }
  throw usageFailure(
    `${path} holds no head of a log`,
    'A source is an address, a signed checkpoint, evidence, a .tlog-proof, a fork file, a file of --seen, or a folder of these',
  );
}

const readCheckpoint = (bytes: Bytes): readonly Bytes[] => {
  parseCheckpointNote(bytes);
  return [bytes];
};
const readEvidence = (bytes: Bytes): readonly Bytes[] => [parseEvidenceFile(bytes).checkpoint];
const readProof = (bytes: Bytes): readonly Bytes[] => [parseTlogProof(bytes).note];

function readFork(path: string, bytes: Bytes): readonly Bytes[] {
  const forks = orNull(() => parseForkFile(nativeCrypto, bytes));
  if (forks === null) throw usageFailure(`${path} is a fork file that cannot be read`, 'See what `oppidum verify` says of it');
  return forks.flatMap(({ earlier, later }) => [earlier, later]);
}

/** Why a gateway gave no answer, in a sentence. */
export function describeAway(error: unknown): string {
  return describeFailure(error).text;
}
