/** What stands behind a code of the catalogue. */

/** `message` and `action` are sentences without their full stop. Exit codes as in the catalogue. */
export type ErrorEntry = {
  readonly message: string;
  readonly httpStatus: number;
  readonly exitCode: number;
  readonly action: string;
};

/** One entry of the catalogue. */
export function entry(httpStatus: number, exitCode: number, message: string, action: string): ErrorEntry {
  return { message, httpStatus, exitCode, action };
}
