/**
 * The files of one log against its entries: bundles, tiles and partial tiles byte for byte, then what was said about the log: `frontier`,
 * `last-signed`, `checkpoint`, and whatever else claims a head. Entries come one by one, so a log of any size fits.
 *
 * What a crash leaves behind is no damage: files beyond `frontier` are written over by the next start, and `frontier` may be behind
 * the entries, `checkpoint` behind `last-signed`.
 */

import { join } from 'node:path';
import { type Bytes, equalBytes, parseUtf8, readUint64, toHex } from '@oppidum/formats/bytes';
import { type Checkpoint, parseCheckpoint, parseCheckpointNote } from '@oppidum/formats/checkpoint';
import type { Crypto } from '@oppidum/formats/crypto';
import type { ErrorCode, Rejection } from '@oppidum/formats/errors';
import { encodeEntryBundle, encodeTilePath, hashCountAt, parseTilePath, TILE_WIDTH, type Tile } from '@oppidum/formats/tiles';
import { TileDeriver } from '@oppidum/proofs/derive-tiles';
import { HASH_SIZE, leafHash } from '@oppidum/proofs/merkle-hash';
import { CompactTree } from '@oppidum/proofs/merkle-tree';
import { listNames, readIfThere } from './files.ts';
import { attempt, type Findings } from './findings.ts';
import { entriesOfFiles } from './read-entries.ts';
import { listTileFiles } from './tile-walk.ts';

/** Somebody's claim that the log had this root at this size; `file` says where it stands. */
export type HeadClaim = {
  readonly size: number;
  readonly root: Bytes;
  readonly code: ErrorCode;
  readonly file: string;
  readonly what: string;
};

export type LogCheckOptions = {
  readonly crypto: Crypto;
  readonly findings: Findings;
  /** The folder that holds `tile`, and its name in findings. */
  readonly folder: string;
  readonly name: string;
  readonly origin: string;
  /** Judges the signatures of the published checkpoint when the log has reached its size. */
  readonly judge: (note: Bytes, size: number) => Rejection | null;
  /** True where a signed head is published at once: no outside witness is waited for. */
  readonly publishesAtOnce: () => boolean;
  /** True where the signing key is newer than the log: a restored city has signed nothing yet. */
  readonly isFreshKey: () => boolean;
};

/** `counts`: the frontier vouches for it. `isOutgrown`: a partial tile that no head needs any more. */
type FileStanding = { readonly mayBeGone: boolean; readonly counts: boolean; readonly isOutgrown: boolean };

type Frontier = { readonly size: number; readonly previousSize: number; readonly edge: Bytes };

/** One log. `append` every entry in order, then `finish`. */
export class LogCheck {
  readonly #options: LogCheckOptions;
  readonly #deriver: TileDeriver;
  readonly #tree: CompactTree;
  readonly #frontier: Frontier | null;
  readonly #checkpoint: (Checkpoint & { readonly note: Bytes }) | null;
  readonly #lastSigned: Checkpoint | null;
  /** Entries whose files must all be there. */
  readonly #requiredSize: number;
  #claims: HeadClaim[] = [];
  #bundle: Bytes[] = [];

