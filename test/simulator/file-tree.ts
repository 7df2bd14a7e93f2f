/**
 * The files of a simulated machine as its processes see them, and beside them what is durable: every call that changes something is told to
 * `SimulatedDisk`, which the tests of power cuts use as well.
 */

import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { SimulatedDisk } from '../support/disk-image.ts';
import type { TraceEvent } from '../support/strace.ts';
import type { Dice } from './dice.ts';

const UMASK = 0o022;

/** Bytes; null in a folder. */
type Entry = { bytes: Buffer | null; readonly mode: number };
type Descriptor = { readonly path: string; readonly entry: Entry };
type Unplaced<E = TraceEvent> = E extends TraceEvent ? Omit<E, 'start' | 'end'> : never;

/** An error as Node's file system makes them. */
function systemError(code: string, call: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${call} '${path}'`), { code, syscall: call, path });
}

/** Everything below one folder. */
export class FileTree {
  readonly #root: string;
  #entries = new Map<string, Entry>();
  #durable: SimulatedDisk;
  readonly #descriptors = new Map<number, Descriptor>();
  #nextDescriptor = 100;
  #place = 0;

  constructor(root: string) {
    this.#root = root;
    this.#entries.set(root, { bytes: null, mode: 0o755 });
    this.#durable = new SimulatedDisk(root);
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  modeOf(path: string): number {
    return this.#find(path, 'stat').mode;
  }

  isFolder(path: string): boolean {
    return this.#find(path, 'stat').bytes === null;
  }

  /** What stands in a file now. */
  read(path: string): Buffer {
    const { bytes } = this.#find(path, 'open');
    if (bytes === null) throw systemError('EISDIR', 'read', path);
    return Buffer.from(bytes);
  }

  names(path: string): string[] {
    if (this.#find(path, 'scandir').bytes !== null) throw systemError('ENOTDIR', 'scandir', path);
    const inside = [...this.#entries.keys()].filter((each) => each !== path && dirname(each) === path);
    return inside.map((each) => each.slice(path.length + 1)).sort();
  }

  /** `flags`: `r`, `w` or `wx`. */
  open(path: string, flags: string, mode: number): number {
    const known = this.#entries.get(path);
    if (flags === 'wx' && known !== undefined) throw systemError('EEXIST', 'open', path);
    if (flags === 'r' && known === undefined) throw systemError('ENOENT', 'open', path);
    if (flags !== 'r' && flags !== 'w' && flags !== 'wx') throw new Error(`a simulated file is not opened with ${flags}`);
    const isNew = known === undefined;
    if (isNew && !this.#entries.has(dirname(path))) throw systemError('ENOENT', 'open', path);
    const entry: Entry = known ?? { bytes: Buffer.alloc(0), mode: mode & ~UMASK };
    if (isNew) this.#entries.set(path, entry);
    else if (flags !== 'r') entry.bytes = Buffer.alloc(0);
    const fd = this.#nextDescriptor++;
    this.#descriptors.set(fd, { path, entry });
    this.#tell({ call: 'open', fd, path, mode, flags: flags === 'r' ? [] : ['O_CREAT', 'O_TRUNC'] });
    return fd;
  }

  close(fd: number): void {
    if (!this.#descriptors.delete(fd)) throw systemError('EBADF', 'close', String(fd));
    this.#tell({ call: 'close', fd });
  }

  /** Appends to what was written through this descriptor. */
  write(fd: number, bytes: Uint8Array): void {
    const { entry, path } = this.#descriptor(fd);
    const data = Buffer.from(bytes);
    entry.bytes = Buffer.concat([entry.bytes ?? Buffer.alloc(0), data]);
    this.#tell({ call: 'write', fd, path, offset: null, data });
  }

  pathOf(fd: number): string {
    return this.#descriptor(fd).path;
  }

  /** A sync begins; what the answer is called with has ended. `isLying`: it says so and did nothing. */
  beginSync(fd: number): (isLying: boolean) => void {
    const { path } = this.#descriptor(fd);
    const start = this.#place++;
    return (isLying) => {
      if (!isLying) this.#durable.apply({ call: 'sync', fd, path, start, end: this.#place++ });
    };
  }

  rename(from: string, to: string): void {
    this.#find(from, 'rename');
    for (const [path, entry] of [...this.#entries]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.#entries.delete(path);
      this.#entries.set(`${to}${path.slice(from.length)}`, entry);
    }
    this.#tell({ call: 'rename', from, to });
  }

  makeFolder(path: string, mode: number): void {
    if (this.#entries.has(path)) throw systemError('EEXIST', 'mkdir', path);
    if (!this.#entries.has(dirname(path))) throw systemError('ENOENT', 'mkdir', path);
    this.#entries.set(path, { bytes: null, mode: mode & ~UMASK });
    this.#tell({ call: 'mkdir', path, mode });
  }

  /** A file, or a folder with everything in it. */
  remove(path: string): void {
    this.#find(path, 'unlink');
    const below = [...this.#entries.keys()].filter((each) => each === path || each.startsWith(`${path}/`));
    for (const each of below.sort((a, b) => b.length - a.length)) {
      this.#entries.delete(each);
      this.#tell({ call: 'unlink', path: each });
    }
  }

  /** Their process is gone. */
  closeAll(): void {
    for (const fd of [...this.#descriptors.keys()]) this.close(fd);
  }

  /** The power is gone and back: what was not durable may be there, or in part, or not. */
  cutPower(dice: Dice): void {
    const image = this.#durable.image(dice);
    this.#durable = new SimulatedDisk(this.#root);
    this.#entries = new Map();
    for (const [path, { mode, bytes }] of image) {
      this.#entries.set(path, { bytes: bytes === null ? null : Buffer.from(bytes), mode: mode & ~UMASK });
      if (path !== this.#root) this.#tellDurable(path, mode, bytes);
    }
    for (const [path, { bytes }] of image) if (bytes === null) this.#syncNow(path);
  }

  #tellDurable(path: string, mode: number, bytes: Buffer | null): void {
    if (bytes === null) return this.#tell({ call: 'mkdir', path, mode });
    const fd = this.#nextDescriptor++;
    this.#tell({ call: 'open', fd, path, mode, flags: ['O_CREAT'] });
    this.#tell({ call: 'write', fd, path, offset: null, data: bytes });
    this.#tell({ call: 'sync', fd, path });
    this.#tell({ call: 'close', fd });
  }

  #syncNow(path: string): void {
    const fd = this.#nextDescriptor++;
    this.#tell({ call: 'open', fd, path, mode: 0, flags: [] });
    this.#tell({ call: 'sync', fd, path });
    this.#tell({ call: 'close', fd });
  }

  #tell(event: Unplaced): void {
    const start = this.#place++;
    this.#durable.apply({ ...event, start, end: this.#place++ } as TraceEvent);
  }

  #find(path: string, call: string): Entry {
    const entry = this.#entries.get(path);
    if (entry === undefined) throw systemError('ENOENT', call, path);
    return entry;
  }

  #descriptor(fd: number): Descriptor {
    const descriptor = this.#descriptors.get(fd);
    if (descriptor === undefined) throw systemError('EBADF', 'fd', String(fd));
    return descriptor;
  }
}

/** `access` for reading and for being there. */
export function checkAccess(files: FileTree, path: string, mode: number = constants.F_OK): void {
  if (!files.has(path)) throw systemError('ENOENT', 'access', path);
  if ((mode & constants.X_OK) !== 0) throw systemError('EACCES', 'access', path);
}
