import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FormatError } from '@oppidum/formats/errors';
import {
  keepFiles,
  type Pair,
  rootMetadata,
  snapshotMetadata,
  type TestDelegation,
  targetsMetadata,
  timestampMetadata,
  tufKey,
} from '../../../test/support/tuf.ts';
import { type VerifiedTarget, verifyTarget } from './tuf.ts';

const NOW_MS = Date.parse('2026-11-26T00:00:00Z');
const PAST = '2026-01-01T00:00:00Z';
const folder = mkdtempSync(join(tmpdir(), 'oppidum-tuf-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const [rootA, rootB, stamper, snapper, signerA, signerB, vendor, thief] = [
  ...['root-a', 'root-b', 'stamper', 'snapper', 'signer-a', 'signer-b', 'vendor', 'thief'],
].map(tufKey) as [Pair, Pair, Pair, Pair, Pair, Pair, Pair, Pair];
const digest = 'ab'.repeat(32);
const IMAGE = { digest, size: 1_024 };
const ROLES = { root: [rootA], timestamp: [stamper], snapshot: [snapper], targets: [signerA] };

type Files = Readonly<Record<string, string>>;
type Making = { readonly version?: number; readonly expires?: string; readonly by?: readonly Pair[] };
/** What a maker publishes: targets with a delegated role, and what leads to them. Each part can be made otherwise. */
function publish(
  spoil: {
    readonly targets?: Making;
    readonly snapshot?: Making;
    readonly timestamp?: Making;
    readonly delegations?: readonly TestDelegation[];
    readonly roles?: Files;
    readonly names?: Readonly<Record<string, typeof IMAGE>>;
    readonly versions?: Readonly<Record<string, number>>;
  } = {},
): Files {
  const { names = { 'lampd.bin': IMAGE }, delegations = [], roles = {} } = spoil;
  const targets = targetsMetadata(names, { by: [signerA], ...spoil.targets }, delegations);
  const files = { 'targets.json': targets, ...roles };
  const versions = { 'targets.json': spoil.targets?.version ?? 1, ...spoil.versions };
  const snapshot = snapshotMetadata(files, { by: [snapper], ...spoil.snapshot }, versions);
  const timestamp = timestampMetadata(snapshot, { by: [stamper], ...spoil.timestamp }, spoil.snapshot?.version ?? 1);
  return { ...files, 'snapshot.json': snapshot, 'timestamp.json': timestamp };
}

let count = 0;
/** What whoever pinned this root finds in this repository, having seen these files before. */
function ask(repository: Files, target = 'lampd.bin', before: Files = {}, root = rootMetadata(ROLES)): VerifiedTarget {
  const place = join(folder, String(count++));
  return verifyTarget({
    trusted: keepFiles(join(place, 'trusted'), { 'root.json': root, ...before }),
    repository: keepFiles(join(place, 'repository'), repository),
    target,
    nowMs: NOW_MS,
  });
}

const codeOf = (...given: Parameters<typeof ask>): string => {
  try {
    ask(...given);
    return 'OK';
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    assert.ok(String(error.details['why']).length > 0 && String(error.details['file']).length > 0);
    return error.code;
  }
};

test('a target is verified from the pinned root to the role that names it', () => {
  const files = publish();
  const { kept, ...verified } = ask(files);
  assert.deepEqual(verified, {
    ...{ path: 'lampd.bin', digest, size: 1_024, role: 'targets' },
    metadata: createHash('sha256')
      .update(files['targets.json'] as string)
      .digest('hex'),
    version: 1,
    versions: { root: 1, timestamp: 1, snapshot: 1, targets: 1 },
  });
  const texts = Object.entries(kept).map(([name, bytes]) => [name, Buffer.from(bytes).toString()]);
  assert.deepEqual(Object.fromEntries(texts), {
    'root.json': rootMetadata(ROLES),
    'snapshot.json': files['snapshot.json'],
    'timestamp.json': files['timestamp.json'],
  });
});

test('a next root is signed by both, and follows by one version', () => {
  const targets = { targets: { by: [signerB] } };
  const next = (options: Making) => rootMetadata({ ...ROLES, root: [rootB], targets: [signerB] }, options);
  const offer = (options: Making): Files => ({ ...publish(targets), '2.root.json': next(options) });
  assert.equal(ask(offer({ version: 2, by: [rootA, rootB] })).versions.root, 2);
  assert.equal(codeOf(offer({ version: 2, by: [rootB] })), 'TUF_THRESHOLD');
  assert.equal(codeOf(offer({ version: 2, by: [rootA] })), 'TUF_THRESHOLD');
  assert.equal(codeOf(offer({ version: 3, by: [rootA, rootB] })), 'TUF_ROLLBACK');
  assert.equal(codeOf(offer({ version: 1, by: [rootA, rootB] })), 'TUF_ROLLBACK');
  assert.equal(codeOf(offer({ version: 2, by: [rootA, rootB], expires: PAST })), 'TUF_EXPIRED');
  assert.equal(codeOf(publish(targets)), 'TUF_THRESHOLD', 'held back, its new signers are unknown');
});

test('each role is signed by enough of its own keys', () => {
  assert.equal(codeOf(publish(), 'lampd.bin', {}, rootMetadata(ROLES, { by: [thief] })), 'TUF_THRESHOLD', 'a root signs itself');
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    assert.equal(codeOf(publish({ [role]: { by: [thief] } })), 'TUF_THRESHOLD', role);
    assert.equal(codeOf(publish({ [role]: { by: [rootA] } })), 'TUF_THRESHOLD', `${role} by another role`);
  }
  const two = rootMetadata({ ...ROLES, targets: [signerA, signerB], threshold: 2 });
  const of = (by: readonly Pair[]): string => codeOf(publish({ targets: { by } }), 'lampd.bin', {}, two);
  assert.equal(of([signerA, signerB]), 'OK');
  for (const by of [[signerA], [signerA, signerA], [signerA, thief], []]) assert.equal(of(by), 'TUF_THRESHOLD');
  const alias = { ...signerA, id: 'signer-b', key: Object.assign(Object.create(signerA.key), { keyID: 'signer-b' }) } as Pair;
  const aliased = rootMetadata({ ...ROLES, targets: [signerA, alias], threshold: 2 });
  assert.equal(
    codeOf(publish({ targets: { by: [signerA, alias] } }), 'lampd.bin', {}, aliased),
    'TUF_INVALID',
    'one key, two names',
  );
});

