/** Locks of data folders: a simulated machine has one process at a time. */

/** See the original. */
export function lockFolder(_folder: string): { readonly release: () => void } {
  return { release: () => undefined };
}
