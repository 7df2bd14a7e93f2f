/** What the check of a whole data folder (`oppidum fsck`) finds, as a list. */

import { CliFailure, EXIT } from '../failure.ts';
import { outputOf } from '../start/children.ts';

export type Damage = { readonly code: string; readonly file: string; readonly what: string };

const FSCK = import.meta.resolve('@oppidum/telemetry/fsck-main');
/** fsck ends so when something is damaged. */
const DAMAGED = 3;

/** Derives a folder again that nobody uses. Throws when the check does not come to its end. */
export async function damagesOf(folder: string): Promise<readonly Damage[]> {
  const { code, output } = await outputOf(FSCK, ['--data', folder]);
  const events = linesOf(output) as readonly { readonly damage?: Damage; readonly summary?: object }[];
  if ((code !== 0 && code !== DAMAGED) || !events.some(({ summary }) => summary !== undefined))
    throw new CliFailure(`The check of ${folder} did not come to its end`, { exitCode: EXIT.failed });
  return events.flatMap(({ damage }) => (damage === undefined ? [] : [damage]));
}

/** JSON, line by line. */
export function linesOf(output: string): readonly unknown[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
