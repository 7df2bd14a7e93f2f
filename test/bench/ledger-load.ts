/** Accounts, and transactions that they signed: what benches of the ledger load a city with, whichever engine decides. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { TransactionSigner } from '@oppidum/formats/transaction';
import { actionOf, envelopeOf, execute, freshAccount, freshBytes, type RunningCity } from '../support/running-city.ts';
import { type BenchFigures, percentile } from './bench.ts';

/** What a loader needs of a city. */
type LoadedCity = Pick<RunningCity, 'client' | 'operator'>;

/** Actions of one transaction while loading. */
const CREATED_TOGETHER = 64;

/** So many accounts, created by the operator; `together` transactions wait at any time. */
export async function createAccounts(
  { client, operator }: LoadedCity,
  count: number,
  together: number,
): Promise<TransactionSigner[]> {
  const signers: TransactionSigner[] = [];
  const createInTurn = async (): Promise<void> => {
    while (signers.length < count) {
      const accounts = Array.from({ length: Math.min(CREATED_TOGETHER, count - signers.length) }, freshAccount);
      signers.push(...accounts.map(({ signer }) => signer));
      const actions = accounts.map(({ action }) => action);
      const { code } = await execute(client, envelopeOf(client, operator, actions));
      if (code !== 'OK') throw new Error(`an account was refused: ${code}`);
    }
  };
  await Promise.all(Array.from({ length: together }, createInTurn));
  return signers;
}

/** One signed transaction by an account: a further key of its own. */
function addKey({ client }: Pick<LoadedCity, 'client'>, by: TransactionSigner): Bytes {
  const key = {
    algorithm: -8 as const,
    publicKey: by.signer.publicKey.map((byte, i) => (i < 8 ? (freshBytes(1)[0] ?? byte) : byte)),
  };
  return envelopeOf(
    client,
    by,
    [actionOf('account/add-key', { account: by.account, key, class: 'full' })],
    client.head().timeMs + 590_000,
  );
}

type LoadOptions = {
  readonly seconds: number;
  /** Signed before the timed part, for each of its seconds. */
  readonly signedPerSecond: number;
  /** Transactions that wait for their answer at any time. */
  readonly inFlight: number;
  readonly say: (text: string) => void;
};

/** Sends transactions of these accounts for so many seconds. Figures: `perSecond`, `p50Ms`, `p95Ms` (from sending to the durable answer), `perBlock`. */
export async function loadLedger(
  city: LoadedCity,
  signers: readonly TransactionSigner[],
  { seconds, signedPerSecond, inFlight, say }: LoadOptions,
): Promise<BenchFigures> {
  const { client } = city;
  const count = Math.ceil(signedPerSecond * seconds);
  const envelopes = Array.from({ length: count }, (_, i) =>
    addKey(city, signers[(i * 7_919) % signers.length] as TransactionSigner),
  );
  say(`${count} transactions signed`);
  const { height } = client.head();
  const latencies: number[] = [];
  let next = 0;
  const busy = process.threadCpuUsage();
  const start = performance.now();
  const until = start + seconds * 1_000;
  const sendInTurn = async (): Promise<void> => {
    while (next < count && performance.now() < until) {
      const sentMs = performance.now();
      const { code } = await execute(client, envelopes[next++] as Bytes);
      if (code !== 'OK') throw new Error(`a transaction was refused: ${code}`);
      latencies.push(performance.now() - sentMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sendInTurn));
  const { user, system } = process.threadCpuUsage(busy);
  say(`${Math.round((user + system) / latencies.length)} µs of the main thread per transaction, clients included`);
  const elapsedS = (performance.now() - start) / 1_000;
  return {
    perSecond: latencies.length / elapsedS,
    p50Ms: percentile(latencies, 0.5),
    p95Ms: percentile(latencies, 0.95),
    perBlock: latencies.length / (client.head().height - height),
  };
}
