/** What an envelope must be before a zone has it: signed, fit for the zone's domain, and free of contradictions. */

import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { type Envelope, parseEnvelope } from '@oppidum/formats/envelope';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { checkStatement, type SignedStatement } from '@oppidum/formats/statement';
import type { KeySet } from '@oppidum/formats/zone-statements';
import type { City } from '@oppidum/ledger/city';
import type { Domain } from '../domains/domain.ts';
import { checkEnvelope } from '../safety/check-envelope.ts';
import { checkNext } from './zones.ts';

/** Where an envelope is to stand: its zone and domain, the keys in force, and the digest of the one before (zeros for the first). */
export type EnvelopePlace = {
  readonly zone: Bytes;
  readonly domain: Domain;
  readonly keySet: KeySet;
  readonly version: number;
  readonly previous: Bytes;
};

/**
 * Refuses, in this order: what the decoder throws; WRONG_CITY, ZONE_FOREIGN, VERSION_NOT_NEXT, ENVELOPE_PREVIOUS; KEY_UNKNOWN,
 * SIGNATURE_INVALID, SIGNATURES_FEW; COMMAND_UNKNOWN, DANGER_UNDECLARED, DIRECTION_UNSAFE; as `checkEnvelope`.
 */
export function checkNewEnvelope(city: City, signed: SignedStatement, place: EnvelopePlace): Rejection | null {
  const envelope = parseEnvelope(signed.statement);
  const { zone, domain, keySet, version, previous } = place;
  const refused = checkNext(city, zone, envelope, version);
  if (refused !== null) return refused;
  if (!equalBytes(envelope.previous, previous)) return reject('ENVELOPE_PREVIOUS', { version });
  const { keys, dangerousThreshold } = keySet;
  return (
    checkStatement(city.crypto, 'envelope', signed, { keys, count: dangerousThreshold }) ??
    checkDomain(envelope, domain) ??
    checkEnvelope(city, envelope)
  );
}

/** An envelope speaks of commands of its domain, calls dangerous what the domain does, and safe only what the domain allows to be. */
function checkDomain({ rules, safe, dangerous }: Envelope, { commands }: Domain): Rejection | null {
  const named = [...rules.map(({ command }) => command), ...safe.map(({ command }) => command), ...dangerous];
  const strange = named.find((command) => !Object.hasOwn(commands, command));
  if (strange !== undefined) return reject('COMMAND_UNKNOWN', { command: strange });
  for (const [command, { dangerous: isDangerous }] of Object.entries(commands))
    if (isDangerous && !dangerous.includes(command)) return reject('DANGER_UNDECLARED', { command });
  const bold = safe.find(({ command }) => commands[command]?.safe !== true);
  return bold === undefined ? null : reject('DIRECTION_UNSAFE', { command: bold.command });
}
