/**
 * What an order proves to whoever trusts a policy (specs/orders.md §10): that the city issued it, and, with the key set of its zone, that
 * enough of the zone's own keys signed it. A machine asks more (`verify-order.ts`); what became of the order no file can say.
 */

import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { originOf } from '@oppidum/formats/city-policy';
import { type CompactOrder, type Issuance, parseCompactOrder } from '@oppidum/formats/compact-order';
import type { Crypto } from '@oppidum/formats/crypto';
import { describeError, type ErrorCode } from '@oppidum/formats/errors';
import { orderId } from '@oppidum/formats/order-statement';
import { encodePolicy, type Policy } from '@oppidum/formats/policy';
import { checkStatement } from '@oppidum/formats/statement';
import type { Verdict } from '@oppidum/formats/verdicts';
import type { KeySet } from '@oppidum/formats/zone-statements';
import { type Findings, Refuted, type Report, refuteIf, runVerification } from './report.ts';
import { requireSeen, type Trust } from './verify-checkpoint.ts';
import { checkIssuance } from './verify-order.ts';

/** CBOR head of an array of five, then version 1 (specs/orders.md §5): no evidence begins so. */
const START = [0x85, 0x01] as const;

/** Whether these bytes are meant as an order for a device, for whoever takes evidence of any kind; the parser judges them. */
export function startsAsOrder(file: Bytes): boolean {
  return file[0] === START[0] && file[1] === START[1];
}

/**
 * Verifies an order as a device gets it. OK where the city issued it and `keySet`, the zone's own, signed it; amber
 * STATUS_UNKNOWN_OFFLINE where no key set is at hand. Never throws on bad input.
 */
export function verifyOrderFile(crypto: Crypto, file: Bytes, trust: Trust, keySet: KeySet | null): Report {
  return runVerification((findings) => {
    findings.begin('format');
    const compact = parseCompactOrder(file);
    const { order, statement, signatures, issuance } = compact;
    findings.pass(`an order, ${file.length} bytes`);
    openIssuance(crypto, compact, trust, findings);
    openSignatures(crypto, compact, keySet, findings);
    const { target, zone, command, lifetimeMs, mode } = order;
    Object.assign(findings.facts, {
      fact: 'order',
      id: toHex(orderId(crypto, statement)),
      zone: toHex(zone),
      ...('device' in target ? { device: toHex(target.device) } : { deviceCount: target.count }),
      command: [command, ...order.arguments].join(' '),
      mode,
      lifetime: `${lifetimeMs / 1_000} s`,
      ...(keySet === null ? {} : { signers: signatures.map(({ key }) => `key ${key} of version ${order.keys}`) }),
      ...(issuance === null ? {} : { height: issuance.height }),
    });
  });
}

/** Refutes QUORUM_MISSING for break-glass, which no quorum vouches for: only its own machine can judge it. */
function openIssuance(crypto: Crypto, compact: CompactOrder, trust: Trust, findings: Findings): void {
  findings.begin('order issued');
  const { issuance } = compact;
  if (issuance === null) throw new Refuted('QUORUM_MISSING', 'break-glass: the city did not issue it');
  const policy = policyOf(crypto, issuance, trust);
  const refused = checkIssuance(crypto, compact, issuance, () => policy);
  refuteIf(refused, (code) => ISSUANCE_VERDICTS[code] ?? 'UNREADABLE');
  const { size, root, cosignatures } = issuance.checkpoint;
  requireSeen(trust, { size, root });
  const names = cosignatures.map(({ validator }) => policy.witnesses[validator]?.name).join(', ');
  findings.pass(`leaf ${issuance.index} of ${size} of ${originOf(policy)}, block ${issuance.height}, cosigned by ${names}`);
  if (policy === trust.policy) return;
  findings.note('the policy under which this was cosigned has a successor');
  findings.outcome = 'POLICY_STALE';
}

const ISSUANCE_VERDICTS: Readonly<Partial<Record<ErrorCode, Verdict>>> = {
  WRONG_CITY: 'NOT_OURS',
  ORDER_NOT_ISSUED: 'HASH_MISMATCH',
  NUMBER_RANGE: 'NOT_IN_LOG',
  PROOF_LENGTH_WRONG: 'NOT_IN_LOG',
  ROOT_MISMATCH: 'NOT_IN_LOG',
  KEY_UNKNOWN: 'SIGNATURE_INVALID',
  SIGNATURE_INVALID: 'SIGNATURE_INVALID',
  QUORUM_MISSING: 'QUORUM_MISSING',
};

function policyOf(crypto: Crypto, { policy: digest }: Issuance, { policy, former = [] }: Trust): Policy {
  const found = [policy, ...former].find((each) => equalBytes(crypto.sha256(encodePolicy(crypto, each)), digest));
  if (found === undefined) throw new Refuted('NOT_OURS', describeError('POLICY_UNKNOWN', { policy: toHex(digest) }));
  return found;
}

function openSignatures(crypto: Crypto, compact: CompactOrder, keySet: KeySet | null, findings: Findings): void {
  findings.begin('order keys');
  const { order, signatures } = compact;
  if (keySet === null) {
    findings.note('who signed for the zone is not checked: its key set is not at hand (oppidum verify --zone)');
    if (findings.outcome === 'OK') findings.outcome = 'STATUS_UNKNOWN_OFFLINE';
    return;
  }
  const isZones = equalBytes(keySet.city, order.city) && equalBytes(keySet.zone, order.zone);
  if (!isZones || keySet.version !== order.keys)
    throw new Refuted('KEY_UNKNOWN', `signed under version ${order.keys} of zone ${toHex(order.zone)}, this is another key set`);
  const refused = checkStatement(crypto, 'order', compact, { keys: keySet.keys, count: keySet.threshold });
  refuteIf(refused, (code) => (code === 'KEY_UNKNOWN' ? 'KEY_UNKNOWN' : 'SIGNATURE_INVALID'));
  findings.pass(`${signatures.length} of ${keySet.keys.length} keys of the zone signed`);
}
