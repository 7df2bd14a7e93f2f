import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import type { ClusterStatus } from '@oppidum/node/cluster-status-main';
import { type CommandResult, type RunningCommand, runCommand, startCommand } from '../support/command-line.ts';
import { freePorts } from '../support/ports.ts';
import { skipWithout } from '../support/programs.ts';
import { readyZone } from '../support/ready-zone.ts';
import { firstAnchoredReading } from '../support/started-city.ts';

const CLI = fileURLToPath(import.meta.resolve('@oppidum/cli/main'));
const README = new URL('../../README.md', import.meta.url);
const CALL = 'npx --no-install oppidum';
const PORTS = ['--port', '0', '--mqtt-port', '0', '--mqtts-port', '0'];

/** The lines that the tour by command line has a reader type, in order. */
function tourLines(): readonly string[] {
  const text = readFileSync(README, 'utf8');
  const tour = text.slice(text.indexOf('## A tour in five minutes'), text.indexOf('## How it is built'));
  const lines = [...tour.matchAll(/^```\n(.*?)^```$/gms)].flatMap(([, block = '']) => block.trimEnd().split('\n'));
  return lines.filter((line) => /^(npx|cp|printf|dd) /.test(line));
}

/** A line of the tour as a script says it: where nobody is there to be asked, whoever signs says yes before. */
function asScript(line: string): string {
  const said = / order issue /.test(line) ? `${line} --yes` : line;
  return said.replace(CALL, `"${process.execPath}" "${CLI}"`);
}

function idIn(answer: string, place: RegExp): string {
  return place.exec(answer)?.[1] ?? assert.fail(answer);
}

describe('the tour of the README on four validators', { skip: skipWithout('cometbft'), timeout: 600_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-tour-'));
  let running: RunningCommand;
  let api = '';
  let reading: ReadingJson;

  /** `start` of either kind in this folder, until its doors are open. */
  async function start(...words: readonly string[]): Promise<void> {
    running = startCommand([...words, ...PORTS, '--json'], { cwd: root });
    let ended: CommandResult | null = null;
    void running.ended.then((result) => {
      ended = result;
    });
    while (!running.output().stdout.includes('\n')) {
      assert.equal(ended, null, running.output().stderr);
      await sleep(50);
    }
    api = (JSON.parse(running.output().stdout.split('\n')[0] as string) as { readonly api: string }).api;
  }

  async function stop(): Promise<CommandResult> {
    running.child.kill('SIGINT');
    return running.ended;
  }

  before(async () => {
    const made = await runCommand(['cluster', 'init', '--p2p-port', String(await freePorts(4))], { cwd: root });
    assert.equal(made.code, 0, made.stderr);
    await start('cluster', 'start');
    reading = await firstAnchoredReading(api);
  });

  after(async () => {
    await stop();
    rmSync(root, { recursive: true, force: true });
  });

  test('every command of it works as it stands there', async () => {
    const lines = tourLines();
    assert.ok(lines.length >= 18, 'the tour is there');
    const junction = (await readyZone({ api }, 'First junction')).id;
    const lights = (await readyZone({ api }, 'Street lights')).id;
    const shell = { cwd: root, encoding: 'utf8', env: { ...process.env, OPPIDUM_API: api } } as const;
    // What the tour says to take from an answer before is taken from it, by the words that stand for it.
    const known = new Map([
      ['<id>', reading.id],
      ['<device id>', reading.device],
      ['<junction>', junction],
      ['<lights>', lights],
    ]);
    const said = new Map<string, string>();
    for (const line of lines) {
      const words = [...known].reduce((text, [name, value]) => text.replace(name, value), line);
      const { status, stdout, stderr } = spawnSync('sh', ['-c', asScript(words)], shell);
      assert.equal(status, /verify altered/.test(line) ? 3 : 0, `${line}\n${stdout}${stderr}`);
      said.set(line, stdout);
      if (line.includes('zone show')) known.set('<device>', idIn(stdout, /^([0-9a-f]{64}) /m));
      if (line.includes('order issue signal/plan')) known.set('<order>', idIn(stdout, /^order +([0-9a-f]{64})$/m));
    }
    const verified = [...said].find(([line]) => line.includes('verify reading.evidence'))?.[1] ?? '';
    assert.match(verified, /cosigned by validator-\d, validator-\d, validator-\d\n/);
    assert.match(verified, /^OK {2}Proven/m);
  });

  test('status of the cluster: all there, one state, and how many may fail', async () => {
    let status: ClusterStatus;
    // Under load one may be some blocks behind at a moment.
    do {
      const { stdout } = await runCommand(['cluster', 'status', '--json'], { cwd: root });
      status = JSON.parse(stdout) as ClusterStatus;
    } while (!status.ok);
    assert.deepEqual([status.validators.length, status.faults, status.isDeciding], [4, 1, true]);
    for (const { name, peerCount, cosigners, engineVersion, memorySize, votes } of status.validators) {
      assert.deepEqual([peerCount, cosigners.length], [3, 3], name);
      assert.match(engineVersion ?? '', /^0\.38\./);
      assert.ok((memorySize ?? 0) > 0 && (votes?.of ?? 0) > 0);
    }
    const doctor = await runCommand(['doctor', '--api', api, '--json'], { cwd: root });
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; outcome: string; detail: string }[] };
    assert.deepEqual(
      checks.filter(({ outcome }) => outcome === 'fail'),
      [],
    );
    assert.match(checks.find(({ name }) => name === 'validators')?.detail ?? '', /4 of 4 validators are there/);
  });

  test('a validator that is killed runs again and says so; each has its own line in the log', async () => {
    const pidOf = (): number =>
      (JSON.parse(readFileSync(join(root, 'city-data', 'validator-3', 'lock'), 'utf8')) as { readonly pid: number }).pid;
    const killed = pidOf();
    process.kill(killed, 'SIGKILL');
    while (!/validator-3 +ended by SIGKILL \(starts again in /.test(running.output().stderr)) await sleep(50);
    for (let status = await askStatus(); !status.ok; status = await askStatus()) await sleep(200);
    assert.notEqual(pidOf(), killed);
  });

  test('once more: it is running; with one command it stops, and `start` runs all of it again, each with doors', async () => {
    const again = await runCommand(['cluster', 'start'], { cwd: root });
    assert.equal(again.code, 5);
    assert.match(again.stderr, /Another process uses this data folder/);
    assert.equal((await stop()).code, 0);
    assert.equal((await runCommand(['cluster', 'status'], { cwd: root })).code, 1);
    await start('start', '--no-demo');
    assert.deepEqual((await askStatus()).validators.length, 4);
    assert.equal((await stop()).code, 0);
    await start('cluster', 'start', '--no-demo', '--doors', 'all');
    const [line = ''] = running.output().stdout.split('\n');
    const { validators } = JSON.parse(line) as { readonly validators: readonly { readonly api: string }[] };
    assert.equal(new Set(validators.map((each) => each.api)).size, 4);
    for (const each of validators) assert.equal((await fetch(`${each.api}/api/v1/city`)).status, 200);
  });

  async function askStatus(): Promise<ClusterStatus> {
    return JSON.parse((await runCommand(['cluster', 'status', '--json'], { cwd: root })).stdout) as ClusterStatus;
  }
});

