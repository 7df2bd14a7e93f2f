/** How Node runs a validator without doors. */

/**
 * The young generation of the main thread: two halves of 8 MB. Node sets it by the memory of the machine; with four validators under
 * full load on 24 GB, 8, 16 and 32 MB cost the same processor time, and 235, 340 and 311 MB of memory (with neighbours).
 */
export const VALIDATOR_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8'];
