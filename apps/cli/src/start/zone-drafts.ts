/** What the simulated city says of the zones that it would like to have, and whether all of it is done. This loads nothing else. */

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type ZoneDraft = {
  /** Name of its files. */
  readonly file: string;
  readonly name: string;
  readonly domain: string;
  readonly devices: readonly string[];
  readonly envelope: object;
  readonly documents: readonly { readonly name: string; readonly body: string }[];
};

/** `sensors`: those that interlocks read. Ids and bodies in hex. */
export type ZoneDrafts = {
  readonly sensors: readonly { readonly device: string; readonly name: string; readonly decimals: number }[];
  readonly zones: readonly ZoneDraft[];
};

/** The drafts of the simulated city in this folder, or null: there are none, or all was done. */
export function undoneDrafts(folder: string): ZoneDrafts | null {
  const file = join(folder, 'zones.json');
  if (!existsSync(file)) return null;
  const drafts = JSON.parse(readFileSync(file, 'utf8')) as ZoneDrafts;
  const isDone = (draft: ZoneDraft): boolean =>
    existsSync(zoneFile(folder, draft.file)) && readText(membersFile(folder, draft.file)) === membersText(draft);
  return drafts.zones.every(isDone) ? null : drafts;
}

/** The key set of a zone that was made: the machines of the simulated city obey it. */
export function zoneFile(folder: string, name: string): string {
  return join(folder, 'zones', `${name}.zone`);
}

/** Which devices a zone has on the ledger. */
export function membersFile(folder: string, name: string): string {
  return join(folder, 'zones', `${name}.members`);
}

/** Of all devices of a draft. */
export function membersText({ devices }: ZoneDraft): string {
  return `${JSON.stringify(devices)}\n`;
}

function readText(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
