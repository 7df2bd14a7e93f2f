/** Founding a city in a process of its own, so that the one that stays has loaded nothing of it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from './children.ts';

const FOUND = import.meta.resolve('@oppidum/node/found-main');
/** Names under example.org and .example are reserved (RFC 2606): nobody takes a trial for a real city. */
export const NAME_DEFAULT = 'demo.oppidum.example';

/** True when this folder holds a city. */
export function isFounded(data: string): boolean {
  return existsSync(join(data, 'oppidum.json'));
}

/** Founds a city; the exit code of founding, which says itself what was wrong. */
export function found(data: string, name: string): Promise<number> {
  return runToEnd(FOUND, ['--data', data, '--name', name]);
}
