/**
 * What a process asks of the kernel, in the order in which it happened: files opened, written, synced and renamed, and bytes that left
 * through sockets. Recorded by strace, which sees every call begin before the kernel acts and end after it did, so "a ended before b
 * began" in the trace is so in the world.
 */

import { createReadStream, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './programs.ts';

/** What is traced: whatever changes files or their names, and whatever sends. Reads are not, nor what changes nothing. */
const CALLS = [
  'openat,open,creat,close,dup,dup2,dup3,lseek,write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,splice,ftruncate,truncate',
  'fallocate,fsync,fdatasync,msync,sync_file_range,sync,syncfs,mmap,rename,renameat,renameat2,link,linkat,symlink,symlinkat',
  'unlink,unlinkat,rmdir,mkdir,mkdirat,chmod,fchmod,fchmodat,sendto,sendmsg,sendmmsg,io_uring_setup',
].join(',');
/** Longer than any write: a cut argument is an error. */
const STRING_MAX = 5_000_000;
const TRACER_TIMEOUT_MS = 60_000;

/** When a call began and ended: places in the order of the trace. */
type Span = { readonly start: number; readonly end: number };
/** One call that took effect. A null offset is where the file descriptor stands. */
export type TraceEvent = Span &
  (
    | {
        readonly call: 'open';
        readonly fd: number;
        readonly path: string;
        readonly flags: readonly string[];
        readonly mode: number;
      }
    | { readonly call: 'close'; readonly fd: number }
    | { readonly call: 'seek'; readonly fd: number; readonly position: number }
    | {
        readonly call: 'write';
        readonly fd: number;
        readonly path: string;
        readonly offset: number | null;
        readonly data: Buffer;
      }
    | { readonly call: 'send'; readonly fd: number; readonly connection: string; readonly data: Buffer }
    | { readonly call: 'sync'; readonly fd: number; readonly path: string }
    | { readonly call: 'truncate'; readonly fd: number; readonly path: string; readonly size: number }
    | { readonly call: 'map'; readonly path: string; readonly isWritable: boolean }
    | { readonly call: 'mkdir'; readonly path: string; readonly mode: number }
    | { readonly call: 'chmod'; readonly path: string; readonly mode: number }
    | { readonly call: 'rename' | 'link'; readonly from: string; readonly to: string }
    | { readonly call: 'unlink'; readonly path: string }
  );
export type EventOf<C extends TraceEvent['call']> = Extract<TraceEvent, { readonly call: C }>;
type Unplaced<E = TraceEvent> = E extends TraceEvent ? Omit<E, keyof Span> : never;

/** Goes before a command line to record it into a file: the command is the child as before, strace the grandchild. */
export function straceCommand(file: string): readonly string[] {
  const strace = findProgram('strace');
  if (strace === null) throw new Error('strace is not here');
  return [strace, '-D', '-f', '--seccomp-bpf', '-q', '-yy', '-xx', '-s', String(STRING_MAX), '-o', file, '-e', `trace=${CALLS}`];
}

/** Of the process that is traced: libuv writes files by ordinary calls, which strace sees, and not by io_uring, which it does not. */
export const STRACE_ENVIRONMENT = { UV_USE_IO_URING: '0' };

/** Resolves when the tracer has written all that the ended process did. */
export async function traceEnd(file: string, pid: number): Promise<void> {
  for (const begun = performance.now(); performance.now() - begun < TRACER_TIMEOUT_MS; await sleep(50))
    if (new RegExp(`^${pid} +\\+\\+\\+ (exited|killed)`, 'm').test(readFileSync(file).subarray(-4_096).toString())) return;
  throw new Error('the tracer did not end');
}

/** The events of a trace, in the order of their effects. Throws on any line that it does not know. */
export async function readTrace(file: string): Promise<TraceEvent[]> {
  const begun = new Map<string, { readonly start: number; readonly text: string }>();
  const events: TraceEvent[] = [];
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(file, { highWaterMark: 1 << 20 }), crlfDelay: Infinity })) {
    line++;
    const [pid, rest] = parse('^([0-9]+) +(.*)$', text);
    if (/^(\+\+\+|---) /.test(rest)) continue;
    if (rest.endsWith(' <unfinished ...>')) {
      begun.set(pid, { start: line, text: rest.slice(0, -' <unfinished ...>'.length) });
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(rest);
    const first = begun.get(pid);
    if ((resumed === null) !== (first === undefined)) fail('it ends and never began, or begins twice', text);
    const whole = first === undefined ? rest : first.text + (resumed?.[1] ?? '');
    begun.delete(pid);
    for (const event of parseCall(whole)) events.push({ ...event, start: first?.start ?? line, end: line } as TraceEvent);
  }
  return events.sort((a, b) => effectOf(a) - effectOf(b));
}

