/** A member says no to a proposal, and why; the rejection after which it cannot be approved any more ends it. */

import { ACTION_FIELDS } from '@oppidum/formats/action-fields';
import { toHex } from '@oppidum/formats/bytes';
import { reject } from '@oppidum/formats/errors';
import { proposalKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { defineAction } from '@oppidum/ledger/action';
import { checkMember, checkWaiting, freshMembers } from './approvals.ts';
import { applyRejections, hasRejected } from './rejections.ts';
import { TRUSTEES_SINCE } from './trustees.ts';

/**
 * Rejects a proposal for every member who signed with a full key and has no standing rejection yet. Who approved it before does so no
 * more, and who rejects may approve later, while the proposal waits: each member has one word, the last one.
 * Refuses, in this order: PROPOSAL_UNKNOWN, PROPOSAL_CLOSED, PROPOSAL_EXPIRED, NOT_AUTHORIZED, KEY_CLASS_TOO_LOW, ALREADY_REJECTED.
 */
export const rejectProposal = defineAction({
  kind: 'proposal/reject',
  body: ACTION_FIELDS['proposal/reject'],
  since: TRUSTEES_SINCE,

  check({ id: proposalId }, city) {
    const late = checkWaiting(city, proposalId);
    if (late !== null) return late;
    const { body } = city.get(at(proposalKind, proposalId));
    const refused = checkMember(city, body);
    if (refused !== null) return refused;
    const isSaid = freshMembers(city, proposalId, body, hasRejected).length === 0;
    return isSaid ? reject('ALREADY_REJECTED', { proposal: toHex(proposalId) }) : null;
  },

  // COMMIT POINT
  apply({ id: proposalId, reason }, city) {
    const proposal = city.get(at(proposalKind, proposalId));
    const fresh = freshMembers(city, proposalId, proposal.body, hasRejected);
    applyRejections(city, proposalId, proposal, fresh, reason);
  },
});
