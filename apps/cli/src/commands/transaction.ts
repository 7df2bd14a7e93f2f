/** `oppidum transaction …`: what was asked of the ledger, and what became of it. Signing apart is in `transaction-sign.ts`. */

import type { TransactionDetailJson, TransactionJson } from '@oppidum/gateway/api-types';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, COMMAND, formatTime, idArgument, openCli } from '../cli.ts';
import { addListOptions, type ListOptions, printList } from '../lists.ts';
import type { Column } from '../output.ts';
import { buildTransactionSign } from './transaction-sign.ts';

const COLUMNS: readonly Column<TransactionJson>[] = [
  { heading: 'id', text: ({ id }) => id },
  { heading: 'block', text: ({ height }) => String(height) },
  { heading: 'time', text: ({ timeMs }) => formatTime(timeMs) },
  { heading: 'result', text: ({ code }) => code },
  { heading: 'actions', text: ({ kinds }) => kinds.join(', ') },
];

/** Adds subcommands and their work to the command. */
export function buildTransaction(command: Command): void {
  const list = addListOptions(command.command('list').description('list transactions, newest first')).action(
    async (options: ListOptions, self: Command) => printList(openCli(self), '/api/v1/transactions', options, COLUMNS),
  );
  addExamples(list, [['the newest ten', 'transaction list --limit 10']]);
  const show = command
    .command('show')
    .description('show one transaction: signers, actions, result, events')
    .argument('<id>', 'id of the transaction', idArgument('the id'))
    .action(showTransaction);
  addExamples(show, [['one transaction', 'transaction show <id>']]);
  buildTransactionSign(command);
}

async function showTransaction(id: string, _options: object, self: Command): Promise<void> {
  const cli = openCli(self);
  const transaction = await new CityCalls(cli.api).get<TransactionDetailJson>(`/api/v1/transactions/${id}`);
  if (cli.json) {
    cli.output.json(transaction);
    return;
  }
  const details = Object.entries(transaction.details).map(([name, value]) => `${name}: ${value}`);
  cli.output.fields([
    ['transaction', transaction.id],
    ['result', details.length === 0 ? transaction.code : `${transaction.code} (${details.join(', ')})`],
    ['place', `block ${transaction.height}, position ${transaction.position}, leaf ${transaction.index}`],
    ['time', formatTime(transaction.timeMs)],
    ...transaction.signers.map((signer) => ['signed by', signer] as const),
    ...transaction.actions.map(({ kind, body }) => ['action', `${kind} ${JSON.stringify(body)}`] as const),
    ...transaction.events.map(({ kind, body }) => ['event', `${kind} ${JSON.stringify(body)}`] as const),
  ]);
  cli.output.note(`What proves it: ${COMMAND} evidence ${transaction.id}`);
}
