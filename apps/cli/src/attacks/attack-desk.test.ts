import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import type { AttackDeskJson } from '@oppidum/gateway/api/attacks';
import { AttackDesk } from '@oppidum/gateway/attack-desk';
import { verifyFile } from '@oppidum/proofs/verify-file';
import { makeLogger } from '@oppidum/telemetry/logging';
import { runCommand } from '../../../../test/support/command-line.ts';
import { askDesk, assertDeskHere, assertDeskOfDemo } from '../../../../test/support/desks.ts';
import { type RunningDoors, runDoors } from '../../../../test/support/running-gateway.ts';

const OURS = fileURLToPath(new URL('../main.ts', import.meta.url));
const WEAK = fileURLToPath(new URL('../../../../test/support/weak-attacks.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'oppidum-attack-desk-'));
const data = join(folder, 'city');
const left = join(data, 'demo', 'attacks');
const doors = await runDoors(data, true, { attacks: { data, program: OURS } });
const plain = await runDoors(join(folder, 'plain'));
after(async () => {
  await doors.close();
  assert.equal(existsSync(left), false, 'a city that stops leaves nothing of an attack');
  await plain.close();
  rmSync(folder, { recursive: true, force: true });
});

const PATH = '/api/v1/attacks';
const ONE = { attack: 'hijacked-controller' };
const PLACE = { path: PATH, begin: ONE };
const ask = (from: RunningDoors, method = 'GET', body?: unknown) => askDesk<AttackDeskJson>(from, PATH, method, body);

/** Asks until the answer is what is waited for, however long a busy machine takes. */
async function eventually<T>(asked: () => Promise<T>, isIt: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await asked();
    if (isIt(answer)) return answer;
    await sleep(20);
  }
}

const ended = async (from = doors): Promise<AttackDeskJson> =>
  (
    await eventually(
      () => ask(from),
      ({ body }) => body.state !== 'working',
    )
  ).body;

const file = async (id: string): Promise<Response> => fetch(`${doors.gateway.http}${PATH}/files/${id}`);

describe('the attack desk over HTTP', () => {
  test('a city that was not started as a demo has none, and its description does not name it', async () => {
    await assertDeskOfDemo(doors, plain, PLACE);
  });

  test('is only for who is on this machine, and for no page of another site', async () => {
    await assertDeskHere(doors, PLACE);
  });

  test('lists what the command line lists, and takes nothing else', async () => {
    const { stdout } = await runCommand(['attack', 'list', '--json']);
    const { attacks } = JSON.parse(stdout) as { readonly attacks: readonly { readonly attack: string; readonly rule: string }[] };
    const { body } = await ask(doors);
    assert.deepEqual([body.state, body.outcomes], ['empty', []]);
    assert.deepEqual(
      body.attacks.map(({ name, rule }) => [name, rule]),
      attacks.map(({ attack, rule }) => [attack, rule]),
    );
    for (const strange of [{ attack: 'nothing' }, { attack: '--data' }, { attack: 1 }, { more: 1 }, [], null])
      assert.equal((await ask(doors, 'POST', strange)).body.code, 'REQUEST_INVALID', JSON.stringify(strange));
    assert.equal((await ask(doors)).body.state, 'empty');
  });

  test('carries one out on a city of its own, whatever this city was told, and leaves nothing of it', async () => {
    // A setting of this city is none of the other's: with it the command would refuse.
    process.env['OPPIDUM_DATA'] = data;
    const before = (await doors.city.client.head()).height;
    const begun = await ask(doors, 'POST', { attack: 'double-sale' });
    assert.deepEqual([begun.body.state, begun.body.asked, begun.body.running], ['working', ['double-sale'], null]);
    assert.equal((await ask(doors, 'POST', ONE)).body.code, 'DESK_BUSY');
    await eventually(
      () => ask(doors),
      ({ body }) => body.running === 'double-sale' || body.state !== 'working',
    );
    const done = await ended();
    delete process.env['OPPIDUM_DATA'];
    assert.deepEqual([done.state, done.reason, done.running], ['done', null, null]);
    const [outcome] = done.outcomes;
    assert.deepEqual([outcome?.ending, outcome?.rule], ['prevented', 'VOUCHER_SPENT']);
    assert.equal(existsSync(left), false);
    assert.equal((await doors.city.client.head()).height, before, 'this city had no part in it');

    const [exhibit] = outcome?.evidence ?? [];
    assert.ok(exhibit?.file != null && done.policy !== null);
    const [evidence, policy] = await Promise.all(
      [exhibit.file, done.policy].map(async (id) => new Uint8Array(await (await file(id)).arrayBuffer())),
    );
    assert.ok(evidence !== undefined && policy !== undefined);
    assert.equal(evidence.length, exhibit.size);
    const { report } = verifyFile(nativeCrypto, evidence, { policy: parseCityPolicy(nativeCrypto, policy) });
    assert.deepEqual([report.verdict, exhibit.verdict], ['OK', 'OK']);

    const cleared = await ask(doors, 'DELETE');
    assert.deepEqual([cleared.body.state, cleared.body.outcomes], ['empty', []]);
    assert.equal(((await (await file(exhibit.file)).json()) as { code: string }).code, 'FACT_UNKNOWN');
  });

  test('a run that is ended in the middle leaves nothing, and the next one waits for that', async () => {
    for (const until of [null, 'hijacked-controller']) {
      await ask(doors, 'POST', ONE);
      await eventually(
        async () => (existsSync(left) ? readdirSync(left) : []),
        (names) => names.length > 0,
      );
      if (until !== null)
        await eventually(
          () => ask(doors),
          ({ body }) => body.running === until || body.state !== 'working',
        );
      assert.equal((await ask(doors, 'DELETE')).body.state, 'empty');
      assert.equal(existsSync(left), false);
    }
  });

  test('says so when an attack succeeded', async () => {
    const desk = await AttackDesk.open({ data: join(folder, 'weak'), program: WEAK, logger: makeLogger('silent') });
    await desk.begin(ONE);
    const done = await eventually(
      () => desk.state(),
      ({ state }) => state !== 'working',
    );
    assert.deepEqual([done.state, done.outcomes.map(({ ending, rule }) => [ending, rule])], ['done', [['succeeded', null]]]);
  });

  test('says why where the program fails, and lists again once it does not', async () => {
    const program = join(folder, 'program.mjs');
    const desk = await AttackDesk.open({ data: join(folder, 'failing'), program, logger: makeLogger('silent') });
    await assert.rejects(desk.state(), /attacks could not be listed/);
    // Lists as ours does, and then cannot found a city.
    const list = JSON.stringify({ attacks: [{ attack: 'one', tried: 'x', ending: 'prevented', by: 'y', rule: 'Z' }] });
    const error = JSON.stringify({ error: { message: 'The city of the attacks did not start' } });
    writeFileSync(
      program,
      `if (process.argv[3] === 'list') console.log('${list}'); else { console.error('Founding'); console.error('${error}'); process.exitCode = 5; }`,
    );
    await desk.begin({});
    const done = await eventually(
      () => desk.state(),
      ({ state }) => state !== 'working',
    );
    assert.deepEqual([done.state, done.asked, done.reason], ['failed', ['one'], 'The city of the attacks did not start']);
  });

  test('what a crash left goes with the next start, and attacks end when whoever asked was killed', async () => {
    const crashed = join(folder, 'crashed');
    mkdirSync(join(crashed, 'demo', 'attacks', 'oppidum-attacks-x', 'city', 'keys'), { recursive: true });
    await AttackDesk.open({ data: crashed, program: OURS, logger: makeLogger('silent') });
    assert.equal(existsSync(join(crashed, 'demo', 'attacks')), false);

    const place = join(folder, 'abandoned');
    mkdirSync(place);
    const child = spawn(process.execPath, [OURS, 'attack', 'run', 'forged-order', '--json'], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, TMPDIR: place },
    });
    await once(child, 'message');
    child.disconnect();
    assert.deepEqual((await once(child, 'exit'))[0], 1);
    assert.deepEqual(readdirSync(place), []);
  });
});
