/**
 * The folder of a cluster on one machine: a data folder for each validator, `validator-1` and so on, and beside them `city.policy`, which
 * is that of the first, as is `demo`, its simulated city. A command that works on one data folder works on the first of them.
 */

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CliFailure, EXIT } from './failure.ts';

const NAME = /^validator-([1-9]\d*)$/;

/** The data folders in it by their numbers; none where it is no folder of a cluster. */
export function validatorFolders(place: string): readonly string[] {
  if (existsSync(join(place, 'oppidum.json'))) return [];
  const names = existsSync(place) ? listNames(place) : [];
  const numbers = names.flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  const folders = numbers.sort((a, b) => a - b).map((number) => join(place, `validator-${number}`));
  return folders.filter((folder) => existsSync(join(folder, 'oppidum.json')));
}

/** The validators in a folder: those of a cluster, or the one whose data folder it is. Throws a CliFailure where there are none. */
export function ownValidators(place: string): readonly string[] {
  const folders = validatorFolders(place);
  if (folders.length > 0) return folders;
  if (existsSync(join(place, 'comet'))) return [place];
  if (existsSync(join(place, 'oppidum.json')))
    throw new CliFailure(`The city in ${place} has one validator and is no cluster`, {
      exitCode: EXIT.failed,
      action: 'Start it with `oppidum start`, or make a cluster in a folder of its own: `oppidum cluster init --data cluster`',
    });
  throw new CliFailure(`There is no cluster in ${place}`, {
    exitCode: EXIT.failed,
    action: 'Make one with `oppidum cluster init`, or name its folder with --data',
  });
}

/** Whether the validator in this folder has ever had a head of the log: one that was founded and never started has none. */
export function hasBegun(folder: string): boolean {
  return existsSync(join(folder, 'log', 'checkpoint'));
}

/** The data folder that a command works on: this one, or that of the first validator in it. */
export function nodeFolder(place: string): string {
  return validatorFolders(place)[0] ?? place;
}

/** What is no folder, or not ours to read, has no validators; whoever opens it says which. */
function listNames(place: string): readonly string[] {
  try {
    return readdirSync(place);
  } catch {
    return [];
  }
}
