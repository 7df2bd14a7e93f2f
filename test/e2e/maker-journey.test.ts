import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type {
  BodyJson,
  DeviceDetailJson,
  ManufacturerJson,
  ModelJson,
  ProposalDetailJson,
  TransactionResultJson,
} from '@oppidum/gateway/api-types';
import { type CommandOptions, type CommandResult, runCommand } from '../support/command-line.ts';
import { type StartedCity, startCity } from '../support/started-city.ts';

const folder = mkdtempSync(join(tmpdir(), 'oppidum-maker-'));
const data = join(folder, 'city');
let city: StartedCity;

before(async () => {
  city = await startCity(data, ['--no-demo']);
});
after(async () => {
  assert.equal((await city.stop()).code, 0);
  rmSync(folder, { recursive: true, force: true });
});

const run = (args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> =>
  runCommand([...args, '--api', city.api, '--data', data], options);

async function json<T>(args: readonly string[], options: CommandOptions = {}): Promise<T> {
  const { code, stdout, stderr } = await run([...args, '--json'], options);
  assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

const execute = (args: readonly string[], options?: CommandOptions) => json<TransactionResultJson>(args, options);

/** Lists follow the ledger a moment later. */
const ROUNDS = 50;

async function until<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  for (let i = 0; i < ROUNDS; i++) {
    const answer = await ask();
    if (isThere(answer)) return answer;
  }
  throw new Error('the read model did not follow');
}

/** The only item of a list. */
async function find<T>(args: readonly string[]): Promise<T> {
  const ask = () => json<{ readonly items: readonly T[] }>(args);
  return (await until(ask, ({ items }) => items.length === 1)).items[0] as T;
}

function becomes(id: string, status: string): Promise<DeviceDetailJson> {
  const ask = () => json<DeviceDetailJson>(['device', 'show', id]);
  return until(ask, (device) => device.status === status);
}

test('a maker is admitted, its device registered, activated, suspended, resumed, revoked', async () => {
  const key = join(folder, 'works.seed');
  const { events } = await execute(['account', 'create', '--name', 'Lamp Works', '--new-key', key]);
  const account = (events[0]!.body as { readonly account: string }).account;
  const byMaker = ['--key', key, '--account', account];
  await execute(['manufacturer', 'create', '--name', 'Lamp Works', '--for', account]);
  const manufacturer = await find<ManufacturerJson>(['manufacturer', 'list']);
  await execute(['model', 'create', '--manufacturer', manufacturer.id, '--name', 'Lamp 3', '--type', 'street-light', ...byMaker]);
  const model = await find<ModelJson>(['model', 'list']);
  assert.deepEqual([model.manufacturer, model.personal, model.simulated], [manufacturer.id, false, false]);

  const deviceKey = join(folder, 'lamp-7.seed');
  const register = ['device', 'register', '--model', model.id, '--device-key', deviceKey, '--label', 'lamp-7'];
  const stranger = await run(register);
  assert.equal(stranger.code, 4, 'the operator is not the maker');
  await execute([...register, ...byMaker]);
  const { id } = await find<DeviceDetailJson>(['device', 'list', '--status', 'registered']);
  await execute(['device', 'activate', id, '--device-key', deviceKey]);
  assert.equal((await becomes(id, 'active')).keys[0]?.grade, 'device');
  await execute(['device', 'suspend', id, '--reason', 'cable cut']);
  await becomes(id, 'suspended');
  await execute(['device', 'resume', id]);
  await execute(['device', 'revoke', id, '--reason', 'stolen', '--yes']);
  await becomes(id, 'revoked');
  const again = await run(['device', 'resume', id, '-v']);
  assert.equal(again.code, 4);
  assert.match(again.stderr, /code DEVICE_REVOKED/);
  const evidence = join(folder, 'suspensions.evidence');
  assert.equal((await run(['evidence', 'state', 'suspension', id, '--out', evidence])).code, 0);
  const proven = await run(['verify', evidence, '--policy', city.policy]);
  assert.match(proven.stdout, /complete: all records of suspension: 1,/);
});

test('the council decides: proposed from a pipe, executed by the one approval it needs, closed', async () => {
  const body = await find<BodyJson>(['proposal', 'bodies']);
  const parameter = { name: 'governance/proposal-lifetime-max-ms', value: 86_400_000 };
  const actions = JSON.stringify([{ kind: 'parameter/set', body: parameter }]);
  const propose = ['proposal', 'create', '-', '--body', body.id, '--expires', '1'];
  assert.equal((await run(propose, { stdin: actions })).code, 2, 'a decision is not made without a yes');
  const decided = await execute([...propose, '--yes'], { stdin: actions });
  const proposal = await find<ProposalDetailJson>(['proposal', 'list']);
  assert.deepEqual([proposal.status, proposal.kinds], ['executed', ['parameter/set']]);
  assert.equal((await run(['proposal', 'approve', proposal.id, '--yes'])).code, 1, 'it is closed');
  const ask = () => run(['transaction', 'show', decided.id, '--json']);
  const shown = await until(ask, ({ code }) => code === 0);
  assert.equal((JSON.parse(shown.stdout) as { readonly code: string }).code, 'OK');
});
