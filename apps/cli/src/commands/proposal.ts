/** `oppidum proposal …`: what the bodies of the city decide. Actions of a proposal come from a JSON file. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import type { CborValue } from '@oppidum/formats/cbor';
import { formatError } from '@oppidum/formats/errors';
import type { Json } from '@oppidum/formats/schema';
import { proposalKind } from '@oppidum/formats/state-governance';
import { parseActions } from '@oppidum/formats/transaction';
import type { BodyJson, ProposalDetailJson, ProposalJson } from '@oppidum/gateway/api-types';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, formatTime, idArgument, openCli, readInput, shortId, wholeNumber } from '../cli.ts';
import { fetchRecords, findPolicy } from '../evidence-files.ts';
import { usageFailure } from '../failure.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { actionOf, addSignOptions, carryOut, freshId, idBytes, type SignOptions, toJson } from '../transactions.ts';

type PolicyOption = { readonly policy?: string };
type CreateOptions = SignOptions & { readonly body: string; readonly expires: number };

const HOUR_MS = 3_600_000;
const EXPIRES_HOURS_DEFAULT = 72;
const EXPIRES_HOURS_MAX = 24 * 366;

const COLUMNS: readonly Column<ProposalJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'status', text: ({ status }) => status },
  { heading: 'approvals', text: ({ approvalCount, threshold }) => `${approvalCount} of ${threshold}` },
  { heading: 'body', text: ({ bodyName }) => bodyName },
  { heading: 'expires', text: ({ expiresMs }) => formatTime(expiresMs) },
  { heading: 'actions', text: ({ kinds }) => kinds.join(', ') },
];

/** Adds subcommands and their work to the command. */
export function buildProposal(command: Command): void {
  const list = addListOptions(command.command('list').description('list proposals')).action(
    async (options: ListOptions, self: Command) => printList(openCli(self), '/api/v1/proposals', options, COLUMNS),
  );
  addExamples(list, [['what waits for approvals', 'proposal list']]);
  const show = command
    .command('show')
    .description('show one proposal: its actions, approvals and rejections')
    .argument('<id>', 'id of the proposal', idArgument('the id'))
    .action(showProposal);
  addExamples(show, [['one proposal', 'proposal show <id>']]);
  const bodies = command
    .command('bodies')
    .description('list the bodies that decide, with thresholds and members')
    .action(listBodies);
  addExamples(bodies, [['whose approval is needed', 'proposal bodies']]);
  buildCreate(command);
  buildChange(
    command,
    'approve',
    'approve a proposal as a member of its body; the approval that reaches the threshold executes it',
  );
  buildReject(command);
  buildChange(command, 'withdraw', 'take back a proposal that you made');
}

async function showProposal(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const proposal = await new CityCalls(cli.api).get<ProposalDetailJson>(`/api/v1/proposals/${id}`);
  if (cli.json) {
    cli.output.json(proposal);
    return;
  }
  cli.output.fields([
    ['proposal', proposal.id],
    ['status', proposal.status],
    ['body', `${proposal.bodyName} ${proposal.body}`],
    ['proposer', proposal.proposer],
    ['created', formatTime(proposal.createdMs)],
    ['expires', formatTime(proposal.expiresMs)],
    ['approvals', `${proposal.approvalCount} of ${proposal.threshold}`],
    ...proposal.approvals.map(({ account, at }) => ['approved by', `${account} at block ${at}`] as const),
    ...proposal.rejections.map(({ account, at, reason }) => ['rejected by', `${account} at block ${at}: ${reason}`] as const),
    ...proposal.actions.map(({ kind, body }) => ['action', `${kind} ${JSON.stringify(body)}`] as const),
  ]);
}

async function listBodies(_options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const { items } = await new CityCalls(cli.api).get<{ readonly items: readonly BodyJson[] }>('/api/v1/bodies');
  if (cli.json) cli.output.json({ items });
  else
    cli.output.table(items, [
      { heading: 'id', text: ({ id }) => id },
      { heading: 'name', text: ({ name }) => name },
      { heading: 'threshold', text: ({ threshold, members }) => `${threshold} of ${members.length}` },
      { heading: 'members', text: ({ members }) => members.map(({ account }) => shortId(account)).join(', ') },
    ]);
}

function buildCreate(command: Command): void {
  const create = addSignOptions(command.command('create').description('put actions before a body'))
    .argument('<file>', 'JSON: [{"kind": "parameter/set", "body": {…}}, …]; ids and bytes as {"hex": "…"}; - for standard input')
    .requiredOption('--body <id>', 'the body that decides; `proposal bodies` lists them', idArgument('--body'))
    .option(
      '--expires <hours>',
      'how long it may wait for approvals',
      wholeNumber('--expires', 1, EXPIRES_HOURS_MAX),
      EXPIRES_HOURS_DEFAULT,
    )
    .action(createProposal);
  addExamples(create, [
    ['a file with one action', `proposal create actions.json --body <id>   # [{"kind": "parameter/set", "body": {…}}]`],
    ['see it first', 'proposal create actions.json --body <id> --dry-run'],
    ['which bodies there are', 'proposal bodies'],
    ['from a pipe', 'proposal create - --body <id> --yes < actions.json'],
  ]);
}

