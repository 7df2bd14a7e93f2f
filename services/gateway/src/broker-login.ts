/** Who we are to a broker: from a file that only its owner may read, or from the environment; never from a flag, which everybody on the machine sees. */

import { readSecretFile } from '@oppidum/crypto/secret-file';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import type { BrokerLogin } from './broker-link.ts';

const login = z.strictObject({ username: z.string().min(1).max(1_024), password: z.string().max(65_535) });

/** Null where nobody gave any. Throws KEY_FILE_MISSING, KEY_FILE_PERMISSIONS, CONFIG_INVALID. */
export function readBrokerLogin(
  file: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): BrokerLogin | null {
  if (file !== undefined) return parseLogin(file, Buffer.from(readSecretFile(file)).toString());
  const [username, password] = [environment['OPPIDUM_MQTT_USERNAME'], environment['OPPIDUM_MQTT_PASSWORD']];
  return username === undefined ? null : { username, password: password ?? '' };
}

function parseLogin(file: string, text: string): BrokerLogin {
  try {
    return login.parse(parseYaml(text, { strict: true, uniqueKeys: true, maxAliasCount: 0 }));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    // What a parser says could show a part of the password.
    throw formatError('CONFIG_INVALID', {
      setting: 'mqttLogin',
      from: `file ${file}`,
      reason: 'not `username` and `password` in YAML',
    });
  }
}
