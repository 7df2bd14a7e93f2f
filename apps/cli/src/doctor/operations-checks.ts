/** Checks of what keeps a city alive over years: room and growth, backups, certificates, API keys, limits, versions. They only read. */

import { X509Certificate } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { CityJson } from '@oppidum/gateway/api-types';
import { callAdmin } from '../admin-calls.ts';
import { COMMAND, formatTime } from '../cli.ts';
import { type CheckResult, failed, passed, skipped, warned } from './check.ts';

const DAY_MS = 86_400_000;
const DAYS_LEFT_WARN = 30;
const BACKUP_AGE_MS_WARN = 7 * DAY_MS;
/** A city younger than this need not have a backup. */
const YOUNG_MS = 2 * DAY_MS;
const ENDS_SOON_MS = 30 * DAY_MS;
/** Sockets of 10,000 devices, of browsers and of ourselves. */
const FILES_WANTED = 12_000;
/** Anchors come each second, checkpoints sooner. */
const LAG_MS_WARN = 60_000;
const UNANCHORED_WARN = 100_000;

/** How long the disk lasts if the city grows as it did since it was founded. */
export function checkGrowth(data: string, foundedMs: number | null, nowMs: number): CheckResult {
  const name = 'growth';
  if (foundedMs === null) return skipped(name, 'there is no city here');
  const days = (nowMs - foundedMs) / DAY_MS;
  const size = sizeOf(data);
  if (days < 1) return skipped(name, `${formatSize(size)} since today`);
  const { bavail, bsize } = statfsSync(data);
  return judgeGrowth({ size, days, free: bavail * bsize });
}

/** By bytes used, days that took, and bytes free. */
export function judgeGrowth({
  size,
  days,
  free,
}: {
  readonly size: number;
  readonly days: number;
  readonly free: number;
}): CheckResult {
  const name = 'growth';
  const perDay = size / days;
  const left = perDay === 0 ? Number.POSITIVE_INFINITY : free / perDay;
  const detail = `${formatSize(size)}, ${formatSize(perDay)} a day; room for ${left > 3_650 ? 'more than ten years' : `${Math.floor(left)} days`}`;
  return left < DAYS_LEFT_WARN
    ? warned(name, detail, `Add room, or drop raw envelopes sooner (\`${COMMAND} retention apply\`)`)
    : passed(name, detail);
}

/** Bytes that the files of a folder take on disk. */
export function sizeOf(folder: string): number {
  let size = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    // What vanishes meanwhile counts for nothing.
    size += lstatSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.blocks ?? 0;
  }
  return 512 * size;
}

/** In MB or GB. */
export function formatSize(size: number): string {
  return size < 1e9 ? `${(size / 1e6).toFixed(1)} MB` : `${(size / 1e9).toFixed(1)} GB`;
}

type BackupNote = { readonly kind: string; readonly file: string; readonly createdMs: number };

/** The newest backup that this folder knows of, and exports of keys that an erasure has overtaken. */
export function checkBackups(data: string, foundedMs: number | null, nowMs: number): CheckResult {
  const name = 'backups';
  if (foundedMs === null) return skipped(name, 'there is no city here');
  const notes = readNotes(join(data, 'backups.json'));
  const erasedMs = newestErasure(join(data, 'erasure-register.ndjson'));
  const overtaken = notes.find(({ kind, file, createdMs }) => kind === 'keys' && createdMs < erasedMs && existsSync(file));
  if (overtaken !== undefined)
    return warned(
      name,
      `${overtaken.file} has keys that were erased since`,
      `Make a new one (\`${COMMAND} backup keys\`), destroy this one and its copies`,
    );
  const newestMs = Math.max(...notes.filter(({ kind }) => kind === 'data').map(({ createdMs }) => createdMs));
  if (newestMs === Number.NEGATIVE_INFINITY)
    return nowMs - foundedMs < YOUNG_MS
      ? skipped(name, 'none yet')
      : warned(
          name,
          'none was made from here',
          `Make one: \`${COMMAND} backup create FILE\`, and prove it: \`${COMMAND} backup verify FILE\``,
        );
  const detail = `newest of ${formatTime(newestMs)}`;
  return nowMs - newestMs > BACKUP_AGE_MS_WARN
    ? warned(name, detail, `Make one: \`${COMMAND} backup create FILE\``)
    : passed(name, detail);
}

function readNotes(file: string): readonly BackupNote[] {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as readonly BackupNote[];
  } catch {
    return [];
  }
}

