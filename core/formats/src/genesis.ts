/**
 * The first document of a city: who its validators, bodies and accounts are before any transaction.
 * Its hash names the city: it is the audience of every reading and transaction and part of every origin.
 * The rendered policy is not in it (a policy contains the hash), it follows from it.
 */

import { type Bytes, compareBytes } from './bytes.ts';
import { policyOfValidators } from './city-policy.ts';
import { digestBy, encodeBy, id, idSet, keyClass, parseBy, publicKeySchema, timeMs } from './common-schemas.ts';
import type { Crypto } from './crypto.ts';
import { formatError } from './errors.ts';
import { cityOrigin } from './ids.ts';
import type { Policy } from './policy.ts';
import { bytes, type Infer, list, oneOf, optional, struct, text, uint } from './schema.ts';
import { laterVersion } from './state-upgrades.ts';

/**
 * Keys of one validator; log (0x01), cosigner (0x04) and consensus keys are distinct Ed25519 keys. A city whose validators are to be
 * changed by its council names the consensus keys of all.
 */
const validatorSchema = struct({ name: text(64), logKey: bytes(32), cosignerKey: bytes(32), consensusKey: optional(bytes(32)) });

const genesisAccountSchema = struct({
  id: id(),
  holder: oneOf('organisation', 'person', 'service'),
  keys: list(struct({ key: publicKeySchema, class: keyClass() }), { min: 1, max: 8 }),
  roles: list(text(64), { max: 32, order: (a, b) => (a < b ? -1 : a > b ? 1 : 0) }),
});

const bodySchema = struct({ id: id(), name: text(64), threshold: uint({ min: 1, max: 64 }), members: idSet(64, 1) });

export const genesisSchema = struct({
  version: uint({ min: 1, max: 1 }),
  /** Host-like name of the city, e.g. `demo.oppidum.example`: letters, digits, dot and hyphen. */
  name: text(64),
  nonce: bytes(16),
  createdMs: timeMs(),
  validators: list(validatorSchema, { min: 1, max: 15 }),
  accounts: list(genesisAccountSchema, { min: 1, max: 64, order: (a, b) => compareBytes(a.id, b.id) }),
  bodies: list(bodySchema, { min: 1, max: 16, order: (a, b) => compareBytes(a.id, b.id) }),
  /** The body whose approval dangerous acts need. */
  council: id(),
  /** The version of the rules that the city begins with; absent of the first. */
  rulesVersion: optional(laterVersion()),
  /** The body that admits makers of devices, from version 2 of the rules on; without one a registrar does. */
  trustees: optional(id()),
});

export type Genesis = Infer<typeof genesisSchema>;

const NAME_FORM = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/;

/** Parses and checks a genesis document. Throws FormatError. */
export function parseGenesis(data: Bytes): Genesis {
  const genesis = parseBy(genesisSchema, data);
  if (!NAME_FORM.test(genesis.name))
    throw formatError('TEXT_INVALID', { at: '/name', want: 'lower-case letters, digits, dot, hyphen' });
  const count = genesis.validators.length;
  if (count === 2) throw formatError('POLICY_INVALID', { validatorCount: count, want: '1 or 3 to 15' });
  const unnamed = genesis.validators.findIndex(({ consensusKey }) => consensusKey === undefined);
  if (unnamed >= 0 && genesis.validators.some(({ consensusKey }) => consensusKey !== undefined))
    throw formatError('MISSING_FIELD', { at: `/validators/${unnamed}/consensusKey`, want: 'of all validators or of none' });
  if (genesis.trustees !== undefined && genesis.rulesVersion === undefined)
    throw formatError('MISSING_FIELD', { at: '/rulesVersion', want: 'of a city that has trustees' });
  return genesis;
}

/** Deterministic CBOR of a genesis document. */
export function encodeGenesis(genesis: Genesis): Bytes {
  return encodeBy(genesisSchema, genesis);
}

/** SHA-256 of the document: the city's one name for machines. */
export function genesisHash(crypto: Crypto, genesis: Genesis): Bytes {
  return digestBy(crypto, genesisSchema, genesis);
}

/** The first `city.policy`: one log key and one cosigner per validator, `group validators` of k = ⌊2n/3⌋ + 1. */
export function genesisPolicy(crypto: Crypto, genesis: Genesis): Policy {
  const origin = cityOrigin(genesis.name, genesisHash(crypto, genesis));
  return policyOfValidators(origin, genesis.validators);
}
