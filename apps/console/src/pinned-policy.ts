/** Whose signatures this browser believes: a policy that its user pinned. Never replaced by what the city says later. */

import { encodeUtf8, toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { FormatError } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Policy } from '@oppidum/formats/policy';

const PINNED = 'oppidum.console.policy';

export type PinnedPolicy = { readonly text: string; readonly policy: Policy; readonly origin: string; readonly sha256: string };

/** The policy in a text, or null where it is no city's. */
export function readPolicy(text: string): PinnedPolicy | null {
  try {
    const bytes = encodeUtf8(text);
    const policy = parseCityPolicy(crypto, bytes);
    return { text, policy, origin: originOf(policy), sha256: toHex(crypto.sha256(bytes)) };
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** The pinned policy, or null. Where storage is blocked a page knows only what was pinned since it was opened. */
export function pinnedPolicy(): PinnedPolicy | null {
  const text = storedText();
  return text === null ? null : readPolicy(text);
}

let unstored: string | null = null;

function storedText(): string | null {
  try {
    return localStorage.getItem(PINNED) ?? unstored;
  } catch {
    return unstored;
  }
}

/** Pins it, or forgets with null. */
export function pinPolicy(text: string | null): void {
  unstored = text;
  try {
    if (text === null) localStorage.removeItem(PINNED);
    else localStorage.setItem(PINNED, text);
  } catch {
    // Kept for as long as the page is open.
  }
}
