/** How Node runs a validator without doors. */

/**
 * The young generation of the first thread: two halves of 8 MB; others have their own (`side-thread.ts`). Node sets it by the memory of the
 * machine; with four validators under full load on 24 GB, 8, 16 and 32 MB cost the same processor time, and 235, 340 and 311 MB of memory
 * (with neighbours). The old one is collected when it has grown by three quarters: what waits for a block for a second grows old and dies
 * then, 90 MB of it where V8 waits as long as it would.
 */
export const VALIDATOR_NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=64',
  '--heap-growing-percent=75',
];
