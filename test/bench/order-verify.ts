/** Bench `order-verify`: an order as it reaches a device, issued by seven validators, from bytes to obedience, without what the machine does. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { acceptOrder, type Judging } from '@oppidum/device/orders/accept-order';
import { Challenges } from '@oppidum/device/orders/challenges';
import { orderStateInMemory } from '@oppidum/device/orders/order-state';
import { OrderTrust } from '@oppidum/device/orders/order-trust';
import { systemMonotonic } from '@oppidum/device/system-time';
import type { Crypto } from '@oppidum/formats/crypto';
import { nobleCrypto } from '@oppidum/formats/noble-crypto';
import { makeEnvelope } from '../support/envelopes.ts';
import { IssuingCity } from '../support/issuing-city.ts';
import { namedId } from '../support/ledger.ts';
import { type BenchFigures, type BenchOptions, percentile } from './bench.ts';

const VALIDATOR_COUNT = 7;
const WARM_UP = 50;
const DEVICE = namedId('lamp');

/**
 * `nodeMs`, `nobleMs`: median with native cryptography and with pure code; `orderBytes`: size of the order; `rssMb`: how much the resident
 * memory grew while it verified by native cryptography.
 */
export async function benchOrderVerify({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const city = new IssuingCity(VALIDATOR_COUNT);
  const plain = { quantities: [], rules: [], dangerous: [], safe: [] };
  const envelope = makeEnvelope({ city: city.genesis, zone: namedId('zone'), ...plain });
  const challenges = new Challenges(systemMonotonic());
  const order = city.issue({ device: DEVICE, challenge: challenges.renew() }, { order: { lifetimeMs: 600_000 } });
  const judgingWith = (crypto: Crypto): Judging => ({
    crypto,
    device: DEVICE,
    store: orderStateInMemory({ keys: city.keys, envelope }),
    trust: new OrderTrust(crypto, city.policy, null),
    source: null,
    challenges,
    actuator: { dangerous: new Set(), veto: () => null, act: () => Promise.resolve(), state: () => [] },
  });
  const beforeBytes = process.memoryUsage.rss();
  const nodeMs = await measure(judgingWith(nativeCrypto), order, seconds / 2);
  const rssMb = (process.memoryUsage.rss() - beforeBytes) / 2 ** 20;
  say(`native: ${nodeMs.toFixed(3)} ms`);
  const nobleMs = await measure(judgingWith(nobleCrypto), order, seconds / 2);
  return { nodeMs, nobleMs, orderBytes: order.length, rssMb };
}

/** Median milliseconds of one verification: what else the machine does meanwhile is not the device's time. */
async function measure(judging: Judging, order: Uint8Array, seconds: number): Promise<number> {
  const verify = async (): Promise<void> => {
    const judged = await acceptOrder(judging, order);
    if (judged.kind !== 'accepted') throw new Error(`the order is ${judged.code}`);
  };
  const endMs = performance.now() + 1_000 * seconds;
  for (let n = 0; n < WARM_UP && performance.now() < endMs; n++) await verify();
  const samples: number[] = [];
  do {
    const startMs = performance.now();
    await verify();
    samples.push(performance.now() - startMs);
  } while (performance.now() < endMs);
  return percentile(samples, 0.5);
}