function newestErasure(file: string): number {
  if (!existsSync(file)) return Number.NEGATIVE_INFINITY;
  const times = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => Number(/"timeMs":(\d+)/.exec(line)?.[1] ?? Number.NaN));
  return Math.max(Number.NEGATIVE_INFINITY, ...times.filter(Number.isFinite));
}

/** The certificate that devices pin ends, and with it their connections by TLS. */
export function checkCertificate(city: CityJson | null, nowMs: number): CheckResult {
  const name = 'certificate';
  if (city === null) return skipped(name, 'the city does not run');
  const tls = city.mqtt?.tls ?? null;
  if (tls === null) return skipped(name, 'MQTT by TLS is switched off');
  const endsMs = new X509Certificate(tls.certificate).validToDate.getTime();
  const detail = `that of MQTT is valid until ${formatTime(endsMs)}`;
  const action = 'Renew it, and give devices the new one to pin before the old one ends';
  if (endsMs <= nowMs) return failed(name, detail, action);
  return endsMs - nowMs < ENDS_SOON_MS ? warned(name, detail, action) : passed(name, detail);
}

type KeyJson = { readonly name: string; readonly state: string; readonly expiresMs: number };

/** API keys that end soon take their programs with them. */
export async function checkApiKeys(data: string, isRunning: boolean, nowMs: number): Promise<CheckResult> {
  const name = 'API keys';
  if (!isRunning) return skipped(name, 'the city does not run');
  try {
    const { items } = await callAdmin<{ readonly items: readonly KeyJson[] }>({ data }, '/keys');
    return judgeKeys(items, nowMs);
  } catch {
    return skipped(name, 'the admin door is closed to this user');
  }
}

/** By what the admin door lists. */
export function judgeKeys(keys: readonly KeyJson[], nowMs: number): CheckResult {
  const name = 'API keys';
  const inForce = keys.filter(({ state }) => state === 'in-force');
  const ending = inForce.filter(({ expiresMs }) => expiresMs - nowMs < ENDS_SOON_MS);
  const detail = `${inForce.length} in force`;
  if (ending.length === 0) return passed(name, detail);
  const names = ending.slice(0, 3).map((key) => key.name);
  return warned(
    name,
    `${detail}, ${ending.length} end within 30 days: ${names.join(', ')}`,
    `Make new ones: \`${COMMAND} key create\`, then revoke these`,
  );
}

/** Files that the process of the city may open: each connection is one. */
export function checkFileLimit(pid: number | null): CheckResult {
  const name = 'open files';
  const file = `/proc/${pid}/limits`;
  if (pid === null) return skipped(name, 'the city does not run');
  if (!existsSync(file)) return skipped(name, 'this system does not say');
  const [, soft] = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync(file, 'utf8')) ?? [];
  const limit = soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
  return limit < FILES_WANTED
    ? warned(
        name,
        `at most ${limit}, and 10,000 devices want ${FILES_WANTED}`,
        `Raise it where many devices connect: \`ulimit -n ${FILES_WANTED}\`, or LimitNOFILE of its service`,
      )
    : passed(name, `at most ${soft}`);
}

/** Checkpoints follow blocks, anchors follow readings. */
export function checkAnchors(city: CityJson | null, nowMs: number): CheckResult {
  const name = 'anchors';
  if (city === null) return skipped(name, 'the city does not run');
  const waiting = city.logSize - city.checkpoint.size;
  if (waiting > 0 && nowMs - city.timeMs > LAG_MS_WARN)
    return warned(
      name,
      `${waiting} leaves are under no checkpoint for ${Math.round((nowMs - city.timeMs) / 1_000)} s`,
      'See the log for witnesses that refuse or keys that the policy does not name',
    );
  const unanchored = city.shards.reduce((sum, { size, anchoredSize }) => sum + size - anchoredSize, 0);
  return unanchored > UNANCHORED_WARN
    ? warned(name, `${unanchored} readings wait for an anchor`, 'Look again; if it grows, see the log for refusals of the ledger')
    : passed(name, `${unanchored} readings wait for an anchor`);
}

/** This command line and the city are of one version. */
export function checkVersion(city: CityJson | null, own: string): CheckResult {
  const name = 'version';
  if (city === null) return skipped(name, 'the city does not run');
  return city.version === own
    ? passed(name, own)
    : warned(name, `the city is ${city.version}, this command line ${own}`, 'Use the command line of the city');
}
