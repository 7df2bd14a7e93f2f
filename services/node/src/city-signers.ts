/**
 * The validator's keys: `log.seed` and `cosigner.seed`, and while a policy change replaces them also the next ones, `log-<any>.seed` and
 * `cosigner-<any>.seed`. Which of them signs a head, and under which name, says the policy that the head stands under.
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { equalBytes } from '@oppidum/formats/bytes';
import type { Crypto, Signer } from '@oppidum/formats/crypto';
import type { DataPaths } from './data-folder.ts';
import { readSeedFile } from './key-files.ts';
import { LogSigner } from './log-signer.ts';
import type { CityPolicy } from './policy-in-force.ts';

export type CitySignersOptions = {
  readonly paths: DataPaths;
  readonly origin: string;
  readonly crypto: Crypto;
  /** POSIX milliseconds. */
  readonly clock: () => number;
};

/** The signers of one validator, by policy. */
export class CitySigners {
  readonly #options: CitySignersOptions;
  #seated: { readonly policy: CityPolicy; readonly signer: LogSigner };

  /** Throws LAST_SIGNED_LOST, LAST_SIGNED_CONFLICT, and what key files throw, for the keys of the present policy. */
  constructor(options: CitySignersOptions, present: CityPolicy) {
    this.#options = options;
    this.#seated = { policy: present, signer: this.#open(present) };
  }

  /** The signer of heads under this policy. Without a key in the policy it still signs, and the quorum stays missing. */
  for(policy: CityPolicy): LogSigner {
    if (this.#seated.policy !== policy) this.#seated = { policy, signer: this.#open(policy) };
    return this.#seated.signer;
  }

  /** A new key continues the history of the old one: all share one record of what was signed last. */
  #open({ policy }: CityPolicy): LogSigner {
    const { paths, origin, crypto, clock } = this.#options;
    const signer = this.#choose('log', (key) => policy.logs.some((log) => equalBytes(log.key.publicKey, key)));
    const nameOf = (key: Uint8Array) => policy.witnesses.find((witness) => equalBytes(witness.key.publicKey, key))?.key.name;
    const cosigner = this.#choose('cosigner', (key) => nameOf(key) !== undefined);
    const name = nameOf(cosigner.publicKey) ?? origin;
    const nowS = (): number => Math.floor(clock() / 1_000);
    const file = join(paths.log, 'last-signed');
    return LogSigner.open({ file, origin, crypto, signer, cosigner: { name, signer: cosigner, nowS } });
  }

  /** The key of this use that the policy knows; the first one where it knows none. */
  #choose(use: 'log' | 'cosigner', isKnown: (publicKey: Uint8Array) => boolean): Signer {
    const { paths } = this.#options;
    const first = ed25519Signer(readSeedFile(paths.key(use)));
    if (isKnown(first.publicKey)) return first;
    const others = readdirSync(paths.keys).filter((name) => name.startsWith(`${use}-`) && name.endsWith('.seed'));
    for (const name of others.sort()) {
      const signer = ed25519Signer(readSeedFile(join(paths.keys, name)));
      if (isKnown(signer.publicKey)) return signer;
    }
    return first;
  }
}
