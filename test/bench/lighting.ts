/**
 * A year of street lighting with the usual assumptions (docs/lighting.md): what it saves, that no street is ever below its class, and how
 * long simulating it takes. On machines without the shared traffic data a made-up week stands in, and `realTraffic` is 0.
 */

import { usualAssumptions } from '../simulator/lighting/assumptions.ts';
import { findTraffic } from '../simulator/lighting/main.ts';
import { runYear, yearFigures } from '../simulator/lighting/run-year.ts';
import type { BenchFigures, BenchOptions } from './bench.ts';

/** Figures: those of `yearFigures`; `savedWithoutGapsPercent`: had no detector ever been silent; `yearMs`, `yearCpuMs`. */
export async function benchLighting({ say }: BenchOptions): Promise<BenchFigures> {
  const assumed = usualAssumptions();
  const traffic = findTraffic(assumed);
  say(`traffic: ${traffic.source}`);
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const figures = yearFigures(runYear(assumed, traffic), assumed);
  const yearMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const bridged = { ...assumed, gapMinutes: 1_440 };
  const without = yearFigures(runYear(bridged, findTraffic(bridged)), bridged);
  const realTraffic = traffic.source.startsWith('made up') ? 0 : 1;
  return {
    ...figures,
    savedWithoutGapsPercent: without['savedPercent'] ?? Number.NaN,
    realTraffic,
    yearMs,
    yearCpuMs: (user + system) / 1_000,
  };
}
