/** What a trace says, line by line, and which lines are no trace that this can follow. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readTrace, type TraceEvent } from './strace.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-strace-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const hex = (text: string): string => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
const quoted = (text: string): string => `"${hex(text)}"`;
const file = (number: number, path: string): string => `${number}<${hex(path)}>`;

function read(...lines: readonly string[]): Promise<TraceEvent[]> {
  const path = join(folder, 'trace');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return readTrace(path);
}

test('calls that another one interrupts begin where they began and end where they ended', async () => {
  const events = await read(
    `7 openat(AT_FDCWD<${hex('/')}>, ${quoted('/d/a')}, O_WRONLY|O_CREAT|O_DSYNC, 0600) = ${file(5, '/d/a')}`,
    `7 pwrite64(${file(5, '/d/a')}, ${quoted('abc')}, 3, 4096 <unfinished ...>`,
    `8 write(${file(6, '/d/b')}, ${quoted('x')}, 1) = 1`,
    '7 <... pwrite64 resumed>) = 2',
    `8 writev(9<TCP:[127.0.0.1:80->127.0.0.1:81]>, [{iov_base=${quoted('HT')}, iov_len=2}, {iov_base=${quoted('TP')}, iov_len=2}], 2) = 4`,
    `7 fdatasync(${file(5, '/d/a')}) = 0`,
    `7 renameat2(AT_FDCWD<${hex('/')}>, ${quoted('/d/a')}, AT_FDCWD<${hex('/')}>, ${quoted('/d/c')}, 0) = 0`,
    '7 +++ exited with 0 +++',
  );
  assert.deepEqual(events, [
    { call: 'open', fd: 5, path: '/d/a', flags: ['O_WRONLY', 'O_CREAT', 'O_DSYNC'], mode: 0o600, start: 1, end: 1 },
    { call: 'write', fd: 6, path: '/d/b', offset: null, data: Buffer.from('x'), start: 3, end: 3 },
    { call: 'write', fd: 5, path: '/d/a', offset: 4096, data: Buffer.from('ab'), start: 2, end: 4 },
    { call: 'send', fd: 9, connection: 'TCP:[127.0.0.1:80->127.0.0.1:81]', data: Buffer.from('HTTP'), start: 5, end: 5 },
    { call: 'sync', fd: 5, path: '/d/a', start: 6, end: 6 },
    { call: 'rename', from: '/d/a', to: '/d/c', start: 7, end: 7 },
  ]);
});

test('what failed, and what goes to pipes, changes nothing', async () => {
  assert.deepEqual(
    await read(
      `7 openat(AT_FDCWD<${hex('/')}>, ${quoted('/d/a')}, O_RDONLY) = -1 ENOENT (No such file or directory)`,
      `7 write(1<pipe:[1]>, ${quoted('log')}, 3) = 3`,
      '7 --- SIGTERM {si_signo=SIGTERM} ---',
    ),
    [],
  );
});

const REFUSED: readonly (readonly [what: string, line: string, why: RegExp])[] = [
  ['a call that nobody asked for', `7 sendfile(3, 4, NULL, 5) = 5`, /does not know/],
  ['an argument that is cut', `7 write(${file(5, '/d/a')}, ${quoted('ab')}..., 5) = 2`, /is cut/],
  ['more written than is there', `7 write(${file(5, '/d/a')}, ${quoted('ab')}, 5) = 5`, /5 bytes were written/],
  ['an end without a beginning', '7 <... write resumed>) = 5', /never began/],
  ['writes through a ring', '7 io_uring_setup(64, {flags=IORING_SETUP_SQPOLL}) = 3', /sees nothing/],
  ['another text', 'Segmentation fault', /is not like/],
];
for (const [what, line, why] of REFUSED) test(`${what} is no trace`, () => assert.rejects(read(line), why));
