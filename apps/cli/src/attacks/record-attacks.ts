/** Attacks by those who keep the records: a gateway that lies, a validator with two stories, an operator at the database. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, equalBytes, parseHex, toHex } from '@oppidum/formats/bytes';
import { FormatError } from '@oppidum/formats/errors';
import { encodeEvidence, parseEvidence } from '@oppidum/formats/evidence';
import { ID_SIZE } from '@oppidum/formats/ids';
import { encodeEvents, parseEvents } from '@oppidum/formats/result';
import { suspensionKind } from '@oppidum/formats/state-devices';
import { encodeState } from '@oppidum/formats/state-layout';
import { zoneKeysKind } from '@oppidum/formats/state-orders';
import { encodeKeySet, parseKeySet } from '@oppidum/formats/zone-statements';
import type { ReadingJson } from '@oppidum/gateway/api/readings';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import { outputOf } from '../start/children.ts';
import { actionOf } from '../transactions.ts';
import type { Attack, Exhibit } from './attack.ts';
import type { AttackedCity } from './attacked-city.ts';
import { evidenceOf, provenEntry } from './city-evidence.ts';
import { linesOf } from './damages.ts';
import { newMachine, submitBy } from './make-street.ts';
import type { Sensor } from './sensor.ts';

const TAMPER = import.meta.resolve('@oppidum/telemetry/tamper-main');

export const LYING_GATEWAY: Attack = {
  name: 'lying-gateway',
  tried: 'A gateway answers the question whose keys a zone obeys with evidence into which it wrote a key of its own.',
  stop: { ending: 'prevented', by: 'whoever asks', rule: 'EVIDENCE_REFUSED' },
  run: async ({ records, rules, zone }) => {
    const segments = [zone.keySet.zone, 1];
    const file = await records.fetch(zoneKeysKind, segments);
    const [thief, second] = [newMachine().signer.publicKey, zone.keySet.keys[1] as Bytes];
    const keys = [thief, second].sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1));
    const lie = withKeys(file, encodeKeySet({ ...zone.keySet, keys }));
    const exhibits = [exhibit(records, 'true.evidence', file), exhibit(records, 'lie.evidence', lie)];
    try {
      const believed = rules.openRecord(records, zoneKeysKind, segments, lie);
      const isBelieved = believed !== null && parseKeySet(believed.statement).keys.some((key) => equalBytes(key, thief));
      if (!isBelieved) throw new Error('the reader believes neither the lie nor refuses it');
      return { rule: null, saw: 'the reader takes the gateway’s key for one of the zone', exhibits };
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return { rule: error.code, saw: `the lie says ${String(error.details['verdict'])}`, exhibits };
    }
  },
};

export const WITHHELD_EVENTS: Attack = {
  name: 'withheld-events',
  tried:
    'A gateway that is asked for every suspension of a device leaves one out, and its event out of the transaction that made it.',
  stop: { ending: 'detected', by: 'whoever asked, by the evidence that goes with the answer', rule: 'HASH_MISMATCH' },
  run: async (city) => {
    const { records, rules } = city;
    const [{ id }] = (await city.makeSensors('Suspended sensor', 1)) as [Sensor];
    const suspend = actionOf('device/suspend', { id, reason: 'drifts' });
    const { id: transaction } = await submitBy(city, [suspend]);
    await city.do([actionOf('device/resume', { id })]);
    await city.do([suspend]);
    const list = await fetchList(city, id, 2);
    const event = await evidenceOf(city, transaction);
    const lies = [withoutFirstRecord(list), withoutEvents(event)];
    const verdictOf = (file: Bytes): string => rules.verifyRecords(nativeCrypto, file, { policy: records.policy }).verdict;
    if ([list, event].some((file) => verdictOf(file) !== 'OK')) throw new Error('what is left out of holds before');
    const exhibits = [
      ...[exhibit(records, 'all.evidence', list), exhibit(records, 'one-left-out.evidence', lies[0] as Bytes)],
      exhibit(records, 'event-left-out.evidence', lies[1] as Bytes),
    ];
    const verdicts = lies.map(verdictOf);
    const passed = verdicts.includes('OK');
    if (passed) return { rule: null, saw: 'an answer without the suspension passes for whole', exhibits };
    return { rule: verdicts[0] as string, saw: `without the record ${verdicts[0]}, without the event ${verdicts[1]}`, exhibits };
  },
};

export const EDITED_DATABASE: Attack = {
  name: 'edited-database',
  tried: 'The operator changes a stored number behind the back of the services, in the database of a copy of the city.',
  stop: { ending: 'detected', by: 'whoever derives the folder again (oppidum fsck)', rule: 'ENTRY_DAMAGED' },
  run: async (city) => {
    const reading = await anchoredReading(city);
    const exhibits = [await provenEntry(city, 'as-it-was.evidence', parseHex(reading.id, ID_SIZE))];
    const desk = join(city.folder, 'desk');
    mkdirSync(desk, { mode: 0o700 });
    const args = ['--data', city.data, '--desk', desk, '--reading', reading.id, '--what', 'alter', '--depth', 'bytes'];
    const { code, output } = await outputOf(TAMPER, args);
    const isPlayed = linesOf(output).some((line) => 'played' in (line as object));
    if (code !== 0 || !isPlayed) throw new Error(`the database could not be edited: ${output.slice(-200)}`);
    const damages = await city.rules.damagesOf(join(desk, 'city'));
    const [first] = damages;
    if (first === undefined) return { rule: null, saw: 'the edited database passes for whole' };
    const saw = `${damages.length} damaged; first ${first.file}: ${first.what}`;
    return { rule: first.code, saw, exhibits };
  },
};

/** All suspensions of a device, none withheld, as soon as there are so many. */
async function fetchList({ records, until }: AttackedCity, device: Bytes, count: number): Promise<Bytes> {
  let file: Bytes = new Uint8Array();
  await until('the suspensions to be proven', async () => {
    file = await records.fetch(suspensionKind, [device]);
    const evidence = parseEvidence(file);
    return evidence.fact === 'state' && evidence.state.values.length === count;
  });
  return file;
}

