import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeFileDurably } from './durable-file.ts';

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
