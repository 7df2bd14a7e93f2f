/**
 * Clients of a cluster: each signs one transaction after the other, gives it to any validator, goes to the next one when that does not
 * answer, and remembers what it was told. An acknowledgement is a promise, whatever becomes of who gave it.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import type { CommittedTransaction } from '@oppidum/node/client';
import { envelopeOf, freshAccount } from '../../support/running-city.ts';
import type { Cluster } from './cluster.ts';

export type Acknowledged = Pick<CommittedTransaction, 'height' | 'index' | 'code'> & { readonly envelope: Bytes };

/** Block time may be behind the clock by as long as nothing happened. */
const VALID_MS = 540_000;
/** So long a client waits for one validator before it asks the next. */
const ANSWER_MS = 8_000;
const PAUSE_MS = 100;
const BETWEEN_MS = 20;

/** The load on a cluster. */
export class Clients {
  readonly #cluster: Cluster;
  readonly #operator: TransactionSigner;
  /** By id. */
  readonly acknowledged = new Map<string, Acknowledged>();
  /** What came instead of an acknowledgement, and how often. */
  readonly codes = new Map<string, number>();
  /** Promises that contradict each other. */
  readonly contradictions: string[] = [];
  #isStopped = false;
  #isAbandoned = false;
  #running: Promise<unknown> = Promise.resolve();
  #turn = 0;

  constructor(cluster: Cluster, operator: TransactionSigner) {
    this.#cluster = cluster;
    this.#operator = operator;
  }

  /** Lets so many clients run until `stop`. */
  start(count: number): void {
    this.#isStopped = false;
    this.#running = Promise.all(Array.from({ length: count }, () => this.#run()));
  }

  /** Resolves when what each was at is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  /** Whoever waits still is told so, by a rejection: for tests that end before their time. */
  abandon(): void {
    this.#isStopped = true;
    this.#isAbandoned = true;
    this.#running.catch(() => undefined);
  }

  /** One transaction, signed now, to the first validator that answers, this one before others; resolves when it is acknowledged. */
  async submit(first = this.#turn++, validMs = VALID_MS): Promise<Acknowledged> {
    const { client } = this.#cluster.at(0);
    const envelope = envelopeOf(client, this.#operator, [freshAccount().action], Date.now() + validMs);
    for (let at = first; ; at++) {
      if (this.#isAbandoned) throw new Error('the clients were abandoned');
      const executed = await this.#ask(at, envelope);
      if (executed !== null) return this.#keep(executed, envelope);
      await sleep(PAUSE_MS);
    }
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      await this.submit();
      await sleep(BETWEEN_MS);
    }
  }

  async #ask(at: number, envelope: Bytes): Promise<CommittedTransaction | null> {
    const late = new AbortController();
    try {
      const answer = await Promise.race([
        this.#cluster.at(at).client.submit(envelope),
        sleep(ANSWER_MS, 'LATE' as const, { signal: late.signal }),
      ]);
      if (typeof answer !== 'string' && 'executed' in answer) return answer.executed;
      this.#count(typeof answer === 'string' ? answer : answer.refused.code);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      this.#count(error.code);
    } finally {
      late.abort();
    }
    return null;
  }

  #keep({ id, height, index, code }: CommittedTransaction, envelope: Bytes): Acknowledged {
    const kept = { height, index, code, envelope };
    const before = this.acknowledged.get(toHex(id));
    if (before !== undefined) this.contradictions.push(`${toHex(id)} was acknowledged twice`);
    this.acknowledged.set(toHex(id), kept);
    return kept;
  }

  #count(code: string): void {
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1);
  }
}
