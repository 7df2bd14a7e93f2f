/** How Node runs a validator without doors. */

/**
 * The young generation of the first thread: two halves of 8 MB; others have their own (`side-thread.ts`). Node sets it by the memory of the
 * machine; with four validators under full load on 24 GB, 8, 16 and 32 MB cost the same processor time, and 235, 340 and 311 MB of memory
 * (with neighbours). The old one is collected when it has grown to two and a half of what it was: what waits for a block for a second grows
 * old and dies then. Sooner costs processor time, later memory: with 75 % 0.287 and 0.289 s for 1,000 transactions and validator and 183
 * MB, with 150 % 0.253 and 210 MB, with 300 % 0.247 and 265 MB (10,000 accounts, load 35 to 40).
 */
export const VALIDATOR_NODE_FLAGS: readonly string[] = [
  '--max-semi-space-size=8',
  '--initial-old-space-size=64',
  '--heap-growing-percent=150',
];
