/**
 * Whose signatures this browser believes: a policy that its user pinned, and those that it was proven to be succeeded by. Never replaced by
 * what the city says later, and never led back: heads that were believed are remembered.
 */

import { encodeUtf8, parseHex, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { originOf, parseCityPolicy } from '@oppidum/formats/city-policy';
import { describeError, FormatError } from '@oppidum/formats/errors';
import { nobleCrypto as crypto } from '@oppidum/formats/noble-crypto';
import type { Policy } from '@oppidum/formats/policy';
import type { SeenHead, Trust } from '@oppidum/proofs/verify-checkpoint';
import { succeedBy } from './succeed.ts';

const PINNED = 'oppidum.console.policy';
/** JSON: SHA-256 of the pinned policy that they were proven under, then files of successors, oldest first. */
const FOLLOWED = 'oppidum.console.followed';
/** JSON: origin, then size and root of heads that were believed, ascending. */
const HEADS = 'oppidum.console.heads';
const HEAD_COUNT_MAX = 500;

/** `policy` is the one to believe now: the pinned one or its newest proven successor. `text` and `sha256` are of the one that was pinned. */
export type PinnedPolicy = {
  readonly text: string;
  readonly policy: Policy;
  readonly origin: string;
  readonly sha256: string;
  readonly trust: Trust;
  /** The file of `policy`, and its digest. */
  readonly newest: string;
  readonly newestSha256: string;
  readonly followedCount: number;
};

/** The policy in a text, or why it is no city's. */
export function openPolicy(text: string): PinnedPolicy | { readonly problem: string } {
  try {
    const bytes = encodeUtf8(text);
    const policy = parseCityPolicy(crypto, bytes);
    const sha256 = toHex(crypto.sha256(bytes));
    return {
      text,
      policy,
      origin: originOf(policy),
      sha256,
      trust: { policy },
      newest: text,
      newestSha256: sha256,
      followedCount: 0,
    };
  } catch (error) {
    if (error instanceof FormatError) return { problem: describeError(error.code, error.details) };
    throw error;
  }
}

/** The policy in a text, or null where it is no city's. */
export function readPolicy(text: string): PinnedPolicy | null {
  const policy = openPolicy(text);
  return 'problem' in policy ? null : policy;
}

/** The pinned policy with what followed it, or null. Where storage is blocked a page knows only what was pinned since it was opened. */
export function pinnedPolicy(): PinnedPolicy | null {
  const text = storedText(PINNED);
  const pinned = text === null ? null : openPolicy(text);
  if (pinned === null || 'problem' in pinned) return null;
  const followed = followedFrom(pinned.sha256);
  const trust = followed.reduce<Trust>((before, file) => succeedBy(before, file), pinned.trust);
  const seen = seenHeads(pinned.origin);
  const newest = followed.at(-1) ?? pinned.text;
  return {
    ...pinned,
    policy: trust.policy,
    trust: { ...trust, seen },
    newest,
    newestSha256: toHex(crypto.sha256(encodeUtf8(newest))),
    followedCount: followed.length,
  };
}

/** Why the text that is pinned is no policy, or null: somebody or something else wrote to this browser's storage. */
export function pinnedProblem(): string | null {
  const text = storedText(PINNED);
  const pinned = text === null ? null : openPolicy(text);
  return pinned !== null && 'problem' in pinned ? pinned.problem : null;
}

/** Pins it, or forgets with null: what followed another one and what was seen under it goes, too. */
export function pinPolicy(text: string | null): void {
  store(PINNED, text);
  store(FOLLOWED, null);
  store(HEADS, null);
}

/**
 * Remembers the files of successors that were proven under `from`, after those before. Not where another policy was pinned or followed
 * meanwhile, here or in another tab: whoever lets an answer wait must not choose whom the next policy is succeeded by.
 */
export function rememberSuccessors(from: PinnedPolicy, files: readonly Uint8Array[]): void {
  const now = pinnedPolicy();
  if (now === null || now.text !== from.text || now.newest !== from.newest) return;
  store(FOLLOWED, JSON.stringify([now.sha256, ...followedFrom(now.sha256), ...files.map(parseUtf8)]));
}

/** None where they were proven under another policy than the pinned one. */
function followedFrom(sha256: string): readonly string[] {
  const [of, ...files] = storedList(FOLLOWED);
  return of === sha256 ? files : [];
}

/** Remembers a head that was believed under `from`, unless another policy was pinned meanwhile. */
export function rememberHead(from: PinnedPolicy, { size, root }: SeenHead): void {
  const { text, origin } = from;
  if (storedText(PINNED) !== text) return;
  const heads = seenHeads(origin).filter((head) => head.size !== size);
  const newest = [...heads, { size, root }].sort((a, b) => a.size - b.size).slice(-HEAD_COUNT_MAX);
  store(HEADS, JSON.stringify([origin, ...newest.map((head) => `${head.size} ${toHex(head.root)}`)]));
}

function seenHeads(origin: string): readonly SeenHead[] {
  const [of, ...lines] = storedList(HEADS);
  if (of !== origin) return [];
  return lines.flatMap((line) => {
    const [, size, root] = /^([0-9]{1,15}) ([0-9a-f]{64})$/.exec(line) ?? [];
    return size === undefined || root === undefined ? [] : [{ size: Number(size), root: parseHex(root) }];
  });
}

/** Called when another tab of this browser pinned, followed or forgot. The answer stops that. */
export function onPinned(listener: () => void): () => void {
  const hear = ({ key }: StorageEvent): void => {
    if (key === null || key === PINNED || key === FOLLOWED) listener();
  };
  addEventListener('storage', hear);
  return () => removeEventListener('storage', hear);
}

/** What could not be stored; for as long as the page is open. */
const unstored = new Map<string, string | null>();

/** True where the browser keeps nothing. */
export function isStorageBlocked(): boolean {
  return unstored.size > 0;
}

function storedText(name: string): string | null {
  const here = unstored.get(name);
  if (here !== undefined) return here;
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function storedList(name: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(storedText(name) ?? '[]');
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}

function store(name: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
    unstored.delete(name);
  } catch {
    unstored.set(name, text);
  }
}