/** Where the effect of a call is sure: a descriptor's number is free for others from the moment that it is being closed. */
function effectOf({ call, start, end }: TraceEvent): number {
  return call === 'close' ? start : end;
}

function fail(why: string, text: string): never {
  throw new Error(`${why}: ${text.slice(0, 300)}`);
}

const HEX = String.raw`(?:\\x[0-9a-f]{2})*`;
const FD = String.raw`(\d+)<(${HEX}|[^<>]*)(?:<[^>]*>|\(deleted\))*>`;
const AT = String.raw`(?:(?:AT_FDCWD|\d+)<(${HEX}|[^<>]*)>, )?`;
const NAME = `"(${HEX})"`;
const MODE = '0?([0-7]+)';

/** What each call means; the first pattern that fits. Sockets are told by their connection. */
const FORMS: Readonly<Record<string, (args: string, result: number) => readonly Unplaced[]>> = {
  openat: parseOpen,
  close: (args) => [{ call: 'close', fd: Number(/^(\d+)/.exec(args)?.[1]) }],
  lseek: (args, position) => [{ call: 'seek', fd: Number(/^(\d+)/.exec(args)?.[1]), position }],
  write: parseWrite,
  pwrite64: parseWrite,
  writev: parseWrite,
  pwritev: parseWrite,
  sendto: parseWrite,
  sendmsg: parseWrite,
  fsync: parseSync,
  fdatasync: parseSync,
  ftruncate(args) {
    const [fd, path, size] = parse(`^${FD}, (\\d+)$`, args);
    return [{ call: 'truncate', fd: Number(fd), path: decode(path), size: Number(size) }];
  },
  mmap(args) {
    if (!new RegExp(`, MAP_SHARED\\S*, ${FD}, `).test(args)) return [];
    const [protection, , path] = parse(`, ([A-Z_|]+), MAP_SHARED\\S*, ${FD}, `, args);
    return [{ call: 'map', path: decode(path), isWritable: protection.includes('PROT_WRITE') }];
  },
  mkdir: parseMkdir,
  mkdirat: parseMkdir,
  rename: (args) => parsePair('rename', args),
  renameat: (args) => parsePair('rename', args),
  renameat2: (args) => parsePair('rename', args),
  link: (args) => parsePair('link', args),
  linkat: (args) => parsePair('link', args),
  unlink: parseUnlink,
  unlinkat: parseUnlink,
  rmdir: parseUnlink,
  chmod: parseChmod,
  fchmodat: parseChmod,
  fchmod(args) {
    const [, path, mode] = parse(`^${FD}, ${MODE}$`, args);
    return [{ call: 'chmod', path: decode(path), mode: Number.parseInt(mode, 8) }];
  },
  // libuv's ring for files polls; the other one only changes what is waited for.
  io_uring_setup: (args) =>
    args.includes('IORING_SETUP_SQPOLL') ? fail('files are written where strace sees nothing', args) : [],
  // Copies of descriptors: pipes are, files of ours are not (whoever follows them misses the number then).
  dup: () => [],
  dup2: () => [],
  dup3: () => [],
};

