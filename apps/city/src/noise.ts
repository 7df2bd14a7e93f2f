/** Randomness that a seed repeats: the same city, device and moment always give the same value. */

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

/** Noise in [−1, 1] that changes smoothly, with new support every `periodMs`. */
export function smoothNoise(seed: number, timeMs: number, periodMs: number): number {
  const slot = Math.floor(timeMs / periodMs);
  const place = timeMs / periodMs - slot;
  const weight = place * place * (3 - 2 * place);
  const [before, after] = [uniform(seed, slot), uniform(seed, slot + 1)];
  return 2 * (before + (after - before) * weight) - 1;
}
