/** Small systems of linear equations. */

/**
 * Solves A·x = b for a symmetric, positive definite A by elimination without exchanging rows; null where A is none (columns that repeat each
 * other). Only + − × ÷ of IEEE 754, so every machine finds the same.
 */
export function solveSymmetric(a: readonly (readonly number[])[], b: readonly number[]): readonly number[] | null {
  const rows = a.map((row, i) => [...row, b[i] ?? 0]);
  const size = rows.length;
  for (const [i, row] of rows.entries()) {
    const pivot = row[i] ?? 0;
    if (!(pivot > 1e-9 * (a[i]?.[i] ?? 0))) return null;
    for (const other of rows.slice(i + 1)) {
      const factor = (other[i] ?? 0) / pivot;
      for (let j = i; j <= size; j++) other[j] = (other[j] ?? 0) - factor * (row[j] ?? 0);
    }
  }
  const x = new Array<number>(size).fill(0);
  for (let i = size - 1; i >= 0; i--) {
    const row = rows[i] ?? [];
    const known = x.reduce((sum, value, j) => sum + (j > i ? value * (row[j] ?? 0) : 0), 0);
    x[i] = ((row[size] ?? 0) - known) / (row[i] ?? 1);
  }
  return x;
}
