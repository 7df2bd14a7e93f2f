/** How Node runs the processes of a city that take readings in. */

/**
 * The young generation of the first thread: two halves of 16 MB; others have their own (`side-thread.ts`). Without it Node sets it by the
 * memory of the machine (134 MB a thread measured on one of 24 GB), fills it before it collects, and a reading costs the same processor
 * time (153 and 154 µs measured).
 */
export const SERVICE_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=16'];
