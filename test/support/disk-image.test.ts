/** What a power cut may leave, in small: of bytes, of names, and of both together. */

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Dice } from '../simulator/dice.ts';
import { SimulatedDisk } from './disk-image.ts';
import type { EventOf, TraceEvent } from './strace.ts';

const scratch = mkdtempSync(join(tmpdir(), 'oppidum-disk-image-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const SEEDS = 200;

/** Events one after the other; each ends before the next begins. */
function eventsOf(...calls: readonly object[]): TraceEvent[] {
  return calls.map((call, i) => ({ start: 2 * i + 1, end: 2 * i + 2, ...call }) as TraceEvent);
}
const open = (fd: number, path: string, ...flags: readonly string[]) => ({
  call: 'open',
  fd,
  path,
  flags: ['O_RDWR', ...flags],
  mode: 0o600,
});
const write = (fd: number, text: string, offset: number | null = null) => ({
  call: 'write',
  fd,
  path: '/d/a',
  offset,
  data: Buffer.from(text),
});
const sync = (fd: number, path: string) => ({ call: 'sync', fd, path });

/** Everything that many power cuts leave, as texts of the files by name; `begun` had not ended. */
function outcomes(events: readonly TraceEvent[], begun: readonly EventOf<'write'>[] = []): Set<string> {
  const found = new Set<string>();
  for (let seed = 0; seed < SEEDS; seed++) {
    const disk = new SimulatedDisk('/d');
    for (const event of events) disk.apply(event);
    const folder = join(scratch, 'image');
    disk.writeImage(folder, new Dice(seed), begun);
    const files = readdirSync(folder).sort();
    found.add(
      files
        .map((name) => `${name}=${statSync(join(folder, name)).isFile() ? readFileSync(join(folder, name), 'latin1') : 'folder'}`)
        .join(' '),
    );
    rmSync(folder, { recursive: true });
  }
  return found;
}

const MADE = [open(3, '/d/a', 'O_CREAT'), write(3, 'old'), sync(3, '/d/a'), open(4, '/d'), sync(4, '/d')];

test('a synced file with its name stays; without the name it may be gone', () => {
  assert.deepEqual(outcomes(eventsOf(...MADE)), new Set(['a=old']));
  assert.deepEqual(outcomes(eventsOf(...MADE.slice(0, 3))), new Set(['', 'a=old']));
});

test('a name without a sync of the bytes may stand for nothing', () => {
  assert.deepEqual(outcomes(eventsOf(MADE[0]!, MADE[1]!, MADE[3]!, MADE[4]!)), new Set(['a=', 'a=old']));
});

test('a sync covers what ended before it began, and no more', () => {
  const [made, written, synced, ...rest] = eventsOf(...MADE) as [TraceEvent, TraceEvent, TraceEvent, ...TraceEvent[]];
  assert.deepEqual(outcomes([made, written, { ...synced, start: written.start }, ...rest]), new Set(['a=', 'a=old']));
});

test('renamed in place, a file is the old one or the new one', () => {
  const calls = [
    open(5, '/d/a.new', 'O_CREAT'),
    { ...write(5, 'new'), path: '/d/a.new' },
    sync(5, '/d/a.new'),
    { call: 'rename', from: '/d/a.new', to: '/d/a' },
  ];
  const found = outcomes(eventsOf(...MADE, ...calls));
  assert.deepEqual(found, new Set(['a=old', 'a=old a.new=new', 'a=new']));
  const careless = outcomes(eventsOf(...MADE, ...calls.filter(({ call }) => call !== 'sync')));
  assert.ok(careless.has('a='), 'without its sync the new one may be empty');
  assert.deepEqual(outcomes(eventsOf(...MADE, ...calls, sync(4, '/d'))), new Set(['a=new']));
});

test('the last write is torn between sectors, and one written through is whole', () => {
  const text = 'x'.repeat(512) + 'y'.repeat(100);
  const found = outcomes(eventsOf(...MADE, write(3, text, 512)));
  const hole = '\0'.repeat(509);
  assert.deepEqual(found, new Set(['a=old', `a=old${hole}${'x'.repeat(512)}`, `a=old${hole}${text}`]));
  const through = [open(6, '/d/a', 'O_DSYNC'), write(6, text, 512)];
  assert.deepEqual(outcomes(eventsOf(...MADE, ...through)), new Set([`a=old${hole}${text}`]));
  const [begun] = eventsOf(write(6, 'new', 0)) as [EventOf<'write'>];
  assert.deepEqual(outcomes(eventsOf(...MADE, through[0]!), [begun]), new Set(['a=old', 'a=new']));
});

test('a folder without its name takes along what is in it', () => {
  const calls = [
    { call: 'mkdir', path: '/d/sub', mode: 0o777 },
    open(5, '/d/sub/b', 'O_CREAT'),
    open(6, '/d/sub'),
    sync(6, '/d/sub'),
  ];
  assert.deepEqual(outcomes(eventsOf(...MADE, ...calls)), new Set(['a=old', 'a=old sub=folder']));
  assert.equal(existsSync(join(scratch, 'image')), false);
});

test('what happened in a folder that is gone does not happen to the next one of its name', () => {
  const made = (end: string): readonly object[] => [
    { call: 'mkdir', path: `/d/sub${end}`, mode: 0o755 },
    { call: 'open', fd: 7, path: `/d/sub${end}/in`, flags: ['O_CREAT'], mode: 0o644 },
    open(8, `/d/sub${end}`),
    sync(8, `/d/sub${end}`),
    open(4, '/d'),
    sync(4, '/d'),
  ];
  const removed = [
    { call: 'unlink', path: '/d/sub/in' },
    { call: 'unlink', path: '/d/sub' },
  ];
  const renamed = [{ call: 'rename', from: '/d/sub.part', to: '/d/sub' }, open(4, '/d'), sync(4, '/d')];
  for (let seed = 0; seed < SEEDS; seed++) {
    const disk = new SimulatedDisk('/d');
    for (const event of eventsOf(...made(''), ...removed, ...made('.part'), ...renamed)) disk.apply(event);
    const image = disk.image(new Dice(seed));
    assert.deepEqual([...image.keys()].sort(), ['/d', '/d/sub', '/d/sub/in']);
  }
});

test('what cannot be followed is an error', () => {
  const apply = (...calls: readonly object[]) => {
    const disk = new SimulatedDisk('/d');
    for (const event of eventsOf(...MADE, ...calls)) disk.apply(event);
  };
  assert.throws(() => apply({ call: 'map', path: '/d/a', isWritable: true }), /through memory/);
  assert.throws(() => apply({ call: 'rename', from: '/d/a', to: '/d/sub/a' }), /cannot follow/);
  assert.throws(() => apply(open(9, '/d/never')), /never made/);
  assert.throws(() => apply(write(3, 'abc', 0), open(6, '/d/a', 'O_DSYNC'), write(6, 'abc', 1)), /over one that is not/);
});