function withoutFirstRecord(file: Bytes): Bytes {
  const evidence = parseEvidence(file);
  if (evidence.fact !== 'state') throw new Error('this evidence is of records');
  return encodeEvidence({ ...evidence, state: { ...evidence.state, values: evidence.state.values.slice(1) } });
}

function withoutEvents(file: Bytes): Bytes {
  const evidence = parseEvidence(file);
  if (evidence.fact !== 'transaction') throw new Error('this evidence is of a transaction');
  return encodeEvidence({ ...evidence, events: encodeEvents(parseEvents(evidence.events).slice(1)) });
}

function withKeys(file: Bytes, statement: Bytes): Bytes {
  const evidence = parseEvidence(file);
  if (evidence.fact !== 'state') throw new Error('this evidence is of a record');
  const value = encodeState(zoneKeysKind, { statement, from: 1 });
  return encodeEvidence({ ...evidence, state: { ...evidence.state, values: [value] } });
}

function exhibit({ policy }: AttackedCity['records'], name: string, file: Bytes): Exhibit {
  return { name, file, verdict: verifyEvidence(nativeCrypto, file, { policy }).verdict };
}

/** What the lamp told of itself, as soon as the city's log has it. */
async function anchoredReading(city: AttackedCity): Promise<ReadingJson> {
  await city.lamp.receive(new Uint8Array());
  let found: ReadingJson | undefined;
  await city.until('a reading to be anchored', async () => {
    const answer = await fetch(`${city.http}/api/v1/readings?limit=100`);
    const { items } = (await answer.json()) as { readonly items: readonly ReadingJson[] };
    found = items.find(({ anchored }) => anchored);
    return found !== undefined;
  });
  if (found === undefined) throw new Error('it was found a moment ago');
  return found;
}
