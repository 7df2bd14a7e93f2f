/** How far this machine's clock may be off, by what the address of the page says. */

/** Milliseconds; what a machine that keeps time by the network is usually within. */
const CLOCK_ERROR_MS = 2_000;

/**
 * Milliseconds, of `?clock-error-ms=N`. The device signs it, and anybody can make a link: one may say that the clock is worse than usual,
 * never that it is better.
 */
export function clockErrorAsked(search: string): number {
  const asked = new URLSearchParams(search).get('clock-error-ms') ?? '';
  return /^[0-9]{1,12}$/.test(asked) ? Math.max(Number(asked), CLOCK_ERROR_MS) : CLOCK_ERROR_MS;
}
