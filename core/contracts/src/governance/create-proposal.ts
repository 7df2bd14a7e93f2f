/** A member puts actions before a body; they run, all or none, once enough members approve. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import { LIMITS } from '@oppidum/formats/limits';
import { bodyKind, proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { type Action, encodeActions } from '@oppidum/formats/transaction';
import { defineAction } from '@oppidum/ledger/action';
import type { City } from '@oppidum/ledger/city';
import { applyApprovals, approvingMembers, checkMember } from './approvals.ts';
import { parameterValue } from './parameters.ts';

/** A proposal inside a proposal would let a body decide for another. */
const NESTED_PREFIX = 'proposal/';

/**
 * Creates a proposal. Every member who signed it with a full key approves it thereby; the first of them is the proposer.
 * Where that reaches the threshold it executes at once.
 * Refuses, in this order: PROPOSAL_EXISTS, BODY_UNKNOWN, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, EXPIRED, PROPOSAL_TOO_LONG (expires too far
 * ahead), TOO_LARGE, per action PROPOSAL_NESTED, ACTION_UNKNOWN or a FormatError of its body; executing, what its actions refuse.
 */
export const createProposal = defineAction({
  kind: 'proposal/create',
  body: ACTION_FIELDS['proposal/create'],

  check(body, city) {
    if (city.read(at(proposalKind, body.id)) !== null) return reject('PROPOSAL_EXISTS', { proposal: toHex(body.id) });
    if (city.read(at(bodyKind, body.body)) === null) return reject('BODY_UNKNOWN', { body: toHex(body.body) });
    return checkMember(city, body.body) ?? checkExpiry(city, body.expiresMs) ?? checkActions(city, body.actions);
  },

  // COMMIT POINT
  apply({ id: proposalId, body, actions, expiresMs }, city) {
    const members = approvingMembers(city, body);
    const proposer = members[0]?.account;
    if (proposer === undefined) throw new Error('the check found a member');
    const proposal = {
      body,
      proposer,
      actions: encodeActions(actions),
      createdMs: city.timeMs,
      expiresMs,
      approvalCount: 0,
      executed: false,
      withdrawn: false,
    };
    city.emit('proposal/created', { id: proposalId, body, proposer });
    return applyApprovals(city, proposalId, proposal, members);
  },
});

function checkExpiry(city: City, expiresMs: number): Rejection | null {
  if (expiresMs <= city.timeMs) return reject('EXPIRED', { expiresMs, timeMs: city.timeMs });
  const lifetimeMsMax = parameterValue(city, 'governance/proposal-lifetime-max-ms');
  return expiresMs <= city.timeMs + lifetimeMsMax ? null : reject('PROPOSAL_TOO_LONG', { expiresMs, lifetimeMsMax });
}

function checkActions(city: City, actions: readonly Action[]): Rejection | null {
  const sizeMax = LIMITS.proposalActionsSizeMax;
  if (encodeActions(actions).length > sizeMax) return reject('TOO_LARGE', { sizeMax });
  for (const action of actions) {
    if (action.kind.startsWith(NESTED_PREFIX)) return reject('PROPOSAL_NESTED', { kind: action.kind });
    const refused = city.checkAction(action);
    if (refused !== null) return refused;
  }
  return null;
}
