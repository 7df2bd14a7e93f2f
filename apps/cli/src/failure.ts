/** How a command ends when it does not succeed: one sentence, what to do, and an exit code that scripts can rely on. */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { describeError, type ErrorCode, FormatError } from '@oppidum/formats/errors';

/**
 * Exit codes: 0 ok, 1 failed, 2 usage, 3 verification failed, 4 not allowed, 5 unavailable, 6 misbehaviour proven, 7 a node that stopped
 * for good: starting it again as it is helps nobody.
 */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unverified: 3,
  notAllowed: 4,
  unavailable: 5,
  misbehaviour: 6,
  final: 7,
} as const;

/** Ends a command. `code` is of the error catalogue where there is one; `action` says what to do. */
export class CliFailure extends Error {
  readonly exitCode: number;
  readonly code: string | null;
  readonly action: string | null;
  readonly traceId: string | null;
  /** Whoever was asked is away, and another node of the city may answer. */
  readonly isAway: boolean;

  constructor(
    message: string,
    options: {
      readonly exitCode: number;
      readonly code?: string;
      readonly action?: string;
      readonly traceId?: string;
      readonly isAway?: boolean;
    },
  ) {
    super(message);
    this.name = 'CliFailure';
    this.exitCode = options.exitCode;
    this.code = options.code ?? null;
    this.action = options.action ?? null;
    this.traceId = options.traceId ?? null;
    this.isAway = options.isAway ?? false;
  }
}

/** A failure of the command line itself: exit code 2. */
export function usageFailure(message: string, action?: string): CliFailure {
  return new CliFailure(message, { exitCode: EXIT.usage, ...(action === undefined ? {} : { action }) });
}

/** What to print of any error, and with which exit code to end. */
export type FailureReport = {
  readonly exitCode: number;
  readonly code: string | null;
  /** Whole sentences: what happened, then what to do. */
  readonly text: string;
  readonly traceId: string | null;
};

/** Words and exit code for whatever was thrown; what nobody expected is exit code 1. */
export function describeFailure(error: unknown): FailureReport {
  if (error instanceof CliFailure) {
    const { exitCode, code, action, message, traceId } = error;
    return { exitCode, code, text: action === null ? sentence(message) : `${sentence(message)} ${sentence(action)}`, traceId };
  }
  if (error instanceof FormatError) {
    const { code, details } = error;
    return { exitCode: exitCodeOf(code), code, text: describeError(code, details), traceId: null };
  }
  const { code, path, message } = error as NodeJS.ErrnoException;
  const file = typeof path === 'string' ? describeFileError(code, path) : null;
  return { exitCode: EXIT.failed, code: null, text: file ?? sentence(message ?? String(error)), traceId: null };
}

/** The exit code of a code of the catalogue. */
export function exitCodeOf(code: ErrorCode): number {
  return ERRORS[code].exitCode;
}

/** True for a code that this version has words for. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(ERRORS, code);
}

const FILE_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'There is no file or folder',
  EACCES: 'This user may not read or write',
  EPERM: 'This user may not read or write',
  EISDIR: 'This is a folder, not a file:',
  ENOTDIR: 'This is no folder:',
  EEXIST: 'There is already a file',
  ENOSPC: 'The disk is full:',
};

function describeFileError(code: string | undefined, path: string): string | null {
  const words = FILE_ERRORS[code ?? ''];
  return words === undefined ? null : `${words} ${path}. Check the name and its permissions.`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
