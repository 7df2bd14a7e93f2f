/**
 * The database itself is real: only its files lie in memory, and its process may die before a commit and after it. That a commit is
 * durable when it returns, whole or not at all, is what test/faults/disk.test.ts holds of the real one.
 */

import { open as openReal, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb';
import { currentProcess, type SimulatedProcess } from '../machine.ts';
import { time } from '../virtual-time.ts';

/** See `open` of lmdb. */
export function open(options: RootDatabaseOptionsWithPath): RootDatabase {
  const process = currentProcess();
  process.operate();
  const path = `${process.machine.databases}${options.path}`;
  const environment = openReal({ ...options, path, noSync: true });
  if (options.readOnly !== true) mayDieAtCommits(environment, process);
  const close = environment.close.bind(environment);
  process.environments.add(environment);
  environment.close = (): Promise<void> => {
    if (!process.environments.delete(environment)) return Promise.resolve();
    return time.hold(close());
  };
  return environment;
}

function mayDieAtCommits(environment: RootDatabase, process: SimulatedProcess): void {
  const commit = environment.transactionSync.bind(environment);
  environment.transactionSync = <T>(work: () => T): T => {
    process.operate();
    const value = commit(work);
    process.operate();
    return value;
  };
  // In LMDB's own thread, which time waits for.
  const batch = environment.batch.bind(environment);
  environment.batch = async (work: () => void): Promise<boolean> => {
    process.operate();
    const value = await time.hold(batch(work));
    process.operate();
    return value;
  };
}
