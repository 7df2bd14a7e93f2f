/** What the browser remembers for this page, and only when asked to: the policy. Storage may be blocked, as it is for files in some browsers. */

const POLICY = 'oppidum.verifier.policy';

/** The remembered policy, or null; null also where storage is blocked. */
export function recallPolicy(): string | null {
  try {
    return localStorage.getItem(POLICY);
  } catch {
    return null;
  }
}

/** False where the browser keeps nothing. */
export function rememberPolicy(text: string): boolean {
  try {
    localStorage.setItem(POLICY, text);
    return localStorage.getItem(POLICY) === text;
  } catch {
    return false;
  }
}

/** Forgets it. */
export function forgetPolicy(): void {
  try {
    localStorage.removeItem(POLICY);
  } catch {
    // Where nothing is kept, nothing is to be forgotten.
  }
}
