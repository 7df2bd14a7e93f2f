import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { encodeForkFile, type KeyedFork, startsAsForkFile } from '@oppidum/formats/fork-proof';
import { VERDICTS } from '@oppidum/formats/verdicts';
import type { VerifierKey } from '@oppidum/formats/verifier-key';
import { nodeCrypto as crypto } from '../../../test/support/crypto.ts';
import { type TestValidator, testNote, testPolicy, testValidators } from '../../../test/support/evidence.ts';
import { MemoryLog } from '../../../test/support/memory-log.ts';
import { verifyForkFile } from './verify-fork-file.ts';

const ORIGIN = `city.example/${'0a'.repeat(32)}`;
const validators = testValidators('validator', 4);
const [bad, second, third] = validators as [TestValidator, TestValidator, TestValidator];
const policy = testPolicy(ORIGIN, validators);
const entries = (label: string, count: number) => Array.from({ length: count }, (_, i) => encodeUtf8(`${label} ${i}`));
const log = new MemoryLog(entries('entry', 9));
const other = new MemoryLog([...log.entries.slice(0, 3), ...entries('other', 9)]);

const noteOf = (of: MemoryLog, size: number, by: TestValidator, cosigners: readonly TestValidator[], origin = ORIGIN) =>
  testNote({ origin, size, root: of.root(size) }, by.log, cosigners);
const cosignerKey = ({ name, cosigner }: TestValidator): VerifierKey => ({
  name,
  algorithm: 'cosignature',
  publicKey: cosigner.publicKey,
});
const fork: KeyedFork = {
  key: cosignerKey(bad),
  earlier: noteOf(log, 6, second, [bad, second, third]),
  later: noteOf(other, 12, bad, [bad]),
  root: other.root(6),
  consistency: other.consistency(6, 12),
};
const judge = (forks: readonly KeyedFork[], trust = { policy }) => verifyForkFile(crypto, encodeForkFile(crypto, forks), trust);

test('a validator that cosigned two histories is named, in red: FORK_PROVEN', () => {
  const report = judge([fork]);
  assert.equal(report.verdict, 'FORK_PROVEN', JSON.stringify(report.steps));
  assert.equal(report.color, 'red');
  assert.equal(report.means, VERDICTS.FORK_PROVEN.means);
  const signer = `cosigner validator-0 (${toHex(bad.cosigner.publicKey)}): a head of size 12 that does not continue that of 6`;
  assert.deepEqual(report.facts, { fact: 'fork', about: ORIGIN, signers: [signer] });
});

test('also under a policy that was succeeded, and by the log key', () => {
  const next = testPolicy(ORIGIN, testValidators('next', 4));
  const trust = { policy: next, former: [policy] };
  assert.equal(judge([fork], trust).verdict, 'FORK_PROVEN');
  const key: VerifierKey = { name: ORIGIN, algorithm: 'log', publicKey: bad.log.publicKey };
  const byLog = { ...fork, key, earlier: noteOf(log, 6, bad, [second, third]) };
  assert.match(String(judge([byLog]).facts['signers']), /^log key city\.example/);
});

test('what shows no contradiction accuses nobody: FORK_UNPROVEN, and none of the facts', () => {
  const agreeing = { ...fork, later: noteOf(log, 9, bad, [bad]), root: log.root(6), consistency: log.consistency(6, 9) };
  const wrong: readonly (readonly [string, KeyedFork])[] = [
    ['agrees', agreeing],
    ['another cosigned it', { ...fork, later: noteOf(other, 12, bad, [second]) }],
    ['the proof is of nothing', { ...fork, consistency: fork.consistency.slice(1) }],
    ['another city', { ...fork, later: noteOf(other, 12, bad, [bad], `city.example/${'0b'.repeat(32)}`) }],
  ];
  for (const [why, each] of wrong) {
    const report = judge([each]);
    assert.deepEqual([report.verdict, report.facts], ['FORK_UNPROVEN', {}], why);
    assert.equal(judge([fork, each]).verdict, 'FORK_UNPROVEN', `${why}, beside a true one`);
  }
});

test('a true fork of keys that nobody at hand names is not ours: NOT_OURS', () => {
  const stranger = testPolicy(ORIGIN, testValidators('stranger', 4));
  const report = judge([fork], { policy: stranger });
  assert.equal(report.verdict, 'NOT_OURS');
  assert.equal(report.steps.find(({ outcome }) => outcome === 'noted')?.name, 'fork');
  const shardKey: VerifierKey = { name: `${ORIGIN}/shard-0`, algorithm: 'log', publicKey: third.log.publicKey };
  const [earlier, later] = [noteOf(log, 6, third, [], shardKey.name), noteOf(other, 12, third, [], shardKey.name)];
  assert.equal(judge([{ ...fork, key: shardKey, earlier, later }]).verdict, 'NOT_OURS');
  assert.equal(judge([{ ...fork, key: shardKey, earlier, later }, fork]).verdict, 'FORK_PROVEN', 'beside one of ours');
});

test('what cannot be read is UNREADABLE, and what is meant as a fork file shows at its beginning', () => {
  const file = encodeForkFile(crypto, [fork]);
  assert.ok(startsAsForkFile(file));
  assert.ok(!startsAsForkFile(encodeUtf8('{"fact":"state"}')));
  for (let cut = 0; cut < file.length - 1; cut += 97)
    assert.equal(verifyForkFile(crypto, file.slice(0, cut), { policy }).verdict, 'UNREADABLE', `${cut} bytes`);
});
