/**
 * `oppidum zone document|envelope|keys draft`, `zone sign`, `zone submit`, `zone drafts`: a change of a zone that engineers sign apart, each on
 * his own machine, where the words are made from the bytes and what is in force is proven by the draft itself.
 */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseBase64, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { type StatementSignature, type StatementUse, signStatement } from '@oppidum/formats/statement';
import {
  encodeZoneDraft,
  joinSignatures,
  joinZoneDrafts,
  parseZoneDraft,
  type ZoneDraft,
  zoneDraftId,
} from '@oppidum/formats/zone-draft';
import type { ZoneDetailJson, ZoneDraftDetailJson, ZoneDraftJson, ZoneDraftListJson } from '@oppidum/gateway/api/orders';
import type { JudgedDraft } from '@oppidum/proofs/judge-zone-draft';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { type Cli, COMMAND, counted, openCli, placeOptions, readFile, shortId } from '../cli.ts';
import { usageFailure } from '../failure.ts';
import { writeNew } from '../new-file.ts';
import { type OrderKeyOptions, openOrderKeys } from '../order-keys.ts';
import type { Column } from '../output.ts';
import { accountIfSaid, actionOf, carryOut, confirm, type SignOptions } from '../transactions.ts';
import {
  describeChange,
  fetchZoneRecords,
  missingOf,
  type PolicyOption,
  placeOf,
  replaceDraft,
  requireJudged,
  showDraft,
  trustAtHand,
} from '../zone-draft-files.ts';
import { signatureMaps } from './zone-acts.ts';

export type DraftOptions = PolicyOption & { readonly out: string };
type SignDraftOptions = PolicyOption & OrderKeyOptions & { readonly dryRun?: true; readonly yes?: true };

const COLUMNS: readonly Column<ZoneDraftJson>[] = [
  { heading: 'draft', text: ({ id }) => id },
  { heading: 'zone', text: ({ zoneName }) => zoneName },
  { heading: 'what', text: whatOf },
  { heading: 'signed', text: ({ signers, needed }) => `${signers.length}/${needed}` },
  { heading: 'by key', text: ({ signers }) => signers.map(({ publicKey }) => shortId(publicKey)).join(' ') },
  { heading: 'since', text: ({ sinceMs }) => new Date(sinceMs).toISOString() },
];

function whatOf({ use, name, version }: ZoneDraftJson): string {
  if (use === 'document') return `document ${name} ${version}`;
  return use === 'keys' ? `key set ${version}` : `envelope ${version}`;
}

/** Writes a draft that nobody signed, and shows it. `statement`: the next version, made from what the city says is in force. */
export async function writeDraft(
  cli: Cli,
  made: { readonly use: ZoneDraft['use']; readonly statement: Bytes; readonly zone: ZoneDetailJson },
  options: DraftOptions,
): Promise<void> {
  const trust = await trustAtHand(cli, options);
  const { use, statement, zone } = made;
  const records = await fetchZoneRecords(cli, zone.id, zone);
  const draft: ZoneDraft = { use, statement, signatures: [], envelopeSignatures: [], records };
  const judged = requireJudged(draft, trust);
  writeNew(options.out, encodeZoneDraft(draft));
  showDraft(cli, draft, judged);
  cli.output.note(`Nobody signed it yet. Each engineer: ${COMMAND} zone sign ${options.out} --order-key FILE`);
}

/** `zone sign`: asks no city. */
export async function signDraft(file: string, options: SignDraftOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const draft = parseZoneDraft(readFile(file));
  const judged = requireJudged(draft, await trustAtHand(cli, options));
  if (options.dryRun === true) {
    showDraft(cli, draft, judged);
    return cli.output.note('Dry run: nothing was signed.');
  }
  const signed = await addSignatures(cli, draft, judged, options);
  for (const line of describeChange(judged)) cli.output.note(`${line}.`);
  await confirm(
    cli,
    { sentence: `Sign exactly this, draft ${toHex(zoneDraftId(nativeCrypto, draft))}`, isDangerous: true },
    options,
  );
  await replaceDraft(file, signed);
  const { now, next } = missingOf(signed, judged);
  if (cli.json) cli.output.json({ file, signatures: signed.signatures.length, missing: now + next });
  const rest = now + next === 0 ? 'Enough keys signed' : `${counted(now + next, 'more signature')} needed`;
  cli.output.note(`Signed, in ${file}. ${rest}: ${COMMAND} zone submit ${file}`);
}

async function addSignatures(
  cli: Cli,
  draft: ZoneDraft,
  { change, zone }: JudgedDraft,
  options: OrderKeyOptions,
): Promise<ZoneDraft> {
  let signed = draft;
  for (const signer of await openOrderKeys(cli, options)) {
    const sign = (
      use: StatementUse,
      statement: Bytes,
      key: number,
      before: readonly StatementSignature[],
    ): StatementSignature[] => {
      if (key < 0) return [...before];
      return joinSignatures(before, signStatement(nativeCrypto, use, statement, [{ key, signer }]));
    };
    const now = placeOf(zone.keySet.keys, signer.publicKey);
    const next = change.use === 'keys' ? placeOf(change.keys, signer.publicKey) : -1;
    if (now < 0 && next < 0) throw formatError('ORDER_KEY_FOREIGN', { publicKey: toHex(signer.publicKey) });
    const signatures = sign(change.use, draft.statement, now, signed.signatures);
    const envelopeSignatures = sign('envelope', zone.envelopeStatement, next, signed.envelopeSignatures);
    const isNew = signatures.length + envelopeSignatures.length > signed.signatures.length + signed.envelopeSignatures.length;
    if (!isNew) throw formatError('DRAFT_SIGNED', { publicKey: toHex(signer.publicKey) });
    signed = { ...signed, signatures, envelopeSignatures };
  }
  return signed;
}

