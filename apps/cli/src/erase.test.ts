import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runCommand } from '../../../test/support/command-line.ts';

const skip = process.platform === 'win32' && 'there is no admin door on Windows';

test('what one shard erased is registered and shown; the one that was away is named: ERASURE_INCOMPLETE', { skip }, async () => {
  const data = mkdtempSync(join(tmpdir(), 'oppidum-erase-'));
  const [done, away] = ['a'.repeat(64), 'b'.repeat(64)];
  const erasures = [{ shard: done, id: 'c'.repeat(64), count: 7 }];
  const answer = { erasures, missed: [{ shard: away, code: 'NOT_READY' }] };
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(join(data, 'admin.sock'), resolve));
  try {
    const command = ['erase', 'd'.repeat(64), '--legal-basis', 'request', '--reason', 'a letter', '--yes', '-v', '--data', data];
    const { code, stdout, stderr } = await runCommand(command);
    assert.equal(code, 5, stderr);
    assert.match(stdout, /7 readings/);
    assert.ok(stderr.includes(`code ${'ERASURE_INCOMPLETE'}`), stderr);
    assert.ok(stderr.includes(away) && stderr.includes('NOT_READY') && !stderr.includes(done), stderr);
    const register = JSON.parse(readFileSync(join(data, 'erasure-register.ndjson'), 'utf8')) as { readonly erasures: unknown };
    assert.deepEqual(register.erasures, erasures);
  } finally {
    server.close();
    rmSync(data, { recursive: true });
  }
});
