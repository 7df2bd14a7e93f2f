/** Somebody shows that a validator signed two histories of the block log: it loses its place. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { cityKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { misbehaviourKind, validatorKeyKind } from '@oppidum/formats/state-validators';
import { parseVerifierKey } from '@oppidum/formats/verifier-key';
import { defineAction } from '@oppidum/ledger/action';
import { checkFork } from '@oppidum/proofs/verify-fork';
import { checkAnybody } from '../authority.ts';
import { convict } from './misbehaviour.ts';

/**
 * Puts a proven fork on the ledger and removes the validator whose log or cosigner key stands under both sides (specs/forks.md).
 * Rule: the key is, or was, a log or cosigner key of a validator. One that was retired before is shown and removes nobody; neither does
 * one without which too few would be left. Anybody may report.
 * Refuses, in this order: NOT_AUTHORIZED, TEXT_INVALID and KEY_INVALID (the verifier key), KEY_UNKNOWN (no log or cosigner key of a
 * validator), MISBEHAVIOUR_RECORDED, what `checkFork` refuses.
 */
export const reportValidatorFork = defineAction({
  kind: 'validator/report-fork',
  body: ACTION_FIELDS['validator/report-fork'],

  check({ key: text, ...fork }, city) {
    const refused = checkAnybody(city);
    if (refused !== null) return refused;
    const key = parseVerifierKey(city.crypto, text);
    const use = key.algorithm === 'log' ? 'log' : 'cosigner';
    const known = city.read(at(validatorKeyKind, key.publicKey));
    if (known?.use !== use) return reject('KEY_UNKNOWN', { publicKey: toHex(key.publicKey), use });
    const recorded = city.read(at(misbehaviourKind, key.publicKey));
    if (recorded !== null) return reject('MISBEHAVIOUR_RECORDED', { validator: recorded.validator, at: recorded.at });
    return checkFork(city.crypto, key, fork, city.get(at(cityKind)).origin);
  },

  // COMMIT POINT
  apply({ key: text }, city) {
    const { publicKey } = parseVerifierKey(city.crypto, text);
    const { validator } = city.get(at(validatorKeyKind, publicKey));
    const removed = convict(city, publicKey, validator, { kind: 'fork', transaction: city.transactionId });
    city.emit('validator/misbehaved', { validator, publicKey, removed });
  },
});
