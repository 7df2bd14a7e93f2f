/**
 * The process that keeps a city busy for as long as `soak` wants: signs readings as it goes (all of them beforehand would fill the memory
 * of a machine), sends them in batches over HTTP at a steady rate, and tells how long each batch took. Ends when its parent says `stop`.
 */

import { Agent, request } from 'node:http';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ed25519Signer } from '@oppidum/crypto/signer';
import { encodePack } from '@oppidum/device/reading-pack';
import type { Bytes } from '@oppidum/formats/bytes';
import { deviceIdOf } from '@oppidum/formats/ids';
import { signReading } from '@oppidum/formats/reading';
import { encodeReadingBatch, parseReadingAnswers } from '@oppidum/formats/reading-answers';

/** What to send where; `ratePerSecond` readings in batches of `together`. */
export type SoakRequest = {
  readonly address: string;
  readonly audience: Bytes;
  readonly seeds: readonly Bytes[];
  readonly ratePerSecond: number;
  readonly together: number;
  readonly connections: number;
};

/** Since the report before: readings that have a receipt, and milliseconds from sending a batch to its answer. */
export type SoakReport = { readonly acknowledged: number; readonly latenciesMs: readonly number[]; readonly late: number };

const REPORT_MS = 1_000;

function run({ address, audience, seeds, ratePerSecond, together, connections }: SoakRequest): void {
  const devices = seeds.map((seed) => {
    const signer = ed25519Signer(seed);
    return { signer, device: deviceIdOf(nativeCrypto, signer.publicKey) };
  });
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const everyMs = (1_000 * together) / ratePerSecond;
  const nonce = new Uint8Array(16);
  let [count, underWay, dueMs, isStopped] = [0, 0, performance.now(), false];
  let [acknowledged, late, latenciesMs] = [0, 0, [] as number[]];
  const sign = (): Bytes => {
    const { signer, device } = devices[count % devices.length] as (typeof devices)[number];
    const sequence = Math.floor(count / devices.length) + 1;
    new DataView(nonce.buffer).setUint32(0, count++);
    const pack = encodePack(device, [{ sensor: 'power', unit: 'W', value: 40 + (count % 100) / 4, timeMs: Date.now() }]);
    return signReading(signer, { audience, device, keyNumber: 0, sequence, nonce: nonce.slice() }, pack);
  };
  const send = async (): Promise<void> => {
    const body = encodeReadingBatch(Array.from({ length: together }, sign));
    const sentMs = performance.now();
    const answers = parseReadingAnswers(await post(`${address}/api/v1/readings`, agent, body));
    const kept = answers.filter(({ receipt }) => receipt !== undefined).length;
    if (kept < together) throw new Error(`${together - kept} of ${together} readings have no receipt`);
    acknowledged += kept;
    latenciesMs.push(performance.now() - sentMs);
  };
  const tick = (): void => {
    if (isStopped) return;
    for (const nowMs = performance.now(); dueMs <= nowMs; dueMs += everyMs) {
      // A city that is behind is not given more: it is counted, and never made up for.
      if (underWay >= connections) late++;
      else {
        underWay++;
        send().then(() => underWay--, fail);
      }
    }
    setTimeout(tick, Math.max(0, dueMs - performance.now()));
  };
  const report = (): void => {
    process.send?.({ acknowledged, latenciesMs, late } satisfies SoakReport);
    [acknowledged, late, latenciesMs] = [0, 0, []];
  };
  const reporter = setInterval(report, REPORT_MS);
  process.once('message', () => {
    isStopped = true;
    clearInterval(reporter);
    const settle = (): void => {
      if (underWay > 0) setTimeout(settle, 10);
      else {
        report();
        agent.destroy();
        process.disconnect();
      }
    };
    settle();
  });
  tick();
}

function post(url: string, agent: Agent, body: Bytes): Promise<Bytes> {
  const headers = { 'content-type': 'application/cbor', accept: 'application/cbor', 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part)).on('error', reject);
      response.on('end', () => {
        const answer = Buffer.concat(parts);
        if (response.statusCode === 200) resolve(new Uint8Array(answer));
        else reject(new Error(`${response.statusCode} ${answer.toString().slice(0, 300)}`));
      });
    });
    call.on('error', reject).end(body);
  });
}

function fail(error: Error): never {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
}

process.once('message', run);
