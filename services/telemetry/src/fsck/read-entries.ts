/** Entries of a log from its own bundles, where nothing else has them: then they are believed as far as the heads above them are. */

import { join } from 'node:path';
import type { Bytes } from '@oppidum/formats/bytes';
import { encodeTilePath, parseEntryBundle, TILE_WIDTH } from '@oppidum/formats/tiles';
import { listNames, readIfThere } from './files.ts';
import { attempt } from './findings.ts';

/** Entries [from, to), or, last, the bundle that cannot be read and why. */
export function* entriesOfFiles(
  folder: string,
  from: number,
  to: number,
): Generator<Bytes | { readonly path: string; readonly why: string }> {
  for (let next = from; next < to; ) {
    const index = Math.floor(next / TILE_WIDTH);
    const needed = Math.min(TILE_WIDTH, to - index * TILE_WIDTH);
    const { path, file, width } = readBundle(folder, index, needed);
    const parsed = file === null ? { why: 'missing' } : attempt(() => parseEntryBundle(file, width));
    if ('why' in parsed) return yield { path, why: parsed.why };
    yield* parsed.value.slice(next - index * TILE_WIDTH, needed);
    next = index * TILE_WIDTH + needed;
  }
}

/** The widest file of a bundle that has so many entries. */
function readBundle(folder: string, index: number, needed: number) {
  const full = encodeTilePath({ level: 'entries', index, width: TILE_WIDTH });
  const widths = listNames(join(folder, `${full}.p`)).map(Number);
  const width = [TILE_WIDTH, ...widths.sort((a, b) => b - a)].find(
    (candidate) => candidate >= needed && readIfThere(join(folder, pathOf(full, candidate))) !== null,
  );
  const path = pathOf(full, width ?? needed);
  return { path, file: readIfThere(join(folder, path)), width: width ?? needed };
}

function pathOf(full: string, width: number): string {
  return width === TILE_WIDTH ? full : `${full}.p/${width}`;
}
