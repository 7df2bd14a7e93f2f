/** The files below `tile` of a log, one by one: a log may have millions of them. */

import { type Dirent, opendirSync } from 'node:fs';
import { join } from 'node:path';

/** Paths from the log's folder on, in no order. Nothing where there is no folder `tile`. */
export function* listTileFiles(folder: string): Generator<string> {
  const waiting = ['tile'];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const entry of entriesOf(join(folder, path))) {
      const name = `${path}/${entry.name}`;
      if (entry.isDirectory()) waiting.push(name);
      else yield name;
    }
  }
}

function* entriesOf(folder: string): Generator<Dirent> {
  let opened: ReturnType<typeof opendirSync>;
  try {
    opened = opendirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) yield entry;
  } finally {
    opened.closeSync();
  }
}
