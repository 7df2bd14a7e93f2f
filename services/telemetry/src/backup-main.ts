/**
 * `oppidum backup create|keys|verify|restore`: the first argument says which. The answer is one line of JSON on standard output; the
 * command line shows it to people.
 *
 *   create --data DIR --out FILE|DIR/     keys --data DIR --out FILE
 *   verify --from FILE|DIR                restore --from FILE|DIR --data DIR [--keys FILE] [--signing-state DIR]
 *
 * With --passphrase-file FILE, --recipient age1… (again for more) to seal; --passphrase-file or --identity FILE to open.
 * `verify` restores into a folder beside the backup (or --work DIR), derives everything in it again (fsck), and removes it.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { readSecretFile } from '@oppidum/crypto/secret-file';
import { generateSeed } from '@oppidum/crypto/signer';
import type { Bytes } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { runEntry } from '@oppidum/node/run-entry';
import { type Opening, packFile, type Sealing, unpackFile } from './backup/backup-file.ts';
import { exportKeys } from './backup/keys-export.ts';
import { restoreBackup } from './backup/restore-backup.ts';
import { takeBackup } from './backup/take-backup.ts';

const USAGE = 'backup-main.ts create|keys|verify|restore, see the head of this file';
const EXIT_DAMAGED = 3;

type Verb = 'create' | 'keys' | 'verify' | 'restore';
const NEEDS: Readonly<Record<Verb, readonly (keyof Values)[]>> = {
  create: ['data', 'out'],
  keys: ['data', 'out'],
  verify: ['from'],
  restore: ['from', 'data'],
};

type Values = {
  readonly data?: string;
  readonly out?: string;
  readonly from?: string;
  readonly keys?: string;
  readonly work?: string;
  readonly 'signing-state'?: string;
  readonly 'passphrase-file'?: string;
  readonly identity?: string;
  readonly recipient?: string[];
};
type Options = { readonly verb: Verb; readonly values: Values };

function readOptions(): Options | string {
  const text = { type: 'string' } as const;
  const options = {
    ...{ data: text, out: text, from: text, keys: text, work: text, 'signing-state': text, 'passphrase-file': text },
    identity: text,
    recipient: { type: 'string', multiple: true },
  } as const;
  const { positionals, values } = parseArgs({ options, allowPositionals: true });
  const verb = Object.keys(NEEDS).find((name) => name === positionals[0]) as Verb | undefined;
  if (verb === undefined) return 'create, keys, verify or restore';
  const missing = NEEDS[verb].find((name) => values[name] === undefined);
  if (missing !== undefined) return `--${missing} is needed`;
  if (verb === 'keys' && sealingOf(values) === null) return 'keys are only exported sealed: --passphrase-file or --recipient';
  return { verb, values };
}

async function run({ verb, values }: Options): Promise<void> {
  const answer = await WORK[verb](values);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

const WORK: Readonly<Record<Verb, (values: Values) => Promise<object>>> = { create, keys, verify, restore };

/** A folder where `out` ends with a slash, else one file. */
async function create(values: Values): Promise<object> {
  const { data, out } = values as { readonly data: string; readonly out: string };
  const taken = { data, crypto: nativeCrypto, nowMs: Date.now() };
  const sealing = sealingOf(values);
  if (out.endsWith('/')) {
    if (sealing !== null) throw formatError('BACKUP_KEY_WRONG', { want: 'a file: folders are not sealed' });
    const manifest = await takeBackup({ ...taken, out });
    noteBackup(data, { kind: 'data', file: resolve(out), createdMs: manifest.createdMs });
    return summarize(out, manifest);
  }
  return withWork(values.work ?? dirname(resolve(out)), async (work) => {
    const manifest = await takeBackup({ ...taken, out: work });
    await packFile(work, out, sealing);
    noteBackup(data, { kind: 'data', file: resolve(out), createdMs: manifest.createdMs });
    return summarize(out, manifest);
  });
}

async function keys(values: Values): Promise<object> {
  const { data, out } = values as { readonly data: string; readonly out: string };
  const sealing = sealingOf(values) as Sealing;
  const manifest = await exportKeys({ data, file: out, crypto: nativeCrypto, sealing, nowMs: Date.now() });
  noteBackup(data, { kind: 'keys', file: resolve(out), createdMs: manifest.createdMs });
  return { file: out, keys: manifest.files.length, createdMs: manifest.createdMs };
}

async function verify(values: Values): Promise<object> {
  const { from } = values as { readonly from: string };
  return withWork(values.work ?? dirname(resolve(from)), async (work) => {
    const data = join(work, 'data');
    const { manifest, folder } = await restoreInto(values, work, data);
    folder.release();
    const { checked, damaged, skipped } = await deriveAgain(data);
    if (damaged > 0) process.exitCode = EXIT_DAMAGED;
    return { ...summarize(from, manifest), checked, damaged, skipped };
  });
}