  constructor(options: LogCheckOptions) {
    this.#options = options;
    const { crypto } = options;
    this.#deriver = new TileDeriver(crypto, ({ level, index, hashes }) =>
      this.#compareTile(level, index, hashes.length / HASH_SIZE, (width) => hashes.subarray(0, width * HASH_SIZE)),
    );
    this.#tree = new CompactTree(crypto);
    this.#lastSigned = this.#readLastSigned();
    this.#frontier = this.#readFrontier();
    this.#checkpoint = this.#readCheckpoint();
    this.#requiredSize = this.#frontier?.size ?? Math.max(this.#checkpoint?.size ?? 0, this.#lastSigned?.size ?? 0);
    this.#claims.sort((a, b) => b.size - a.size);
    this.#compareClaims();
  }

  /** Entries so far. */
  get size(): number {
    return this.#tree.size;
  }

  /** Size of the published checkpoint; 0 before the first. */
  get publishedSize(): number {
    return this.#checkpoint?.size ?? 0;
  }

  /** The edge of the log so far (`CompactTree.encode`). */
  get edge(): Bytes {
    return this.#tree.encode();
  }

  /** Adds what somebody else claims; of a size not reached yet. */
  expect(claim: HeadClaim): void {
    this.#claims.push(claim);
    this.#claims.sort((a, b) => b.size - a.size);
    this.#compareClaims();
  }

  append(entry: Bytes): void {
    const { crypto, findings } = this.#options;
    this.#bundle.push(entry);
    const hash = leafHash(crypto, entry);
    this.#deriver.append(hash);
    this.#tree.append(hash);
    if (this.#bundle.length === TILE_WIDTH) this.#compareBundle();
    findings.checked('log entries');
    this.#compareClaims();
  }

  /** Follows the log by its own bundles, as far as they go; `pass` is told of each entry and the size with it, before it counts. */
  followFiles(pass: (entry: Bytes, size: number) => void, to = this.#requiredSize): void {
    const { folder, findings } = this.#options;
    for (const entry of entriesOfFiles(folder, this.size, to)) {
      if (entry instanceof Uint8Array) {
        pass(entry, this.size + 1);
        this.append(entry);
      } else findings.damage(entry.why === 'missing' ? 'TILE_MISSING' : 'TILE_DAMAGED', this.#path(entry.path), entry.why);
    }
  }

  /** Compares what is left. `isComplete` false: the entries ended early because something else is damaged, so only what is there counts. */
  finish(isComplete = true): void {
    if (this.#bundle.length > 0) this.#compareBundle();
    this.#deriver.finish();
    for (const { size, code, file, what } of this.#claims) {
      if (isComplete) this.#options.findings.damage(code, file, `${what} has ${size} entries, and only ${this.size} are stored`);
      else this.#options.findings.skip(file, 'the entries of the log could not be derived that far');
    }
    this.#claims = [];
    this.#findStrangers();
  }

  #path(file: string): string {
    return `${this.#options.name}/${file}`;
  }

  #readLastSigned(): Checkpoint | null {
    const { folder, findings, origin } = this.#options;
    const file = readIfThere(join(folder, 'last-signed'));
    const path = this.#path('last-signed');
    findings.checked('last-signed records');
    const parsed = file === null ? { why: 'missing' } : attempt(() => parseCheckpoint(parseUtf8(file)));
    if ('why' in parsed) findings.damage('LAST_SIGNED_LOST', path, parsed.why);
    else if (parsed.value.origin !== origin)
      findings.damage('LAST_SIGNED_CONFLICT', path, `it is of ${parsed.value.origin}, the log is ${origin}`);
    else {
      this.#claims.push({ ...parsed.value, code: 'LAST_SIGNED_CONFLICT', file: path, what: 'what the key signed last' });
      return parsed.value;
    }
    return null;
  }

  #readFrontier(): Frontier | null {
    const { crypto, folder, findings } = this.#options;
    const path = this.#path('frontier');
    const file = readIfThere(join(folder, 'frontier'));
    findings.checked('frontiers');
    if (file === null) {
      // A head is signed only after the frontier is durable.
      if ((this.#lastSigned?.size ?? 0) > 0) findings.damage('FRONTIER_DAMAGED', path, 'missing');
      return null;
    }
    const content = file.subarray(0, Math.max(0, file.length - HASH_SIZE));
    const parsed = attempt(() => {
      const edge = content.slice(8);
      return { previousSize: readUint64(content, 0), size: CompactTree.parse(crypto, edge).size, edge };
    });
    if ('why' in parsed) findings.damage('FRONTIER_DAMAGED', path, parsed.why);
    else if (!equalBytes(crypto.sha256(content), file.subarray(content.length)))
      findings.damage('FRONTIER_DAMAGED', path, 'it does not have its own digest');
    else {
      const root = CompactTree.parse(crypto, parsed.value.edge).root();
      this.#claims.push({ size: parsed.value.size, root, code: 'FRONTIER_DAMAGED', file: path, what: 'the frontier' });
      return parsed.value;
    }
    return null;
  }

  #readCheckpoint(): (Checkpoint & { readonly note: Bytes }) | null {
    const { folder, findings, origin } = this.#options;
    const path = this.#path('checkpoint');
    const note = readIfThere(join(folder, 'checkpoint'));
    findings.checked('checkpoints');
    if (note === null) {
      // The second step of the log follows the first publication, unless that waits for a witness.
      const wasPublished = (this.#frontier?.previousSize ?? 0) > 0 && this.#options.publishesAtOnce();
      if (wasPublished) findings.damage('CHECKPOINT_DAMAGED', path, 'missing');
      return null;
    }
    const parsed = attempt(() => parseCheckpointNote(note).checkpoint);
    if ('why' in parsed) {
      findings.damage('CHECKPOINT_DAMAGED', path, parsed.why);
      return null;
    }
    const { value } = parsed;
    if (value.origin !== origin) findings.damage('CHECKPOINT_DAMAGED', path, `it is of ${value.origin}, the log is ${origin}`);
    else this.#claims.push({ ...value, code: 'CHECKPOINT_DAMAGED', file: path, what: 'the checkpoint' });
    const signed = this.#lastSigned?.size;
    if (signed !== undefined && signed < value.size && !this.#options.isFreshKey())
      findings.damage('LAST_SIGNED_CONFLICT', this.#path('last-signed'), `${signed} entries, and ${value.size} are published`);
    return { ...value, note };
  }

  #compareClaims(): void {
    for (let claim = this.#claims.at(-1); claim !== undefined && claim.size <= this.size; claim = this.#claims.at(-1)) {
      this.#claims.pop();
      this.#compareClaim(claim);
    }
  }

  #compareClaim({ size, root, code, file, what }: HeadClaim): void {
    const { findings } = this.#options;
    const derived = this.#deriver.root();
    if (size < this.size) throw new Error('a claim is compared when the log reaches its size');
    if (!equalBytes(derived, root))
      findings.damage(code, file, `${what} of ${size} entries has the root ${toHex(root)}, the entries have ${toHex(derived)}`);
    else if (file === this.#path('frontier') && !equalBytes(this.#frontier?.edge as Bytes, this.edge))
      findings.damage(code, file, 'its edge is not that of the entries');
    else if (file === this.#path('checkpoint')) this.#judge(size);
    findings.checked('heads');
  }

  #judge(size: number): void {
    const { findings, judge } = this.#options;
    const refusal = judge(this.#checkpoint?.note as Bytes, size);
    if (refusal === null) return;
    findings.damage('CHECKPOINT_DAMAGED', this.#path('checkpoint'), `${refusal.code} ${JSON.stringify(refusal.details)}`);
  }

  #compareBundle(): void {
    const entries = this.#bundle;
    const index = Math.floor((this.size - 1) / TILE_WIDTH);
    this.#compareTile('entries', index, entries.length, (width) => encodeEntryBundle(entries.slice(0, width)));
    this.#bundle = [];
  }

  /** Compares the files of one tile, full and partial, as far as the frontier makes them count. */
  #compareTile(level: Tile['level'], index: number, width: number, expected: (width: number) => Bytes): void {
    const full = encodeTilePath({ level, index, width: TILE_WIDTH });
    const required = this.#widthOf(level, index, this.#requiredSize);
    const published = this.#widthOf(level, index, this.#checkpoint?.size ?? 0);
    const counted = Math.min(required, width);
    const there = listNames(join(this.#options.folder, `${full}.p`)).filter((name) => /^[1-9][0-9]{0,2}$/.test(name));
    for (const partial of new Set([...there.map(Number), counted, published])) {
      if (partial === 0 || partial > width || partial >= TILE_WIDTH) continue;
      const mayBeGone = required === TILE_WIDTH || (partial !== counted && partial !== published);
      const counts = partial <= required;
      this.#compareFile(`${full}.p/${partial}`, expected(partial), { mayBeGone, counts, isOutgrown: mayBeGone });
    }
    if (width === TILE_WIDTH)
      this.#compareFile(full, expected(width), { mayBeGone: required < width, counts: required === width, isOutgrown: false });
  }

  /** How wide a tile is in a log of this size. */
  #widthOf(level: Tile['level'], index: number, size: number): number {
    const count = hashCountAt(level === 'entries' ? 0 : level, size);
    return Math.max(0, Math.min(TILE_WIDTH, count - index * TILE_WIDTH));
  }

  #compareFile(path: string, expected: Bytes, { mayBeGone, counts, isOutgrown }: FileStanding): void {
    const { folder, findings } = this.#options;
    const file = readIfThere(join(folder, path));
    if (file === null && mayBeGone) return;
    findings.checked('tiles and bundles');
    if (file === null) findings.damage('TILE_MISSING', this.#path(path), 'missing');
    else if (equalBytes(file, expected)) return;
    else if (!counts) findings.note(this.#path(path), 'beyond the frontier, left by a crash: it will be written over');
    else {
      const how = file.length === expected.length ? 'altered' : `${file.length} bytes instead of ${expected.length}`;
      findings.damage('TILE_DAMAGED', this.#path(path), isOutgrown ? `${how}; wider tiles replaced it, so remove it` : how);
    }
  }

  /** Files that belong to no tile of this log. */
  #findStrangers(): void {
    const { folder, findings } = this.#options;
    for (const path of listTileFiles(folder)) {
      const parsed = attempt(() => parseTilePath(path));
      if ('why' in parsed) {
        const what = path.endsWith('.new') ? 'left by a crash: it may be removed' : 'no tile of a log: it may be removed';
        findings.note(this.#path(path), what);
      } else if (this.#widthOf(parsed.value.level, parsed.value.index, this.size) < parsed.value.width)
        findings.note(this.#path(path), 'beyond all entries, left by a crash: it will be written over');
    }
  }
}
