/**
 * A simulated disk: from what a traced process asked of the kernel it makes the folder that a power cut at any moment may leave. Bytes are
 * sure once their file was synced, names once their folder was; of the rest each write and each name may be there or not, and a write may
 * be there in part, in sectors.
 *
 * It is harsher than file systems are: a synced file may be without its name, and names of one folder come in any combination. What a
 * rename put in place is there under the new name or not at all, and never under both.
 */

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Dice } from '../simulator/dice.ts';
import type { EventOf, TraceEvent } from './strace.ts';

const SECTOR = 512;
const UMASK = 0o022;

/** Bytes on their way into a file, or its new size. `end` is where the call ended. */
type Change =
  | { readonly end: number; readonly offset: number; readonly data: Buffer }
  | { readonly end: number; readonly size: number };
/** A file or a folder: what is surely on the disk, and what may be. */
class Inode {
  readonly isFolder: boolean;
  mode: number;
  #sure = Buffer.alloc(0);
  #size = 0;
  changes: Change[] = [];

  constructor(isFolder: boolean, mode: number) {
    this.isFolder = isFolder;
    this.mode = mode;
  }

  /** The size that the running process sees. */
  get size(): number {
    return this.changes.reduce((size, change) => sizeAfter(size, change), this.#size);
  }

  /** A sync that began at this place has ended. */
  sync(start: number): void {
    for (const change of this.changes.filter(({ end }) => end < start)) this.writeThrough(change);
    this.changes = this.changes.filter(({ end }) => end >= start);
  }

  /** Makes one change sure. */
  writeThrough(change: Change): void {
    const size = sizeAfter(this.#size, change);
    if (size > this.#sure.length) this.#sure = Buffer.concat([this.#sure], Math.max(2 * this.#sure.length, size));
    if ('data' in change) change.data.copy(this.#sure, change.offset);
    else this.#sure.fill(0, size);
    this.#size = size;
  }

  /** A write to a descriptor that is durable when it returns. Throws where an older one of the same bytes is not. */
  writeSynced(change: Change): void {
    for (const older of this.changes)
      if ('data' in change && 'data' in older && older.offset < change.offset + change.data.length)
        if (older.offset + older.data.length > change.offset) throw new Error('a durable write over one that is not');
    this.writeThrough(change);
  }

  /** The bytes after a power cut, while these changes were on their way too. */
  after(cut: Cut, begun: readonly Change[]): Buffer {
    const copy = new Inode(false, this.mode);
    copy.writeThrough({ end: 0, offset: 0, data: this.#sure.subarray(0, this.#size) });
    const changes = [...this.changes, ...begun];
    for (const [i, change] of changes.entries())
      for (const kept of cut.keep(change, i === changes.length - 1)) copy.writeThrough(kept);
    return copy.#sure.subarray(0, copy.#size);
  }
}

function sizeAfter(size: number, change: Change): number {
  return 'data' in change ? Math.max(size, change.offset + change.data.length) : change.size;
}

/** A change of names: in the folder, these get or lose what they stand for. */
type Naming = { readonly end: number; readonly folder: string; readonly names: ReadonlyMap<string, Inode | null> };
type Descriptor = { readonly inode: Inode; readonly isSynced: boolean; position: number };

/** How a power cut treats what is not sure. */
const MANNERS = ['nothing', 'everything', 'any', 'any', 'any'] as const;

/** Decides what becomes of each change that is not sure. */
class Cut {
  readonly #dice: Dice;
  readonly #manner: (typeof MANNERS)[number];

  constructor(dice: Dice) {
    this.#dice = dice;
    this.#manner = dice.pick(MANNERS);
  }

  keepsName(): boolean {
    return this.#manner === 'everything' || (this.#manner === 'any' && this.#dice.once(2));
  }

  /** The change, parts of it or nothing; the last one of a file is torn. */
  keep(change: Change, isLast: boolean): readonly Change[] {
    if (this.#manner === 'nothing') return [];
    if (!('data' in change)) return this.keepsName() ? [change] : [];
    const sectors = sectorsOf(change);
    if (isLast) return sectors.slice(0, this.#dice.below(sectors.length + 1));
    if (this.#manner === 'everything') return [change];
    if (this.#dice.once(3)) return [];
    return this.#dice.once(2) ? [change] : sectors.filter(() => this.#dice.once(2));
  }
}

function sectorsOf({ end, offset, data }: Extract<Change, { readonly data: Buffer }>): Change[] {
  const parts: Change[] = [];
  for (let at = 0; at < data.length; ) {
    const size = Math.min(SECTOR - ((offset + at) % SECTOR), data.length - at);
    parts.push({ end, offset: offset + at, data: data.subarray(at, at + size) });
    at += size;
  }
  return parts;
}

/** Left out: what is mapped for writing, which strace does not see, and is made anew by whoever opens the rest. */
const MAPPED = /(\/lock\.mdb|\.sqlite-shm)$/;

/** Files with their bytes, and folders, whose bytes are null; by path. */
export type DiskImage = Map<string, { readonly mode: number; readonly bytes: Buffer | null }>;

/** The disk below one folder, which was empty, while the events of a trace happen to it. */
export class SimulatedDisk {
  readonly #folder: string;
  /** As the running process sees it, and as it surely is. */
  readonly #seen = new Map<string, Inode>();
  readonly #sure = new Map<string, Inode>();
  readonly #descriptors = new Map<number, Descriptor>();
  #namings: Naming[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    const root = new Inode(true, 0o755);
    for (const names of [this.#seen, this.#sure]) names.set(folder, root);
  }

  /** One event after the other, in their order. Throws for what it cannot follow. */
  apply(event: TraceEvent): void {
    if (event.call === 'close') this.#descriptors.delete(event.fd);
    else if (event.call === 'open') this.#open(event);
    else if (event.call === 'seek') this.#seek(event);
    else if (event.call === 'write') this.#write(event);
    else if (event.call === 'sync') this.#sync(event);
    else if (event.call === 'truncate') this.#descriptors.get(event.fd)?.inode.changes.push({ end: event.end, size: event.size });
    else if ('path' in event ? this.#isHere(event.path) : 'to' in event && this.#isHere(event.to)) this.#rename(event);
  }

  /** Files whose bytes or name a power cut now may take, relative to the folder. */
  unsure(): string[] {
    const paths = [...this.#seen].filter(([path, inode]) => this.#sure.get(path) !== inode || inode.changes.length > 0);
    return paths.map(([path]) => relative(this.#folder, path));
  }

  /** What a power cut now may leave, folders before what is in them; of these writes the kernel had begun and not ended. */
  image(dice: Dice, begun: readonly EventOf<'write'>[] = []): DiskImage {
    const cut = new Cut(dice);
    const names = new Map(this.#sure);
    for (const naming of this.#namings) if (cut.keepsName()) applyNames(names, naming);
    const halves = this.#changesOf(begun);
    const image: DiskImage = new Map();
    for (const [path, inode] of [...names].sort(([a], [b]) => a.length - b.length)) {
      // A folder without its name takes everything below along.
      if (path !== this.#folder && image.get(dirname(path))?.bytes !== null) continue;
      image.set(path, { mode: inode.mode, bytes: inode.isFolder ? null : inode.after(cut, halves.get(inode) ?? []) });
    }
    return image;
  }

  /** Writes `image` into a folder. */
  writeImage(target: string, dice: Dice, begun: readonly EventOf<'write'>[]): void {
    for (const [path, { mode, bytes }] of this.image(dice, begun)) {
      const place = join(target, relative(this.#folder, path));
      if (bytes === null) mkdirSync(place, { recursive: path === this.#folder });
      else writeFileSync(place, bytes);
      chmodSync(place, mode & ~UMASK);
    }
  }

  /** Of writes that are not done: not sure, whatever the descriptor says. */
  #changesOf(begun: readonly EventOf<'write'>[]): Map<Inode, Change[]> {
    const changes = new Map<Inode, Change[]>();
    for (const { fd, offset, data, end } of begun) {
      const descriptor = this.#descriptors.get(fd);
      if (descriptor === undefined) continue;
      const { inode, position } = descriptor;
      changes.set(inode, [...(changes.get(inode) ?? []), { end, offset: offset ?? position, data }]);
    }
    return changes;
  }

  #isHere(path: string): boolean {
    return path === this.#folder || path.startsWith(`${this.#folder}/`);
  }

  #open({ fd, path, flags, mode, end }: EventOf<'open'>): void {
    this.#descriptors.delete(fd);
    if (!this.#isHere(path) || MAPPED.test(path)) return;
    let inode = this.#seen.get(path);
    if (inode === undefined) {
      if (!flags.includes('O_CREAT')) throw new Error(`opened and never made: ${path}`);
      inode = new Inode(false, mode);
      this.#name(end, new Map([[path, inode]]));
    } else if (flags.includes('O_TRUNC')) inode.changes.push({ end, size: 0 });
    const isSynced = flags.includes('O_DSYNC') || flags.includes('O_SYNC');
    this.#descriptors.set(fd, { inode, isSynced, position: flags.includes('O_APPEND') ? inode.size : 0 });
  }

  #seek({ fd, position }: EventOf<'seek'>): void {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor !== undefined) descriptor.position = position;
  }

  #write({ fd, path, offset, data, end }: EventOf<'write'>): void {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) {
      if (this.#isHere(path) && !MAPPED.test(path)) throw new Error(`written and not open: ${path}`);
      return;
    }
    const change = { end, offset: offset ?? descriptor.position, data };
    if (offset === null) descriptor.position += data.length;
    if (descriptor.isSynced) descriptor.inode.writeSynced(change);
    else descriptor.inode.changes.push(change);
  }

  #sync({ fd, path, start }: EventOf<'sync'>): void {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) return;
    descriptor.inode.sync(start);
    if (!descriptor.inode.isFolder) return;
    const isDue = ({ folder, end }: Naming): boolean => folder === path && end < start;
    const due = this.#namings.filter(isDue);
    this.#namings = this.#namings.filter((naming) => !isDue(naming));
    for (const naming of due) {
      applyNames(this.#sure, naming);
      this.#forgetFormerBelow(naming);
    }
  }

  /** What happened in a folder of this name before it was removed or replaced is nothing that happens to the one that has the name now. */
  #forgetFormerBelow({ names, end }: Naming): void {
    const isFormer = (naming: Naming): boolean =>
      naming.end < end && [...names.keys()].some((path) => naming.folder === path || naming.folder.startsWith(`${path}/`));
    this.#namings = this.#namings.filter((naming) => !isFormer(naming));
  }

  #rename(event: TraceEvent): void {
    const { end } = event;
    if (event.call === 'mkdir' && event.path === this.#folder) return;
    if (event.call === 'mkdir') this.#name(end, new Map([[event.path, new Inode(true, event.mode)]]));
    else if (event.call === 'unlink') this.#name(end, new Map([[event.path, null]]));
    else if (event.call === 'link' || event.call === 'rename') {
      const inode = this.#seen.get(event.from);
      if (inode?.isFolder === true && event.call === 'rename') return this.#renameFolder(event.from, event.to, end);
      if (inode === undefined || inode.isFolder || dirname(event.from) !== dirname(event.to))
        throw new Error(`a renaming that this cannot follow: ${event.from}`);
      this.#name(
        end,
        new Map<string, Inode | null>([...(event.call === 'link' ? [] : [[event.from, null] as const]), [event.to, inode]]),
      );
    } else if (event.call === 'chmod') {
      const inode = this.#seen.get(event.path);
      if (inode !== undefined) inode.mode = event.mode;
    } else if (event.call === 'map' && event.isWritable && !MAPPED.test(event.path))
      throw new Error(`written through memory: ${event.path}`);
  }

  /** With everything in it, whose names must be sure by then. */
  #renameFolder(from: string, to: string, end: number): void {
    const isBelow = (path: string): boolean => path === from || path.startsWith(`${from}/`);
    if (dirname(from) !== dirname(to) || this.#namings.some(({ folder }) => isBelow(folder)))
      throw new Error(`a renaming that this cannot follow: ${from}`);
    const moved = [...this.#seen].filter(([path]) => isBelow(path));
    const gone = moved.map(([path]) => [path, null] as const);
    const come = moved.map(([path, inode]) => [`${to}${path.slice(from.length)}`, inode] as const);
    this.#name(end, new Map<string, Inode | null>([...gone, ...come]));
  }

  #name(end: number, names: ReadonlyMap<string, Inode | null>): void {
    const [path = ''] = names.keys();
    const naming = { end, folder: dirname(path), names };
    applyNames(this.#seen, naming);
    this.#namings.push(naming);
  }
}

function applyNames(names: Map<string, Inode>, naming: Naming): void {
  for (const [path, inode] of naming.names) {
    if (inode === null) names.delete(path);
    else names.set(path, inode);
  }
}
