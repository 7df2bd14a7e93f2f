/** The settings of a bridge: one YAML file, read strictly, so that a word misspelt is refused and not ignored. */

import { readFileSync } from 'node:fs';
import { formatError } from '@oppidum/formats/errors';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { csvSettings } from './csv-settings.ts';
import { lorawanSettings } from './lorawan-settings.ts';
import { modbusSettings } from './modbus-settings.ts';

const SIZE_MAX = 4 * 1024 * 1024;

const settings = z.discriminatedUnion('bridge', [lorawanSettings, modbusSettings, csvSettings]);
export type BridgeSettings = z.infer<typeof settings>;

/** Reads a file of settings. Throws BRIDGE_SETTINGS_INVALID with the place of what is wrong. */
export function readSettings(path: string): BridgeSettings {
  const text = readFileSync(path, 'utf8');
  if (text.length > SIZE_MAX) throw formatError('BRIDGE_SETTINGS_INVALID', { path, problem: `more than ${SIZE_MAX} characters` });
  const parsed = settings.safeParse(parseText(path, text));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw formatError('BRIDGE_SETTINGS_INVALID', {
      path,
      at: `/${issue?.path.join('/')}`,
      problem: issue?.message ?? 'not as described',
    });
  }
  const names = parsed.data.devices.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw formatError('BRIDGE_SETTINGS_INVALID', { path, problem: `two devices are named ${twice}` });
  return parsed.data;
}

function parseText(path: string, text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw formatError('BRIDGE_SETTINGS_INVALID', { path, problem: (error as Error).message.split('\n', 1)[0] ?? '' });
  }
}