async function restore(values: Values): Promise<object> {
  const { from, data } = values as { readonly from: string; readonly data: string };
  return withWork(values.work ?? dirname(resolve(data)), async (work) => {
    const { manifest, folder, hasSigningState } = await restoreInto(values, work, data);
    folder.release();
    return { ...summarize(from, manifest), data, hasSigningState, hasKeys: values.keys !== undefined };
  });
}

async function restoreInto(values: Values, work: string, data: string) {
  const { from, keys: keysFile, 'signing-state': signingState } = values as Values & { readonly from: string };
  const opening = openingOf(values);
  const backup = statSync(from).isDirectory() ? from : join(work, 'backup');
  if (backup !== from) await unpackFile(from, backup, opening);
  const exported = keysFile === undefined ? null : join(work, 'keys');
  if (exported !== null) await unpackFile(keysFile as string, exported, opening);
  return restoreBackup({
    from: backup,
    folder: data,
    crypto: nativeCrypto,
    randomBytes: (size: number): Bytes => generateSeed().slice(0, size),
    keys: exported,
    signingState: signingState ?? null,
  });
}

type Summary = { readonly checked: Readonly<Record<string, number>>; readonly damaged: number; readonly skipped: number };

/** Runs fsck in a process of its own; its findings go to standard error. */
async function deriveAgain(data: string): Promise<Summary> {
  const program = join(import.meta.dirname, 'fsck-main.ts');
  const args = ['--disable-warning=ExperimentalWarning', program, '--data', data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let summary: Summary | null = null;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as { summary?: Summary; damage?: object; skip?: object };
    if (event.summary !== undefined) summary = event.summary;
    if (event.damage !== undefined) process.stderr.write(`${JSON.stringify(event.damage)}\n`);
  }
  if (summary === null) throw new Error('the check of the restored folder did not end');
  return summary;
}

function summarize(file: string, { createdMs, logSize, checkpointSize, shards, files }: Awaited<ReturnType<typeof takeBackup>>) {
  const size = files.reduce((sum, more) => sum + more.size, 0);
  return { file, createdMs, logSize, checkpointSize, shards, files: files.length, size };
}

/** A folder for what must lie somewhere in between, closed to others; whatever was a key in it is written over before it goes. */
async function withWork<T>(beside: string, use: (work: string) => Promise<T>): Promise<T> {
  mkdirSync(beside, { recursive: true });
  const work = mkdtempSync(join(beside, '.oppidum-backup-'));
  try {
    return await use(work);
  } finally {
    for (const file of readdirSync(work, { recursive: true, withFileTypes: true }))
      if (file.isFile() && /\.(seed|key)$/.test(file.name)) overwrite(join(file.parentPath, file.name));
    rmSync(work, { recursive: true, force: true });
  }
}

function overwrite(file: string): void {
  writeFileSync(file, Buffer.alloc(statSync(file).size), { flag: 'r+' });
}

/** Kept beside the city so that `doctor` and `erase` know of backups; no secret, and no part of the city. */
function noteBackup(data: string, note: { readonly kind: string; readonly file: string; readonly createdMs: number }): void {
  const file = join(data, 'backups.json');
  let known: (typeof note)[] = [];
  try {
    known = JSON.parse(readFileSync(file, 'utf8')) as (typeof note)[];
  } catch {
    // None yet, or unreadable: what it says is only a reminder.
  }
  const others = known.filter((other) => other.file !== note.file).slice(-BACKUP_NOTES_MAX);
  writeFileSync(file, `${JSON.stringify([...others, note], null, 1)}\n`, { mode: 0o600 });
}

const BACKUP_NOTES_MAX = 199;

function sealingOf(values: Values): Sealing | null {
  if (values['passphrase-file'] !== undefined) return { passphrase: readPassphrase(values['passphrase-file']) };
  return values.recipient === undefined ? null : { recipients: values.recipient };
}

function openingOf(values: Values): Opening | null {
  if (values['passphrase-file'] !== undefined) return { passphrase: readPassphrase(values['passphrase-file']) };
  return values.identity === undefined ? null : { identity: readIdentity(values.identity) };
}

function readPassphrase(file: string): string {
  const passphrase = new TextDecoder().decode(readSecretFile(file)).replace(/\r?\n$/, '');
  if (passphrase.length < PASSPHRASE_SIZE_MIN)
    throw formatError('BACKUP_KEY_WRONG', {
      file: basename(file),
      want: `a passphrase of ${PASSPHRASE_SIZE_MIN} characters or more`,
    });
  return passphrase;
}

const PASSPHRASE_SIZE_MIN = 12;

/** The first line of a file of `age-keygen` that is no comment. */
function readIdentity(file: string): string {
  const lines = new TextDecoder().decode(readSecretFile(file)).split(/\r?\n/);
  return lines.find((line) => line.startsWith('AGE-SECRET-KEY-')) ?? '';
}

await runEntry({ usage: USAGE, readOptions, run });
