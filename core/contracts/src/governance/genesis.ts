/**
 * The records that follow from the genesis document, and the rules that the document must keep beyond its shape.
 * A genesis that breaks one is a FormatError: there is no city yet that could refuse it.
 */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { checkCityPolicyFile } from '@oppidum/formats/city-policy';
import { assertPublicKey } from '@oppidum/formats/common-schemas';
import { formatError } from '@oppidum/formats/errors';
import { type Genesis, genesisPolicy } from '@oppidum/formats/genesis';
import { cityOrigin } from '@oppidum/formats/ids';
import { encodePolicy, parsePolicy } from '@oppidum/formats/policy';
import {
  accountKeyKind,
  accountKind,
  bodyKind,
  cityKind,
  memberKind,
  parameterKind,
  policyEffectiveKind,
  roleKind,
} from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { Validator } from '@oppidum/formats/state-validators';
import type { City } from '@oppidum/ledger/city';
import { isRole, roleId } from '../authority.ts';
import { checkAbleMembers } from './deadlock.ts';
import { PARAMETERS, type ParameterName, parameterId } from './parameters.ts';
import { checkTwoThirds } from './trustees.ts';
import { checkConsensusKeys, enactValidators } from './validators.ts';

/**
 * Writes the city, its accounts with keys and roles, its bodies, the default parameters and the first policy.
 * Throws KEY_INVALID, KEY_IN_USE (one account lists a key twice, a consensus key has another use), ROLE_UNKNOWN, ACCOUNT_UNKNOWN (a member of a body), GOVERNANCE_DEADLOCK,
 * BODY_UNKNOWN (the council, the trustees), TRUSTEES_THRESHOLD, POLICY_MALFORMED, POLICY_NAME_TWICE, POLICY_KEY_TWICE, POLICY_INVALID.
 */
export function applyGenesis(genesis: Genesis, genesisHash: Bytes, city: City): void {
  const origin = cityOrigin(genesis.name, genesisHash);
  city.write(at(cityKind), {
    name: genesis.name,
    genesis: genesisHash,
    origin,
    createdMs: genesis.createdMs,
    council: genesis.council,
    ...(genesis.trustees === undefined ? {} : { trustees: genesis.trustees }),
  });
  for (const account of genesis.accounts) writeAccount(city, account);
  for (const body of genesis.bodies) writeFirstBody(city, body);
  if (city.read(at(bodyKind, genesis.council)) === null) throw formatError('BODY_UNKNOWN', { body: toHex(genesis.council) });
  if (genesis.trustees !== undefined) checkFirstTrustees(city, genesis.trustees);
  for (const [name, { initial }] of Object.entries(PARAMETERS)) {
    city.write(at(parameterKind, parameterId(city, name as ParameterName)), { name, value: initial, from: city.height });
  }
  city.write(at(policyEffectiveKind), { policy: renderPolicy(city, genesis), from: city.height });
  writeValidators(city, genesis);
}

function checkFirstTrustees(city: City, trustees: Bytes): void {
  const body = city.read(at(bodyKind, trustees));
  if (body === null) throw formatError('BODY_UNKNOWN', { body: toHex(trustees) });
  const refused = checkTwoThirds(trustees, body.threshold, body.memberCount);
  if (refused !== null) throw formatError(refused.code, refused.details);
}

/** Where the document names consensus keys it names those of all. */
function writeValidators(city: City, genesis: Genesis): void {
  const validators = genesis.validators.flatMap(({ consensusKey, ...keys }): Validator[] =>
    consensusKey === undefined ? [] : [{ ...keys, consensusKey }],
  );
  if (validators.length === 0) return;
  const refused = checkConsensusKeys(genesisPolicy(city.crypto, genesis), validators);
  if (refused !== null) throw formatError(refused.code, refused.details);
  enactValidators(city, validators);
}

function writeAccount(city: City, { id, holder, keys, roles }: Genesis['accounts'][number]): void {
  city.write(at(accountKind, id), { holder, keyCount: keys.length, from: city.height });
  const seen = new Set<string>();
  keys.forEach(({ key, class: keyClass }, keyNumber) => {
    assertPublicKey(key);
    if (seen.has(toHex(key.publicKey))) throw formatError('KEY_IN_USE', { account: toHex(id), keyNumber });
    seen.add(toHex(key.publicKey));
    city.write(at(accountKeyKind, id, keyNumber), { ...key, class: keyClass, from: city.height });
  });
  for (const role of roles) {
    if (!isRole(role)) throw formatError('ROLE_UNKNOWN', { role });
    city.write(at(roleKind, id, roleId(city, role)), { role, from: city.height });
  }
}

function writeFirstBody(city: City, { id, name, threshold, members }: Genesis['bodies'][number]): void {
  for (const member of members) {
    if (city.read(at(accountKind, member)) === null) throw formatError('ACCOUNT_UNKNOWN', { account: toHex(member) });
    city.write(at(memberKind, id, member), { from: city.height });
  }
  const refused = checkAbleMembers(city, id, threshold, members);
  if (refused !== null) throw formatError(refused.code, refused.details);
  city.write(at(bodyKind, id), { name, threshold, memberCount: members.length });
}

/** The bytes of the first `city.policy`. Names come from people, so the rendering is read back before it is believed. */
function renderPolicy(city: City, genesis: Genesis): Bytes {
  const policy = encodePolicy(city.crypto, genesisPolicy(city.crypto, genesis));
  const refused = checkCityPolicyFile(city.crypto, policy, parsePolicy(city.crypto, policy));
  if (refused !== null) throw formatError(refused.code, refused.details);
  return policy;
}
