/** How a body says no: rejections of its members, counted when one is added, by the measure of approvals. */

import type { Bytes } from '@oppidum/formats/bytes';
import { approvalKind, bodyKind, type ProposalRecord, proposalKind, rejectionKind } from '@oppidum/formats/state-governance';
import { at } from '@oppidum/formats/state-layout';
import type { City, VerifiedSigner } from '@oppidum/ledger/city';
import { stands } from './approvals.ts';
import { isAble } from './deadlock.ts';

/** True when this account rejected, by a key still in force, and is a member since then. */
export function hasRejected(city: City, id: Bytes, body: Bytes, account: Bytes): boolean {
  return stands(city, city.read(at(rejectionKind, id, account)), body, account);
}

/**
 * Adds the rejections in place of approvals by the same members, then ends the proposal for good where more members reject it than its
 * body can do without. Of trustees these are more than a third. Members who reject do not approve, so no proposal is decided both ways.
 */
export function applyRejections(
  city: City,
  id: Bytes,
  proposal: ProposalRecord,
  members: readonly VerifiedSigner[],
  reason: string,
): void {
  let { approvalCount } = proposal;
  for (const { account, keyNumber } of members) {
    if (city.read(at(approvalKind, id, account)) !== null) {
      city.remove(at(approvalKind, id, account));
      approvalCount--;
    }
    city.write(at(rejectionKind, id, account), { at: city.height, keyNumber, reason });
    city.emit('proposal/rejected', { id, account });
  }
  const { threshold, memberCount } = city.get(at(bodyKind, proposal.body));
  const hasFailed = countObjections(city, id, proposal.body) > memberCount - threshold;
  city.write(at(proposalKind, id), { ...proposal, approvalCount, ...(hasFailed ? { rejected: city.height } : {}) });
  if (hasFailed) city.emit('proposal/failed', { id, body: proposal.body });
}

/** Rejections that count: those that stand, of accounts that are able. */
function countObjections(city: City, id: Bytes, body: Bytes): number {
  const objectors = city.scan(rejectionKind, id).map(({ segments }) => segments[1] as Bytes);
  return objectors.filter((account) => hasRejected(city, id, body, account) && isAble(city, account)).length;
}
