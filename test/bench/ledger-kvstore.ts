/**
 * What CometBFT alone can do: its builtin `kvstore`, which checks no signature and keeps nothing durable, with our settings, on as many
 * validators, with transactions as large as ours, as many under way, spread over the validators.
 */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CometRpc } from '@oppidum/node/comet-rpc';
import { cometPlaces } from '@oppidum/node/found-cluster';
import { foundTestCluster, startComet } from '../support/comet.ts';

export type KvstoreOptions = {
  readonly validatorCount: number;
  readonly seconds: number;
  readonly inFlight: number;
  /** Bytes of one transaction. */
  readonly size: number;
};

/** Of one question about blocks. */
const HEADERS_MAX = 20;
const POLL_MS = 20;
const WARM_UP_MS = 1_000;

/** Transactions committed in a second. */
export async function measureKvstore({ validatorCount, seconds, inFlight, size }: KvstoreOptions): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'oppidum-bench-kvstore-'));
  const folders = Array.from({ length: validatorCount }, (_, i) => join(root, String(i + 1)));
  await foundTestCluster(folders);
  const places = folders.map(cometPlaces);
  const comets = places.map((each) => startComet(each, ['--proxy_app', 'kvstore']));
  const rpcs = places.map(({ rpc }) => new CometRpc(rpc, { parcelCountMax: 1 }));
  try {
    const chain = new Chain(places[0]?.rpc ?? '');
    await chain.begun();
    let sent = 0;
    let isOver = false;
    const send = async (): Promise<void> => {
      for (; !isOver; await sleep(POLL_MS / 4)) {
        for (; sent - chain.count < inFlight; sent++)
          void rpcs[sent % rpcs.length]?.broadcast(transactionOf(size)).catch(() => undefined);
      }
    };
    const sending = send();
    await chain.follow(WARM_UP_MS);
    const [countBefore, beganMs] = [chain.count, performance.now()];
    await chain.follow(1_000 * seconds);
    const perSecond = (chain.count - countBefore) / ((performance.now() - beganMs) / 1_000);
    isOver = true;
    await sending;
    return perSecond;
  } finally {
    for (const rpc of rpcs) rpc.close();
    await Promise.all(comets.map(({ stop }) => stop()));
    rmSync(root, { recursive: true, force: true });
  }
}

/** A key and a value, as `kvstore` wants them. */
function transactionOf(size: number): Uint8Array {
  const hex = randomBytes(Math.ceil(size / 2))
    .toString('hex')
    .slice(0, size);
  return new Uint8Array(Buffer.from(`${hex.slice(0, 32)}=${hex.slice(33)}`));
}

/** How many transactions the blocks of one CometBFT hold. */
class Chain {
  readonly #socketPath: string;
  count = 0;
  #height = 0;

  constructor(rpc: string) {
    this.#socketPath = rpc.replace('unix://', '');
  }

  /** Resolves when it answers. */
  async begun(): Promise<void> {
    for (;;) {
      try {
        return void (await this.#count());
      } catch {
        await sleep(POLL_MS);
      }
    }
  }

  async follow(ms: number): Promise<void> {
    for (const untilMs = performance.now() + ms; performance.now() < untilMs; await sleep(POLL_MS)) await this.#count();
  }

  async #count(): Promise<void> {
    const path = `/blockchain?minHeight=${this.#height + 1}&maxHeight=${this.#height + HEADERS_MAX}`;
    const { result } = JSON.parse(await this.#get(path)) as {
      result?: { block_metas: { num_txs: string; header: { height: string } }[] };
    };
    for (const { num_txs, header } of result?.block_metas ?? []) {
      this.count += Number(num_txs);
      this.#height = Math.max(this.#height, Number(header.height));
    }
  }

  #get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#socketPath, path }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve(text));
      });
      asked.on('error', reject);
      asked.end();
    });
  }
}
