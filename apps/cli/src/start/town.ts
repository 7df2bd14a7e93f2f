/** The simulated city beside a city: its folder, its flags, and what may not change between two starts. */

import { existsSync, readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cli } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { isFounded } from './found.ts';
import { flagsOf, type Ready, type StartOptions } from './start-options.ts';
import { undoneDrafts } from './zone-drafts.ts';

export const CITY = import.meta.resolve('@oppidum/city/main');
/** Few devices make little garbage: a small young generation saves 18 MB. */
export const CITY_NODE_FLAGS = ['--max-semi-space-size=1'];
/** How often it is looked whether the simulated city would like to have zones. */
const ZONES_EVERY_MS = 1_000;

/** Makes sure that the maker of the simulated devices is on the ledger; false, and said, where nobody here may do that. */
export async function admitTown(cli: Cli, api: string): Promise<boolean> {
  const folder = join(cli.data, 'demo');
  if (existsSync(join(folder, 'manufacturer.json'))) return true;
  if (!existsSync(join(cli.data, 'keys', 'operator.seed'))) {
    cli.output.note('The key of the operator is not here, so nobody can admit simulated devices: running without them.');
    return false;
  }
  const { admitDemoMaker } = await import('./demo-maker.ts');
  await admitDemoMaker({ ...cli, api }, folder);
  return true;
}

/**
 * Makes the zones that the simulated city would like to have, as soon as it says so and whenever it has grown, until `isOver`. What goes wrong
 * is told to `note` once and tried again.
 */
export async function zoneTown(cli: Cli, api: string, isOver: () => boolean, note: (line: string) => void): Promise<void> {
  const folder = join(cli.data, 'demo');
  let isSaid = false;
  while (!isOver() && existsSync(join(cli.data, 'keys', 'operator.seed'))) {
    try {
      const drafts = undoneDrafts(folder);
      if (drafts !== null) {
        const { makeDemoZones } = await import('./demo-zones.ts');
        await makeDemoZones({ ...cli, api }, folder, drafts);
      }
    } catch (error) {
      if (!isSaid && !isOver()) note(`the zones of the simulated city are not made yet: ${(error as Error).message}`);
      isSaid = true;
    }
    // A timer that nobody waits for: a city that stops does not wait, either.
    await sleep(ZONES_EVERY_MS, undefined, { ref: false });
  }
}

/** In the folder of a cluster the town of its first validator is found where that of a city with one is: the same commands work on both. */
export async function linkTown({ place, data }: Pick<Cli, 'place' | 'data'>): Promise<void> {
  if (place === data) return;
  await symlink(join(relative(place, data), 'demo'), join(place, 'demo')).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}

/** Its flags. */
export function townFlags(data: string, { http: api, mqtt }: Ready, options: StartOptions): readonly string[] {
  const { map: plan, speed, seed, devices } = options;
  return flagsOf({ api, mqtt, folder: join(data, 'demo'), plan, speed, seed, devices });
}

/** A service is started by the same words each time: the name that the city has is no change of it. Throws exit code 2. */
export async function checkUnchanged(data: string, { name, seed, demo }: StartOptions): Promise<void> {
  if (name !== undefined && isFounded(data)) {
    const { parseGenesis } = await import('@oppidum/formats/genesis');
    const genesis = parseGenesis(new Uint8Array(readFileSync(join(data, 'genesis.cbor'))));
    if (genesis.name !== name)
      throw usageFailure(
        `The city in ${data} is ${genesis.name}, and its name stays`,
        'Leave out --name, or name another folder with --data',
      );
  }
  const own = demo && seed !== undefined ? seedOfDemo(join(data, 'demo', 'town.json')) : undefined;
  if (own !== undefined && own !== seed)
    throw usageFailure(
      `The simulated city in ${data} was made from seed ${own}, and keeps it`,
      'Leave out --seed, or name another folder with --data',
    );
}

/** Undefined before its first start. */
function seedOfDemo(file: string): number | undefined {
  try {
    const { seed } = JSON.parse(readFileSync(file, 'utf8')) as { readonly seed?: unknown };
    return typeof seed === 'number' ? seed : undefined;
  } catch {
    return undefined;
  }
}
