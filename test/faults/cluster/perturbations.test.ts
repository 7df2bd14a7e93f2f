/**
 * Four validators as processes, under load, and at most one of them in trouble at a time: killed, stopped, started again, cut off,
 * delayed, with a wrong clock, a torn write, a full disk, or lying. No fork, no acknowledged transaction lost, and progress soon after
 * it is healed. OPPIDUM_FAULT_RUNS makes more or fewer perturbations, OPPIDUM_FAULT_SEED others, OPPIDUM_FAULT_KINDS only those it names
 * (`disk full,restart`), OPPIDUM_FAULT_SAY=1 tells of each.
 */

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from '../../simulator/dice.ts';
import { skipWithout } from '../../support/programs.ts';
import { Clients } from './clients.ts';
import { Cluster, until } from './cluster.ts';
import { mayMount, onDisks } from './disks.ts';
import { diskFull, PERTURBATIONS, type Perturbation } from './perturbations.ts';
import { tellAll } from './tell-all.ts';
import { Published, type Verdict, verifyCluster } from './verdict.ts';

const COUNT = 4;
const RUNS = Number(process.env['OPPIDUM_FAULT_RUNS'] ?? 30);
const KINDS = process.env['OPPIDUM_FAULT_KINDS']?.split(',');
/** The same every time, and one that is new each time. */
const PLANS = [
  { seed: Number(process.env['OPPIDUM_FAULT_SEED'] ?? 2026), runs: RUNS },
  { seed: randomInt(2 ** 31), runs: Math.ceil(RUNS / 3) },
] as const;
const CLIENT_COUNT = 6;
/** A perturbation lasts at least and at most so long. */
const LASTS_MS = { from: 500, below: 2_500 };
const DISK_MB = 200;
/** Without a disk of its own for each, none can be full. */
const hasDisks = await mayMount();
/** The bar, on a machine that does nothing else; on a busy one as many times as long as it is busy. */
const PROGRESS_MS = 15_000;
const LOOK_MS = 100;

type Plan = (typeof PLANS)[number];
/** Whatever is said stands in the words of a failed test; details are printed when asked for. */
type Say = (text: string, kind?: 'detail') => void;
type Healed = { readonly kind: string; readonly tookMs: number; readonly limitMs: number };

