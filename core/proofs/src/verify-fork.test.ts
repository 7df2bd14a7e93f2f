import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8 } from '@oppidum/formats/bytes';
import { signCheckpoint } from '@oppidum/formats/checkpoint';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import fc from 'fast-check';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { namedSigner } from '../../../test/support/signers.ts';
import { checkFork, type ForkProof } from './verify-fork.ts';

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
