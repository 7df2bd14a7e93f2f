/** What a bench is: it takes about `seconds`, reports progress by `say` (standard error) and returns named figures. */

/** Figure name → value: rates per second, times in milliseconds (`…Ms`), sizes in MB (`…Mb`). */
export type BenchFigures = Readonly<Record<string, number>>;

export type BenchOptions = { readonly seconds: number; readonly say: (text: string) => void };

export type Bench = (options: BenchOptions) => Promise<BenchFigures>;

/** The value below which `part` (0…1) of the samples lie, by nearest rank; NaN without samples. */
export function percentile(samples: readonly number[], part: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] ?? Number.NaN;
}
