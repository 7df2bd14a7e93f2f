/**
 * Trust policies (C2SP tlog-policy): which logs and witnesses exist and how many must have cosigned a checkpoint.
 * A city's trust root is such a file, `city.policy`, in the profile of `city-policy.ts`.
 */

import { type Bytes, concatBytes, encodeUtf8, toHex } from './bytes.ts';
import { type Checkpoint, parseCheckpointNote } from './checkpoint.ts';
import { verifyCosignature } from './cosignature.ts';
import type { Crypto } from './crypto.ts';
import { type ErrorCode, FormatError, formatError, type Rejection, reject } from './errors.ts';
import { LIMITS } from './limits.ts';
import { octetsOfText } from './octets.ts';
import { type PolicyLine, splitPolicy } from './policy-lines.ts';
import { isSignatureOf, type NoteSignature, verifyNoteSignature } from './signed-note.ts';
import { encodeVerifierKey, type KeyUse, parseVerifierKey, type VerifierKey } from './verifier-key.ts';

/** A log that may sign checkpoints; the key's name is its origin. */
export type PolicyLog = { readonly key: VerifierKey; readonly url: string | null };
/** A cosigner. `name` has a meaning only inside the policy; the key has a name of its own. */
export type PolicyWitness = { readonly name: string; readonly key: VerifierKey; readonly url: string | null };
/** Witnesses a checkpoint when at least `threshold` of its members, witnesses or earlier groups, do. */
export type PolicyGroup = { readonly name: string; readonly threshold: number; readonly members: readonly string[] };

/** Order within each list is the file's; it means nothing except that a group stands after its members. `quorum` null: none needed. */
export type Policy = {
  readonly logs: readonly PolicyLog[];
  readonly witnesses: readonly PolicyWitness[];
  readonly groups: readonly PolicyGroup[];
  readonly quorum: string | null;
};

/** The predefined name of the empty quorum. */
const NONE = 'none';

type Draft = { logs: PolicyLog[]; witnesses: PolicyWitness[]; groups: PolicyGroup[]; quorum: string | null | undefined };

/**
 * Parses any policy file.
 * Throws TOO_LARGE, POLICY_MALFORMED (a line or key that cannot be read), POLICY_NAME_TWICE, POLICY_KEY_TWICE, POLICY_NAME_UNKNOWN,
 * POLICY_MEMBER_TWICE, POLICY_THRESHOLD, POLICY_QUORUM (not exactly one quorum line); each with the line's number.
 */
export function parsePolicy(crypto: Crypto, file: Bytes): Policy {
  const draft: Draft = { logs: [], witnesses: [], groups: [], quorum: undefined };
  for (const line of splitPolicy(file)) addLine(crypto, draft, line);
  const { logs, witnesses, groups, quorum } = draft;
  if (quorum === undefined) throw formatError('POLICY_QUORUM', { got: 'no quorum line' });
  return { logs, witnesses, groups, quorum };
}

function addLine(crypto: Crypto, draft: Draft, line: PolicyLine): void {
  const [keyword, ...items] = line.items;
  if (keyword === 'log') return addLog(crypto, draft, line, items);
  if (keyword === 'witness') return addWitness(crypto, draft, line, items);
  if (keyword === 'group') return addGroup(draft, line, items);
  if (keyword === 'quorum') return addQuorum(draft, line, items);
  throw malformed(line, 'log, witness, group or quorum');
}

function addLog(crypto: Crypto, draft: Draft, line: PolicyLine, items: readonly string[]): void {
  const [text, url, ...rest] = items;
  if (text === undefined || rest.length > 0) throw malformed(line, 'log <vkey> [<url>]');
  const key = readKey(crypto, line, text, 'log');
  refuseKeyTwice(draft.logs, key, line);
  draft.logs.push({ key, url: url ?? null });
  assertCount(draft.logs, line);
}

function addWitness(crypto: Crypto, draft: Draft, line: PolicyLine, items: readonly string[]): void {
  const [name, text, url, ...rest] = items;
  if (name === undefined || text === undefined || rest.length > 0) throw malformed(line, 'witness <name> <vkey> [<url>]');
  refuseNameTwice(draft, name, line);
  const key = readKey(crypto, line, text, 'cosignature');
  refuseKeyTwice(draft.witnesses, key, line);
  draft.witnesses.push({ name, key, url: url ?? null });
  assertCount(draft.witnesses, line);
}