async function createProposal(file: string, options: CreateOptions, self: Command): Promise<void> {
  const cli = openCli(self);
  const actions = readActions(new TextDecoder().decode(await readInput(file)));
  const id = freshId();
  const body = {
    id,
    body: idBytes(options.body),
    actions: actions.map(({ kind, body }): CborValue => [kind, body]),
    expiresMs: Date.now() + options.expires * HOUR_MS,
  };
  const kinds = actions.map(({ kind }) => kind).join(', ');
  // With a threshold of one, proposing is deciding.
  const sentence = `Propose ${kinds} to body ${shortId(options.body)} as proposal ${toHex(id)}; your signature is also your approval`;
  await carryOut(cli, { sentence, isDangerous: true, actions: [actionOf('proposal/create', body)] }, options);
}

/** Actions of a JSON file. `{"hex": "…"}` becomes bytes, everything else what CBOR has for it. Throws exit code 2. */
function readActions(text: string): readonly { readonly kind: string; readonly body: CborValue }[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw usageFailure('The actions are no JSON', 'Write a list of {"kind": …, "body": {…}}');
  }
  if (!Array.isArray(json) || json.length === 0)
    throw usageFailure('The actions are no list', 'Write [{"kind": …, "body": {…}}]');
  return json.map((item: { readonly kind?: unknown; readonly body?: Json } | null) => {
    if (typeof item?.kind !== 'string' || typeof item.body !== 'object' || item.body === null)
      throw usageFailure('An action is {"kind": "area/verb", "body": {…}}');
    return { kind: item.kind, body: toCbor(item.body) };
  });
}

function toCbor(json: Json): CborValue {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return json.map(toCbor);
  const entries = Object.entries(json as { readonly [name: string]: Json });
  const [first] = entries;
  if (entries.length === 1 && first !== undefined && first[0] === 'hex') {
    if (typeof first[1] !== 'string' || !/^([0-9a-f]{2})*$/.test(first[1]))
      throw usageFailure('{"hex": …} holds pairs of 0-9 a-f');
    return new Uint8Array(Buffer.from(first[1], 'hex'));
  }
  return new Map(entries.map(([name, value]) => [name, toCbor(value)]));
}

function buildChange(command: Command, verb: 'approve' | 'withdraw', about: string): void {
  const change = addSignOptions(command.command(verb).description(about))
    .argument('<id>', 'id of the proposal', idArgument('the id'))
    .option('--policy <file>', 'the policy that proves what it says (default: ./city.policy, else that of the data folder)')
    .action(async (id: string, options: SignOptions & PolicyOption, self: Command) => {
      const cli = openCli(self);
      const sentence = `${verb === 'approve' ? 'Approve' : 'Withdraw'} proposal ${id}: ${await describeProposal(cli, id, options)}`;
      const actions = [actionOf(`proposal/${verb}`, { id: idBytes(id) })];
      await carryOut(cli, { sentence, isDangerous: true, actions }, options);
    });
  addExamples(change, [[`${verb} it without being asked`, `proposal ${verb} <id> --yes`]]);
}

function buildReject(command: Command): void {
  const about = 'reject a proposal as a member of its body; it is over when so many reject that it can no longer be approved';
  const reject = addSignOptions(command.command('reject').description(about))
    .argument('<id>', 'id of the proposal', idArgument('the id'))
    .requiredOption('--reason <text>', 'why, for everybody to read: name no person')
    .option('--policy <file>', 'the policy that proves what it says (default: ./city.policy, else that of the data folder)')
    .action(async (id: string, options: SignOptions & PolicyOption & { readonly reason: string }, self: Command) => {
      const cli = openCli(self);
      const { reason } = options;
      const sentence = `Reject proposal ${id}, because "${reason}": ${await describeProposal(cli, id, options)}`;
      const actions = [actionOf('proposal/reject', { id: idBytes(id), reason })];
      await carryOut(cli, { sentence, isDangerous: true, actions }, options);
    });
  addExamples(reject, [
    ['as one of the trustees', 'proposal reject <id> --reason "no contract with the city" --key ben.seed --account <id>'],
    ['until it is decided you may change your mind', 'proposal approve <id>'],
  ]);
}

/** What a proposal would do, as the ledger proves it: nobody signs for what an address merely shows. Throws EVIDENCE_REFUSED. */
async function describeProposal(cli: Cli, id: string, options: PolicyOption): Promise<string> {
  const policy = await findPolicy(cli, options);
  if (policy === null) {
    const { kinds } = await new CityCalls(cli.api).get<ProposalDetailJson>(`/api/v1/proposals/${id}`);
    return `${kinds.join(', ')} (so says the city; no policy file is at hand to check it)`;
  }
  const file = await fetchRecords(cli, { kind: proposalKind.name, segments: [id] });
  const { verdict, facts } = verifyEvidence(nativeCrypto, file, { policy });
  const [record] = (facts['records'] ?? []) as readonly { readonly value: Json }[];
  if (verdict !== 'OK') throw formatError('EVIDENCE_REFUSED', { want: 'a proposal that the ledger proves', verdict });
  if (record === undefined) throw formatError('PROPOSAL_UNKNOWN', { proposal: id });
  const { actions } = proposalKind.value.fromJson(record.value as never, '');
  return parseActions(actions)
    .map(({ kind, body }) => `${kind} ${JSON.stringify(toJson(body))}`)
    .join(', ');
}
