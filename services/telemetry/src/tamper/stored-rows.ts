/**
 * Rows of a table in a data folder that nobody uses, changed behind the back of whatever writes them: for tests of what must find it,
 * and for the tamper desk, which plays the dishonest operator on a copy.
 */

import type { Bytes } from '@oppidum/formats/bytes';
import { open } from 'lmdb';
import type { TableForm } from '../fsck/environment.ts';

/** Rows of one table, to be written to. */
export type Rows = {
  readonly keys: () => readonly unknown[];
  readonly get: (key: unknown) => Bytes;
  readonly put: (key: unknown, value: Bytes | number) => void;
  readonly remove: (key: unknown) => void;
};

/** Changes a table of the environment in this folder; all of the change or nothing of it. */
export async function changeRows(folder: string, form: TableForm, change: (rows: Rows) => void): Promise<void> {
  const environment = open({ path: folder, overlappingSync: false, maxDbs: 32, noSubdir: false });
  const table = environment.openDB<Bytes | number, never>({
    name: form.name,
    encoding: form.values === 'bytes' ? 'binary' : 'ordered-binary',
    ...(form.keys === 'bytes' ? { keyEncoding: 'binary' } : {}),
  });
  try {
    environment.transactionSync(() =>
      change({
        keys: () => [...table.getKeys()],
        get: (key) => {
          const value = table.get(key as never);
          return (value instanceof Uint8Array ? new Uint8Array(value) : value) as Bytes;
        },
        put: (key, value) => table.putSync(key as never, value instanceof Uint8Array ? Buffer.from(value) : value),
        remove: (key) => table.removeSync(key as never),
      }),
    );
  } finally {
    await environment.close();
  }
}