/** `zone submit`: with enough signatures onto the ledger, else to the gateway, where the others find it. */
export async function submitDraft(files: readonly string[], options: SignOptions & PolicyOption, self: Command): Promise<void> {
  const cli = openCli(self);
  const [first, ...others] = files.map((file) => parseZoneDraft(readFile(file)));
  if (first === undefined) throw usageFailure('No draft was named');
  const known = await fetchWaiting(cli, toHex(zoneDraftId(nativeCrypto, first)));
  const joined = joinZoneDrafts(first, ...others, ...(known === null ? [] : [parseZoneDraft(parseBase64(known.file))]));
  const trust = await trustAtHand(cli, options);
  const before = requireJudged(joined, trust);
  const zone = toHex(before.change.zone);
  const { keys, envelope } = await new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${zone}`);
  assertStillSigned(before, { keys, envelope });
  const draft = { ...joined, records: await fetchZoneRecords(cli, zone, { keys, envelope }) };
  const judged = requireJudged(draft, trust);
  const missing = missingOf(draft, judged);
  if (missing.now + missing.next === 0 && (options.key !== undefined || accountIfSaid(cli, options) !== null))
    return carryOutDraft(cli, draft, judged, options);
  await leaveAtGateway(cli, draft, missing);
}

/** What was in force when engineers signed may be so no more; that their keys went says more than that their signatures do not verify. */
function assertStillSigned({ change, zone }: JudgedDraft, now: { readonly keys: number; readonly envelope: number }): void {
  const { keySet, envelope } = zone;
  if (change.use !== 'keys' && keySet.version < now.keys)
    throw formatError('ZONE_KEYS_VERSION', { want: now.keys, got: keySet.version });
  if (change.use === 'keys' && keySet.version === now.keys && envelope.version < now.envelope)
    throw formatError('ZONE_ENVELOPE_VERSION', { want: now.envelope, got: envelope.version });
}

/** A draft that waits at the gateway, or null: no gateway knows it, or none can be asked. */
async function fetchWaiting(cli: Cli, id: string): Promise<ZoneDraftDetailJson | null> {
  try {
    return await new CityCalls(cli.api).get<ZoneDraftDetailJson>(`/api/v1/zone-drafts/${id}`);
  } catch (error) {
    if ((error as { readonly code?: string }).code !== 'DRAFT_UNKNOWN') throw error;
    return null;
  }
}

async function carryOutDraft(cli: Cli, draft: ZoneDraft, judged: JudgedDraft, options: SignOptions): Promise<void> {
  const { statement, signatures, envelopeSignatures } = draft;
  const { zone } = judged.change;
  const signed = { zone, signatures: signatureMaps(signatures) };
  const action = {
    keys: () =>
      actionOf('zone/replace-keys', { ...signed, keySet: statement, envelopeSignatures: signatureMaps(envelopeSignatures) }),
    envelope: () => actionOf('zone/set-envelope', { ...signed, envelope: statement }),
    document: () => actionOf('zone/set-document', { ...signed, document: statement }),
  }[judged.change.use]();
  const [head, ...lines] = describeChange(judged);
  for (const line of lines) cli.output.note(`${line}.`);
  await carryOut(cli, { sentence: `Put into force: ${head}`, isDangerous: true, actions: [action] }, options);
}

async function leaveAtGateway(
  cli: Cli,
  draft: ZoneDraft,
  missing: { readonly now: number; readonly next: number },
): Promise<void> {
  const send = { type: 'application/cbor', body: encodeZoneDraft({ ...draft, records: [] }) };
  const waiting = await new CityCalls(cli.api).post<ZoneDraftJson>('/api/v1/zone-drafts', send);
  const place = placeOptions(cli);
  if (cli.json) cli.output.json(waiting);
  else
    cli.output.fields([
      ['draft', waiting.id],
      ['signed by', `${waiting.signers.length} of ${waiting.needed} keys needed`],
    ]);
  if (missing.now + missing.next === 0)
    return cli.output.note(
      `Enough keys signed. The operator puts it into force: ${COMMAND}${place} zone drafts ${waiting.id} --out FILE, then zone submit FILE`,
    );
  cli.output.note(`It waits at the gateway for ${counted(missing.now + missing.next, 'more signature')}. The next engineer:`);
  cli.output.note(`  ${COMMAND}${place} zone drafts ${waiting.id} --out FILE`);
}

/** `zone drafts`: those that wait, or one of them, to be kept and signed. */
export async function listDrafts(
  id: string | undefined,
  options: PolicyOption & { readonly zone?: string; readonly out?: string },
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const city = new CityCalls(cli.api);
  if (id === undefined) {
    if (options.out !== undefined) throw usageFailure('Which draft is to be kept was not said', `See \`${COMMAND} zone drafts\``);
    const { items } = await city.get<ZoneDraftListJson>('/api/v1/zone-drafts', { zone: options.zone });
    if (cli.json) return cli.output.json({ items });
    return cli.output.table(items, COLUMNS);
  }
  const waiting = await city.get<ZoneDraftDetailJson>(`/api/v1/zone-drafts/${id}`);
  const zone = await city.get<ZoneDetailJson>(`/api/v1/zones/${waiting.zone}`);
  const draft = { ...parseZoneDraft(parseBase64(waiting.file)), records: await fetchZoneRecords(cli, waiting.zone, zone) };
  const judged = requireJudged(draft, await trustAtHand(cli, options));
  if (options.out !== undefined) writeNew(options.out, encodeZoneDraft(draft));
  showDraft(cli, draft, judged);
  if (options.out !== undefined) cli.output.note(`Sign it: ${COMMAND} zone sign ${options.out} --order-key FILE`);
}
