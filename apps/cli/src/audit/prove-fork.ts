/** From two heads that contradict each other to a file that proves it of each key that stands under both (specs/forks.md). */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { VALIDATORS } from '@oppidum/formats/city-policy';
import { encodeForkFile, type KeyedFork } from '@oppidum/formats/fork-proof';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { checkFork } from '@oppidum/proofs/verify-fork';
import type { Comparison } from './compare.ts';
import { type Group, isBelieved } from './statements.ts';

/** A fork that anybody can check: its file, and whose keys it is about. */
export type ProvenFork = {
  readonly file: Bytes;
  /** Says which fork it is, for the name of the file. */
  readonly name: string;
  readonly signers: readonly string[];
  readonly detail: string;
};

/** The proof against every key that signed both heads; null where there is none. `found`: how the larger of them contradicts. */
export function proveFork(
  trust: Trust,
  a: Group,
  b: Group,
  { root, consistency }: Comparison & { readonly kind: 'fork' },
): ProvenFork | null {
  const [earlier, later] = a.size <= b.size ? [a, b] : [b, a];
  const forks: KeyedFork[] = [];
  for (const key of keysOf(earlier)) {
    const [first, second] = [noteBy(earlier, key), noteBy(later, key)];
    if (first === null || second === null) continue;
    const fork = { key, earlier: first, later: second, root, consistency: [...consistency] };
    const refused = checkFork(nativeCrypto, key, fork);
    if (refused !== null) throw new Error(`a fork that was found is none: ${refused.code}`);
    forks.push(fork);
  }
  if (forks.length === 0) return null;
  const file = encodeForkFile(nativeCrypto, forks);
  const name = `fork-${earlier.size}-${later.size}-${toHex(nativeCrypto.sha256(file)).slice(0, 8)}.fork`;
  const signers = forks.map(({ key }) => describeKey(trust, key));
  const heads = earlier.size === later.size ? `two roots of size ${later.size}` : `sizes ${earlier.size} and ${later.size}`;
  return { file, name, signers, detail: `${heads}, both signed by ${signers.join(', ')}${describeQuorum(trust, a, b)}` };
}

function keysOf({ statements }: Group): readonly VerifierKey[] {
  const keys: VerifierKey[] = [];
  for (const key of statements.flatMap(({ signers }) => signers))
    if (!keys.some((other) => isSameKey(other, key))) keys.push(key);
  return keys;
}

function noteBy({ statements }: Group, key: VerifierKey): Bytes | null {
  return statements.find(({ note, signers }) => note !== null && signers.some((signer) => isSameKey(signer, key)))?.note ?? null;
}

function isSameKey(a: VerifierKey, b: VerifierKey): boolean {
  return a.algorithm === b.algorithm && a.name === b.name && equalBytes(a.publicKey, b.publicKey);
}

function describeKey({ policy, former = [] }: Trust, key: VerifierKey): string {
  if (key.algorithm === 'log') return `log key ${toHex(key.publicKey).slice(0, 16)}…`;
  const witness = [policy, ...former].flatMap(({ witnesses }) => witnesses).find((each) => isSameKey(each.key, key));
  return witness?.name ?? key.name;
}

/** Where both heads are believed, whoever trusts the policy can be shown either: its promise is broken, not only one validator. */
function describeQuorum({ policy }: Trust, a: Group, b: Group): string {
  if (!isBelieved(a) || !isBelieved(b)) return '';
  const count = policy.groups.find(({ name }) => name === VALIDATORS)?.members.length ?? 0;
  return count === 1 ? '; the only validator' : '; both have the quorum: more than a third of the validators lie together';
}
