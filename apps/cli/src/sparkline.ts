/** A series as one line of blocks (Unicode, Block Elements): what stands out is seen before any number is read. */

const BLOCKS = '▁▂▃▄▅▆▇█';

/** One block for each value, the lowest for `low` and less, the highest for `high` and more; a space where there is none. */
export function sparkline(values: readonly (number | null)[], low: number, high: number): string {
  const span = high - low;
  return values
    .map((value) => {
      if (value === null) return ' ';
      const part = span === 0 ? 0.5 : Math.min(1, Math.max(0, (value - low) / span));
      return BLOCKS[Math.min(BLOCKS.length - 1, Math.floor(part * BLOCKS.length))];
    })
    .join('');
}
