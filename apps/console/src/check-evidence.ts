/** "Check here": the browser fetches evidence and judges it itself, against the pinned policy and nothing else. */

import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Policy } from '@oppidum/formats/policy';
import type { Report } from '@oppidum/proofs/report';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { fetchBytes } from './api.ts';

/** `isAsked` is false where true evidence is about something else: then nothing of what is shown is proven. */
export type Check = { readonly report: Report; readonly file: Uint8Array; readonly isAsked: boolean };

/** Fetches and judges evidence of a reading or transaction. Throws ApiProblem. */
export async function checkEvidence(id: string, policy: Policy): Promise<Check> {
  const file = await fetchBytes(`/api/v1/evidence/${id}`, 'application/cbor');
  const report = verifyEvidence(crypto, file, { policy });
  const { facts } = report;
  const isAsked = report.color === 'red' || facts['id'] === id || facts['entry'] === id;
  return { report, file, isAsked };
}
