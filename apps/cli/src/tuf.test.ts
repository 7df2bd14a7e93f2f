import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import { keepMetadata, rootMetadata, targetsMetadata, tufKey } from '../../../test/support/tuf.ts';
import { verifyTargets } from './tuf.ts';

const NOW_MS = Date.parse('2026-11-26T00:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'oppidum-tuf-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
const keep = (text: string): string => keepMetadata(folder, `${count++}.json`, text);
const rootA = tufKey('root-a');
const rootB = tufKey('root-b');
const signerA = tufKey('signer-a');
const signerB = tufKey('signer-b');
const thief = tufKey('thief');
const digest = 'ab'.repeat(32);
const images = { 'lampd.bin': { digest, size: 1_024 } };

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'OK';
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return `${error.code} ${error.details['why']}`;
  }
};

test('targets under a pinned root are verified, and say what they name', () => {
  const root = keep(rootMetadata({ root: [rootA], targets: [signerA] }));
  const text = targetsMetadata(images, [signerA]);
  const verified = verifyTargets([root], keep(text), NOW_MS);
  assert.deepEqual(verified, {
    rootVersion: 1,
    targetsVersion: 1,
    metadata: createHash('sha256').update(text).digest('hex'),
    targets: [{ path: 'lampd.bin', digest, size: 1_024 }],
  });
});

test('a next root is signed by both, and follows by one version', () => {
  const first = keep(rootMetadata({ root: [rootA], targets: [signerA] }));
  const second = (by: Parameters<typeof rootMetadata>[1]) => keep(rootMetadata({ root: [rootB], targets: [signerB] }, by));
  const targets = keep(targetsMetadata(images, [signerB]));
  const verified = verifyTargets([first, second({ version: 2, by: [rootA, rootB] })], targets, NOW_MS);
  assert.equal(verified.rootVersion, 2);
  const codes = [
    { version: 2, by: [rootB] },
    { version: 2, by: [rootA] },
    { version: 3, by: [rootA, rootB] },
  ].map((options) => codeOf(() => verifyTargets([first, second(options)], targets, NOW_MS)));
  for (const code of codes) assert.match(code, /^TUF_INVALID/);
  assert.match(codes[2] ?? '', /does not follow/);
});

test('what is not signed by enough of the role, expired, altered or no metadata is refused', () => {
  const root = keep(rootMetadata({ root: [rootA], targets: [signerA, signerB], threshold: 2 }));
  const good = targetsMetadata(images, [signerA, signerB]);
  assert.equal(
    codeOf(() => verifyTargets([root], keep(good), NOW_MS)),
    'OK',
  );
  const bad: readonly string[] = [
    targetsMetadata(images, [signerA]),
    targetsMetadata(images, [signerA, thief]),
    targetsMetadata(images, [signerA, signerA]),
    good.replace(digest, 'cd'.repeat(32)),
    targetsMetadata(images, [signerA, signerB], '2026-01-01T00:00:00Z'),
    targetsMetadata({ 'lampd.bin': { digest: 'ab', size: 1 } }, [signerA, signerB]),
    rootMetadata({ root: [rootA], targets: [signerA] }),
    '{}',
    'no JSON',
  ];
  for (const text of bad)
    assert.match(
      codeOf(() => verifyTargets([root], keep(text), NOW_MS)),
      /^TUF_INVALID/,
      text.slice(0, 60),
    );
  const old = keep(rootMetadata({ root: [rootA], targets: [signerA, signerB] }, { expires: '2026-01-01T00:00:00Z' }));
  assert.match(
    codeOf(() => verifyTargets([old], keep(good), NOW_MS)),
    /root is expired/,
  );
  assert.match(
    codeOf(() => verifyTargets([], keep(good), NOW_MS)),
    /pinned root/,
  );
  assert.match(
    codeOf(() => verifyTargets([join(folder, 'absent')], keep(good), NOW_MS)),
    /ENOENT/,
  );
  const unsigned = keep(rootMetadata({ root: [rootA], targets: [signerA] }, { by: [thief] }));
  assert.match(
    codeOf(() => verifyTargets([unsigned], keep(good), NOW_MS)),
    /^TUF_INVALID/,
    'a root signs itself',
  );
});
