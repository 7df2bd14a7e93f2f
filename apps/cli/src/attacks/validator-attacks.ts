/** Attacks by a validator, which has true keys of the city: of the only one they can be proven, of one of four they come to nothing. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes } from '@oppidum/formats/bytes';
import { parseCheckpointNote, signCheckpoint } from '@oppidum/formats/checkpoint';
import { addSignatures, cosignCheckpoint } from '@oppidum/formats/cosignature';
import { encodeForkFile, type KeyedFork } from '@oppidum/formats/fork-proof';
import { evaluatePolicy } from '@oppidum/formats/policy';
import { misbehaviourKind } from '@oppidum/formats/state-validators';
import { encodeVerifierKey, type VerifierKey } from '@oppidum/formats/verifier-key';
import { verifyForkFile } from '@oppidum/proofs/verify-fork-file';
import { actionOf } from '../transactions.ts';
import type { Attack } from './attack.ts';
import type { AttackedCity } from './attacked-city.ts';
import { provenRecord } from './city-evidence.ts';

const NAME = 'equivocating-validator';

/** A validator whose keys are in our hands. */
type Equivocator = { readonly folder: string; readonly log: VerifierKey; readonly cosigner: VerifierKey };

export const EQUIVOCATING_VALIDATOR: Attack = {
  name: NAME,
  tried: 'The validator signs a second history: another root for a size of the log whose head it has signed already.',
  stop: { ending: 'detected', by: 'whoever holds both heads', rule: 'FORK_PROVEN' },
  run: async (city) => {
    const { policy } = city.records;
    const earlier = await city.api.checkpoint();
    const { forks, size } = secondHistory(city, earlier, equivocatorIn(city, city.data));
    if (forks.length === 0) return { rule: null, saw: 'both histories go about, and nobody proves anything' };
    const file = encodeForkFile(nativeCrypto, forks);
    const { verdict } = verifyForkFile(nativeCrypto, file, { policy });
    const saw = `two roots of size ${size} under ${forks.length} keys; of one validator it cannot be prevented`;
    return { rule: verdict, saw, exhibits: [{ name: 'two-histories.fork', file, verdict }] };
  },
};

/** The same where there are four, each with keys of its own. */
export const EQUIVOCATING_OF_FOUR: Attack = {
  name: NAME,
  tried: 'One of four validators signs a second history: another root for a size of the log whose head it has cosigned already.',
  stop: { ending: 'prevented', by: 'whoever asks for more than two thirds; the ledger removes it', rule: 'QUORUM_MISSING' },
  run: async (city) => {
    const { rules, records } = city;
    const { policy } = records;
    const earlier = await city.api.checkpoint();
    const { forks, later, size } = secondHistory(city, earlier, cosignerOf(city, earlier));
    const refused = rules.refuseHead(policy, later);
    if (refused === null) return { rule: null, saw: 'the second history is believed on the word of one' };
    const [fork] = forks;
    if (fork === undefined) throw new Error('two heads of one size under one key prove a fork');
    const file = encodeForkFile(nativeCrypto, forks);
    const { verdict } = verifyForkFile(nativeCrypto, file, { policy });
    const { key, ...proof } = fork;
    const { code } = await city.submit([
      actionOf('validator/report-fork', {
        key: encodeVerifierKey(nativeCrypto, key),
        ...proof,
        consistency: [...proof.consistency],
      }),
    ]);
    if (code !== 'OK') throw new Error(`the ledger refused the proof: ${code}`);
    const removal = await provenRecord(city, 'removed.evidence', misbehaviourKind, [key.publicKey]);
    const removed = records.open(misbehaviourKind, [key.publicKey], removal.file);
    if (removed?.removed !== true) throw new Error('the validator has kept its place');
    const exhibits = [{ name: 'two-histories.fork', file, verdict }, removal];
    const saw = `its head of size ${size} has one cosignature of the three that are needed; the fork is proven, and ${removed.validator} was removed at block ${removed.at}`;
    return { rule: refused.code, saw, exhibits };
  },
};

/** Another root for the size of a head, signed by a validator with its two keys, and for which of them that proves a fork. */
function secondHistory(city: AttackedCity, earlier: Bytes, { folder, log, cosigner }: Equivocator) {
  const { checkpoint } = parseCheckpointNote(earlier);
  const root = nativeCrypto.sha256(checkpoint.root);
  const bare = signCheckpoint(nativeCrypto, city.keyOf('log', folder), { ...checkpoint, root });
  const { text } = parseCheckpointNote(bare).note;
  const nowS = Math.floor(Date.now() / 1_000);
  const later = addSignatures(bare, [cosignCheckpoint(nativeCrypto, city.keyOf('cosigner', folder), cosigner.name, text, nowS)]);
  const forks = [log, cosigner]
    .map((key): KeyedFork => ({ key, earlier, later, root, consistency: [] }))
    .filter((fork) => city.rules.checkFork(nativeCrypto, fork.key, fork) === null);
  return { forks, later, size: checkpoint.size };
}

function equivocatorIn(city: AttackedCity, folder: string): Equivocator {
  const { logs, witnesses } = city.records.policy;
  const held = (keys: readonly VerifierKey[], name: string): VerifierKey => {
    const { publicKey } = city.keyOf(name, folder);
    const key = keys.find((each) => equalBytes(each.publicKey, publicKey));
    if (key === undefined) throw new Error(`the policy names no such ${name}`);
    return key;
  };
  return {
    folder,
    log: held(
      logs.map(({ key }) => key),
      'log',
    ),
    cosigner: held(
      witnesses.map(({ key }) => key),
      'cosigner',
    ),
  };
}

/** One that has cosigned this head, and is not the one with our door. */
function cosignerOf(city: AttackedCity, note: Bytes): Equivocator {
  const { cosignatures } = evaluatePolicy(nativeCrypto, city.records.policy, note);
  const others = city.folders.slice(1).map((folder) => equivocatorIn(city, folder));
  const found = others.find(({ cosigner }) =>
    cosignatures.some(({ witness }) => equalBytes(witness.key.publicKey, cosigner.publicKey)),
  );
  if (found === undefined) throw new Error('a head is cosigned by two others at least');
  return found;
}
