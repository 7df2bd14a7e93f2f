/**
 * Four validators as processes: at rest, two of them down, all of them killed at once, and one that computes another state than the
 * others. OPPIDUM_FAULT_LONG=1 lets them rest for a quarter of an hour instead of half a minute.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERRORS } from '@oppidum/formats/error-catalogue';
import { LIMITS } from '@oppidum/formats/limits';
import { skipWithout } from '../../support/programs.ts';
import { Clients } from './clients.ts';
import { Cluster, type Member, until } from './cluster.ts';
import { Published, verifyCluster } from './verdict.ts';

const COUNT = 4;
const IDLE_MS = process.env['OPPIDUM_FAULT_LONG'] === '1' ? 900_000 : 30_000;
/** Thrice of what it is here: not every processor is as fast. */
const IDLE_SHARE_MAX = 0.05;
/** Of what a process used, the system counts hundredths of a second. */
const TICKS_PER_SECOND = 100;
/** So long a transaction may live, but for a moment: an old block time would refuse it. */
const VALID_MS = LIMITS.transactionLifetimeMs - 10_000;
const DOWN_MS = 3_000;
/** What says nothing of the transaction, but of the moment: see `Clients`. */
const PASSING: ReadonlySet<string> = new Set(['LATE', 'NODE_SILENT', 'ENGINE_AWAY']);

/** Processor time of both processes of a validator, in milliseconds. */
function usedMs(member: Member): number {
  const ticks = member.pids(['node', 'cometbft']).map((pid) => {
    // Fields 14 and 15 of proc_pid_stat(5); the name before them may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return (ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND) * 1_000;
}

describe('four validators', { skip: skipWithout('cometbft'), timeout: IDLE_MS + 500_000 }, () => {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-cluster-'));
  let cluster: Cluster;
  let clients: Clients;
  let published: Published;

  const heights = (): number[] => cluster.members.map(({ client }) => client.head().height);
  const reached = (height: number, members = cluster.members): Promise<void> =>
    until(`all are at block ${height}`, () => members.every(({ client }) => client.isAlive() && client.head().height >= height));

  before(async () => {
    cluster = await Cluster.found(Array.from({ length: COUNT }, (_, i) => join(root, String(i + 1))));
    await cluster.start();
    published = new Published(cluster);
    clients = new Clients(cluster, cluster.at(0).operator());
    await reached((await clients.submit()).height);
  });

  after(async () => {
    clients.abandon();
    published.stop();
    await cluster.end('SIGKILL');
    rmSync(root, { recursive: true, force: true });
  });

  test('at rest no blocks are made, hardly any processor time is used, and a transaction is taken at once', async (t) => {
    // Empty blocks follow one that changed something: the next header has its app hash.
    await reached((await clients.submit()).height + 1);
    for (let before = ''; before !== String(heights()); await sleep(5_000)) before = String(heights());
    clients.codes.clear();
    const [before, used, begunMs] = [heights(), cluster.members.map(usedMs), performance.now()];
    await sleep(IDLE_MS);
    const restedMs = performance.now() - begunMs;
    const shares = cluster.members.map((member, i) => (usedMs(member) - (used[i] as number)) / restedMs);
    assert.deepEqual(heights(), before, 'no blocks');
    const askedMs = performance.now();
    const { height } = await clients.submit(0, VALID_MS);
    const tookMs = performance.now() - askedMs;
    await reached(height);
    t.diagnostic(
      `idle ${Math.round(restedMs / 1_000)} s: of a core ${shares.map((share) => `${(share * 100).toFixed(1)} %`).join(', ')}; ` +
        `then a transaction in ${Math.round(tookMs)} ms, not taken at first: ${JSON.stringify(Object.fromEntries(clients.codes))}`,
    );
    // A validator that has no time to run may be late or silent, and another is asked; none may refuse it.
    assert.deepEqual(
      [...clients.codes.keys()].filter((code) => !PASSING.has(code)),
      [],
    );
    for (const share of shares) assert.ok(share < IDLE_SHARE_MAX, `${share} of a core`);
  });

  test('two of four down: no progress and no damage, and when they are back it goes on', async () => {
    const down = cluster.members.slice(2);
    await Promise.all(down.map((member) => member.end('SIGKILL')));
    const [one, two] = cluster.members as [Member, Member];
    const before = Math.max(one.client.head().height, two.client.head().height);
    let isAnswered = false;
    const waiting = clients.submit(0).finally(() => {
      isAnswered = true;
    });
    await sleep(DOWN_MS);
    assert.equal(isAnswered, false);
    for (const { client } of [one, two]) assert.ok(client.head().height <= before + 1, 'at most what was decided already');
    for (const member of down) member.start();
    await reached((await waiting).height);
  });

  test('all killed at once under load: they go on where they were', async () => {
    clients.start(6);
    const { size } = clients.acknowledged;
    await until('there is load', () => clients.acknowledged.size > size + 20);
    await Promise.all(cluster.members.map((member) => member.end('SIGKILL')));
    await cluster.start();
    await clients.submit();
    await clients.stop();
    await reached((await clients.submit()).height);
  });

  test('who computes another state than the others says so and stops, STATE_DIVERGED; the others go on', async (t) => {
    const [liar, ...honest] = cluster.members.toReversed() as [Member, ...Member[]];
    liar.tell({ misbehave: 'wrong hash' });
    clients.start(3);
    await until(
      `${liar.name} has stopped`,
      () => !liar.isRunning,
      () => liar.said.slice(-3_000),
    );
    const code = 'STATE_DIVERGED';
    const sentence = new RegExp(`^${code}: .*$`, 'm');
    assert.equal(liar.state, `exit code ${ERRORS[code].exitCode}`, liar.said.slice(-3_000));
    assert.match(liar.said, sentence);
    t.diagnostic(sentence.exec(liar.said)?.[0] ?? '');
    assert.match(sentence.exec(liar.said)?.[0] ?? '', /wrong Block\.Header\.AppHash\. +Expected [0-9A-F]{64}, got [0-9A-F]{64}/);
    await clients.stop();
    await reached((await clients.submit(0)).height, honest);
    // Started again it cannot have forgotten.
    const before = liar.said.length;
    liar.start();
    await until(`${liar.name} has stopped again`, () => !liar.isRunning);
    assert.match(liar.said.slice(before), sentence);
    await cluster.end('SIGTERM');
    const verdict = await verifyCluster(cluster, clients, published.stop(), honest);
    t.diagnostic(
      `blocks ${verdict.height}, acknowledged ${verdict.acknowledged}, lost ${verdict.lost}, forks ${verdict.forks}, ` +
        `checkpoints ${verdict.checkpoints} consistent`,
    );
    assert.ok(verdict.acknowledged > 20 && verdict.checkpoints > 5);
  });
});
