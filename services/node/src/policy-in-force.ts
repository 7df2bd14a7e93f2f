/**
 * Which `city.policy` cosigns a head of the block log: the one in force before the newest block under it, whose digest that block's leaf
 * carries. So the block that puts a policy into force is still vouched for by the set that decided it, and the next by the new set.
 */

import { existsSync, readFileSync } from 'node:fs';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { FormatError } from '@oppidum/formats/errors';
import { type Policy, parsePolicy } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import { writeFileDurably } from './durable-file.ts';
import type { NodeStore } from './node-store.ts';

/** A policy: its bytes as on the ledger, and what they say. */
export type CityPolicy = { readonly file: Bytes; readonly policy: Policy };

/** Answers for one node; keeps `city.policy` on disk. */
export class PolicyInForce {
  readonly #crypto: Crypto;
  readonly #store: NodeStore;
  readonly #path: string;
  #published: Bytes;
  #latest: (CityPolicy & { readonly digest: Bytes }) | null = null;

  constructor(options: { readonly crypto: Crypto; readonly store: NodeStore; readonly path: string }) {
    this.#crypto = options.crypto;
    this.#store = options.store;
    this.#path = options.path;
    this.#published = existsSync(options.path) ? new Uint8Array(readFileSync(options.path)) : new Uint8Array(0);
  }

  /** The policy under which the published checkpoint stands. */
  get published(): Bytes {
    return this.#published;
  }

  /** The policy whose set cosigns the head of this size. */
  of(size: number): CityPolicy {
    const newest = this.#store.newestBlockLeaf(size);
    if (newest === null) return this.#parse(this.#published);
    const { validatorSetDigest, height } = newest.leaf;
    if (this.#latest !== null && equalBytes(this.#latest.digest, validatorSetDigest)) return this.#latest;
    const candidates = [this.#published, this.#effective(null), this.#effective(Math.max(0, height - 1))];
    const file = candidates.find(
      (candidate) => candidate !== null && equalBytes(this.#crypto.sha256(candidate), validatorSetDigest),
    );
    if (file === undefined || file === null) throw new Error(`no policy has the digest that block ${height} names`);
    this.#latest = { ...this.#parse(file), digest: validatorSetDigest };
    return this.#latest;
  }

  /** Makes `city.policy` this one, before a checkpoint under it is published. */
  async publish({ file }: CityPolicy): Promise<void> {
    if (equalBytes(file, this.#published)) return;
    // DURABLE: policy
    await writeFileDurably(this.#path, file);
    this.#published = file;
  }

  /** The record of the committed state, or of the state after a height; null where that is not kept. */
  #effective(height: number | null): Bytes | null {
    const { key } = at(policyEffectiveKind);
    try {
      const value = height === null ? this.#store.state.read(key) : this.#store.state.readAt(height, key);
      return value === null ? null : parseState(policyEffectiveKind, value).policy;
    } catch (error) {
      if (error instanceof FormatError && error.code === 'STATE_PRUNED') return null;
      throw error;
    }
  }

  #parse(file: Bytes): CityPolicy {
    return { file, policy: parsePolicy(this.#crypto, file) };
  }
}
