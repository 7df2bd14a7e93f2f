/** Which city a command asks where no address was named: the one that runs in the data folder, whatever else runs on this machine. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DoorsJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { DATA_DEFAULT } from './cli.ts';
import { nodeFolder } from './cluster-folder.ts';

/** A city that is busy or held still is no reason to wait: the command asks at the usual address then, and says what is there. */
const TIMEOUT_MS = 2_000;

/** Gives the command the address that the city of its folder has, where nobody named one and that city says it. */
export async function useOwnAddress(command: Command): Promise<void> {
  const { api, data } = command.optsWithGlobals<{ readonly api?: string; readonly data?: string }>();
  if (api !== undefined || process.env['OPPIDUM_API'] !== undefined) return;
  const folder = nodeFolder(data ?? process.env['OPPIDUM_DATA'] ?? DATA_DEFAULT);
  if (!existsSync(join(folder, 'admin.sock'))) return;
  const http = await askAddress(folder);
  if (http !== null) rootOf(command).setOptionValueWithSource('api', http, 'implied');
}

/** Null where nobody listens, or it is not ours to ask. */
async function askAddress(data: string): Promise<string | null> {
  // Loaded where there is a city to ask: most commands start without one.
  const { callAdmin } = await import('./admin-calls.ts');
  try {
    return (await callAdmin<DoorsJson>({ data }, '/doors', undefined, TIMEOUT_MS)).http;
  } catch {
    return null;
  }
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