test('freeze: what is expired is not believed, whichever role signed it', () => {
  for (const role of ['timestamp', 'snapshot', 'targets'] as const)
    assert.equal(codeOf(publish({ [role]: { expires: PAST } })), 'TUF_EXPIRED', role);
  assert.equal(codeOf(publish(), 'lampd.bin', {}, rootMetadata(ROLES, { expires: PAST })), 'TUF_EXPIRED');
});

test('rollback: nothing is older than what was seen before', () => {
  const seen = publish({ targets: { version: 5 }, snapshot: { version: 5 }, timestamp: { version: 5 } });
  const before = { 'timestamp.json': seen['timestamp.json'] as string, 'snapshot.json': seen['snapshot.json'] as string };
  const offer = (timestamp: number, snapshot: number, targets: number): string =>
    codeOf(
      publish({ timestamp: { version: timestamp }, snapshot: { version: snapshot }, targets: { version: targets } }),
      'lampd.bin',
      before,
    );
  assert.equal(codeOf(seen, 'lampd.bin', before), 'OK', 'the same again');
  assert.equal(offer(6, 6, 6), 'OK');
  assert.equal(offer(4, 6, 6), 'TUF_ROLLBACK');
  assert.equal(offer(6, 4, 6), 'TUF_ROLLBACK');
  assert.equal(offer(6, 6, 4), 'TUF_ROLLBACK');
  const lost = publish({ roles: { 'lamps.json': targetsMetadata({}, { by: [vendor] }) } });
  const named = { 'timestamp.json': lost['timestamp.json'] as string, 'snapshot.json': lost['snapshot.json'] as string };
  assert.equal(
    codeOf(publish({ snapshot: { version: 2 } }), 'lampd.bin', named),
    'TUF_ROLLBACK',
    'a role that was named is gone',
  );
  const rekeyed = { ...ROLES, timestamp: [thief], snapshot: [thief] };
  const fresh = publish({ timestamp: { by: [thief] }, snapshot: { by: [thief] } });
  const after = { ...fresh, '2.root.json': rootMetadata(rekeyed, { version: 2 }) };
  assert.equal(codeOf(after, 'lampd.bin', before), 'OK', 'a stolen key that ran versions up is forgotten with its role');
});

test('mix and match: files that do not belong together', () => {
  const [one, two] = [publish(), publish({ names: { 'lampd.bin': { digest: 'cd'.repeat(32), size: 9 } } })];
  const [ones, twos] = [one, two] as const;
  assert.equal(codeOf({ ...ones, 'targets.json': twos['targets.json'] as string }), 'TUF_MIXED');
  assert.equal(codeOf({ ...ones, 'snapshot.json': twos['snapshot.json'] as string }), 'TUF_MIXED');
  assert.equal(codeOf(publish({ versions: { 'targets.json': 2 } })), 'TUF_MIXED', 'the snapshot names another version');
  const snapshot = snapshotMetadata({}, { by: [snapper] });
  const unnamed = { ...ones, 'snapshot.json': snapshot, 'timestamp.json': timestampMetadata(snapshot, { by: [stamper] }) };
  assert.equal(codeOf(unnamed), 'TUF_MIXED', 'the snapshot does not name targets');
  const other = timestampMetadata(ones['snapshot.json'] as string, { by: [stamper] }, 2);
  assert.equal(codeOf({ ...ones, 'timestamp.json': other }), 'TUF_MIXED', 'the timestamp names another version');
});

