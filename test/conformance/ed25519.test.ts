import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runEd25519Suite } from '@oppidum/cli/conformance/ed25519';
import { hasFailed } from '@oppidum/cli/conformance/suite';
import { inFolder } from '../support/folder.ts';
import { sharedPath, skipReason } from '../support/shared.ts';

test('C2SP/CCTV: every backend decides 914 edge cases as the rule says', { skip: skipReason() }, async () => {
  const result = await runEd25519Suite(sharedPath('data/crypto/ed25519-cctv'));
  assert.deepEqual(result.failures, []);
  assert.equal(result.passed, 914);
  assert.deepEqual(result.skips, [{ file: 'LICENSE', name: '', reason: 'not a JSON file' }]);
});

/** RFC 8032 §7.1, the first test: a good signature over nothing. */
const GOOD = {
  number: 0,
  key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  sig: 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  msg: '',
  flags: null,
};

test('flags decide, files of other kinds are skipped, broken ones fail', async () => {
  const result = await inFolder(
    {
      'a/good.json': JSON.stringify([GOOD, { ...GOOD, number: 1, flags: ['low_order_component_A', 'low_order_component_R'] }]),
      'a/b/other.json': '{"hello": "world"}',
      'a/empty.json': '[]',
      'broken.json': '[{',
      'flagged.json': JSON.stringify([
        { ...GOOD, flags: ['low_order_residue'] },
        { ...GOOD, flags: ['moon_phase'] },
        { ...GOOD, sig: 'ZZ' },
        { ...GOOD, msg: 'another' },
        { key: '', sig: '' },
      ]),
      'notes.txt': 'text',
    },
    runEd25519Suite,
  );
  assert.deepEqual([result.passed, result.failed, result.skipped], [2, 5, 4]);
  assert.deepEqual(
    result.failures.map(({ file, reason }) => `${file}: ${reason}`),
    [
      'broken.json: cannot be read as JSON',
      'flagged.json: a false signature was accepted by native, node, noble, page',
      'flagged.json: unreadable: TEXT_INVALID',
      'flagged.json: a true signature was refused by native, node, noble, page',
      'flagged.json: a field is missing',
    ],
  );
  assert.deepEqual(
    result.skips.map(({ reason }) => reason),
    [
      'not a list of Ed25519 vectors',
      'not a list of Ed25519 vectors',
      'what moon_phase means for the rule is not known here',
      'not a JSON file',
    ],
  );
});

test('a folder in which nothing passes has failed', async () => {
  assert.equal(hasFailed(await inFolder({}, runEd25519Suite)), true);
  assert.equal(hasFailed(await inFolder({ 'notes.txt': '' }, runEd25519Suite)), true);
  assert.equal(hasFailed(await inFolder({ 'good.json': JSON.stringify([GOOD]) }, runEd25519Suite)), false);
  assert.equal(hasFailed(await inFolder({ 'good.json': JSON.stringify([GOOD]), 'bad.json': '' }, runEd25519Suite)), true);
});
