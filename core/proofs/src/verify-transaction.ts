/** Evidence of a transaction: what was asked, what became of it, where it stands in the block log. */

import { toHex } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { TransactionEvidence } from '@oppidum/formats/evidence';
import { parseEvents } from '@oppidum/formats/result';
import { transactionId } from '@oppidum/formats/transaction';
import { openTransaction } from './hops.ts';
import type { Findings } from './report.ts';
import type { CityHead } from './verify-checkpoint.ts';

/** Verifies that this payload was executed with this result. */
export function verifyTransaction(crypto: Crypto, evidence: TransactionEvidence, head: CityHead, findings: Findings): void {
  findings.begin('transaction in log');
  const events = parseEvents(evidence.events);
  const facts = { ...evidence, eventsDigest: crypto.sha256(evidence.events) };
  const payload = openTransaction(crypto, head, evidence.payload, evidence.code, facts);
  findings.pass(`leaf ${evidence.log.index} of ${head.size}, block ${evidence.height}, result ${evidence.code}`);
  Object.assign(findings.facts, {
    fact: 'transaction',
    id: toHex(transactionId(crypto, evidence.payload)),
    height: evidence.height,
    code: evidence.code,
    signers: payload.signers.map(toHex),
    actions: payload.actions.map((action) => action.kind),
    events: events.map((event) => event.kind),
  });
}
