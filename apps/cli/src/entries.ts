/** Programs of the services and apps that the command line runs in its own process, by their entry points. */

type Entry = 'witness' | 'state-diff' | 'snapshot' | 'join' | 'bridge' | 'telemetry';

/** Each reads `process.argv` and ends by `process.exitCode`, as if it had been started by itself. */
const ENTRIES: Readonly<Record<Entry, () => Promise<unknown>>> = {
  witness: () => import('@oppidum/node/witness-main'),
  'state-diff': () => import('@oppidum/node/state-diff-main'),
  snapshot: () => import('@oppidum/node/snapshot-main'),
  join: () => import('@oppidum/node/join-main'),
  telemetry: () => import('@oppidum/telemetry/telemetry-main'),
  bridge: () => import('@oppidum/bridge/main'),
};

/** Runs an entry point with these arguments; it lives on in this process until it ends by itself or by a signal. */
export async function runEntry(entry: Entry, args: readonly string[]): Promise<void> {
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  await ENTRIES[entry]();
}
