import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { NEWEST_VERSION } from '@oppidum/formats/state-upgrades';
import { type CommandResult, runCommand } from '../../../test/support/command-line.ts';
import { openDoors, type RunningDoors } from '../../../test/support/running-gateway.ts';

/** Further than any block of this city. */
const HEIGHT = 1_000_000;
/** The version after the one that this city began with. */
const NEXT = NEWEST_VERSION + 1;

describe('oppidum upgrade', () => {
  let doors: RunningDoors;
  let folder: string;
  const run = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(['upgrade', ...words, '--data', doors.city.folder.paths.folder, '--api', doors.gateway.http], { cwd: folder });
  const shown = async (): Promise<object> => {
    const { code, stdout, stderr } = await run('show', '--json');
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as object;
  };

  before(async () => {
    doors = await openDoors();
    folder = join(doors.city.folder.paths.folder, '..', 'user');
    mkdirSync(folder);
    writeFileSync(join(folder, 'city.policy'), doors.city.client.policyFile());
  });
  after(() => doors.close());

  test('a version is planned by the council, shown as the ledger proves it, and cancelled', async () => {
    assert.deepEqual(await shown(), { version: NEWEST_VERSION, from: 0, plan: null });
    assert.match((await run('show')).stdout, /planned +nothing/);
    const planned = await run('plan', String(NEXT), '--height', String(HEIGHT), '--yes');
    assert.equal(planned.code, 0, planned.stderr);
    const { plan } = (await shown()) as { readonly plan: { readonly version: number; readonly height: number } };
    assert.deepEqual([plan.version, plan.height], [NEXT, HEIGHT]);
    assert.match((await run('show')).stdout, new RegExp(`version ${NEXT} from block ${HEIGHT} on, decided in block`));
    const cancelled = await run('cancel', '--yes');
    assert.equal(cancelled.code, 0, cancelled.stderr);
    assert.deepEqual(await shown(), { version: NEWEST_VERSION, from: 0, plan: null });
  });

  test('what would be signed is shown and not sent; a block must be named', async () => {
    const dry = await run('plan', String(NEXT), '--height', String(HEIGHT), '--dry-run');
    assert.match(dry.stdout + dry.stderr, new RegExp(`from block ${HEIGHT} on the city executes by version ${NEXT}`));
    assert.deepEqual(await shown(), { version: NEWEST_VERSION, from: 0, plan: null });
    assert.equal((await run('plan', String(NEXT))).code, 2);
    assert.equal((await run('plan', '1', '--height', String(HEIGHT))).code, 2);
  });
});
