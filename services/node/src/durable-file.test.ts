import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder, writeFileDurably } from './durable-file.ts';

test("a secret file is its owner's alone, whatever a crash left beside its place", async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-durable-'));
  try {
    const path = join(folder, 'secret');
    writeFileSync(`${path}.new`, 'left over by a crash, and longer', { mode: 0o644 });
    for (const text of ['first', '2']) {
      await writeFileDurably(path, Buffer.from(text), 0o600);
      assert.equal(readFileSync(path, 'utf8'), text);
      assert.equal(existsSync(`${path}.new`), false);
      if (process.platform !== 'win32') assert.equal(statSync(path).mode & 0o777, 0o600);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('whoever makes a folder is told every name that may not be durable, also where a process that died had made it', async () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-durable-'));
  try {
    const [one, two, three] = [join(root, 'one'), join(root, 'one/two'), join(root, 'one/two/three')];
    assert.deepEqual(await makeFolder(three), [two, one, root], 'made now');
    assert.deepEqual(await makeFolder(three), [two], 'there already');
    assert.deepEqual(
      await makeFolder(three, undefined, root),
      [two, one, root],
      'there already, and somebody saw to nothing below',
    );
    mkdirSync(join(one, 'other'));
    assert.deepEqual(await makeFolder(join(one, 'other/new'), undefined, root), [join(one, 'other'), one, root]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
