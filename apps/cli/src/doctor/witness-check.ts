/** Whether the witnesses that the policy names by an address answer. They are asked for nothing. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { parsePolicy } from '@oppidum/formats/policy';
import { type CheckResult, passed, skipped, warned } from './check.ts';

const TIMEOUT_MS = 3_000;

/** Any answer will do: a witness refuses what is no checkpoint. */
export async function checkWitnesses(data: string): Promise<CheckResult> {
  const name = 'witnesses';
  const named = readWitnesses(join(data, 'city.policy'));
  if (named.length === 0) return skipped(name, 'the policy names none by an address');
  const answers = await Promise.all(named.map(({ url }) => doesAnswer(url)));
  const silent = named.filter((_, i) => answers[i] !== true);
  return silent.length === 0
    ? passed(name, `${named.length} answer`)
    : warned(
        name,
        `${silent.length} of ${named.length} do not answer: ${silent.map((witness) => witness.name).join(', ')}`,
        'Ask who runs them; without enough of them no checkpoint is published',
      );
}

function readWitnesses(file: string): readonly { readonly name: string; readonly url: string }[] {
  try {
    const { witnesses } = parsePolicy(nativeCrypto, new Uint8Array(readFileSync(file)));
    return witnesses.flatMap(({ name, url }) => (url === null ? [] : [{ name, url }]));
  } catch {
    // Another check says what is wrong with the policy.
    return [];
  }
}

async function doesAnswer(url: string): Promise<boolean> {
  try {
    const base = url.endsWith('/') ? url : `${url}/`;
    const answer = await fetch(new URL('add-checkpoint', base), { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    await answer.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
