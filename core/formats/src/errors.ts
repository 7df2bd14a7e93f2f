/**
 * One catalogue of error codes for formats, ledger, services and faces.
 * A refusal is a value (`Rejection`), bad outside bytes are a `FormatError`, a broken invariant is a plain `Error`
 * that stops the process. The three are never mixed (style §5).
 */

import { ERRORS } from './error-catalogue.ts';

export type ErrorCode = keyof typeof ERRORS;

/** Facts for machines; never secrets, never personal data, never text to parse. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** Bytes or text from outside that mean nothing, with the code that says why. */
export class FormatError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(describeError(code, details));
    this.name = 'FormatError';
    this.code = code;
    this.details = details;
  }
}

/** Makes a FormatError; `throw formatError(...)` reads better at the call. */
export function formatError(code: ErrorCode, details: ErrorDetails = {}): FormatError {
  return new FormatError(code, details);
}

/** A refusal: the first check that failed and the facts it failed on. */
export type Rejection = { readonly code: ErrorCode; readonly details: ErrorDetails };

/** Makes a Rejection. */
export function reject(code: ErrorCode, details: ErrorDetails = {}): Rejection {
  return { code, details };
}

/** One sentence for people: what happened, the facts, what to do. */
export function describeError(code: ErrorCode, details: ErrorDetails = {}): string {
  const { message, action } = ERRORS[code];
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${value}`);
  return `${message}${facts.length > 0 ? ` (${facts.join(', ')})` : ''}. ${action}.`;
}

/** What `read` gives, or null where what it reads means nothing; every other failure is one. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}
