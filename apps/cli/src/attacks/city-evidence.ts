/** What the attacked city shows, as files that whoever asked judges for themselves. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { Segment, StateKind } from '@oppidum/formats/state-layout';
import { verifyCompleteRange } from '@oppidum/proofs/verify-complete-range';
import { verifyEvidence } from '@oppidum/proofs/verify-evidence';
import type { Exhibit } from './attack.ts';
import type { AttackedCity } from './attacked-city.ts';

/** A reading cannot be proven yet. */
const NOT_ANCHORED = 409;

/** Evidence of a record and the verifier's word on it, as soon as it is proven to be so. */
export async function provenRecord<V>(
  { records, until }: AttackedCity,
  name: string,
  kind: StateKind<V>,
  segments: readonly Segment[],
  isSo: (record: V) => boolean = () => true,
): Promise<Exhibit> {
  let file: Bytes = new Uint8Array();
  await until(`${kind.name} to be proven`, async () => {
    file = await records.fetch(kind, segments);
    const record = records.open(kind, segments, file);
    return record !== null && isSo(record);
  });
  return { name, file, verdict: verifyEvidence(nativeCrypto, file, { policy: records.policy }).verdict };
}

/** Evidence of a transaction or a reading, and the verifier's word on it. */
export async function provenEntry(city: AttackedCity, name: string, id: Bytes): Promise<Exhibit> {
  const file = await evidenceOf(city, id);
  return { name, file, verdict: verifyEvidence(nativeCrypto, file, { policy: city.records.policy }).verdict };
}

/** Evidence of a transaction or a reading, as soon as there is any. */
export async function evidenceOf(city: AttackedCity, id: Bytes): Promise<Bytes> {
  let file: Bytes = new Uint8Array();
  await city.until('evidence', async () => {
    const answer = await fetch(`${city.http}/api/v1/evidence/${toHex(id)}`, { headers: { accept: 'application/cbor' } });
    file = new Uint8Array(await answer.arrayBuffer());
    return answer.status === 200;
  });
  return file;
}

/** Every reading of a device in a span, none left out and the span closed, as soon as all of them are anchored. */
export async function provenRange(
  city: AttackedCity,
  name: string,
  device: Bytes,
  span: { readonly fromMs: number; readonly toMs: number },
): Promise<Exhibit> {
  let exhibit: Exhibit | null = null;
  await city.until('readings to be anchored', async () => {
    const file = await readingsOf(city, device, span);
    if (file === null) return false;
    const { report, range } = verifyCompleteRange(nativeCrypto, file, { policy: city.records.policy });
    exhibit = { name, file, verdict: report.verdict };
    return range?.isComplete === true;
  });
  if (exhibit === null) throw new Error('the range was there a moment ago');
  return exhibit;
}

/** Every reading of a device in a span, with evidence; null while the newest of them are not in the city's log. */
export async function readingsOf(
  { http }: AttackedCity,
  device: Bytes,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<Bytes | null> {
  const answer = await fetch(`${http}/api/v1/evidence/readings?device=${toHex(device)}&key=0&from=${fromMs}&to=${toMs}`);
  if (answer.status === NOT_ANCHORED) return null;
  if (answer.status !== 200) throw new Error(`the gateway gave no range: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}
