/** What the attacked city shows, as files that whoever asked judges for themselves. */

import { type Bytes, toHex } from '@oppidum/formats/bytes';
import type { AttackedCity } from './attacked-city.ts';

/** A reading cannot be proven yet. */
const NOT_ANCHORED = 409;

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
