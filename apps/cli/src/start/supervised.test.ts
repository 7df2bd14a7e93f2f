import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { PAUSE_MS, Supervised } from './supervised.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-supervised-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A program that counts its lives in a file and then does what it is told. */
function programOf(name: string, then: string): { readonly file: string; readonly lives: () => number } {
  const [file, lives] = [join(folder, `${name}.mjs`), join(folder, `${name}.lives`)];
  const count = `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(lives)}, '.');`;
  writeFileSync(file, `${count}\n${then}\n`);
  const livesOf = (): number => {
    try {
      return readFileSync(lives, 'utf8').length;
    } catch {
      return 0;
    }
  };
  return { file: pathToFileURL(file).href, lives: livesOf };
}

describe('a process under supervision', () => {
  test('one that keeps ending is started again with growing pauses, and told three times with its reason', async () => {
    const { file, lives } = programOf('failing', "console.error('no keys here'); process.exit(9);");
    const [notes, lines]: [string[], string[]] = [[], []];
    const supervised = new Supervised({
      program: { name: 'failing', file, args: () => [] },
      onLine: (line) => lines.push(line),
      onNote: (text) => notes.push(text),
      reason: () => lines.at(-1) ?? null,
    });
    assert.deepEqual(await supervised.start(), { name: 'failing', code: 9, signal: null });
    while (lives() < 5) await sleep(20);
    await supervised.stop();
    const ended = lives();
    assert.deepEqual(
      notes.map((note) => note.replace(/starts again in .*/, '')),
      Array(3).fill('ended with exit code 9: no keys here ('),
    );
    assert.match(notes[0] as string, /0\.25 s/);
    assert.match(notes[2] as string, /1 s/);
    await sleep(2 * PAUSE_MS.first);
    assert.equal(lives(), ended, 'whoever was stopped is not started again');
  });

  test('one that stopped for good is told once, with its reason, and left as it is', async () => {
    const { file, lives } = programOf(
      'final',
      "console.error('STATE_DIVERGED: ours, theirs'); process.send({ ready: true }, () => process.exit(7));",
    );
    const [notes, lines]: [string[], string[]] = [[], []];
    let finalCount = 0;
    const supervised = new Supervised({
      program: { name: 'final', file, args: () => [] },
      onLine: (line) => lines.push(line),
      onNote: (text) => notes.push(text),
      reason: () => lines.at(-1) ?? null,
      onFinal: () => finalCount++,
    });
    await supervised.start();
    while (finalCount === 0) await sleep(20);
    await sleep(2 * PAUSE_MS.first);
    assert.deepEqual(notes, ['ended with exit code 7: STATE_DIVERGED: ours, theirs; it is not started again']);
    assert.deepEqual([lives(), finalCount], [1, 1]);
  });

  test('one that must start and does not stays down, and is left to whoever started it', async () => {
    const { file, lives } = programOf('never', 'process.exit(5);');
    const notes: string[] = [];
    const supervised = new Supervised({
      program: { name: 'never', file, args: () => [] },
      onLine: () => undefined,
      onNote: (text) => notes.push(text),
      reason: () => null,
      mustStart: true,
    });
    assert.deepEqual(await supervised.start(), { name: 'never', code: 5, signal: null });
    await sleep(2 * PAUSE_MS.first);
    assert.deepEqual([lives(), notes], [1, []]);
  });

  test('one that is killed runs again and is ready again; stopping it is the end', async () => {
    const { file, lives } = programOf(
      'living',
      "process.send({ ready: true, pid: process.pid }); setInterval(() => {}, 1000); process.on('SIGTERM', () => process.exit(0));",
    );
    const notes: string[] = [];
    const ready: { pid: number }[] = [];
    const supervised = new Supervised({
      program: { name: 'living', file, args: () => [] },
      onLine: () => undefined,
      onNote: (text) => notes.push(text),
      reason: () => null,
      onReady: (message) => ready.push(message as { pid: number }),
    });
    await supervised.start();
    process.kill(ready[0]?.pid as number, 'SIGKILL');
    while (ready.length < 2) await sleep(20);
    assert.deepEqual(notes, ['ended by SIGKILL (starts again in 0.25 s)']);
    await supervised.stop();
    assert.equal(lives(), 2);
  });
});
