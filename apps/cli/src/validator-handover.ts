/** The file by which a new validator, or one with new keys, tells whoever proposes it its public keys. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { bytes, oneOf, struct, text, uint } from '@oppidum/formats/schema';
import type { Validator } from '@oppidum/formats/state-validators';
import { isKeyName } from '@oppidum/formats/text-rules';
import { usageFailure } from './failure.ts';

const FORMAT = 'oppidum-validator-keys';
const NAME_SIZE_MAX = 64;
const handoverSchema = struct({
  format: oneOf(FORMAT),
  version: uint({ min: 1, max: 1 }),
  city: bytes(32),
  name: text(NAME_SIZE_MAX),
  logKey: bytes(32),
  cosignerKey: bytes(32),
  consensusKey: bytes(32),
});

type HexKeys = { readonly city: string; readonly logKey: string; readonly cosignerKey: string; readonly consensusKey: string };

/** A name that can stand in a policy. Throws exit code 2. */
export function validatorName(name: string): string {
  if (isKeyName(name) && name.length <= NAME_SIZE_MAX && name !== 'none') return name;
  throw usageFailure(`--name has at most ${NAME_SIZE_MAX} characters, no space and no plus; not ${name}`);
}

/** The file's text. Throws exit code 2 without a name. */
export function encodeHandover(keys: HexKeys, name: string | undefined): string {
  if (name === undefined) throw usageFailure('Whose keys these are is not said', 'Name the validator with --name NAME');
  const { city, logKey, cosignerKey, consensusKey } = keys;
  return `${JSON.stringify({ format: FORMAT, version: 1, city, name, logKey, cosignerKey, consensusKey }, null, 2)}\n`;
}

/** Reads such a file. Throws what its shape says, WRONG_CITY for one of another city. */
export function parseHandover(file: string, json: string, genesis: Bytes): Validator {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw usageFailure(`${file} is no JSON`, 'Give what `oppidum validator keys --out` wrote');
  }
  const { city, name, logKey, cosignerKey, consensusKey } = handoverSchema.fromJson(value as never, '');
  if (toHex(city) !== toHex(genesis)) throw formatError('WRONG_CITY', { file, want: toHex(genesis), got: toHex(city) });
  return { name: validatorName(name), logKey, cosignerKey, consensusKey };
}
