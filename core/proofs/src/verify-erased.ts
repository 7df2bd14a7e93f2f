/** Evidence of an erased reading: it existed at this place, and its erasure was recorded on the ledger. */

import { ERASURE_ACTION, erasureBody } from '@oppidum/formats/action-bodies';
import { toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import { encodeErasureLeaf } from '@oppidum/formats/erasure-leaf';
import type { ErasedEvidence } from '@oppidum/formats/evidence';
import { openAction } from './hops.ts';
import { checkInclusion } from './merkle.ts';
import { leafHash } from './merkle-hash.ts';
import { type Findings, refuteIf } from './report.ts';
import type { CityHead } from './verify-checkpoint.ts';
import { requireAnchored } from './verify-reading.ts';

/** Verifies the anchored entry and one path of the erasure's committed tree; the verdict is ERASED. */
export function verifyErased(crypto: Crypto, evidence: ErasedEvidence, head: CityHead, findings: Findings): void {
  const shard = requireAnchored(crypto, head, evidence, findings);

  findings.begin('erasure in log');
  const body = erasureBody.parse(openAction(crypto, head, evidence.erasure, ERASURE_ACTION), '');
  findings.pass(`block ${evidence.erasure.height} recorded an erasure of ${body.count} readings, legal basis ${body.legalBasis}`);

  findings.begin('entry in erasure');
  const leaf = encodeErasureLeaf({ salt: evidence.salt, shard, index: evidence.shard.index });
  const { index, path } = evidence.leaf;
  refuteIf(
    checkInclusion(crypto, { index, size: body.count, leafHash: leafHash(crypto, leaf), proof: path, root: body.root }),
    'NOT_IN_LOG',
  );
  findings.pass(`reading ${index} of ${body.count}`);
  findings.outcome = 'ERASED';
  Object.assign(findings.facts, {
    fact: 'erased',
    entry: toHex(evidence.entry),
    legalBasis: body.legalBasis,
    erasedAtHeight: evidence.erasure.height,
  });
}
