import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePorts } from './ports.ts';

test('ports that a test was told are nobody else’s: of no other call, no other process, and none that dials', async () => {
  const firsts = await Promise.all(Array.from({ length: 40 }, () => freePorts(4)));
  const ports = firsts.flatMap((first) => [first, first + 1, first + 2, first + 3]);
  assert.equal(new Set(ports).size, ports.length);
  for (const port of ports) assert.ok(port >= 12_000 && port < 32_000, String(port));
  const file = fileURLToPath(new URL('./ports.ts', import.meta.url));
  const script = `const { freePorts } = await import(${JSON.stringify(file)}); console.log(await freePorts(500));`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  const first = Number(stdout);
  assert.ok(first >= 12_000, stdout);
  for (const port of ports) assert.ok(port < first || port >= first + 500, `${port} and ${first}`);
  const server = createServer();
  await once(server.listen(ports[0], '127.0.0.1'), 'listening');
  server.close();
});
