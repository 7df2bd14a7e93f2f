/** Envelopes as they lie in the vault, and back: sealed where they are about people. */

import type { Bytes } from '@oppidum/formats/bytes';
import type { VerifiedReading } from './admit.ts';
import type { KeptReading } from './client.ts';
import type { SubjectKeys } from './subject-keys.ts';
import type { EntryForm, VaultEntry } from './vault.ts';

/** How a reading is stored; a personal one needs its subject's key provided. */
export function storeEnvelope(
  keys: SubjectKeys,
  { sender, digest, envelope }: Pick<VerifiedReading, 'sender' | 'digest' | 'envelope'>,
): { readonly form: EntryForm; readonly data: Bytes } {
  const { device, isPersonal } = sender;
  return isPersonal ? { form: 'sealed', data: keys.seal(device, digest, envelope) } : { form: 'plain', data: envelope };
}

/** The envelope of an entry, or null once erased or past its retention. */
export function openEnvelope(keys: SubjectKeys, entry: Pick<VaultEntry, 'digest' | 'form' | 'data'>): Bytes | null {
  if (entry.form === 'erased' || entry.form === 'retired') return null;
  return entry.form === 'plain' ? entry.data : keys.open(entry.digest, entry.data);
}

/** An entry as the doors of the city see it. */
export function openReading(keys: SubjectKeys, entry: VaultEntry): KeptReading {
  const { index, digest, receivedMs, form } = entry;
  return { index, digest, receivedMs, isPersonal: form !== 'plain', envelope: openEnvelope(keys, entry) };
}
