/** Founding a city in a process of its own, so that the one that stays has loaded nothing of it. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { usageFailure } from '../failure.ts';
import { runToEnd } from './children.ts';

const FOUND = import.meta.resolve('@oppidum/node/found-main');
/** Names under example.org and .example are reserved (RFC 2606): nobody takes a trial for a real city. */
export const NAME_DEFAULT = 'demo.oppidum.example';

export const NAME_FORM = 'lower-case letters, digits, dots and hyphens between them, at most 64';

/** The form that the genesis document demands. */
export function isCityName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text) && text.length <= 64;
}

/** A name of a city from an option. Throws exit code 2. */
export function cityName(text: string): string {
  if (isCityName(text)) return text;
  throw usageFailure(`--name has ${NAME_FORM}, as in ${NAME_DEFAULT}; not ${text}`);
}

/** True when this folder holds a city. */
export function isFounded(data: string): boolean {
  return existsSync(join(data, 'oppidum.json'));
}

/** Founds a city; the exit code of founding, which says itself what was wrong. */
export function found(data: string, name: string): Promise<number> {
  return runToEnd(FOUND, ['--data', data, '--name', name]);
}