function addGroup(draft: Draft, line: PolicyLine, items: readonly string[]): void {
  const [name, k, ...members] = items;
  if (name === undefined || k === undefined || members.length === 0) throw malformed(line, 'group <name> <k>|any|all <name>...');
  refuseNameTwice(draft, name, line);
  const taken = new Set(draft.groups.flatMap((group) => group.members));
  for (const member of members) {
    if (!isDefined(draft, member)) throw formatError('POLICY_NAME_UNKNOWN', { line: line.number, name: member });
    if (taken.has(member)) throw formatError('POLICY_MEMBER_TWICE', { line: line.number, name: member });
    taken.add(member);
  }
  draft.groups.push({ name, threshold: readThreshold(line, k, members.length), members });
  assertCount(draft.groups, line);
}

function readThreshold(line: PolicyLine, k: string, count: number): number {
  if (k === 'any') return 1;
  if (k === 'all') return count;
  if (!/^[0-9]{1,9}$/.test(k) || (k.length > 1 && k.startsWith('0'))) throw malformed(line, 'a decimal, any or all');
  const threshold = Number(k);
  if (threshold < 1 || threshold > count)
    throw formatError('POLICY_THRESHOLD', { line: line.number, k: threshold, members: count });
  return threshold;
}

function addQuorum(draft: Draft, line: PolicyLine, items: readonly string[]): void {
  const [name, ...rest] = items;
  if (name === undefined || rest.length > 0) throw malformed(line, 'quorum <name>');
  if (draft.quorum !== undefined) throw formatError('POLICY_QUORUM', { line: line.number, got: 'a second quorum line' });
  if (name !== NONE && !isDefined(draft, name)) throw formatError('POLICY_NAME_UNKNOWN', { line: line.number, name });
  draft.quorum = name === NONE ? null : name;
}

function isDefined(draft: Draft, name: string): boolean {
  return draft.witnesses.some((witness) => witness.name === name) || draft.groups.some((group) => group.name === name);
}

function refuseNameTwice(draft: Draft, name: string, line: PolicyLine): void {
  if (name === NONE || isDefined(draft, name)) throw formatError('POLICY_NAME_TWICE', { line: line.number, name });
}

/** Two verifier keys are duplicates when they wrap the same public key, whatever their names (C2SP tlog-policy). */
function refuseKeyTwice(others: readonly { readonly key: VerifierKey }[], key: VerifierKey, line: PolicyLine): void {
  const hex = toHex(key.publicKey);
  if (others.some((other) => toHex(other.key.publicKey) === hex))
    throw formatError('POLICY_KEY_TWICE', { line: line.number, key: hex });
}

function assertCount(list: readonly unknown[], line: PolicyLine): void {
  const countMax = LIMITS.policyEntryCountMax;
  if (list.length > countMax) throw formatError('TOO_LARGE', { line: line.number, countMax });
}

function readKey(crypto: Crypto, line: PolicyLine, text: string, use: KeyUse): VerifierKey {
  const key = parseKeyAt(crypto, line, text);
  if (key.algorithm !== use) throw malformed(line, use === 'log' ? 'a log key (type 1)' : 'a cosigner key (type 4)');
  return key;
}

function parseKeyAt(crypto: Crypto, line: PolicyLine, text: string): VerifierKey {
  try {
    return parseVerifierKey(crypto, text);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const reason: ErrorCode = error.code;
    throw formatError('POLICY_MALFORMED', { ...error.details, line: line.number, reason });
  }
}

function malformed(line: PolicyLine, want: string): FormatError {
  return formatError('POLICY_MALFORMED', { line: line.number, want });
}

/**
 * The one canonical rendering: logs, witnesses, groups, quorum, one space between items, thresholds as decimals, no comments.
 * `parsePolicy` gives the same policy back.
 */
export function encodePolicy(crypto: Crypto, policy: Policy): Bytes {
  const withUrl = (items: readonly string[], url: string | null) => (url === null ? items : [...items, url]);
  const lines = [
    ...policy.logs.map(({ key, url }) => withUrl(['log', encodeVerifierKey(crypto, key)], url)),
    ...policy.witnesses.map(({ name, key, url }) => withUrl(['witness', name, encodeVerifierKey(crypto, key)], url)),
    ...policy.groups.map(({ name, threshold, members }) => ['group', name, String(threshold), ...members]),
    ['quorum', policy.quorum ?? NONE],
  ];
  return concatBytes(...lines.map(encodeLine));
}

function encodeLine(items: readonly string[]): Bytes {
  return concatBytes(
    ...items.flatMap((item, i) => (i === 0 ? [octetsOfText(item)] : [encodeUtf8(' '), octetsOfText(item)])),
    encodeUtf8('\n'),
  );
}

