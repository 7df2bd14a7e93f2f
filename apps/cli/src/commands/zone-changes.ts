/** `oppidum zone document|envelope|keys …`, `zone sign|submit|drafts`: how changes of a zone are prepared, and by whom one was signed. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ProvenRecords } from '@oppidum/device/proven-records';
import { type Bytes, encodeUtf8, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import { formatError } from '@oppidum/formats/errors';
import { zoneDocumentKind, zoneKeysKind } from '@oppidum/formats/state-orders';
import { checkStatement } from '@oppidum/formats/statement';
import {
  encodeKeySet,
  encodeZoneDocument,
  parseKeySet,
  parseZoneDocument,
  type ZoneDocument,
} from '@oppidum/formats/zone-statements';
import { describeDocument, documentJson } from '@oppidum/formats/zone-words';
import type { ZoneDetailJson } from '@oppidum/gateway/api/orders';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, idArgument, noPolicyAtHand, openCli, policyAtHand, readFile, wholeNumber } from '../cli.ts';
import { fetchRecords } from '../evidence-files.ts';
import { usageFailure } from '../failure.ts';
import { writeNew } from '../new-file.ts';
import { addOrderKeyOptions, fetchZone } from '../order-keys.ts';
import { printable } from '../output.ts';
import { addSignOptions } from '../transactions.ts';
import type { PolicyOption } from '../zone-draft-files.ts';
import { type KeySetOptions, keySetOf, readEnvelope } from './zone-acts.ts';
import { type DraftOptions, listDrafts, signDraft, submitDraft, writeDraft } from './zone-drafts.ts';

const KEY_COUNT_MAX = 16;
const POLICY_HELP = 'the policy to trust (default: ./city.policy, else that of the data folder)';
const count = (name: string) => wholeNumber(name, 1, KEY_COUNT_MAX);

/** Adds these subcommands. */
export function buildZoneChanges(command: Command): void {
  buildDocument(command.command('document').description('documents of a zone: prepare the next version, see who signed one'));
  buildOthers(command);
  buildSigning(command);
}

function drafting(command: Command): Command {
  return command
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .requiredOption('--out <file>', 'where the draft is written, to be signed by each engineer')
    .option('--policy <file>', POLICY_HELP);
}

function buildDocument(document: Command): void {
  const draft = drafting(document.command('draft').description('prepare the next version of a document for engineers to sign'))
    .argument('<name>', 'name of the document, as its domain knows it: matrix, plans, programme')
    .argument('<file>', 'its bytes')
    .action(draftDocument);
  addExamples(draft, [['new plans', 'zone document draft <id> plans plans.cbor --out plans.draft']]);
  const show = document
    .command('show')
    .description('show a document in force, and prove which order keys signed it')
    .argument('<id>', 'id of the zone', idArgument('the id'))
    .argument('<name>', 'its name')
    .option('--out <file>', 'write it here: in JSON to be changed where the file is called so, else its bytes')
    .option('--policy <file>', POLICY_HELP)
    .action(showDocument);
  addExamples(show, [
    ['by which engineers', 'zone document show <id> matrix'],
    ['the plans, to change them', 'zone document show <id> plans --out plans.json'],
  ]);
}

function buildOthers(command: Command): void {
  const envelope = drafting(
    command
      .command('envelope')
      .description('envelopes of a zone')
      .command('draft')
      .description('prepare the next envelope for engineers to sign'),
  )
    .argument('<file>', 'the envelope as JSON (docs/orders.md)')
    .action(draftEnvelope);
  addExamples(envelope, [['shorter lifetimes', 'zone envelope draft <id> lamps.json --out envelope.draft']]);
  const keys = drafting(
    command
      .command('keys')
      .description('key sets of a zone')
      .command('draft')
      .description('prepare the next key set for old and new engineers to sign'),
  )
    .requiredOption(
      '--public-key <key>',
      'a key of the next set; again for each, also of those who stay',
      (key: string, known: readonly string[] = []) => [...known, idArgument('--public-key')(key)],
    )
    .option('--threshold <n>', 'keys that must sign an order', count('--threshold'), 1)
    .option(
      '--dangerous-threshold <n>',
      'keys that must sign what is dangerous, and every change here',
      count('--dangerous-threshold'),
    )
    .action(draftKeys);
  addExamples(keys, [
    ['somebody left', 'zone keys draft <id> --public-key <key> --public-key <key> --dangerous-threshold 2 --out keys.draft'],
  ]);
}

