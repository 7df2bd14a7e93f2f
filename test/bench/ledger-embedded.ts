/**
 * The ledger under the embedded engine: 100,000 accounts, each adding keys to itself by transactions that it signed (two writes each).
 * Many are sent at once, each is answered when it is durable, with its result. Signing comes before the timed part: clients do it.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foundTestCity, runCity } from '../support/running-city.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';
import { createAccounts, loadLedger } from './ledger-load.ts';

const ACCOUNT_COUNT = 100_000;
const IN_FLIGHT = 600;
const SIGNED_PER_SECOND = 15_000;

/** Figures: `perSecond`, `p50Ms`, `p95Ms` (from sending to the durable answer), `perBlock`. */
export async function benchLedgerEmbedded({ seconds, say }: BenchOptions): Promise<BenchFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'oppidum-bench-ledger-'));
  try {
    const city = await runCity(await foundTestCity(join(folder, 'city')), { publishIntervalMs: 250 });
    const signers = await createAccounts(city, ACCOUNT_COUNT, 1);
    say(`${signers.length} accounts loaded`);
    const figures = await loadLedger(city, signers, { seconds, signedPerSecond: SIGNED_PER_SECOND, inFlight: IN_FLIGHT, say });
    await city.stop();
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
