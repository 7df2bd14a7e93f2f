/**
 * Evidence of every change of policy, kept when it can be made. Only the block that puts a policy into force is cosigned by the old set
 * and names the new one (specs/evidence.md §6): once the next checkpoint is out, nobody who trusts the old policy could be shown more.
 * So the file is durable before that block's checkpoint is public. Files are named by height and never change.
 */

import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import { claimDigest, EVIDENCE_VERSION, encodeEvidence, POLICY_CLAIM } from '@oppidum/formats/evidence';
import { minimizeNote } from '@oppidum/formats/minimal-note';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import { claimRange } from '@oppidum/proofs/verify-state';
import { proveState } from './city-client.ts';
import { makeFolderDurably, writeFileDurably } from './durable-file.ts';
import type { NodeStore } from './node-store.ts';
import type { CityPolicy } from './policy-in-force.ts';
import type { TileLog } from './tile-log.ts';

export type SuccessorArchiveOptions = {
  readonly crypto: Crypto;
  readonly store: NodeStore;
  readonly log: TileLog;
  /** Holds `<height>.evidence`. */
  readonly folder: string;
};

/** Keeps the evidence when the newest block under this cosigned checkpoint put a policy into force; else does nothing. */
export async function keepSuccessor(options: SuccessorArchiveOptions, under: CityPolicy, note: Bytes): Promise<void> {
  const { crypto, store, log, folder } = options;
  const { size } = parseCheckpointNote(note).checkpoint;
  const height = store.newestBlockLeaf(size)?.leaf.height ?? 0;
  const path = join(folder, `${height}.evidence`);
  if (height === 0 || existsSync(path) || !putsPolicyIntoForce(store, height)) return;
  const minimal = minimizeNote(crypto, under.policy, note);
  if ('code' in minimal) throw new Error(`a checkpoint is not believed under its own policy: ${minimal.code}`);
  const evidence = encodeEvidence({
    version: EVIDENCE_VERSION,
    fact: 'state',
    claim: POLICY_CLAIM,
    claimDigest: claimDigest(crypto, POLICY_CLAIM),
    state: proveState(store, log, [claimRange(POLICY_CLAIM).range], size),
    checkpoint: minimal.note,
  });
  await keepSuccessorFile(path, evidence);
}

/** Makes a file of the archive durable, and its folder where it is the first. */
export async function keepSuccessorFile(path: string, evidence: Bytes): Promise<void> {
  await makeFolderDurably(dirname(path));
  // DURABLE: former policy
  await writeFileDurably(path, evidence);
}

/** Evidence of one change of policy as it is kept; `sha256` is of the file, as hex. */
export type KeptSuccessor = { readonly height: number; readonly sha256: string; readonly size: number };

const FILE_FORM = /^([1-9][0-9]{0,15})\.evidence$/;

/** Heights of the changes of which evidence is kept in the folder, the oldest first. */
export async function successorHeights(folder: string): Promise<number[]> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  const heights = names.flatMap((name) => FILE_FORM.exec(name)?.[1] ?? []).map(Number);
  return heights.sort((a, b) => a - b);
}

/** What is kept in the folder, the oldest change first. */
export async function listSuccessors(crypto: Crypto, folder: string): Promise<KeptSuccessor[]> {
  const kept: KeptSuccessor[] = [];
  for (const height of await successorHeights(folder)) {
    const file = await readSuccessor(folder, height);
    if (file !== null) kept.push({ height, sha256: toHex(crypto.sha256(file)), size: file.length });
  }
  return kept;
}

/** The evidence of the policy that the block of this height put into force, or null. */
export async function readSuccessor(folder: string, height: number): Promise<Bytes | null> {
  try {
    return new Uint8Array(await readFile(join(folder, `${height}.evidence`)));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function putsPolicyIntoForce(store: NodeStore, height: number): boolean {
  const value = store.state.readAt(height, at(policyEffectiveKind).key);
  return value !== null && parseState(policyEffectiveKind, value).from === height;
}
