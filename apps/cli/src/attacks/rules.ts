/**
 * The rules that stand against the attacks, as one table. `RULES` are those of the product, and nothing in it uses others; tests put a weaker
 * one in a place of the table and see that the attack then succeeds, or the desk would show nothing.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type MonitorProgram, readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { Challenges } from '@oppidum/device/orders/challenges';
import type { ProvenRecords } from '@oppidum/device/proven-records';
import { systemMonotonic } from '@oppidum/device/system-time';
import type { Bytes } from '@oppidum/formats/bytes';
import type { Crypto } from '@oppidum/formats/crypto';
import type { Rejection } from '@oppidum/formats/errors';
import type { FrozenLimits } from '@oppidum/formats/frozen-values';
import { evaluatePolicy, type Policy, refusalOf } from '@oppidum/formats/policy';
import type { SignalMatrix } from '@oppidum/formats/signal-matrix';
import type { Segment, StateKind } from '@oppidum/formats/state-layout';
import { verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { checkFork } from '@oppidum/proofs/verify-fork';
import { type Damage, damagesOf } from './damages.ts';

export type Rules = {
  /** By which a machine checks signatures. */
  readonly crypto: Crypto;
  /** What a machine drew for the next order and no other. */
  readonly challenges: () => Challenges;
  /** How many keys of the zone sign what is dangerous. */
  readonly dangerousSigners: number;
  /** How far two wind sensors may be apart, in tenths of m/s, before neither is believed. */
  readonly agreeWithin: number;
  /** How far a cabinet's meter may be wrong in an interval before somebody is accused of theft. */
  readonly meterErrorMw: number;
  /** For how long a detector may say one number; null: for ever. */
  readonly frozen: FrozenLimits | null;
  /** Pairs of phases that two engineers declared compatible. */
  readonly compatible: SignalMatrix['compatible'];
  /** What a reader believes of a record that a gateway serves. */
  readonly openRecord: <V>(records: ProvenRecords, kind: StateKind<V>, segments: readonly Segment[], file: Bytes) => V | null;
  /** What a reader makes of records and transactions that it is shown. */
  readonly verifyRecords: typeof verifyEvidence;
  /** What the conflict monitor guards. */
  readonly monitorProgram: (matrix: Bytes) => MonitorProgram;
  readonly checkFork: typeof checkFork;
  /** Why a reader does not believe a head of the city's log under its policy, or null. */
  readonly refuseHead: (policy: Policy, note: Bytes) => Rejection | null;
  /** What a reader finds missing in what it is shown. */
  readonly verifyRange: typeof verifyCompleteRange;
  /** Flags of Node before the services: rules of the ledger and the gateway are in force in their process alone. */
  readonly serviceFlags: readonly string[];
  /** What a derivation of a whole folder finds damaged. */
  readonly damagesOf: (folder: string) => Promise<readonly Damage[]>;
};

export const RULES: Rules = {
  crypto: nativeCrypto,
  challenges: () => new Challenges(systemMonotonic()),
  dangerousSigners: 2,
  agreeWithin: 30,
  meterErrorMw: 1_000,
  frozen: { busyS: 3_600, emptyS: 21_600 },
  compatible: [],
  openRecord: (records, kind, segments, file) => records.open(kind, segments, file),
  verifyRecords: verifyEvidence,
  monitorProgram: readMonitorProgram,
  checkFork,
  refuseHead: (policy, note) => refusalOf(evaluatePolicy(nativeCrypto, policy, note)),
  verifyRange: verifyCompleteRange,
  serviceFlags: [],
  damagesOf,
};
