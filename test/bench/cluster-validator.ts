/**
 * One validator of the cluster's bench: a node with its CometBFT, and the clients that speak to it, as a gateway's requests do: in the
 * node's process, each waiting for its durable answer. Told what to send by the process that started it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { cityRegistry } from '@oppidum/contracts/registry';
import { nativeCrypto as crypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { folderEngine } from '@oppidum/node/comet-process';
import { openDataFolder } from '@oppidum/node/data-folder';
import { transactionEvidence } from '@oppidum/node/evidence';
import { openCity } from '@oppidum/node/open-city';
import { readEnvelopes } from './cluster-envelopes.ts';
import { type CpuShares, profiled } from './cpu-shares.ts';

/** What to send, from when on (POSIX milliseconds) and for how long: as many at once as `inFlight`, or so many a second. */
export type LoadOrder = {
  readonly file: string;
  readonly startMs: number;
  readonly seconds: number;
  readonly inFlight?: number;
  readonly perSecond?: number;
  /** Of so many, one is waited for until its evidence is there. */
  readonly evidenceOf?: number;
  readonly profile?: boolean;
};

/** What came of it: milliseconds from sending to the durable answer, and to evidence; how many were answered in time, and how long that took. */
export type LoadReport = {
  readonly latenciesMs: Float64Array;
  readonly evidenceMs: Float64Array;
  readonly answeredInTime: number;
  readonly answeredForS: number;
  readonly heights: number;
  readonly shares: CpuShares | null;
};

type Tally = { readonly latenciesMs: number[]; readonly evidenceMs: number[]; answeredInTime: number; lastMs: number };

const data = process.argv[2] as string;
const folder = await openDataFolder({ folder: data, crypto });
const startEngine = folderEngine({ folder, crypto, onLine: (line) => console.error(`${data}: ${JSON.stringify(line)}`) });
if (startEngine === undefined) throw new Error('a cluster has a home of CometBFT');
const city = await openCity({ folder, crypto, registry: cityRegistry, startEngine });

process.on('message', (order: LoadOrder | 'stop') => {
  if (order === 'stop') void city.close().then(() => process.exit());
  else void obey(order).then((report) => process.send?.(report));
});
process.send?.('ready');

async function obey(order: LoadOrder): Promise<LoadReport> {
  const { height } = city.client.head();
  const tally: Tally = { latenciesMs: [], evidenceMs: [], answeredInTime: 0, lastMs: order.startMs };
  await sleep(Math.max(0, order.startMs - Date.now()));
  const send = (): Promise<void> =>
    order.perSecond === undefined ? sendInTurn(order, tally) : sendAtRate(order, order.perSecond, tally);
  const shares = order.profile === true ? await profiled(send) : await send().then(() => null);
  return {
    latenciesMs: Float64Array.from(tally.latenciesMs),
    evidenceMs: Float64Array.from(tally.evidenceMs),
    answeredInTime: tally.answeredInTime,
    answeredForS: (tally.lastMs - order.startMs) / 1_000,
    heights: city.client.head().height - height,
    shares,
  };
}

/** Closed loop: whoever has an answer sends the next. */
async function sendInTurn({ file, startMs, seconds, inFlight = 1 }: LoadOrder, tally: Tally): Promise<void> {
  const untilMs = startMs + 1_000 * seconds;
  const envelopes = readEnvelopes(file);
  const client = async (): Promise<void> => {
    for (const envelope of envelopes) {
      await sendOne(envelope, performance.now(), untilMs, tally);
      if (Date.now() >= untilMs) return;
    }
  };
  // A generator that many iterate must not be closed by the first that ends.
  envelopes.return = (value) => ({ done: true, value }) as never;
  await Promise.all(Array.from({ length: inFlight }, client));
}

/** Open loop: each is sent in its turn, whatever became of the others; its time begins when it was due. */
async function sendAtRate({ file, startMs, seconds, evidenceOf = 1 }: LoadOrder, perSecond: number, tally: Tally): Promise<void> {
  const count = Math.floor(perSecond * seconds);
  const untilMs = startMs + 1_000 * seconds;
  const began = performance.now();
  const sent: Promise<void>[] = [];
  const envelopes = readEnvelopes(file);
  for (let i = 0; i < count; i++) {
    const { value: envelope } = envelopes.next();
    if (envelope === undefined) throw new Error('too few envelopes were signed');
    const dueMs = began + (1_000 * i) / perSecond;
    await sleep(Math.max(0, dueMs - performance.now()));
    const answered = sendOne(envelope, dueMs, untilMs, tally);
    sent.push(i % evidenceOf === 0 ? answered.then((id) => awaitEvidence(id, dueMs, tally)) : answered.then(() => undefined));
  }
  await Promise.all(sent);
}

async function sendOne(envelope: Bytes, sentMs: number, untilMs: number, tally: Tally): Promise<Bytes> {
  const answer = await city.client.submit(envelope);
  if (!('executed' in answer)) throw new Error(`refused: ${answer.refused.code} ${JSON.stringify(answer.refused.details)}`);
  if (answer.executed.code !== 'OK') throw new Error(`refused by the contract: ${answer.executed.code}`);
  tally.latenciesMs.push(performance.now() - sentMs);
  const nowMs = Date.now();
  if (nowMs < untilMs) {
    tally.answeredInTime++;
    tally.lastMs = nowMs;
  }
  return answer.executed.id;
}

async function awaitEvidence(id: Bytes, sentMs: number, tally: Tally): Promise<void> {
  await transactionEvidence(city.client, crypto, id);
  tally.evidenceMs.push(performance.now() - sentMs);
}
