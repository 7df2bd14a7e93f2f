/** How long it takes from sending a reading until the city gives evidence of it under a cosigned checkpoint. */

import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';

const SAMPLE_EVERY_MS = 50;
const ASK_EVERY_MS = 5;
/** Evidence that is not there by then is counted with this time. */
const GIVE_UP_MS = 20_000;

/** Follows a reading about every 50 ms. */
export class EvidenceSampler {
  readonly samples: number[] = [];
  readonly #base: string | null;
  readonly #beginMs: number;
  readonly #endMs: number;
  readonly #under: Promise<void>[] = [];
  #nextMs: number;

  /** Follows none without a base address, and none outside of this time. */
  constructor(base: string | null, beginMs: number, endMs: number) {
    this.#base = base;
    this.#beginMs = beginMs;
    this.#endMs = endMs;
    this.#nextMs = beginMs;
  }

  /** Told of a reading that leaves now. */
  offer(envelope: Bytes): void {
    const sentMs = performance.now();
    if (this.#base === null || sentMs < this.#nextMs || sentMs < this.#beginMs || sentMs >= this.#endMs) return;
    this.#nextMs = sentMs + SAMPLE_EVERY_MS;
    this.#under.push(this.#follow(`${this.#base}/api/v1/evidence/${toHex(nativeCrypto.sha256(envelope))}`, sentMs));
  }

  /** Resolves when all that were followed have an answer. */
  async settle(): Promise<void> {
    await Promise.all(this.#under);
  }

  async #follow(address: string, sentMs: number): Promise<void> {
    for (;;) {
      const answer = await fetch(address);
      await answer.arrayBuffer();
      const elapsedMs = performance.now() - sentMs;
      if (answer.status === 200 || elapsedMs > GIVE_UP_MS) {
        this.samples.push(elapsedMs);
        return;
      }
      await sleep(ASK_EVERY_MS);
    }
  }
}
