/** The published conversations of CometBFT's `abci-cli` (abci/tests/test_cli of v0.38), word for word, with our server. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { parseAddress, serveAbci } from '@oppidum/abci/server';
import { abciStore } from '../support/abci-store.ts';
import { findProgram, skipWithout } from '../support/programs.ts';

const VECTORS = resolve(import.meta.dirname, '../../vectors/abci');

/** What the program says to a conversation. */
async function converse(address: string, conversation: string): Promise<string> {
  const words = ['--log_level=error', '--verbose', '--address', address, 'batch'];
  const child = spawn(findProgram('abci-cli') as string, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += String(chunk);
  });
  child.stdin.end(conversation);
  await once(child, 'exit');
  return said;
}

describe('abci-cli', { skip: skipWithout('abci-cli') }, () => {
  for (const kind of ['unix', 'tcp'] as const)
    for (const name of ['ex1', 'ex2'])
      test(`${name} over ${kind}`, async () => {
        const folder = mkdtempSync(join(tmpdir(), 'oppidum-abci-'));
        const server = createServer();
        server.listen(parseAddress(kind === 'unix' ? `unix://${join(folder, 'abci.sock')}` : 'tcp://127.0.0.1:0'));
        await once(server, 'listening');
        const faults: Error[] = [];
        const stop = serveAbci(server, { application: abciStore(), onFault: (error) => faults.push(error) });
        const bound = server.address();
        const address = typeof bound === 'string' ? `unix://${bound}` : `tcp://127.0.0.1:${bound?.port}`;
        const conversation = readFileSync(join(VECTORS, `${name}.abci`), 'utf8');
        assert.equal(await converse(address, conversation), readFileSync(join(VECTORS, `${name}.abci.out`), 'utf8'));
        assert.deepEqual(faults, []);
        stop();
        server.close();
        rmSync(folder, { recursive: true, force: true });
      });
});
