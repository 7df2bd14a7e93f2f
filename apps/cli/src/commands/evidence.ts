/**
 * `oppidum evidence ID`: fetches what proves a reading or a transaction, checks it before writing, and exports its log hops as standard
 * `.tlog-proof` files. `evidence state` proves records, `evidence refresh` brings evidence under a newer head.
 */

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { toHex } from '@oppidum/formats/bytes';
import type { Evidence } from '@oppidum/formats/evidence';
import { transactionId } from '@oppidum/formats/transaction';
import type { Command } from 'commander';
import { CityCalls } from '../api.ts';
import { addExamples, type Cli, idArgument, openCli, wholeNumber } from '../cli.ts';
import { type EvidenceOptions, fetchRecords, writeEvidence } from '../evidence-files.ts';
import { CliFailure, usageFailure } from '../failure.ts';
import { kindArgument, segmentArgument } from '../record-arguments.ts';

// Options of `evidence` that stand after the name of a subcommand belong to `evidence` all the same: `optsWithGlobals` has them.
type FetchOptions = EvidenceOptions & { readonly wait: number; readonly envelope?: string };
type RangeOptions = EvidenceOptions & { readonly from?: number; readonly to?: number };

const CBOR = 'application/cbor';
const WAIT_S_DEFAULT = 30;
const WAIT_S_MAX = 3_600;
/** Between two questions whether a reading is anchored by now. */
const RETRY_MS = 250;
/** Codes of what may pass by itself. */
const PASSING = new Set(['NOT_ANCHORED', 'NOT_READY']);

/** Adds arguments, subcommands, options and the work to the command. */
export function buildEvidence(command: Command): void {
  addOutputs(
    command
      .argument('<id>', 'the id of a reading or of a transaction, 64 hex digits', idArgument('the id'))
      .option(
        '--wait <seconds>',
        'wait so long for a reading to be anchored',
        wholeNumber('--wait', 0, WAIT_S_MAX),
        WAIT_S_DEFAULT,
      )
      .option('--envelope <file>', 'what the device sent, where the city no longer has it (ENVELOPE_RETIRED)')
      .usage(
        '<id> [options]\n       npx --no-install oppidum evidence state <kind> [segments...]\n       npx --no-install oppidum evidence refresh <file>',
      ),
  ).action(async (id: string, options: FetchOptions, self: Command) => {
    const cli = openCli(self);
    await writeEvidence(cli, await fetchWhenAnchored(cli, id, options), options, {
      isAnswer: (evidence) => idOf(evidence) === id,
    });
  });
  buildStateEvidence(command.command('state').description('evidence that records are present, absent or complete'));
  buildRefresh(
    addOutputs(command.command('refresh').description('bring an evidence file under the newest checkpoint and policy')),
  );
  addExamples(command, [
    ['as one file, and check it', 'evidence <id> --out reading.evidence'],
    ['also as standard proofs for any C2SP verifier', 'evidence <id> --out reading.evidence --tlog-proof proofs'],
    ['all suspensions of a device, none withheld', 'evidence state suspension <device id> --out suspensions.evidence'],
    ['under the policy of today', 'evidence refresh old.evidence --out new.evidence'],
  ]);
}

function addOutputs(command: Command): Command {
  return command
    .option('-o, --out <file>', 'where to write it (default: standard output; CBOR only into a file or a pipe)')
    .option('--format <form>', 'cbor or json', chooseFormat)
    .option('--tlog-proof <dir>', 'also write every log hop as N.tlog-proof with N.entry and its policy')
    .option('--policy <file>', 'the policy to check it under (default: ./city.policy, else that of the data folder)');
}

function chooseFormat(form: string): string {
  if (form === 'cbor' || form === 'json') return form;
  throw usageFailure(`--format is cbor or json, not ${form}`);
}

async function fetchWhenAnchored(cli: Cli, id: string, { wait: waitS, envelope }: FetchOptions): Promise<Uint8Array> {
  const held = envelope === undefined ? null : { type: 'application/cose', body: new Uint8Array(readFileSync(envelope)) };
  const city = new CityCalls(cli.api);
  const deadline = performance.now() + waitS * 1_000;
  let isWaiting = false;
  for (;;) {
    try {
      const path = `/api/v1/evidence/${id}`;
      return await (held === null ? city.bytes(path, CBOR) : city.bytesFor(path, CBOR, held));
    } catch (error) {
      const mayPass = error instanceof CliFailure && PASSING.has(error.code ?? '');
      if (!mayPass || performance.now() + RETRY_MS > deadline) throw error;
      if (!isWaiting) cli.output.note('Not anchored yet; waiting…');
      isWaiting = true;
      await sleep(RETRY_MS);
    }
  }
}

function buildStateEvidence(command: Command): void {
  command
    .argument('<kind>', 'a kind of record: device, deviceKey, suspension, account, shard …', kindArgument)
    .argument(
      '[segments...]',
      'leading parts of the key: 64 hex digits or a number; fewer than all prove the whole list',
      segmentArgument,
    )
    .option(
      '--from <number>',
      'from this number on (kinds that end in a number)',
      wholeNumber('--from', 0, Number.MAX_SAFE_INTEGER),
    )
    .option('--to <number>', 'up to this number', wholeNumber('--to', 0, Number.MAX_SAFE_INTEGER))
    .action(async (kind: string, segments: readonly string[], _options: object, self: Command) => {
      const cli = openCli(self);
      const options = self.optsWithGlobals<RangeOptions>();
      const { from, to } = options;
      await writeEvidence(cli, await fetchRecords(cli, { kind, segments, from, to }), options);
    });
  addExamples(command, [
    ['a device is on the ledger (or is not)', 'evidence state device <device id>'],
    ['every key it ever had', 'evidence state deviceKey <device id> --format json'],
  ]);
}

/** The id under which evidence is asked for; null for records. */
function idOf(evidence: Evidence): string | null {
  switch (evidence.fact) {
    case 'reading':
      return toHex(nativeCrypto.sha256(evidence.envelope));
    case 'erased':
      return toHex(evidence.entry);
    case 'transaction':
      return toHex(transactionId(nativeCrypto, evidence.payload));
    case 'state':
      return null;
  }
}

function buildRefresh(command: Command): void {
  command
    .argument('<file>', 'an evidence file; - for standard input')
    .action(async (file: string, _options: object, self: Command) => {
      const { refreshFile } = await import('../refresh.ts');
      await refreshFile(openCli(self), file, self.optsWithGlobals<EvidenceOptions>());
    });
  addExamples(command, [
    ['after the city changed its policy', 'evidence refresh old.evidence --policy city.policy --out new.evidence'],
  ]);
}
