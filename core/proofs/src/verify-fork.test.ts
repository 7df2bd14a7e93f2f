import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import { policyOfValidators } from '@oppidum/formats/city-policy';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import type { ForkProof } from '@oppidum/formats/fork-proof';
import { parseSignedNote } from '@oppidum/formats/signed-note';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import fc from 'fast-check';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { checkFork, forkedKeys } from './verify-fork.ts';

const ORIGIN = 'city.example/log';
const signer = namedSigner('log');
const key: VerifierKey = { name: ORIGIN, algorithm: 'log', publicKey: signer.publicKey };
const entries = (label: string, count: number) => Array.from({ length: count }, (_, i) => encodeUtf8(`${label} ${i}`));
const noteOf = (log: MemoryLog, size: number, by = signer, origin = ORIGIN) =>
  signCheckpoint(crypto, by, { origin, size, root: log.root(size) });

/** A log, and one that shares its first `shared` entries. */
const logs = (shared: number, count: number) => {
  const log = new MemoryLog(entries('entry', count));
  return { log, other: new MemoryLog([...log.entries.slice(0, shared), ...entries('other', count - shared)]) };
};

const proof = (from: MemoryLog, size1: number, to: MemoryLog, size2: number): ForkProof => ({
  earlier: noteOf(from, size1),
  later: noteOf(to, size2),
  root: to.root(size1),
  consistency: size1 === size2 ? [] : to.consistency(size1, size2),
});

test('two histories are a fork, one that goes on is none', () => {
  const shapes = fc.record({ shared: fc.nat(10), more: fc.integer({ min: 1, max: 6 }), rest: fc.nat(6) });
  fc.assert(
    fc.property(shapes, ({ shared, more, rest }) => {
      const [size1, size2] = [shared + more, shared + more + rest];
      const { log, other } = logs(shared, size2);
      assert.equal(checkFork(crypto, key, proof(log, size1, other, size2)), null);
      assert.equal(checkFork(crypto, key, proof(log, size1, log, size2))?.code, 'FORK_UNPROVEN');
    }),
    { numRuns: 40 },
  );
});

test('what proves nothing says why', () => {
  const { log, other } = logs(3, 9);
  const fork = proof(log, 6, other, 9);
  const stranger = namedSigner('stranger');
  const [hash] = fork.consistency;
  const wrong: readonly (readonly [string, Partial<ForkProof>])[] = [
    ['SIGNATURE_INVALID', { later: noteOf(other, 9, stranger) }],
    ['SIGNATURE_INVALID', { earlier: noteOf(log, 6, stranger) }],
    ['LOG_UNKNOWN', { earlier: noteOf(log, 6, signer, 'other.example/log') }],
    ['TEXT_INVALID', { later: encodeUtf8('no note') }],
    ['NUMBER_RANGE', { earlier: fork.later, later: fork.earlier }],
    ['PROOF_LENGTH_WRONG', { consistency: fork.consistency.slice(1) }],
    ['ROOT_MISMATCH', { root: log.root(6) }],
    ['ROOT_MISMATCH', { consistency: [crypto.sha256(hash ?? new Uint8Array(0)), ...fork.consistency.slice(1)] }],
  ];
  for (const [code, changes] of wrong) assert.equal(checkFork(crypto, key, { ...fork, ...changes })?.code, code, code);
});

const cosigner = namedSigner('cosigner');
const cosignerKey: VerifierKey = { name: 'validator-1', algorithm: 'cosignature', publicKey: cosigner.publicKey };
/** The note also cosigned, at a time of its own. */
const cosigned = (note: Uint8Array, timeS: number, by = cosigner) =>
  addSignatures(note, [cosignCheckpoint(crypto, by, cosignerKey.name, parseSignedNote(note).text, timeS)]);

test('a cosigner that cosigned both sides is told by its own key', () => {
  const { log, other } = logs(3, 9);
  const fork = proof(log, 6, other, 9);
  const both = { ...fork, earlier: cosigned(fork.earlier, 1_000), later: cosigned(fork.later, 2_000) };
  assert.equal(checkFork(crypto, cosignerKey, both), null);
  assert.equal(checkFork(crypto, cosignerKey, both, ORIGIN), null);
  const agreeing = proof(log, 6, log, 9);
  const one = { ...agreeing, earlier: cosigned(agreeing.earlier, 1_000), later: cosigned(agreeing.later, 900) };
  assert.equal(checkFork(crypto, cosignerKey, one)?.code, 'FORK_UNPROVEN', 'an earlier time is no other story');
  assert.equal(checkFork(crypto, cosignerKey, { ...both, later: fork.later })?.code, 'SIGNATURE_INVALID');
  assert.equal(
    checkFork(crypto, cosignerKey, { ...both, earlier: cosigned(fork.earlier, 1, signer) })?.code,
    'SIGNATURE_INVALID',
  );
});

test('two logs are two stories by right', () => {
  const { log, other } = logs(3, 9);
  const fork = proof(log, 6, other, 9);
  const elsewhere = {
    ...fork,
    earlier: cosigned(fork.earlier, 1),
    later: cosigned(noteOf(other, 9, signer, 'other.example/log'), 2),
  };
  assert.equal(checkFork(crypto, cosignerKey, elsewhere)?.code, 'LOG_UNKNOWN');
  const both = { ...fork, earlier: cosigned(fork.earlier, 1), later: cosigned(fork.later, 2) };
  assert.equal(checkFork(crypto, cosignerKey, both, 'other.example/log')?.code, 'LOG_UNKNOWN');
});

test('of a policy, the keys under both sides are named and nobody else', () => {
  const { log, other } = logs(3, 9);
  const policy = policyOfValidators(ORIGIN, [
    { name: 'validator-1', logKey: signer.publicKey, cosignerKey: cosigner.publicKey },
    { name: 'validator-2', logKey: namedSigner('log 2').publicKey, cosignerKey: namedSigner('cosigner 2').publicKey },
  ]);
  const fork = proof(log, 6, other, 9);
  const both = { ...fork, earlier: cosigned(fork.earlier, 1), later: cosigned(fork.later, 2) };
  assert.deepEqual(forkedKeys(crypto, policy, both), [key, cosignerKey]);
  assert.deepEqual(forkedKeys(crypto, policy, { ...both, earlier: fork.earlier }), [key]);
  assert.deepEqual(forkedKeys(crypto, policy, proof(log, 6, log, 9)), []);
});
