/** How a body decides: approvals of its members, counted when one is added. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import { type Rejection, reject } from '@oppidum/formats/errors';
import {
  type ApprovalRecord,
  accountKeyKind,
  approvalKind,
  bodyKind,
  memberKind,
  type ProposalRecord,
  proposalKind,
  rejectionKind,
} from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import { parseActions } from '@oppidum/formats/transaction';
import type { City, VerifiedSigner } from '@oppidum/ledger/city';
import { rulesVersion } from '@oppidum/ledger/upgrade';
import { ableSigners } from '../authority.ts';
import { isAble } from './deadlock.ts';
import { TRUSTEES_SINCE } from './trustees.ts';

/** The signers who are members of the body now. */
function signingMembers(city: City, body: Bytes): readonly VerifiedSigner[] {
  return ableSigners(city).filter(({ account }) => city.read(at(memberKind, body, account)) !== null);
}

/** The members who signed with a full key: those whose approval this is, ascending. */
export function approvingMembers(city: City, body: Bytes): readonly VerifiedSigner[] {
  return signingMembers(city, body).filter((signer) => signer.class === 'full');
}

/** Of `approvingMembers` those who have not said this word of a proposal yet: `hasApproved` or `hasRejected`. */
export function freshMembers(
  city: City,
  id: Bytes,
  body: Bytes,
  hasSaid: (city: City, id: Bytes, body: Bytes, account: Bytes) => boolean,
): readonly VerifiedSigner[] {
  return approvingMembers(city, body).filter(({ account }) => !hasSaid(city, id, body, account));
}

/** Refuses unless a member signed (NOT_AUTHORIZED), with a full key (KEY_CLASS_TOO_LOW). */
export function checkMember(city: City, body: Bytes): Rejection | null {
  if (signingMembers(city, body).length === 0) return reject('NOT_AUTHORIZED', { needs: `member of body ${toHex(body)}` });
  return approvingMembers(city, body).length > 0 ? null : reject('KEY_CLASS_TOO_LOW', { needs: 'full' });
}

/** Refuses unless the proposal still waits: PROPOSAL_UNKNOWN, PROPOSAL_CLOSED (executed, withdrawn or rejected), PROPOSAL_EXPIRED. */
export function checkWaiting(city: City, id: Bytes): Rejection | null {
  const proposal = city.read(at(proposalKind, id));
  if (proposal === null) return reject('PROPOSAL_UNKNOWN', { proposal: toHex(id) });
  const { executed, withdrawn, rejected, expiresMs } = proposal;
  if (executed || withdrawn || rejected !== undefined)
    return reject('PROPOSAL_CLOSED', {
      proposal: toHex(id),
      executed,
      withdrawn,
      ...(rejected === undefined ? {} : { rejected }),
    });
  return city.timeMs < expiresMs ? null : reject('PROPOSAL_EXPIRED', { proposal: toHex(id), expiresMs });
}

/**
 * True when this account approved, is a member since then, and the key that approved is still in force: an approval by a key that was
 * retired, perhaps because it was stolen, counts for nothing, and neither does one from before somebody left and came back.
 */
export function hasApproved(city: City, id: Bytes, body: Bytes, account: Bytes): boolean {
  return stands(city, city.read(at(approvalKind, id, account)), body, account);
}

/** True while the word of a member stands: its key is in force, and the account is a member of the body since then. */
export function stands(city: City, word: ApprovalRecord | null, body: Bytes, account: Bytes): boolean {
  const membership = city.read(at(memberKind, body, account));
  if (word === null || membership === null || membership.from > word.at) return false;
  const key = city.read(at(accountKeyKind, account, word.keyNumber));
  return key !== null && key.to === undefined;
}

/**
 * Adds the approvals in place of rejections by the same members, then executes the proposal when the body's threshold is reached; the first refusal of
 * an inner action is the answer. By the first rules whoever approves anew, with another key or after coming back, was one approval more.
 */
export function applyApprovals(
  city: City,
  id: Bytes,
  proposal: ProposalRecord,
  members: readonly VerifiedSigner[],
): Rejection | null {
  const isEachOne = rulesVersion(city) < TRUSTEES_SINCE;
  let { approvalCount } = proposal;
  for (const { account, keyNumber } of members) {
    if (city.read(at(rejectionKind, id, account)) !== null) city.remove(at(rejectionKind, id, account));
    if (isEachOne || city.read(at(approvalKind, id, account)) === null) approvalCount++;
    city.write(at(approvalKind, id, account), { at: city.height, keyNumber });
    city.emit('proposal/approved', { id, account });
  }
  const { threshold } = city.get(at(bodyKind, proposal.body));
  const executed = countSupport(city, id, proposal.body) >= threshold;
  city.write(at(proposalKind, id), { ...proposal, approvalCount, executed });
  if (!executed) return null;
  city.emit('proposal/executed', { id, body: proposal.body });
  return city.execute(parseActions(proposal.actions), proposal.body);
}

/** Approvals that count: those that stand, of accounts that are able. */
function countSupport(city: City, id: Bytes, body: Bytes): number {
  const approvers = city.scan(approvalKind, id).map(({ segments }) => segments[1] as Bytes);
  return approvers.filter((account) => hasApproved(city, id, body, account) && isAble(city, account)).length;
}
