/**
 * A small city in which everything happened that leaves something in a file, copied as often as needed, and damaged copy by copy behind
 * the back of whatever writes its files.
 */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { type CborValue, encodeCbor, parseCbor } from '@oppidum/formats/cbor';
import type { ErrorCode } from '@oppidum/formats/errors';
import { checkCity } from '@oppidum/telemetry/fsck/check-city';
import { NODE_TABLES, type TableForm, VAULT_TABLES, walkEnvironment } from '@oppidum/telemetry/fsck/environment';
import { Findings, type FsckEvent } from '@oppidum/telemetry/fsck/findings';
import { changeRows, type Rows } from '@oppidum/telemetry/tamper/stored-rows';

export type Damage = Extract<FsckEvent, { readonly damage: unknown }>['damage'];
export type Answer = {
  readonly damages: readonly Damage[];
  readonly events: readonly FsckEvent[];
  readonly checked: Readonly<Record<string, number>>;
};

const root = mkdtempSync(join(tmpdir(), 'oppidum-fsck-test-'));
const clean = join(root, 'clean');
const MAKER = fileURLToPath(new URL('./busy-city.ts', import.meta.url));
let isMade = false;
let copies = 0;
after(() => rmSync(root, { recursive: true, force: true }));

/** A copy of the city, to be damaged. */
export function copyCity(): string {
  // In a process of its own, as cities run: databases that were written to are not opened again beside what their writer left.
  if (!isMade) execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAKER, clean], { stdio: 'inherit' });
  isMade = true;
  const folder = join(root, String(copies++));
  // Modes of folders too, which `cpSync` does not keep.
  execFileSync('cp', ['-a', clean, folder]);
  return folder;
}

/** Checks a folder in this process. */
export async function checkFolder(folder: string): Promise<Answer> {
  const events: FsckEvent[] = [];
  const findings = new Findings((event) => events.push(event));
  const forms = { node: NODE_TABLES, vault: VAULT_TABLES };
  const probe = async (path: string, tables: 'node' | 'vault'): Promise<string | null> =>
    walkEnvironment(join(folder, path), forms[tables]).then(
      () => null,
      (error: Error) => error.message,
    );
  await checkCity({ folder, crypto, findings, probe });
  const { checked } = findings.summarize();
  return { damages: events.flatMap((event) => ('damage' in event ? [event.damage] : [])), events, checked };
}

/** How a copy is damaged, and as what it must be found where. */
export type Case = readonly [what: string, code: ErrorCode, file: string | RegExp, damage: (folder: string) => unknown];

/** One test for each case: the damage is found by its code, in its file. */
export function testDamage(group: string, cases: readonly Case[]): void {
  describe(group, () => {
    for (const [what, code, file, damage] of cases) {
      test(`${what}: ${code}`, async () => {
        const folder = copyCity();
        await damage(folder);
        const { damages } = await checkFolder(folder);
        const isThere = (found: Damage) => (typeof file === 'string' ? found.file === file : file.test(found.file));
        const found = damages.find((candidate) => candidate.code === code && isThere(candidate));
        assert.ok(found !== undefined, JSON.stringify(damages.slice(0, 5), null, 1));
        rmSync(folder, { recursive: true });
      });
    }
  });
}

/** The bytes with one bit changed; a negative index counts from the end. */
export function flip(bytes: Bytes, index: number): Bytes {
  const flipped = bytes.slice();
  const place = index < 0 ? bytes.length + index : index;
  flipped[place] = (flipped[place] as number) ^ 1;
  return flipped;
}

/** Changes one bit of a file below the folder. */
export const flipFile = (path: string, index: number) => (folder: string) =>
  writeFileSync(join(folder, path), flip(new Uint8Array(readFileSync(join(folder, path))), index));
/** Cuts the last byte off. */
export const cutFile = (path: string) => (folder: string) =>
  writeFileSync(join(folder, path), readFileSync(join(folder, path)).subarray(0, -1));
/** Removes a file. */
export const removeFile = (path: string) => (folder: string) => rmSync(join(folder, path));

type Change = (rows: Rows) => void;
type Pick = (keys: readonly unknown[]) => unknown;

export const first: Pick = (keys) => keys[0];
export const middle: Pick = (keys) => keys[Math.floor(keys.length / 2)];
export const last: Pick = (keys) => keys.at(-1);

/** Changes a table of the environment in this folder. */
export const inTable = (path: string, form: TableForm, change: Change) => (folder: string) =>
  changeRows(join(folder, path), form, change);

export const flipRow = (pick: Pick, index: number) => inRow(pick, (row) => flip(row, index));
export const cutRow = (pick: Pick) => inRow(pick, (row) => row.slice(0, -1));
export const inRow =
  (pick: Pick, change: (row: Bytes) => Bytes): Change =>
  (rows) => {
    const key = pick(rows.keys());
    rows.put(key, change(rows.get(key)));
  };
export const removeRow =
  (pick: Pick): Change =>
  (rows) =>
    rows.remove(pick(rows.keys()));
/** Gives the first two rows each other's values. */
export const exchangeRows: Change = (rows) => {
  const [a, b] = rows.keys();
  const [atA, atB] = [rows.get(a), rows.get(b)];
  rows.put(a, atB);
  rows.put(b, atA);
};
/** Changes one item of a row that is a CBOR list. */
export const inItem = <T>(pick: Pick, position: number, change: (item: T) => unknown): Change =>
  inRow(pick, (row) => {
    const items = [...(parseCbor(row) as CborValue[])];
    items[position] = change(items[position] as T) as CborValue;
    return encodeCbor(items);
  });
