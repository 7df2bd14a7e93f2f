/** A member agrees to a proposal; the approval that reaches the threshold executes it. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { applyApprovals, checkMember, checkWaiting, freshMembers, hasApproved } from './approvals.ts';

/**
 * Approves a proposal for every member who signed with a full key and has no standing approval yet.
 * Rule: members and threshold are those of the moment; where an inner action is refused nothing of the transaction happens, the approval
 * included, so a proposal is never half done and may be approved again when the obstacle is gone.
 * Refuses, in this order: PROPOSAL_UNKNOWN, PROPOSAL_CLOSED, PROPOSAL_EXPIRED, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ALREADY_APPROVED;
 * executing, what its actions refuse.
 */
export const approveProposal = defineAction({
  kind: 'proposal/approve',
  body: ACTION_FIELDS['proposal/approve'],

  check({ id: proposalId }, city) {
    const late = checkWaiting(city, proposalId);
    if (late !== null) return late;
    const { body } = city.get(at(proposalKind, proposalId));
    const refused = checkMember(city, body);
    if (refused !== null) return refused;
    const isSaid = freshMembers(city, proposalId, body, hasApproved).length === 0;
    return isSaid ? reject('ALREADY_APPROVED', { proposal: toHex(proposalId) }) : null;
  },

  // COMMIT POINT
  apply({ id: proposalId }, city) {
    const proposal = city.get(at(proposalKind, proposalId));
    const fresh = freshMembers(city, proposalId, proposal.body, hasApproved);
    return applyApprovals(city, proposalId, proposal, fresh);
  },
});