/** Tasks that run or want to, where the system tells it (proc_loadavg(5)). */
function runnableCount(): number {
  try {
    return Number(/ (\d+)\//.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Begins to measure how many times as slow as one that does nothing else the machine is; the answer tells it, 1 or more. */
function watchMachine(): () => number {
  const begunMs = performance.now();
  let [looks, runnable] = [0, 0];
  const looking = setInterval(() => {
    looks++;
    runnable += runnableCount();
  }, LOOK_MS).unref();
  return () => {
    clearInterval(looking);
    if (looks === 0) return 1;
    // The average of a minute does not know yet what began a moment ago; a machine that stood still counts nothing at all.
    const crowd = Math.max(loadavg()[0] ?? 0, runnable / looks) / availableParallelism();
    return Math.max(1, crowd, (performance.now() - begunMs) / ((looks + 1) * LOOK_MS));
  };
}

/** Heals, and measures until every validator has a transaction that was signed after that. */
async function recover(cluster: Cluster, clients: Clients, kind: string, heal: () => Promise<void> | void): Promise<Healed> {
  await heal();
  const [begunMs, busy] = [performance.now(), watchMachine()];
  const { height } = await clients.submit();
  for (const member of cluster.members)
    await until(`${member.name} is at block ${height} after ${kind}`, () => {
      for (const each of cluster.members) each.keepRunning();
      return member.client.isAlive() && member.client.head().height >= height;
    });
  return { kind, tookMs: performance.now() - begunMs, limitMs: PROGRESS_MS * busy() };
}

function chooser(dice: Dice, kinds: readonly string[]): () => string {
  let left: string[] = [];
  return () => {
    // Each kind once before any comes again.
    if (left.length === 0) left = [...kinds];
    return left.splice(dice.below(left.length), 1)[0] as string;
  };
}

/** Lets them happen one after the other under load. */
async function perturb(cluster: Cluster, clients: Clients, { seed, runs }: Plan, say: Say): Promise<Healed[]> {
  const dice = new Dice(seed);
  const kinds: Readonly<Record<string, Perturbation>> = { ...PERTURBATIONS, ...(hasDisks ? { 'disk full': diskFull } : {}) };
  const next = chooser(dice, KINDS ?? Object.keys(kinds));
  const healed: Healed[] = [];
  for (let run = 0; run < runs; run++) {
    const kind = next();
    const member = cluster.at(dice.below(COUNT));
    say(`${run + 1} ${kind} of ${member.name} begins`, 'detail');
    const heal = await (kinds[kind] as Perturbation)(cluster, member, dice);
    await sleep(LASTS_MS.from + dice.below(LASTS_MS.below));
    const recovered = await recover(cluster, clients, `${kind} of ${member.name}`, heal);
    say(`${run + 1} ${recovered.kind}: ${Math.round(recovered.tookMs)} ms, acknowledged ${clients.acknowledged.size}`, 'detail');
    healed.push({ ...recovered, kind });
  }
  return healed;
}

async function runCluster(cluster: Cluster, plan: Plan, say: Say): Promise<void> {
  await cluster.start();
  const published = new Published(cluster);
  const clients = new Clients(cluster, cluster.at(0).operator());
  try {
    await clients.submit();
    clients.start(CLIENT_COUNT);
    const healed = await perturb(cluster, clients, plan, say);
    await clients.stop();
    await reachLast(cluster, clients);
    await cluster.end('SIGTERM');
    const verdict = await verifyCluster(cluster, clients, published.stop());
    const ends = cluster.members.flatMap((member) => member.ends);
    summarize(healed, verdict, clients, ends, say);
    assert.deepEqual(
      healed.filter(({ tookMs, limitMs }) => tookMs > limitMs),
      [],
    );
    assert.ok(verdict.acknowledged > plan.runs && verdict.checkpoints > plan.runs / 2, 'it was under load');
  } finally {
    clients.abandon();
    published.stop();
  }
}

/** A validator may be a block behind when the last client has its answer: it has lost nothing, but would end without that block. */
async function reachLast(cluster: Cluster, clients: Clients): Promise<void> {
  const last = [...clients.acknowledged.values()].reduce((most, { height }) => Math.max(most, height), 0);
  for (const { name, client } of cluster.members)
    await until(`${name} is at block ${last}`, () => client.isAlive() && client.head().height >= last);
}

function summarize(healed: readonly Healed[], verdict: Verdict, clients: Clients, ends: readonly string[], say: Say): void {
  const counts = Object.entries(Object.groupBy(healed, ({ kind }) => kind)).map(([kind, some = []]) => `${kind} ${some.length}`);
  const longest = healed.reduce((most, each) => (each.tookMs > most.tookMs ? each : most));
  const soon = healed.filter(({ tookMs }) => tookMs <= PROGRESS_MS).length;
  say(`perturbations ${healed.length}: ${counts.join(', ')}`);
  say(
    `blocks ${verdict.height}, acknowledged ${verdict.acknowledged}, lost ${verdict.lost}, forks ${verdict.forks}, ` +
      `checkpoints ${verdict.checkpoints} consistent, longest recovery ${(longest.tookMs / 1_000).toFixed(1)} s (${longest.kind}), ` +
      `within ${PROGRESS_MS / 1_000} s ${soon} of ${healed.length}`,
  );
  for (const end of ends) say(`ended by itself and was started again: ${end}`);
  say(`answers other than an acknowledgement, each asked again elsewhere: ${JSON.stringify(Object.fromEntries(clients.codes))}`);
}

for (const plan of PLANS)
  test(`four validators, ${plan.runs} perturbations: no fork, no lost acknowledged transaction, progress after each`, {
    skip: skipWithout('cometbft'),
    timeout: 570_000,
  }, async (t) => {
    const said: string[] = [];
    const say: Say = (text, kind) => {
      said.push(text);
      if (kind !== 'detail' || process.env['OPPIDUM_FAULT_SAY'] === '1') t.diagnostic(text);
    };
    say(`perturbations: seed ${plan.seed}${hasDisks ? '' : ', without full disks'}`);
    await onDisks(COUNT, hasDisks ? DISK_MB : null, async (folders) => {
      const cluster = await Cluster.found(folders);
      try {
        await runCluster(cluster, plan, say);
      } catch (error) {
        // Not every reader of a log sees diagnostics, and nobody has the seed again.
        throw new Error([(error as Error).message, ...said, await tellAll(cluster)].join('\n'), { cause: error });
      } finally {
        await cluster.end('SIGKILL');
      }
    });
  });

test('a full disk is among them', { skip: hasDisks ? false : 'without mount' }, async () => {
  await onDisks(1, 1, async ([folder]) =>
    assert.throws(() => writeFileSync(`${folder}/file`, new Uint8Array(2 ** 21)), { code: 'ENOSPC' }),
  );
});
