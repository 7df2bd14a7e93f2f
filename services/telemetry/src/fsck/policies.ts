/** Which policies a city had, learnt from its blocks, and what its files say about them. */

import { join } from 'node:path';
import { parseLeaf } from '@oppidum/formats/block-log';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { evaluatePolicy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import { policyEffectiveKind } from '@oppidum/formats/state-governance';
import { at, parseState } from '@oppidum/formats/state-layout';
import { verifySuccessorPolicy } from '@oppidum/proofs/verify-successor';
import { listNames, readIfThere } from './files.ts';
import { attempt, type Findings } from './findings.ts';
import type { Scratch } from './scratch.ts';

/** One policy from the height on at which it came into force. */
type PolicySince = { readonly from: number; readonly file: Bytes };

/** The policies of one city. `learn` after each block, `passLeaf` for each leaf of the log, then `finish`. */
export class Policies {
  readonly #crypto: Crypto;
  readonly #findings: Findings;
  readonly #folder: string;
  readonly #published: Bytes | null;
  readonly #byDigest = new Map<string, Bytes>();
  readonly #history: PolicySince[] = [];
  /** The digest that the newest block leaf of the log names. */
  #named: string | null = null;
  /** Digests of policies that `city.policy` may hold: of the published checkpoint and of what followed. */
  #current = new Set<string>();

  constructor(options: { readonly crypto: Crypto; readonly findings: Findings; readonly folder: string }) {
    this.#crypto = options.crypto;
    this.#findings = options.findings;
    this.#folder = options.folder;
    this.#published = readIfThere(join(options.folder, 'city.policy'));
    if (this.#published !== null) this.#remember(this.#published);
  }

  /** The policy in force, or null before anything is known. */
  get inForce(): Bytes | null {
    return this.#history.at(-1)?.file ?? null;
  }

  /** Reads the policy in force after a block. */
  learn(scratch: Scratch): void {
    const value = scratch.read(at(policyEffectiveKind).key);
    const parsed = value === null ? null : attempt(() => parseState(policyEffectiveKind, value));
    if (parsed === null || 'why' in parsed) return;
    const { from, policy } = parsed.value;
    if (this.#history.at(-1)?.from === from) return;
    this.#history.push({ from, file: policy });
    this.#remember(policy);
  }

  /** Follows the log: the newest block leaf names the policy of the heads above it. */
  passLeaf(leaf: Bytes, size: number, publishedSize: number): void {
    const parsed = attempt(() => parseLeaf(leaf));
    if ('why' in parsed || !('block' in parsed.value)) return;
    this.#named = toHex(parsed.value.block.validatorSetDigest);
    if (size <= publishedSize) this.#current = new Set();
    this.#current.add(this.#named);
  }

  /** Judges a checkpoint of the log as far as it was passed. */
  readonly judge = (note: Bytes): Rejection | null => {
    const file = this.#named === null ? undefined : this.#byDigest.get(this.#named);
    if (file === undefined) return reject('POLICY_DAMAGED', { digest: this.#named ?? 'none' });
    const judged = attempt(() => refusalOf(evaluatePolicy(this.#crypto, parsePolicy(this.#crypto, file), note)));
    return 'why' in judged ? reject('CHECKPOINT_DAMAGED', { why: judged.why }) : judged.value;
  };

  /** Compares `city.policy` and the evidence of each change with what the blocks decided. */
  finish(): void {
    this.#comparePublished();
    for (const name of listNames(join(this.#folder, 'policies'))) {
      const [, height] = /^([0-9]+)\.evidence$/.exec(name) ?? [];
      if (height !== undefined) this.#compareEvidence(name, Number(height));
      else this.#findings.note(`policies/${name}`, 'nothing that a city writes: it may be removed');
    }
  }

  #comparePublished(): void {
    this.#findings.checked('policy files');
    if (this.#published === null) this.#findings.damage('POLICY_DAMAGED', 'city.policy', 'missing');
    else if (this.#current.size > 0 && !this.#current.has(toHex(this.#crypto.sha256(this.#published))))
      this.#findings.damage('POLICY_DAMAGED', 'city.policy', 'not the policy under which the city publishes');
  }

  #compareEvidence(name: string, height: number): void {
    const path = `policies/${name}`;
    this.#findings.checked('policy files');
    const former = this.#history.findLast(({ from }) => from < height);
    const wanted = this.#history.find(({ from }) => from === height);
    if (former === undefined) return this.#findings.skip(path, 'the policy before it is older than what is stored');
    if (wanted === undefined)
      return this.#findings.damage('POLICY_DAMAGED', path, `no policy came into force at height ${height}`);
    const file = readIfThere(join(this.#folder, path)) ?? new Uint8Array(0);
    const { report, successor } = verifySuccessorPolicy(this.#crypto, file, {
      policy: parsePolicy(this.#crypto, former.file),
    });
    const isRight = successor !== null && equalBytes(successor.file, wanted.file);
    if (!isRight) this.#findings.damage('POLICY_DAMAGED', path, `the evidence does not lead to this policy: ${report.verdict}`);
  }

  #remember(file: Bytes): void {
    this.#byDigest.set(toHex(this.#crypto.sha256(file)), file);
  }
}
