/** `node:fs` on the disk of whichever simulated machine asks: what services call of it, and nothing else. */

import { checkAccess, type FileTree } from '../file-tree.ts';
import { currentProcess, type SimulatedProcess } from '../machine.ts';
import { time } from '../virtual-time.ts';

type Options = { readonly recursive?: boolean; readonly force?: boolean; readonly mode?: number };

const files = (): FileTree => currentProcess().machine.files;

/** For whatever changes the disk: a process may die there. */
function changing(): FileTree {
  const process = currentProcess();
  process.operate();
  return process.machine.files;
}

/** See `fs.existsSync`. */
export function existsSync(path: string): boolean {
  return files().has(path);
}

/** See `fs.accessSync`. */
export function accessSync(path: string, mode?: number): void {
  checkAccess(files(), path, mode);
}

/** See `fs.statSync`. */
export function statSync(path: string): object {
  const isFolder = files().isFolder(path);
  const size = isFolder ? 0 : files().read(path).length;
  return { mode: files().modeOf(path), size, isDirectory: () => isFolder, isFile: () => !isFolder };
}

/** See `fs.fstatSync`. */
export function fstatSync(fd: number): object {
  return statSync(files().pathOf(fd));
}

/** See `fs.readFileSync`. */
export function readFileSync(file: string | number, encoding?: BufferEncoding): string | Buffer {
  const bytes = files().read(typeof file === 'number' ? files().pathOf(file) : file);
  return encoding === undefined ? bytes : bytes.toString(encoding);
}

/** See `fs.readdirSync`. */
export function readdirSync(path: string): string[] {
  return files().names(path);
}

/** See `fs.openSync`. */
export function openSync(path: string, flags: string, mode = 0o666): number {
  return (flags === 'r' ? files() : changing()).open(path, flags, mode);
}

/** See `fs.closeSync`: also of a dead process, whose descriptors are closed. */
export function closeSync(fd: number): void {
  const { owner } = time;
  if (owner?.isAlive === true) files().close(fd);
}

/** See `fs.writeFileSync`. */
export function writeFileSync(file: string | number, data: Uint8Array | string): void {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  if (typeof file === 'number') return changing().write(file, bytes);
  const fd = openSync(file, 'w');
  changing().write(fd, bytes);
  closeSync(fd);
}

/** See `fs.mkdirSync`. */
export function mkdirSync(path: string, { recursive = false, mode = 0o777 }: Options = {}): string | undefined {
  const tree = changing();
  if (!recursive) {
    tree.makeFolder(path, mode);
    return undefined;
  }
  const missing: string[] = [];
  for (let at = path; !tree.has(at); at = at.slice(0, at.lastIndexOf('/'))) missing.unshift(at);
  for (const each of missing) tree.makeFolder(each, mode);
  return missing[0];
}

/** See `fs.rmSync`. */
export function rmSync(path: string, { force = false }: Options = {}): void {
  const tree = files();
  if (!force || tree.has(path)) changing().remove(path);
}

/** See `fs.fsyncSync`. */
export function fsyncSync(fd: number): void {
  changing().beginSync(fd)(currentProcess().machine.isLying);
}

/** See `fs.fsync`: it takes a while, and a process may die before it and after it. */
export function fsync(fd: number, done: (error: Error | null) => void): void {
  const process = currentProcess();
  const end = changing().beginSync(fd);
  time.after(process.machine.syncMs(), () => finish(process, () => end(process.machine.isLying), done));
}

/** Something that takes a while has ended, unless the process dies just then. */
function finish(process: SimulatedProcess, work: () => void, done: (error: Error | null) => void): void {
  try {
    process.operate();
    work();
    done(null);
  } catch (error) {
    done(error as Error);
  }
}

/** See `fs.promises.rename`. */
export function rename(from: string, to: string): Promise<void> {
  const process = currentProcess();
  return new Promise((resolve, reject) => {
    const move = (): void => process.machine.files.rename(from, to);
    time.after(0, () => finish(process, move, (error) => (error === null ? resolve() : reject(error))));
  });
}

/** See `fs.promises.rm`. */
export async function rm(path: string, options?: Options): Promise<void> {
  rmSync(path, options);
}

/** See `fs.promises.access`. */
export async function access(path: string): Promise<void> {
  accessSync(path);
}

/** See `fs.promises.readFile`. */
export async function readFile(path: string, encoding?: BufferEncoding): Promise<string | Buffer> {
  return readFileSync(path, encoding);
}

/** See `fs.promises.readdir`. */
export async function readdir(path: string): Promise<string[]> {
  return readdirSync(path);
}
