/** How Node runs the processes of a city that take readings in. */

/**
 * The young generation of the first thread: two halves of 8 MB; others have their own (`side-thread.ts`). Without it Node sets it by the
 * memory of the machine (134 MB a thread measured on one of 24 GB), and fills it before it collects.
 */
export const SERVICE_NODE_FLAGS: readonly string[] = ['--max-semi-space-size=8'];