test('delegations: a role is asked for the paths that were delegated to it, and for no other', () => {
  const lamps = (changes: Partial<TestDelegation> = {}): TestDelegation => ({
    name: 'lamps',
    by: [vendor],
    paths: ['lamps/*'],
    ...changes,
  });
  const named = { 'lamps/a.bin': IMAGE, 'signals/a.bin': IMAGE };
  const text = (by: readonly Pair[] = [vendor], expires?: string) =>
    targetsMetadata(named, { by, ...(expires === undefined ? {} : { expires }) });
  const offer = (delegation = lamps(), role = text(), more: Parameters<typeof publish>[0] = {}): Files =>
    publish({ delegations: [delegation], roles: { 'lamps.json': role }, ...more });
  const found = ask(offer(), 'lamps/a.bin');
  assert.deepEqual([found.role, found.digest], ['lamps', digest]);
  assert.equal(found.metadata, createHash('sha256').update(text()).digest('hex'));
  assert.equal(codeOf(offer(), 'signals/a.bin'), 'TUF_TARGET_UNKNOWN', 'outside of its pattern');
  assert.equal(codeOf(offer(), 'lamps/deep/a.bin'), 'TUF_TARGET_UNKNOWN', 'a star stands for no slash');
  assert.equal(codeOf(offer(lamps(), text([thief])), 'lamps/a.bin'), 'TUF_THRESHOLD');
  assert.equal(codeOf(offer(lamps({ by: [vendor, signerB], threshold: 2 })), 'lamps/a.bin'), 'TUF_THRESHOLD');
  assert.equal(codeOf(offer(lamps(), text([vendor], PAST)), 'lamps/a.bin'), 'TUF_EXPIRED');
  assert.equal(codeOf({ ...offer(), 'lamps.json': targetsMetadata({}, { by: [vendor] }) }, 'lamps/a.bin'), 'TUF_MIXED');
  assert.equal(codeOf(publish({ delegations: [lamps()] }), 'lamps/a.bin'), 'TUF_MIXED', 'not in the snapshot');
  const stray = publish({ delegations: [lamps({ name: '../lamps' })], roles: { '../lamps.json': text() } });
  assert.equal(codeOf({ ...stray, '../lamps.json': '{}' }, 'lamps/a.bin'), 'TUF_INVALID', 'a name that leads out of the folder');
  const late: TestDelegation = { name: 'late', by: [signerB], paths: ['lamps/*'] };
  const both = (terminating: boolean): Files =>
    publish({
      delegations: [lamps({ terminating }), late],
      roles: { 'lamps.json': targetsMetadata({}, { by: [vendor] }), 'late.json': targetsMetadata(named, { by: [signerB] }) },
    });
  assert.equal(ask(both(false), 'lamps/a.bin').role, 'late');
  assert.equal(codeOf(both(true), 'lamps/a.bin'), 'TUF_TARGET_UNKNOWN', 'a terminating role has the last word');
  const circle = targetsMetadata({}, { by: [vendor] }, [lamps()]);
  assert.equal(codeOf(offer(lamps(), circle), 'lamps/b.bin'), 'TUF_TARGET_UNKNOWN', 'a circle ends');
});

test('what is no metadata is refused, and where', () => {
  const good = publish();
  for (const text of ['{}', 'no JSON', 'null', '\ufffd', rootMetadata(ROLES)])
    for (const name of ['timestamp.json']) assert.equal(codeOf({ ...good, [name]: text }), 'TUF_INVALID', text.slice(0, 20));
  assert.equal(codeOf(good, 'lampd.bin', {}, '{}'), 'TUF_INVALID');
  assert.equal(codeOf(publish({ names: { 'lampd.bin': { digest: 'ab', size: 1 } } })), 'TUF_INVALID');
  assert.equal(codeOf(good, 'other.bin'), 'TUF_TARGET_UNKNOWN');
  assert.equal(codeOf(good, '__proto__'), 'TUF_TARGET_UNKNOWN');
  const { 'timestamp.json': _, ...without } = good;
  assert.equal(codeOf(without), 'TUF_INVALID');
  const place = keepFiles(join(folder, 'large'), { ...good, 'root.json': rootMetadata(ROLES) });
  writeFileSync(join(place, 'timestamp.json'), ' '.repeat(5_000_001));
  assert.throws(
    () => verifyTarget({ trusted: place, repository: place, target: 'lampd.bin', nowMs: NOW_MS }),
    (error: FormatError) => error.code === 'TUF_INVALID' && String(error.details['why']).includes('larger'),
  );
});
