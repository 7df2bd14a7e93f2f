/**
 * `oppidum conformance tlog-log DIR`: static logs of C2SP tlog-tiles in their own layout, below any folder (specs/notes-and-policy.md §9).
 *
 *   checkpoint, checkpoint.*, checkpoint-*     signed heads; a folder with one of them is a log
 *   tile/<L>/<N>[.p/<W>]                       hashes        tile/entries/<N>[.p/<W>]   entries, where the log serves them
 *   vkey, *.vkey                               a verifier key, or policy, *.policy: a C2SP tlog-policy; of the log's folder or above
 *
 * Every tile is derived again from the entries (from the lowest tiles where there are none) and compared byte by byte; every head must be
 * signed and have the derived root. A case is a file.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, parseUtf8 } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { evaluatePolicy, type Policy, parsePolicy, refusalOf } from '@oppidum/formats/policy';
import {
  encodeEntryBundle,
  encodeTilePath,
  hashCountAt,
  parseEntryBundle,
  parseTilePath,
  TILE_WIDTH,
  type Tile,
} from '@oppidum/formats/tiles';
import { parseVerifierKey } from '@oppidum/formats/verifier-key';
import { TileDeriver } from '@oppidum/proofs/derive-tiles';
import { HASH_SIZE, leafHash } from '@oppidum/proofs/merkle-hash';
import type { SuiteNote, SuiteResult } from './suite.ts';

const HEAD = /^checkpoint([.-].+)?$/;

/** What came of the cases so far. */
class Tally {
  passed = 0;
  readonly failures: SuiteNote[] = [];
  readonly skips: SuiteNote[] = [];

  judge(file: string, failure: string | null): void {
    if (failure === null) this.passed++;
    else this.failures.push({ file, name: '', reason: failure });
  }

  skip(file: string, reason: string): void {
    this.skips.push({ file, name: '', reason });
  }
}

/** Checks every log below the folder. */
export async function runTlogLogSuite(dir: string): Promise<SuiteResult> {
  const tally = new Tally();
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
  const heads = files.filter((file) => HEAD.test(basename(file)) && statSync(join(dir, file)).isFile());
  for (const folder of new Set(heads.map((head) => dirname(head)))) {
    checkLog(
      dir,
      folder,
      heads.filter((head) => dirname(head) === folder),
      tally,
    );
  }
  const { passed, failures, skips } = tally;
  return { passed, failed: failures.length, skipped: skips.length, failures, skips };
}

type Head = { readonly file: string; readonly note: Bytes; readonly checkpoint: Checkpoint };

function checkLog(dir: string, folder: string, files: readonly string[], tally: Tally): void {
  const heads: Head[] = [];
  for (const file of files) {
    const note = read(join(dir, file));
    const parsed = attempt(() => parseCheckpointNote(note).checkpoint);
    if (typeof parsed === 'string') tally.judge(file, parsed);
    else heads.push({ file, note, checkpoint: parsed });
  }
  heads.sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  const size = heads.at(-1)?.checkpoint.size ?? 0;
  const log = new LogFiles(dir, folder, size, tally);
  const trust = trustOf(dir, folder);
  const judge = (head: Head, root: Bytes | null): void => {
    if (root === null) return tally.judge(head.file, 'the log has not so many entries');
    if (!equalBytes(root, head.checkpoint.root)) return tally.judge(head.file, 'the entries have another root');
    if (trust.length === 0) return tally.skip(head.file, 'no verifier key or policy beside or above it');
    const refusals = trust.map(
      ({ file, policy }) => `${file}: ${typeof policy === 'string' ? policy : refusal(policy, head.note)}`,
    );
    const isBelieved = trust.some(({ policy }) => typeof policy !== 'string' && refusal(policy, head.note) === null);
    tally.judge(head.file, isBelieved ? null : refusals.join('; '));
  };
  const pass = (root: () => Bytes, count: number): void => {
    for (let head = heads[0]; head !== undefined && head.checkpoint.size <= count; head = heads[0]) {
      heads.shift();
      judge(head, head.checkpoint.size === count ? root() : null);
    }
  };
  log.derive(pass);
  for (const head of heads) judge(head, null);
  log.findStrangers();
}

