/** How long it takes from sending a reading until the city gives evidence of it under a cosigned checkpoint. */

import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Exchange, openConnection } from './http-exchange.ts';

const SAMPLE_EVERY_MS = 50;
/** Nothing is there sooner; asking for it would only slow down what it waits for. */
const ASK_FIRST_MS = 25;
const ASK_EVERY_MS = 5;
/** Evidence that is not there by then is counted with this time. */
const GIVE_UP_MS = 20_000;

/** Follows a reading about every 50 ms. */
export class EvidenceSampler {
  readonly samples: number[] = [];
  readonly #base: URL | null;
  /** Connections that nobody asks on: a client library for each question would keep the machine busier than the readings do. */
  readonly #idle: Exchange[] = [];
  readonly #beginMs: number;
  readonly #endMs: number;
  readonly #under: Promise<void>[] = [];
  #nextMs: number;

  /** Follows none without a base address, and none outside of this time. */
  constructor(base: string | null, beginMs: number, endMs: number) {
    this.#base = base === null ? null : new URL(base);
    this.#beginMs = beginMs;
    this.#endMs = endMs;
    this.#nextMs = beginMs;
  }

  /** Told of a reading that leaves now. */
  offer(envelope: Bytes): void {
    const sentMs = performance.now();
    if (this.#base === null || sentMs < this.#nextMs || sentMs < this.#beginMs || sentMs >= this.#endMs) return;
    this.#nextMs = sentMs + SAMPLE_EVERY_MS;
    this.#under.push(this.#follow(this.#base, `/api/v1/evidence/${toHex(nativeCrypto.sha256(envelope))}`, sentMs));
  }

  /** Resolves when all that were followed have an answer. */
  async settle(): Promise<void> {
    await Promise.all(this.#under);
    for (const exchange of this.#idle) exchange.end();
  }

  async #follow({ host, hostname, port }: URL, path: string, sentMs: number): Promise<void> {
    const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: application/cbor\r\n\r\n`);
    const exchange = this.#idle.pop() ?? openConnection(connect(Number(port), hostname));
    await sleep(ASK_FIRST_MS);
    for (;;) {
      const { status } = await exchange.send(request);
      const elapsedMs = performance.now() - sentMs;
      if (status === 200 || elapsedMs > GIVE_UP_MS) {
        this.samples.push(elapsedMs);
        this.#idle.push(exchange);
        return;
      }
      await sleep(ASK_EVERY_MS);
    }
  }
}