function buildSigning(command: Command): void {
  const sign = addOrderKeyOptions(
    command.command('sign').description('show what a draft would change, and sign it with your order key; asks no city'),
  )
    .argument('<draft>', 'the draft; the signature is added to it')
    .option('--policy <file>', POLICY_HELP)
    .option('--dry-run', 'show it; sign nothing')
    .option('-y, --yes', 'do not ask')
    .action(signDraft);
  addExamples(sign, [
    ['what would change?', 'zone sign plans.draft --dry-run'],
    ['sign it', 'zone sign plans.draft --order-key anna.seed'],
  ]);
  const submit = addSignOptions(
    command
      .command('submit')
      .description('hand in a draft: onto the ledger once enough keys signed, else to the gateway, where it waits'),
  )
    .argument('<drafts...>', 'the draft, or copies of it that were signed apart')
    .option('--policy <file>', POLICY_HELP)
    .action(submitDraft);
  addExamples(submit, [
    ['what you signed', 'zone submit plans.draft'],
    ['two copies', 'zone submit plans-anna.draft plans-ben.draft'],
  ]);
  const drafts = command
    .command('drafts')
    .description('changes of zones that wait for further engineers; with an id, one of them in words')
    .argument('[id]', 'id of a draft', idArgument('the id'))
    .option('--zone <id>', 'of this zone alone', idArgument('--zone'))
    .option('--out <file>', 'keep it here, to be signed')
    .option('--policy <file>', POLICY_HELP)
    .action(listDrafts);
  addExamples(drafts, [
    ['what waits for me?', 'zone drafts'],
    ['fetch one', 'zone drafts <id> --out plans.draft'],
  ]);
}

const zoneOf = (cli: Cli, id: string): Promise<ZoneDetailJson> =>
  new CityCalls(cli.api).get<ZoneDetailJson>(`/api/v1/zones/${id}`);

async function draftDocument(id: string, name: string, file: string, options: DraftOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { keySet } = await fetchZone(cli, id);
  const zone = await zoneOf(cli, id);
  const version = (zone.documents.find((known) => known.name === name)?.version ?? 0) + 1;
  const statement = encodeZoneDocument({ city: keySet.city, zone: keySet.zone, name, version, body: readFile(file) });
  await writeDraft(cli, { use: 'document', statement, zone }, options);
}

async function draftEnvelope(id: string, file: string, options: DraftOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { keySet, envelope } = await fetchZone(cli, id);
  const zone = await zoneOf(cli, id);
  const previous = nativeCrypto.sha256(parseBase64(zone.envelopeInForce.statement));
  const place = { city: keySet.city, zone: keySet.zone, version: envelope.version + 1, previous };
  await writeDraft(cli, { use: 'envelope', statement: await readEnvelope(file, place), zone }, options);
}

async function draftKeys(id: string, options: DraftOptions & KeySetOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const { keySet } = await fetchZone(cli, id);
  const { city, zone, version } = keySet;
  const next = keySetOf({ city, zone, version: version + 1 }, [], options);
  await writeDraft(cli, { use: 'keys', statement: encodeKeySet(next), zone: await zoneOf(cli, id) }, options);
}

/** Document and key set as the ledger proves them, and the signatures of the one by the other. */
async function showDocument(
  id: string,
  name: string,
  options: PolicyOption & { readonly out?: string },
  self: Command,
): Promise<void> {
  const cli = openCli(self);
  const policy = options.policy ?? policyAtHand(cli);
  if (policy === undefined) throw noPolicyAtHand();
  const records = new ProvenRecords(nativeCrypto, readFile(policy), null);
  const zone = parseHex(id);
  const digest = nativeCrypto.sha256(encodeUtf8(name));
  const file = await fetchRecords(cli, { kind: zoneDocumentKind.name, segments: [id, toHex(digest)] });
  const document = records.open(zoneDocumentKind, [zone, digest], file);
  if (document === null) throw formatError('DOCUMENT_UNKNOWN', { zone: id, name });
  const keysFile = await fetchRecords(cli, { kind: zoneKeysKind.name, segments: [id, String(document.keys)] });
  const keys = records.open(zoneKeysKind, [zone, document.keys], keysFile);
  if (keys === null) throw formatError('ZONE_KEYS_UNKNOWN', { version: document.keys });
  const keySet = parseKeySet(keys.statement);
  const need = { keys: keySet.keys, count: keySet.dangerousThreshold };
  const refused = checkStatement(nativeCrypto, 'document', document, need);
  if (refused !== null) throw formatError(refused.code, refused.details);
  const signers = document.signatures.map(({ key }) => toHex(keySet.keys[key] as Uint8Array));
  const opened = parseZoneDocument(document.statement);
  if (options.out !== undefined) writeNew(options.out, options.out.endsWith('.json') ? jsonOf(opened) : opened.body);
  const words = describeDocument(opened);
  const { version, from } = document;
  if (cli.json)
    return cli.output.json({ zone: id, name, version, digest: toHex(document.digest), keySet: keySet.version, signers, words });
  for (const line of words) cli.output.line(printable(line));
  cli.output.fields([
    ['document', `${name}, version ${version}, in force from block ${from}`],
    ['digest', toHex(document.digest)],
    ['signed by', `${signers.length} different keys of key set ${keySet.version}, ${keySet.dangerousThreshold} needed`],
    ...signers.map((key) => ['order key', key] as const),
  ]);
  cli.output.note('Proven under your policy: the document, the key set, and these signatures.');
}

function jsonOf(document: ZoneDocument): Bytes {
  const json = documentJson(document);
  if (json === null)
    throw usageFailure(`The document ${document.name} has no form in JSON here`, 'Name a file that does not end in .json');
  return encodeUtf8(`${JSON.stringify(json, null, 2)}\n`);
}