function parseCall(text: string): readonly Unplaced[] {
  const [name, args, result] = parse(String.raw`^(\w+)\((.*)\) += (-?\w+|\?)`, text);
  if (result === '?') return [];
  if (result.startsWith('-')) return [];
  const form = FORMS[name] ?? fail('a call that this does not know', text);
  return form(args, Number(result));
}

/** What the groups of a pattern found; those that may be missing are the caller's to know. */
type Groups = readonly [string, string, string, string];

function parse(pattern: string, text: string): Groups {
  const found = new RegExp(pattern, 's').exec(text) ?? fail(`it is not like ${pattern}`, text);
  return found.slice(1) as unknown as Groups;
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll('\\x', ''), 'hex');
}

function decode(path: string): string {
  return path.startsWith('\\x') ? bytesOf(path).toString() : path;
}

/** A path, below the folder that goes before it where there is one. */
function pathOf(at: string | undefined, name: string): string {
  return at === undefined ? resolve(decode(name)) : resolve(decode(at), decode(name));
}

function parseOpen(args: string, fd: number): readonly Unplaced[] {
  const [at, name, flags, mode] = parse(`^${AT}${NAME}, ([A-Z_|]+)(?:, ${MODE})?$`, args);
  return [{ call: 'open', fd, path: pathOf(at, name), flags: flags.split('|'), mode: Number.parseInt(mode ?? '0', 8) }];
}

/** `write(fd, "…", n)`, `pwrite64(fd, "…", n, offset)`, `writev(fd, [{iov_base="…", iov_len=n}, …], n)`, `sendmsg(fd, {… msg_iov=[…] …}, …)`. */
function parseWrite(args: string, written: number): readonly Unplaced[] {
  const socket = /^(\d+)<(TCP[^\]]*\])>/.exec(args);
  if (socket === null && !new RegExp(`^${FD}, `).test(args)) return [];
  const [fd, place] = socket === null ? parse(`^${FD}, `, args) : (socket.slice(1) as unknown as Groups);
  // Pipes, rings and what only the process itself hears.
  if (socket === null && !decode(place).startsWith('/')) return [];
  if (/"\.\.\./.test(args)) fail('an argument is cut', args);
  const all = Buffer.concat([...args.matchAll(new RegExp(NAME, 'g'))].map(([, hex]) => bytesOf(hex ?? '')));
  if (all.length < written) fail(`${written} bytes were written`, args);
  const data = all.subarray(0, written);
  if (socket !== null) return [{ call: 'send', fd: Number(fd), connection: place, data }];
  const offset = /(?:", \d+|\], \d+), (\d+)$/.exec(args)?.[1];
  return [{ call: 'write', fd: Number(fd), path: decode(place), offset: offset === undefined ? null : Number(offset), data }];
}

function parseSync(args: string): readonly Unplaced[] {
  const [fd, path] = parse(`^${FD}$`, args);
  return [{ call: 'sync', fd: Number(fd), path: decode(path) }];
}

function parseMkdir(args: string): readonly Unplaced[] {
  const [at, name, mode] = parse(`^${AT}${NAME}, ${MODE}$`, args);
  return [{ call: 'mkdir', path: pathOf(at, name), mode: Number.parseInt(mode, 8) }];
}

function parsePair(call: 'rename' | 'link', args: string): readonly Unplaced[] {
  const [atFrom, from, atTo, to] = parse(`^${AT}${NAME}, ${AT}${NAME}`, args);
  return [{ call, from: pathOf(atFrom, from), to: pathOf(atTo, to) }];
}

function parseUnlink(args: string): readonly Unplaced[] {
  const [at, name] = parse(`^${AT}${NAME}`, args);
  return [{ call: 'unlink', path: pathOf(at, name) }];
}

function parseChmod(args: string): readonly Unplaced[] {
  const [at, name, mode] = parse(`^${AT}${NAME}, ${MODE}`, args);
  return [{ call: 'chmod', path: pathOf(at, name), mode: Number.parseInt(mode, 8) }];
}
