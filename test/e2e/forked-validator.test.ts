/** A validator that really forks: its data folder is copied, and both copies go on with the same keys. What `oppidum audit` makes of it. */

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Gateway } from '@oppidum/gateway/server';
import { openDataFolder } from '@oppidum/node/data-folder';
import { runCommand } from '../support/command-line.ts';
import { envelopeOf, execute, foundTestCity, freshAccount, type RunningCity, runCity } from '../support/running-city.ts';
import { runGateway } from '../support/running-gateway.ts';

type Side = { readonly city: RunningCity; readonly gateway: Gateway };

const act = async ({ client, operator }: RunningCity): Promise<void> => {
  const { code, index } = await execute(client, envelopeOf(client, operator, [freshAccount().action]));
  assert.equal(code, 'OK');
  await client.checkpointOf(index + 1);
};

async function open(path: string): Promise<Side> {
  const city = await runCity(await openDataFolder({ folder: path, crypto }));
  return { city, gateway: await runGateway(city) };
}

test('two copies of one validator sign two histories: the audit proves it offline, of each at a time or of both', async () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-forked-'));
  const [one, two] = [join(root, 'one'), join(root, 'two')];
  const sides: Side[] = [];
  const run = (...words: readonly string[]) => runCommand(words, { cwd: root });
  try {
    const founded = await runCity(await foundTestCity(one));
    await act(founded);
    await founded.stop();
    cpSync(one, two, { recursive: true, filter: (path) => !path.endsWith('.sock') });
    sides.push(await open(one), await open(two));
    const [first, second] = sides as [Side, Side];
    const policy = ['--policy', join(one, 'city.policy')];
    const audit = (...sources: readonly string[]) => run('audit', ...sources, ...policy, '--json');

    const before = await audit(first.gateway.http, second.gateway.http);
    assert.equal(before.code, 0, before.stdout + before.stderr);
    // A little later one of them is asked, and remembered; no second source is needed then.
    await act(first.city);
    assert.equal((await audit(first.gateway.http, '--keep', join(root, 'kept'))).code, 0);
    for (let i = 0; i < 3; i++) await act(second.city);

    for (const sources of [
      [first.gateway.http, second.gateway.http],
      [second.gateway.http, '--keep', join(root, 'kept')],
    ]) {
      const { code, stdout } = await audit(...sources);
      assert.equal(code, 6, stdout);
      const { findings } = JSON.parse(stdout) as { findings: { code: string; file: string; signers: string[] }[] };
      const fork = findings.find((finding) => finding.code === 'FORK_PROVEN');
      assert.equal(fork?.signers.length, 2, 'the log key and the cosigner of the only validator');
      const verified = await run('verify', fork?.file ?? '', ...policy);
      assert.equal(verified.code, 6, verified.stdout);
      assert.match(verified.stdout, /^FORK_PROVEN/m);
    }
  } finally {
    for (const { city, gateway } of sides) {
      await gateway.close();
      await city.stop();
    }
    rmSync(root, { recursive: true, force: true });
  }
});