test('a list of places for machines of their own: each home listens there and dials the others', async () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-places-'));
  try {
    const places = ['a.example:26656', 'b.example:26656', '10.0.0.3:9000', '[fd00::4]:9000'];
    const data = join(root, 'cluster');
    const made = await runCommand(['cluster', 'init', '--data', data, '--address', places.join(',')]);
    assert.equal(made.code, 0, made.stderr);
    const config = (n: number): string => readFileSync(join(data, `validator-${n}`, 'comet', 'config', 'config.toml'), 'utf8');
    assert.match(config(1), /^laddr = "tcp:\/\/0\.0\.0\.0:26656"$/m);
    assert.match(config(3), /^laddr = "tcp:\/\/0\.0\.0\.0:9000"$/m);
    assert.match(
      config(1),
      /^persistent_peers = "[0-9a-f]{40}@b\.example:26656,[0-9a-f]{40}@10\.0\.0\.3:9000,[0-9a-f]{40}@\[fd00::4\]:9000"$/m,
    );
    for (const wrong of ['a.example', 'a.example:0', 'a:1,a:1,b:1,c:1', 'a:1,b:2']) {
      const refused = await runCommand(['cluster', 'init', '--data', join(root, 'other'), '--address', wrong]);
      assert.equal(refused.code, 2, wrong);
    }
    const peers = await runCommand(['cluster', 'peers', '--data', join(data, 'validator-2'), '--json']);
    const [{ peers: allowed } = { peers: [] }] = JSON.parse(peers.stdout) as { peers: { id: string }[] }[];
    assert.equal(allowed.length, 3);
    const id = 'ab'.repeat(20);
    assert.equal((await runCommand(['cluster', 'allow', id, '--note', 'library', '--data', data])).code, 0);
    const list = join(data, 'validator-4', 'comet', 'config', 'allowed_peers');
    assert.match(readFileSync(list, 'utf8'), new RegExp(`^${id} library$`, 'm'));
    assert.equal((await runCommand(['cluster', 'refuse', id, '--data', data])).code, 0);
    assert.doesNotMatch(readFileSync(list, 'utf8'), new RegExp(id));
    assert.equal((await runCommand(['cluster', 'allow', 'abc', '--data', data])).code, 2);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
