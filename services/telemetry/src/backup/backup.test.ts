import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { encodeEvidence } from '@oppidum/formats/evidence';
import { parsePolicy } from '@oppidum/formats/policy';
import { openDataFolder } from '@oppidum/node/data-folder';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { packTar } from 'modern-tar/fs';
import { pino } from 'pino';
import { foundTestCity, inTemporaryFolder, runCity } from '../../../../test/support/running-city.ts';
import { anchoredUpTo, createMake, enrolDevice, startShard } from '../../../../test/support/running-shard.ts';
import { openFolderShard } from '../folder-shard.ts';
import { adoptSigningState } from './signing-state.ts';

type Ran = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** In a process of its own, as people run it: the city runs in this one. */
function run(...args: readonly string[]): Promise<Ran> {
  const program = join(import.meta.dirname, '..', 'backup-main.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args]);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (part) => (stdout += part));
  child.stderr.on('data', (part) => (stderr += part));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

async function must(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(...args);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

/** Flags that seal for a fresh recipient, and those that open. */
async function recipient(folder: string): Promise<readonly [seal: string[], open: string[]]> {
  const identity = await generateX25519Identity();
  return [
    ['--recipient', await identityToRecipient(identity)],
    ['--identity', secret(join(folder, 'identity'), `# a comment of age-keygen\n${identity}`)],
  ];
}

function secret(path: string, text: string): string {
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

const says = (code: keyof typeof ERRORS): RegExp => new RegExp(ERRORS[code].message);
const [BACKUP_KEY_WRONG, BACKUP_INVALID] = [says('BACKUP_KEY_WRONG'), says('BACKUP_INVALID')];
const WORD = 'resident-4711-at-home';

type Scene = {
  readonly top: string;
  readonly data: string;
  readonly file: string;
  readonly keysFile: string;
  readonly open: readonly string[];
  readonly badge: Bytes;
  readonly envelope: Bytes;
  /** The 301st is about somebody. */
  readonly digests: readonly Bytes[];
  readonly taken: Readonly<Record<string, unknown>>;
};

async function restoreCold({ top, data, file, keysFile, open, badge, envelope, digests, taken }: Scene): Promise<void> {
  // Without the signing state: validator keys are new and what was signed last is of nothing.
  const cold = join(top, 'cold');
  const restored = await must('restore', '--from', file, '--data', cold, ...open, '--keys', keysFile);
  assert.deepEqual([restored['hasSigningState'], restored['hasKeys']], [false, true]);
  assert.notDeepEqual(readFileSync(join(cold, 'keys', 'log.seed')), readFileSync(join(data, 'keys', 'log.seed')));
  assert.ok(!existsSync(join(cold, 'shards', '0', 'keys')));
  assert.match(readFileSync(join(cold, 'log', 'last-signed'), 'utf8'), /\n0\n/);
  for (const name of ['operator', 'telemetry'])
    assert.deepEqual(readFileSync(join(cold, 'keys', `${name}.seed`)), readFileSync(join(data, 'keys', `${name}.seed`)));
  const key = join('shards', '0', 'subject-keys', `${toHex(badge)}.key`);
  assert.equal(statSync(join(cold, key)).mode & 0o777, 0o600);
  const coldCity = await runCity(await openDataFolder({ folder: cold, crypto }));
  assert.ok(coldCity.client.head().logSize >= (taken['logSize'] as number));
  const archive = await openFolderShard({
    ...{ paths: coldCity.folder.paths, node: coldCity.client, crypto, number: 0, logger: pino({ level: 'silent' }) },
    onFailure: assert.fail,
  });
  assert.equal(archive.client.status().accepts, false);
  const turned = await archive.client.ingest(envelope);
  assert.ok(turned.kind === 'passing' && turned.rejection.code === 'SHARD_RETIRED');
  const old = encodeEvidence(await archive.client.evidence(digests[0]!));
  const policy = parsePolicy(crypto, new Uint8Array(readFileSync(join(cold, 'city.policy'))));
  assert.equal(verifyEvidence(crypto, old, { policy }).verdict, 'OK', 'what the checkpoint of the backup covers stays provable');
  assert.notEqual(
    archive.client.reading(digests[300]!)?.envelope ?? null,
    null,
    'with the export of keys, readings about people are read',
  );
  await archive.close();
  await coldCity.stop();
}

async function restoreWarm({
  top,
  data,
  keysFile,
  open,
  envelope,
  digests,
}: Omit<Scene, 'file' | 'badge' | 'taken'>): Promise<void> {
  // One of the stopped city continues it, and the old folder signs no more.
  const second = join(top, 'second.backup');
  await must('create', '--data', data, '--out', second);
  const warm = join(top, 'warm');
  await must('restore', '--from', second, '--data', warm, ...open, '--keys', keysFile, '--signing-state', data);
  await assert.rejects(openDataFolder({ folder: data, crypto }), { code: 'DATA_FOLDER_FOREIGN' });
  assert.ok(!existsSync(join(data, 'keys', 'log.seed')) && !existsSync(join(data, 'log', 'last-signed')));
  const city = await runCity(await openDataFolder({ folder: warm, crypto }));
  const shard = await startShard(city);
  assert.equal((await shard.client.ingest(envelope)).kind, 'kept');
  await anchoredUpTo(shard, shard.client.status().size - 1);
  for (const digest of [digests[0], digests[300], crypto.sha256(envelope)] as Bytes[]) {
    const evidence = encodeEvidence(await shard.client.evidence(digest));
    assert.equal(verifyEvidence(crypto, evidence, { policy: parsePolicy(crypto, city.client.policyFile()) }).verdict, 'OK');
  }
  await shard.close();
  await city.stop();
}

test('a backup of a running city verifies, and restores to one that proves and goes on where its signing state moved along', () =>
  inTemporaryFolder(async (top) => {
    mkdirSync(top, { recursive: true });
    const data = join(top, 'city');
    const [file, keysFile] = [join(top, 'city.backup'), join(top, 'city.keys')];
    const [seal, open] = await recipient(top);
    const city = await runCity(await foundTestCity(data));
    const shard = await startShard(city);
    const badge = await enrolDevice(city, await createMake(city, { personal: true, name: 'Badge 1' }));
    const lamp = await enrolDevice(city);
    const personal = (sequence: number): Bytes => badge.sign(sequence, { records: [{ n: WORD, v: 61 }] });
    const digests: Bytes[] = [];
    const keep = async (envelope: Bytes): Promise<void> => {
      assert.equal((await shard.client.ingest(envelope)).kind, 'kept');
      digests.push(crypto.sha256(envelope));
    };
    for (let sequence = 1; sequence <= 300; sequence++) await keep(lamp.sign(sequence));
    await keep(personal(1));
    await anchoredUpTo(shard, 300);

    // Readings go on coming in while it is taken.
    let isTaking = true;
    const busy = (async () => {
      for (let sequence = 301; isTaking; sequence++) await keep(lamp.sign(sequence));
    })();
    const taken = await must('create', '--data', data, '--out', file, ...seal).finally(() => (isTaking = false));
    await busy;
    assert.ok((taken['logSize'] as number) >= (taken['checkpointSize'] as number));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await must('keys', '--data', data, '--out', keysFile, ...seal);

    const verified = await must('verify', '--from', file, ...open);
    assert.equal(verified['damaged'], 0);
    assert.ok((verified['checked'] as { readings: number }).readings >= 301);
    assert.deepEqual(
      readdirSync(top).filter((name) => name.startsWith('.')),
      [],
      'nothing is left in between',
    );

    await restoreCold({ top, data, file, keysFile, open, badge: badge.id, envelope: lamp.sign(100_000), digests, taken });

    // A backup older than what was signed would be a second history.
    await shard.close();
    await city.stop();
    const ahead = await run('restore', '--from', file, '--data', join(top, 'no'), ...open, '--signing-state', data);
    assert.match(ahead.stderr, /signed/);
    assert.equal(existsSync(join(top, 'no', 'oppidum.json')), false);
    assert.ok(existsSync(join(data, 'oppidum.json')), 'a refused restore takes nothing');

    await restoreWarm({ top, data, keysFile, open, envelope: personal(2), digests });
  }));

test('no key, no signing state, no word about anybody is in a backup; what is erased stays erased in old ones', () =>
  inTemporaryFolder(async (top) => {
    mkdirSync(top, { recursive: true });
    const data = join(top, 'city');
    const folder = join(top, 'backup');
    const city = await runCity(await foundTestCity(data));
    const shard = await startShard(city);
    const badge = await enrolDevice(city, await createMake(city, { personal: true, name: 'Badge 1' }));
    assert.equal((await shard.client.ingest(badge.sign(1, { records: [{ n: WORD, v: 61 }] }))).kind, 'kept');
    await anchoredUpTo(shard, 0);
    await must('create', '--data', data, '--out', `${folder}/`);
    const subject = readFileSync(join(data, 'shards', '0', 'subject-keys', `${toHex(badge.id)}.key`), 'utf8').trim();
    const found = filesUnder(folder);
    assert.ok(found.includes('node/data.mdb') && found.includes('shards/0/vault/data.mdb') && found.includes('log/checkpoint'));
    assert.deepEqual(
      found.filter((name) => /seed|\.key$|last-signed|lock|sock|gateway|accounts/.test(name)),
      [],
    );
    const seeds = ['log', 'cosigner', 'operator', 'telemetry'].map((name) =>
      readFileSync(join(data, 'keys', `${name}.seed`), 'utf8').trim(),
    );
    for (const word of [WORD, subject, ...seeds, ...[subject, ...seeds].map((hex) => Buffer.from(hex, 'hex'))])
      assert.deepEqual(
        found.filter((name) => readFileSync(join(folder, name)).includes(word)),
        [],
      );

    await shard.erase(badge.id, 'request');
    await shard.close();
    await city.stop();
    for (const word of [subject, Buffer.from(subject, 'hex')])
      assert.deepEqual(
        filesUnder(data).filter((name) => readFileSync(join(data, name)).includes(word)),
        [],
        'no page, log or journal ever held the key',
      );
    const [seal, open] = await recipient(top);
    await must('keys', '--data', data, '--out', join(top, 'city.keys'), ...seal);
    const cold = join(top, 'cold');
    await must('restore', '--from', folder, '--data', cold, '--keys', join(top, 'city.keys'), ...open);
    assert.deepEqual(
      filesUnder(cold).filter((name) => name.endsWith('.key')),
      [],
    );
    assert.deepEqual(
      filesUnder(cold).filter((name) => readFileSync(join(cold, name)).includes(subject)),
      [],
    );
    const checked = await must('verify', '--from', folder);
    assert.deepEqual([checked['damaged'], checked['skipped']], [0, 1], 'sealed, and its key is not here');
  }));

/** The signing state of a folder that signed more than the backup has stays where it is. */
async function refusesOlder(top: string, data: string): Promise<void> {
  const running = join(top, 'ran-until-now');
  cpSync(data, running, { recursive: true });
  const lastSigned = join(running, 'log', 'last-signed');
  const [origin, size] = readFileSync(lastSigned, 'utf8').split('\n') as [string, string];
  replaceIn(lastSigned, `\n${size}\n`, `\n${Number(size) + 9}\n`);
  await assert.rejects(adoptSigningState({ folder: data, origin, shards: [], crypto }, running), {
    code: 'LAST_SIGNED_CONFLICT',
  });
  assert.ok(existsSync(join(running, 'keys', 'log.seed')) && existsSync(join(running, 'oppidum.json')), 'nothing moved');
}

test('what is no whole backup, or is sealed for somebody else, is refused by its code', () =>
  inTemporaryFolder(async (top) => {
    mkdirSync(top, { recursive: true });
    const data = join(top, 'city');
    const city = await runCity(await foundTestCity(data));
    await city.client.checkpointOf(city.client.head().logSize);
    await city.stop();
    await refusesOlder(top, data);
    const [right, wrong] = [secret(join(top, 'right'), 'correct horse'), secret(join(top, 'wrong'), 'wrong horse battery')];
    const file = join(top, 'city.backup');
    await must('create', '--data', data, '--out', file, '--passphrase-file', right);
    const cases: [args: string[], code: RegExp, exitCode: number][] = [
      [['verify', '--from', file, '--passphrase-file', wrong], BACKUP_KEY_WRONG, 4],
      [['verify', '--from', file], BACKUP_KEY_WRONG, 4],
      [['verify', '--from', file, '--passphrase-file', secret(join(top, 'short'), 'short')], /12 characters/, 4],
      [['create', '--data', data, '--out', join(top, 'x'), '--recipient', 'somebody'], /age1/, 4],
      [['keys', '--data', data, '--out', join(top, 'x')], /only exported sealed/, 2],
      [['restore', '--from', file, '--data', data, '--passphrase-file', right], /not the data folder|another city|foreign/i, 1],
    ];
    const cut = join(top, 'cut.backup');
    writeFileSync(cut, readFileSync(file).subarray(0, -100));
    cases.push([['verify', '--from', cut, '--passphrase-file', right], BACKUP_INVALID, 3]);

    const folder = join(top, 'folder');
    await must('create', '--data', data, '--out', `${folder}/`);
    const spoil = (name: string, change: (folder: string) => void): string => {
      const copy = join(top, name);
      cpSync(folder, copy, { recursive: true });
      change(copy);
      return copy;
    };
    const spoiled: [name: string, change: (folder: string) => void, says: RegExp][] = [
      ['longer', (copy) => appendFileSync(join(copy, 'genesis.cbor'), 'x'), /genesis\.cbor/],
      ['more', (copy) => writeFileSync(join(copy, 'more'), 'x'), /more/],
      [
        'outside',
        (copy) => replaceIn(join(copy, 'backup.json'), '"path":"city.policy"', '"path":"../city.policy"'),
        /plain paths/,
      ],
      ['kind', (copy) => replaceIn(join(copy, 'backup.json'), '"kind":"data"', '"kind":"keys"'), /a backup of data/],
      // Named by the manifest and whole, yet never in a backup: each would be put into the restored city.
      ...['log/last-signed', 'keys/log.seed', 'keys/operator.seed', 'shards/0/log/last-signed', 'shards/0/keys/log.seed'].map(
        (path, i): [string, (copy: string) => void, RegExp] => [`planted-${i}`, (copy) => plant(copy, path), /nothing but what/],
      ),
      ['no-json', (copy) => writeFileSync(join(copy, 'backup.json'), '{'), /JSON/],
    ];
    for (const [name, change, says] of spoiled) cases.push([['verify', '--from', spoil(name, change)], says, 3]);

    // A link in an archive would write elsewhere.
    const links = join(top, 'links.backup');
    const evil = spoil('evil', () => undefined);
    mkdirSync(join(evil, 'sub'));
    const { symlinkSync } = await import('node:fs');
    symlinkSync('/etc', join(evil, 'sub', 'etc'));
    const parts: Buffer[] = [];
    for await (const part of packTar(evil)) parts.push(part as Buffer);
    writeFileSync(links, Buffer.concat(parts));
    cases.push([['verify', '--from', links], BACKUP_INVALID, 3]);

    for (const [args, says, exitCode] of cases) {
      const { code, stdout, stderr } = await run(...args);
      assert.match(stderr, says, args.join(' '));
      assert.deepEqual([code, stdout], [exitCode, ''], args.join(' '));
      assert.ok(!stderr.includes('horse'), 'no passphrase is told');
    }
  }));

/** Adds a file to a backup as one who makes it himself would: the manifest names it. */
function plant(folder: string, path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), 'x');
  const file = join(folder, 'backup.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { files: object[] };
  manifest.files.push({ path, size: 1, sha256: toHex(crypto.sha256(new TextEncoder().encode('x'))) });
  writeFileSync(file, JSON.stringify(manifest));
}

function replaceIn(file: string, from: string, to: string): void {
  const text = readFileSync(file, 'utf8');
  assert.ok(text.includes(from));
  writeFileSync(file, text.replace(from, to));
}
