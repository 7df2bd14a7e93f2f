/** Drafts of changes of zones as files: made with evidence of what is in force, judged under the policy at hand, said in words, kept. */

import { rename, writeFile } from 'node:fs/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, toHex } from '@oppidum/formats/bytes';
import { parseCityPolicy } from '@oppidum/formats/city-policy';
import { formatError } from '@oppidum/formats/errors';
import { encodeZoneDraft, type ZoneChange, type ZoneDraft, zoneDraftId } from '@oppidum/formats/zone-draft';
import { describeDocumentChange, describeEnvelopeChange, describeKeySetChange } from '@oppidum/formats/zone-words';
import { type JudgedDraft, judgeZoneDraft, type ZoneInForce } from '@oppidum/proofs/judge-zone-draft';
import type { Trust } from '@oppidum/proofs/verify-checkpoint';
import { type Cli, noPolicyAtHand, policyAtHand, readInput } from './cli.ts';
import { fetchRecords } from './evidence-files.ts';
import { printable } from './output.ts';

export type PolicyOption = { readonly policy?: string };

/** Evidence of what is in force in a zone, not verified: the zone, its key set, its envelope, and all its documents. */
export async function fetchZoneRecords(
  cli: Cli,
  zone: string,
  versions: { readonly keys: number; readonly envelope: number },
): Promise<Bytes[]> {
  return [
    await fetchRecords(cli, { kind: 'zone', segments: [zone] }),
    await fetchRecords(cli, { kind: 'zoneKeys', segments: [zone, String(versions.keys)] }),
    await fetchRecords(cli, { kind: 'zoneEnvelope', segments: [zone, String(versions.envelope)] }),
    await fetchRecords(cli, { kind: 'zoneDocument', segments: [zone] }),
  ];
}

/** The policy that drafts are judged by. Throws exit code 2 where none is at hand. */
export async function trustAtHand(cli: Cli, { policy }: PolicyOption): Promise<Trust> {
  const file = policy ?? policyAtHand(cli);
  if (file === undefined) throw noPolicyAtHand(', so nothing proves what is in force in the zone');
  return { policy: parseCityPolicy(nativeCrypto, await readInput(file)) };
}

/** Judges a draft. Throws as `judgeZoneDraft` refuses. */
export function requireJudged(draft: ZoneDraft, trust: Trust): JudgedDraft {
  const judged = judgeZoneDraft(nativeCrypto, draft, trust);
  if ('code' in judged) throw formatError(judged.code, judged.details);
  return judged;
}

/** What a change is, and then line by line what differs from what is in force. */
export function describeChange({ change, zone }: JudgedDraft): readonly string[] {
  return [`${headOf(change)} of zone “${zone.name}” (${toHex(change.zone)}), ${zone.domain}`, ...linesOf(change, zone)].map(
    (line) => printable(line),
  );
}

function headOf(change: ZoneChange): string {
  const from = change.version === 1 ? '' : `, after version ${change.version - 1}`;
  if (change.use === 'document') return `Version ${change.version} of the document “${change.name}”${from},`;
  return change.use === 'keys' ? `Key set ${change.version}${from},` : `Envelope ${change.version}${from},`;
}

function linesOf(change: ZoneChange, { keySet, envelope, documents }: ZoneInForce): readonly string[] {
  if (change.use === 'keys') return describeKeySetChange(keySet, change);
  if (change.use === 'envelope') return describeEnvelopeChange(envelope, change);
  return describeDocumentChange(change, documents.find(({ name }) => name === change.name)?.body ?? null);
}

/** What still has to be signed: how many keys of the set in force, and of a key set how many of the next. */
export function missingOf(
  { signatures, envelopeSignatures }: ZoneDraft,
  { change, zone }: JudgedDraft,
): { readonly now: number; readonly next: number } {
  const next = change.use === 'keys' ? change.dangerousThreshold : 0;
  return {
    now: Math.max(0, zone.keySet.dangerousThreshold - signatures.length),
    next: Math.max(0, next - envelopeSignatures.length),
  };
}

/** Shows a draft: what it would change, who signed it and how many must. */
export function showDraft({ output, json }: Cli, draft: ZoneDraft, judged: JudgedDraft): void {
  const { change, zone } = judged;
  const words = describeChange(judged);
  const id = toHex(zoneDraftId(nativeCrypto, draft));
  const signed = draft.signatures.map(({ key }) => keyText(zone.keySet.keys, key));
  const needed = zone.keySet.dangerousThreshold;
  if (json) return output.json({ draft: id, zone: toHex(change.zone), words, signers: signed, needed });
  for (const line of words) output.line(line);
  output.fields([
    ['draft', id],
    ['signed by', `${signed.length} of ${needed} keys needed`],
    ...signed.map((key) => ['order key', key] as const),
    ...(change.use === 'keys'
      ? ([
          ['new keys', `${draft.envelopeSignatures.length} of ${change.dangerousThreshold} signed the envelope in force`],
          ...draft.envelopeSignatures.map(({ key }) => ['new key', keyText(change.keys, key)] as const),
        ] as const)
      : []),
  ]);
}

function keyText(keys: readonly Bytes[], key: number): string {
  return `${key} ${toHex(keys[key] as Bytes)}`;
}

/** Where a key stands in a set; below 0 where it does not. */
export function placeOf(keys: readonly Bytes[], publicKey: Bytes): number {
  return keys.findIndex((key) => equalBytes(key, publicKey));
}

/** Takes the place of the file at once: whoever loses power in between has the former one. */
export async function replaceDraft(file: string, draft: ZoneDraft): Promise<void> {
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, encodeZoneDraft(draft), { flag: 'wx' });
  await rename(fresh, file);
}