/** What a signed checkpoint is worth under a policy. Say `refusalOf(report)` to have it as one answer. */
export type PolicyReport = {
  readonly checkpoint: Checkpoint;
  /** Whether the policy lists a log of this origin at all. */
  readonly origin: 'known' | 'unknown';
  /** Verified signatures by logs of this origin. */
  readonly logSignatures: readonly { readonly log: PolicyLog; readonly line: NoteSignature }[];
  /** Verified cosignatures by witnesses of the policy, first of each witness, with the time each states (POSIX seconds). */
  readonly cosignatures: readonly { readonly witness: PolicyWitness; readonly timeS: number; readonly line: NoteSignature }[];
  /** Key names of lines that a known key should have made and did not. */
  readonly broken: readonly string[];
  /** Lines of keys that the policy does not know; they mean nothing. */
  readonly unknownCount: number;
  /** The name evaluated: the policy's quorum, or the group asked for; null when none is needed. */
  readonly quorumName: string | null;
  readonly quorum: 'met' | 'missing';
};

/**
 * Weighs a signed checkpoint. With `group`, that group or witness stands in for the quorum: an actuator asks for `validators` alone.
 * Throws FormatError when the note cannot be read, POLICY_NAME_UNKNOWN when the policy has no such group.
 */
export function evaluatePolicy(
  crypto: Crypto,
  policy: Policy,
  note: Bytes,
  options: { readonly group?: string } = {},
): PolicyReport {
  const { checkpoint, note: signed } = parseCheckpointNote(note);
  const logs = policy.logs.filter((log) => log.key.name === checkpoint.origin);
  const logSignatures: { log: PolicyLog; line: NoteSignature }[] = [];
  const cosignatures: { witness: PolicyWitness; timeS: number; line: NoteSignature }[] = [];
  const broken: string[] = [];
  let unknownCount = 0;
  for (const line of signed.signatures) {
    const log = logs.find(({ key }) => isSignatureOf(crypto, line, key));
    const witness = policy.witnesses.find(({ key }) => isSignatureOf(crypto, line, key));
    const timeS = witness === undefined ? null : verifyCosignature(crypto, witness.key, signed.text, line);
    if (log === undefined && witness === undefined) unknownCount++;
    else if (log !== undefined && verifyNoteSignature(crypto, log.key, signed.text, line)) logSignatures.push({ log, line });
    else if (witness === undefined || timeS === null) broken.push(line.name);
    else if (!cosignatures.some((other) => other.witness === witness)) cosignatures.push({ witness, timeS, line });
  }
  const names = new Set(cosignatures.map(({ witness }) => witness.name));
  const quorumName = options.group ?? policy.quorum;
  const quorum = quorumName === null || chooseCosigners(policy, quorumName, names) !== null ? 'met' : 'missing';
  const origin = logs.length > 0 ? 'known' : 'unknown';
  return { checkpoint, origin, logSignatures, cosignatures, broken, unknownCount, quorumName, quorum };
}

/**
 * The first reason not to believe the checkpoint, or null.
 * Refuses, in this order: LOG_UNKNOWN, SIGNATURE_INVALID (a known key's line does not verify), SIGNATURE_MISSING (no log signed), QUORUM_MISSING.
 */
export function refusalOf(report: PolicyReport): Rejection | null {
  const { checkpoint, broken, cosignatures } = report;
  if (report.origin === 'unknown') return reject('LOG_UNKNOWN', { origin: checkpoint.origin });
  if (broken[0] !== undefined) return reject('SIGNATURE_INVALID', { by: broken[0] });
  if (report.logSignatures.length === 0) return reject('SIGNATURE_MISSING', { by: checkpoint.origin });
  if (report.quorum === 'met') return null;
  return reject('QUORUM_MISSING', {
    quorum: report.quorumName ?? NONE,
    cosigned: cosignatures.map(({ witness }) => witness.name).join(' '),
  });
}

/**
 * The fewest of the witnesses `present` that make the named witness or group witness a checkpoint, or null when they do not suffice.
 * Members stand in one group only, so the cheapest choice of each group is the cheapest choice of all. Ties: the file's order.
 * Throws POLICY_NAME_UNKNOWN.
 */
export function chooseCosigners(policy: Policy, name: string, present: ReadonlySet<string>): readonly string[] | null {
  const group = policy.groups.find((candidate) => candidate.name === name);
  if (group === undefined) {
    if (!policy.witnesses.some((witness) => witness.name === name)) throw formatError('POLICY_NAME_UNKNOWN', { name });
    return present.has(name) ? [name] : null;
  }
  const choices = group.members.map((member) => chooseCosigners(policy, member, present)).filter((choice) => choice !== null);
  if (choices.length < group.threshold) return null;
  const cheapest = choices.sort((a, b) => a.length - b.length).slice(0, group.threshold); // stable: ECMA-262 §23.1.3.30
  return cheapest.flat();
}
