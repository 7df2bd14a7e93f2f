/**
 * What the browser remembers for this page, and only when asked to: the policy, the evidence of its successors, and from then on the heads
 * that were believed under it. Storage may be blocked, as it is for files in some browsers.
 */

import { type Bytes, encodeBase64, parseBase64, parseHex, toHex } from '@oppidum/formats/bytes';
import type { SeenHead } from '@oppidum/proofs/verify-checkpoint';

const POLICY = 'oppidum.verifier.policy';
/** JSON: base64 of each. */
const SUCCESSORS = 'oppidum.verifier.successors';
/** JSON: the policy that they were believed under, then size and root of each, ascending. */
const HEADS = 'oppidum.verifier.heads';
const HEAD_COUNT_MAX = 500;

/** The remembered policy, or null; null also where storage is blocked. */
export function recallPolicy(): string | null {
  return recall(POLICY);
}

/** The evidence that was remembered beside it. */
export function recallSuccessors(): readonly Bytes[] {
  try {
    return recallList(SUCCESSORS).map(parseBase64);
  } catch {
    return [];
  }
}

/** False where the browser keeps nothing. */
export function rememberPolicy(text: string, successors: readonly Bytes[]): boolean {
  try {
    localStorage.setItem(POLICY, text);
    localStorage.setItem(SUCCESSORS, JSON.stringify(successors.map(encodeBase64)));
    localStorage.removeItem(HEADS);
    return localStorage.getItem(POLICY) === text;
  } catch {
    return false;
  }
}

/** Heads that were believed under this policy, ascending; none where another is remembered, here or meanwhile in another tab. */
export function recallHeads(policy: string): readonly SeenHead[] {
  const [of, ...lines] = recallList(HEADS);
  if (of !== policy || recallPolicy() !== policy) return [];
  return lines.flatMap((line) => {
    const [, size, root] = /^([0-9]{1,15}) ([0-9a-f]{64})$/.exec(line) ?? [];
    return size === undefined || root === undefined ? [] : [{ size: Number(size), root: parseHex(root) }];
  });
}

/** Remembers one more that was believed under this policy, if it is the remembered one still. */
export function rememberHead(policy: string, head: SeenHead): void {
  if (recallPolicy() !== policy) return;
  const heads = [...recallHeads(policy).filter(({ size }) => size !== head.size), head].sort((a, b) => a.size - b.size);
  const lines = heads.slice(-HEAD_COUNT_MAX).map(({ size, root }) => `${size} ${toHex(root)}`);
  try {
    localStorage.setItem(HEADS, JSON.stringify([policy, ...lines]));
  } catch {
    // Where nothing is kept, nothing is remembered.
  }
}

/** Forgets all of it. */
export function forgetPolicy(): void {
  try {
    for (const name of [POLICY, SUCCESSORS, HEADS]) localStorage.removeItem(name);
  } catch {
    // Where nothing is kept, nothing is to be forgotten.
  }
}

function recall(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function recallList(name: string): readonly string[] {
  try {
    const list: unknown = JSON.parse(recall(name) ?? '[]');
    return Array.isArray(list) ? list.filter((item) => typeof item === 'string') : [];
  } catch {
    return [];
  }
}
