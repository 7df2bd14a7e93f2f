/** Bringing an evidence file under the newest checkpoint of its city, with a consistency proof made from the city's tiles. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import type { Bytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote } from '@oppidum/formats/checkpoint';
import { formatError } from '@oppidum/formats/errors';
import { encodeEvidence, parseEvidenceFile } from '@oppidum/formats/evidence';
import { evaluatePolicy, refusalOf } from '@oppidum/formats/policy';
import { headOf, refreshEvidence } from '@oppidum/proofs/refresh-evidence';
import { CityCalls } from './api.ts';
import { type Cli, COMMAND, readInput } from './cli.ts';
import { type EvidenceOptions, findPolicy, writeEvidence } from './evidence-files.ts';
import { CliFailure, EXIT, usageFailure } from './failure.ts';
import { fetchConsistency } from './log-proofs.ts';
import { isSameHead, type PolicyChange, walkPolicies } from './policy-walk.ts';

/**
 * Reads evidence, proves it under the city's newest checkpoint, and writes it. Where the city has changed its policy since the one at
 * hand, the newest is found as `policy follow` does. Nothing is taken that it does not believe.
 */
export async function refreshFile(cli: Cli, file: string, options: EvidenceOptions): Promise<void> {
  const trusted = await findPolicy(cli, options);
  if (trusted === null) throw usageFailure('Refreshing needs the policy to trust', 'Name it with --policy FILE');
  const evidence = parseEvidenceFile(await readInput(file));
  const city = new CityCalls(cli.api);
  const changes = await walkPolicies(city, trusted);
  const note = await city.bytes('/log/checkpoint', 'text/plain');
  const newestChange = changesBelow(note, changes).at(-1);
  const policy = newestChange?.policy ?? trusted;
  const { size } = headOf(evidence);
  const newest = parseCheckpointNote(note).checkpoint.size;
  if (newest < size)
    throw new CliFailure(`The newest checkpoint of the city has size ${newest}, the evidence already stands under size ${size}`, {
      exitCode: EXIT.failed,
      action: 'Ask another node, or wait',
    });
  const tile = (path: string) => city.bytes(`/log/${path}`, 'application/octet-stream');
  const consistency = await fetchConsistency({ size: newest, tile }, size, newest);
  const answer = refreshEvidence(nativeCrypto, evidence, policy, { note, consistency });
  if ('code' in answer) throw formatError(answer.code, answer.details);
  await writeEvidence(cli, encodeEvidence(answer.evidence), options, { policy });
  if (newestChange !== undefined)
    cli.output.note(
      `It verifies under the policy of block ${newestChange.height}, SHA-256 ${newestChange.sha256}: have it with \`${COMMAND} policy follow\`.`,
    );
}

/** The changes after which this checkpoint was cosigned: not the last one, where the checkpoint is the very one that put it into force. */
function changesBelow(note: Bytes, changes: readonly PolicyChange[]): readonly PolicyChange[] {
  const last = changes.at(-1);
  if (last === undefined || !isSameHead(note, parseEvidenceFile(last.evidence).checkpoint)) return changes;
  return refusalOf(evaluatePolicy(nativeCrypto, last.policy, note)) === null ? changes : changes.slice(0, -1);
}