function refusal(policy: Policy, note: Bytes): string | null {
  const refused = refusalOf(evaluatePolicy(crypto, policy, note));
  return refused === null ? null : describeError(refused.code, refused.details);
}

/** The verifier keys and policies of the log's folder, or of the nearest folder above that has any, up to the suite's. */
function trustOf(dir: string, folder: string): readonly { readonly file: string; readonly policy: Policy | string }[] {
  for (let at = folder; ; at = dirname(at)) {
    const found = readdirSync(join(dir, at)).filter((name) => /^(vkey|policy)$|\.(vkey|policy)$/.test(name));
    if (found.length > 0)
      return found.sort().map((name) => ({ file: name, policy: attempt(() => readTrust(join(dir, at, name))) }));
    if (at === '.') return [];
  }
}

function readTrust(path: string): Policy {
  if (!/vkey$/.test(path)) return parsePolicy(crypto, read(path));
  const key = parseVerifierKey(crypto, parseUtf8(read(path)).trimEnd());
  return { logs: [{ key, url: null }], witnesses: [], groups: [], quorum: null };
}

/** The tiles and bundles of one log of this size. */
class LogFiles {
  readonly #dir: string;
  readonly #folder: string;
  readonly #size: number;
  readonly #tally: Tally;
  readonly #hasEntries: boolean;

  constructor(dir: string, folder: string, size: number, tally: Tally) {
    this.#dir = dir;
    this.#folder = folder;
    this.#size = size;
    this.#tally = tally;
    this.#hasEntries = existsSync(join(dir, folder, 'tile', 'entries'));
  }

