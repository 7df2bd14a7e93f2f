/** How dead lamps that do the same as others are found one by one: lit by day in sets, under maintenance orders (specs/lighting.md §8). */

/**
 * Sets of lamps, by number from 0, to be lit one after the other for one interval each: every lamp is lit in a different choice of rounds,
 * so that what is missing at the meter names it. As many rounds as `count` has binary digits.
 */
export function probeRounds(count: number): readonly (readonly number[])[] {
  const rounds: number[][] = [];
  for (let digit = 1; digit <= count; digit *= 2) {
    const lit: number[] = [];
    // Counted from 1, for a lamp that is in no round would be missed nowhere.
    for (let lamp = 1; lamp <= count; lamp++) if (Math.floor(lamp / digit) % 2 === 1) lit.push(lamp - 1);
    rounds.push(lit);
  }
  return rounds;
}
