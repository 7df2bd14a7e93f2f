import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../support/comet.ts';
import { skipWithout } from '../support/programs.ts';

const CLI = fileURLToPath(import.meta.resolve('@oppidum/cli/main'));
type Said = { readonly code: number | null; readonly output: string };

/** Runs a command to its end. */
async function run(...words: readonly string[]): Promise<Said> {
  const child = spawn(process.execPath, [CLI, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += String(chunk);
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

describe('oppidum cluster', { skip: skipWithout('cometbft'), timeout: 180_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-cluster-'));
  const data = join(root, 'cluster');
  const first = join(data, 'validator-1');
  let city: ChildProcess;
  let api = '';

  before(async () => {
    const made = await run('cluster', 'init', '--data', data, '--validators', '4', '--p2p-port', String(await freePorts(4)));
    assert.equal(made.code, 0, made.output);
    const flags = ['--json', '--port', '0', '--mqtt-port', '0', '--mqtts-port', '0'];
    city = spawn(process.execPath, [CLI, 'cluster', 'start', '--data', data, ...flags], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(createInterface({ input: city.stdout! }), 'line')) as [string];
    api = (JSON.parse(line) as { api: string }).api;
  });

  after(async () => {
    city.kill('SIGTERM');
    await once(city, 'exit');
    rmSync(root, { recursive: true, force: true });
  });

  test('a reading of the simulated city is proven under the policy of four validators, by the same commands', async () => {
    const at = ['--api', api, '--data', first];
    let id = '';
    while (id === '') {
      await sleep(200);
      const listed = JSON.parse((await run('reading', 'list', '--limit', '1', '--json', ...at)).output) as {
        items: { id: string }[];
      };
      id = listed.items[0]?.id ?? '';
    }
    const file = join(root, 'reading.evidence');
    const made = await run('evidence', id, '--out', file, ...at);
    assert.equal(made.code, 0, made.output);
    const verified = await run('verify', file, '--policy', join(data, 'validator-3', 'city.policy'));
    assert.equal(verified.code, 0, verified.output);
    assert.match(verified.output, /cosigned by validator-\d, validator-\d, validator-\d\n/);
  });

  test('it says who decides', async () => {
    assert.match((await run('status', '--api', api, '--data', first)).output, /engine cometbft/);
  });

  test('a folder that is in use is not made again', async () => {
    const again = await run('cluster', 'init', '--data', data);
    assert.equal(again.code, 1);
    assert.match(again.output, /There is a city in .* already\. Start it/);
  });

  test('where there is no cluster none is started', async () => {
    assert.match((await run('cluster', 'start', '--data', root)).output, /There is no cluster/);
  });
});