  /** Derives all tiles and compares them; `pass` is told of the root after every entry at which somebody may ask for it. */
  derive(pass: (root: () => Bytes, count: number) => void): void {
    if (!this.#hasEntries) this.#tally.skip(join(this.#folder, 'tile', 'entries'), 'this log serves no entries here');
    const deriver = new TileDeriver(crypto, ({ level, index, hashes }) => this.#compare(level, index, hashes));
    const root = (): Bytes => deriver.root();
    pass(root, 0);
    for (let index = 0; index * TILE_WIDTH < this.#size; index++) {
      const hashes = this.#hasEntries ? this.#leavesOf(index) : this.#lowestTile(index);
      if (hashes === null) return;
      for (const hash of hashes) {
        deriver.append(hash);
        pass(root, deriver.size);
      }
    }
    deriver.finish();
  }

  /** Files that are no tile of this log. */
  findStrangers(): void {
    const root = join(this.#dir, this.#folder);
    if (!existsSync(join(root, 'tile'))) return;
    const names = readdirSync(join(root, 'tile'), { recursive: true, withFileTypes: true });
    for (const entry of names.filter((name) => !name.isDirectory())) {
      const path = join(entry.parentPath, entry.name).slice(root.length + 1);
      const tile = attempt(() => parseTilePath(path));
      const file = join(this.#folder, path);
      if (typeof tile === 'string') this.#tally.skip(file, 'no tile of C2SP tlog-tiles');
      else if (this.#widthOf(tile.level, tile.index) < tile.width) this.#tally.skip(file, 'beyond the newest head');
    }
  }

  #widthOf(level: Tile['level'], index: number): number {
    const count = hashCountAt(level === 'entries' ? 0 : level, this.#size);
    return Math.max(0, Math.min(TILE_WIDTH, count - index * TILE_WIDTH));
  }

  /** Leaf hashes of a bundle's entries, or null when the bundle cannot be used. */
  #leavesOf(index: number): readonly Bytes[] | null {
    const width = this.#widthOf('entries', index);
    const found = this.#widest('entries', index, width);
    const entries = found === null ? 'missing' : attempt(() => parseEntryBundle(read(join(this.#dir, found.path)), found.width));
    const path = found?.path ?? join(this.#folder, encodeTilePath({ level: 'entries', index, width }));
    this.#tally.judge(path, typeof entries === 'string' ? entries : null);
    if (typeof entries === 'string') return null;
    for (const partial of this.#partialsOf('entries', index)) {
      if (partial.path !== path && partial.width <= entries.length)
        this.#compareFile(partial.path, encodeEntryBundle(entries.slice(0, partial.width)));
    }
    return entries.slice(0, width).map((entry) => leafHash(crypto, entry));
  }

  /** The partial tiles of a tile, whatever became of it since. */
  #partialsOf(level: Tile['level'], index: number): readonly { readonly path: string; readonly width: number }[] {
    const folder = join(this.#folder, `${encodeTilePath({ level, index, width: TILE_WIDTH })}.p`);
    const names = existsSync(join(this.#dir, folder)) ? readdirSync(join(this.#dir, folder)) : [];
    const widths = names.filter((name) => /^[1-9][0-9]{0,2}$/.test(name)).map(Number);
    return widths.filter((width) => width < TILE_WIDTH).map((width) => ({ path: join(folder, String(width)), width }));
  }

  #lowestTile(index: number): readonly Bytes[] | null {
    const width = this.#widthOf(0, index);
    const found = this.#widest(0, index, width);
    const file = found === null ? null : read(join(this.#dir, found.path));
    if (file !== null && file.length >= width * HASH_SIZE)
      return Array.from({ length: width }, (_, i) => file.slice(i * HASH_SIZE, (i + 1) * HASH_SIZE));
    const path = found?.path ?? join(this.#folder, encodeTilePath({ level: 0, index, width }));
    this.#tally.judge(path, file === null ? 'missing' : 'cut off');
    return null;
  }

  /** The file that has these hashes: the tile of this width, else a wider one (the partial tiles of a full one may be gone). */
  #widest(level: Tile['level'], index: number, width: number): { readonly path: string; readonly width: number } | null {
    const full = encodeTilePath({ level, index, width: TILE_WIDTH });
    for (const candidate of [width, TILE_WIDTH]) {
      const path = join(this.#folder, candidate === TILE_WIDTH ? full : `${full}.p/${candidate}`);
      if (existsSync(join(this.#dir, path)) && statSync(join(this.#dir, path)).isFile()) return { path, width: candidate };
    }
    return null;
  }

  /** Compares a tile and whatever partial ones there are of it. */
  #compare(level: number, index: number, hashes: Bytes): void {
    const full = join(this.#folder, encodeTilePath({ level, index, width: TILE_WIDTH }));
    const width = hashes.length / HASH_SIZE;
    for (const partial of this.#partialsOf(level, index))
      if (partial.width <= width) this.#compareFile(partial.path, hashes.subarray(0, partial.width * HASH_SIZE));
    if (this.#widest(level, index, width) === null)
      this.#tally.judge(width === TILE_WIDTH ? full : `${full}.p/${width}`, 'missing');
    else if (existsSync(join(this.#dir, full)) && width === TILE_WIDTH) this.#compareFile(full, hashes);
  }

  #compareFile(file: string, expected: Bytes): void {
    const found = read(join(this.#dir, file));
    const how = found.length === expected.length ? 'altered' : `${found.length} bytes instead of ${expected.length}`;
    this.#tally.judge(file, equalBytes(found, expected) ? null : how);
  }
}

/** What is read, or in words why it means nothing. */
function attempt<T>(parse: () => T): T | string {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return describeError(error.code, error.details);
  }
}

function read(path: string): Bytes {
  return new Uint8Array(readFileSync(path));
}
