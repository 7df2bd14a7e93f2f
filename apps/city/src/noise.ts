/** Randomness that a seed repeats: the same town, device and moment always give the same value. */

/** Mixes integers to 32 bits (the finaliser of MurmurHash3). */
function mix(seed: number, ...numbers: readonly number[]): number {
  let hash = seed | 0;
  for (const number of numbers) {
    hash ^= number | 0;
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** A value in [0, 1) for these numbers. */
export function uniform(seed: number, ...numbers: readonly number[]): number {
  return mix(seed, ...numbers) / 2 ** 32;
}

/** A seed below this one. */
export function seedOf(seed: number, ...numbers: readonly number[]): number {
  return mix(seed, ...numbers);
}

/** Noise in [−1, 1] that changes smoothly, with new support every `periodMs`. */
export function smoothNoise(seed: number, timeMs: number, periodMs: number): number {
  const { before, after, place } = supportOf(seed, timeMs, periodMs);
  return 2 * (before + (after - before) * place * place * (3 - 2 * place)) - 1;
}

/** How fast that noise changes, a second: its derivative, at most 3,000 / `periodMs` either way. */
export function smoothNoiseSlope(seed: number, timeMs: number, periodMs: number): number {
  const { before, after, place } = supportOf(seed, timeMs, periodMs);
  return (2 * (after - before) * 6 * place * (1 - place) * 1_000) / periodMs;
}

function supportOf(seed: number, timeMs: number, periodMs: number): { before: number; after: number; place: number } {
  const slot = Math.floor(timeMs / periodMs);
  return { before: uniform(seed, slot), after: uniform(seed, slot + 1), place: timeMs / periodMs - slot };
}

/** The value with so many decimals. */
export function round(value: number, decimals: number): number {
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
