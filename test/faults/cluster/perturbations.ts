/**
 * What happens to one validator of a cluster while the others go on: each kind begins, and answers how it is healed. The names are
 * those of the test's summary.
 */

import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cometPlaces } from '@oppidum/node/found-cluster';
import type { Dice } from '../../simulator/dice.ts';
import { type Cluster, type Half, type Member, until } from './cluster.ts';
import { type Misbehaviour, PASSING } from './misbehaviour.ts';

type Heal = () => Promise<void> | void;
export type Perturbation = (cluster: Cluster, member: Member, dice: Dice) => Promise<Heal> | Heal;

const HOUR_MS = 3_600_000;
const DELAYS_MS = [50, 200, 500] as const;
/** Of the log of CometBFT, so much is torn off at most. */
const TORN_SIZE_MAX = 200;

/** SIGKILL; what ends is started again by whoever supervises it: the node starts its CometBFT, we start the node. */
const kill =
  (...halves: readonly Half[]): Perturbation =>
  async (_cluster, member) => {
    if (halves.length === 2) await member.end('SIGKILL');
    else member.signal('SIGKILL', halves);
    return () => restarted(member);
  };

/** Ended, as it may have ended for its own reasons, and started. */
async function restarted(member: Member): Promise<void> {
  if (member.isReady) return;
  await until(`${member.name} has ended`, () => !member.isRunning);
  member.start();
}

/** SIGSTOP until healed. */
const pause =
  (...halves: readonly Half[]): Perturbation =>
  (_cluster, member) => {
    const pids = member.signal('SIGSTOP', halves);
    return () => {
      for (const pid of pids) process.kill(pid, 'SIGCONT');
    };
  };

/** Wires of one validator, or of one pair. */
const wires =
  (state: 'open' | 'silent' | 'cut', scope: 'all' | 'one', isSlow = false): Perturbation =>
  (cluster, member, dice) => {
    const other = scope === 'all' ? null : cluster.at(member.index + 1 + dice.below(cluster.members.length - 1));
    cluster.setLinks(state, isSlow ? dice.pick([...DELAYS_MS]) : 0, member, other);
    return () => cluster.setLinks('open', 0, member, other);
  };

export const PERTURBATIONS: Readonly<Record<string, Perturbation>> = {
  'kill node': kill('node'),
  'kill cometbft': kill('cometbft'),
  'kill both': kill('node', 'cometbft'),
  'stop node': pause('node'),
  'stop cometbft': pause('cometbft'),
  'stop both': pause('node', 'cometbft'),
  restart: async (_cluster, member) => {
    await member.end('SIGTERM');
    return () => restarted(member);
  },
  'torn write': async (_cluster, member, dice) => {
    await member.end('SIGKILL');
    tear(member.data, dice);
    return () => restarted(member);
  },
  'cut off': wires('cut', 'all'),
  'cut from one': wires('cut', 'one'),
  silence: wires('silent', 'all'),
  'silence to one': wires('silent', 'one'),
  delay: wires('open', 'all', true),
  'clock skew': (_cluster, member, dice) => {
    const aheadMs = (1 + dice.below(2 * HOUR_MS)) * (dice.once(2) ? 1 : -1);
    member.tell({ clockAheadMs: aheadMs });
    return () => member.tell({ clockAheadMs: 0 });
  },
  ...Object.fromEntries(PASSING.map((kind) => [kind, misbehave(kind)])),
};

/** Misbehaves, at least once. */
function misbehave(kind: Misbehaviour): Perturbation {
  return async (_cluster, member) => {
    const before = member.misbehaved.length;
    member.tell({ misbehave: kind });
    await until(`${member.name} has done wrong: ${kind}`, () => member.misbehaved.slice(before).includes(kind));
    return () => member.tell({ misbehave: null });
  };
}

/** Fills the disk of a validator, which is its alone; healed by room on it. Its node ends of it, or its CometBFT, or none. */
export const diskFull: Perturbation = (_cluster, member) => {
  const filler = join(member.data, 'filler');
  for (let left = room(member.data); left > 0; left = room(member.data)) {
    try {
      appendFileSync(filler, new Uint8Array(Math.min(left, 4 << 20)));
    } catch {
      break;
    }
  }
  return () => rmSync(filler);
};

function room(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** What a power cut may leave: the newest bytes of CometBFT's log missing or changed, and halves of files beside ours. */
function tear(data: string, dice: Dice): void {
  const folder = join(cometPlaces(data).home, 'data', 'cs.wal');
  const wal = join(folder, 'wal');
  if (existsSync(wal)) {
    const bytes = readFileSync(wal);
    const torn = Math.min(bytes.length, 1 + dice.below(TORN_SIZE_MAX));
    if (dice.once(2)) truncateSync(wal, bytes.length - torn);
    else writeFileSync(wal, bytes.fill(0, bytes.length - torn));
  }
  for (const name of ['frontier', 'last-signed', 'checkpoint']) {
    const file = join(data, 'log', name);
    if (existsSync(file)) writeFileSync(`${file}.new`, readFileSync(file).subarray(0, dice.below(20)));
  }
  const tiles = join(data, 'log', 'tile', 'entries');
  if (existsSync(tiles)) writeFileSync(join(tiles, `${readdirSync(tiles)[0] ?? '000'}.new`), 'half of a tile');
}
