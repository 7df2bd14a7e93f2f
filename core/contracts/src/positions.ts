/** Refusals of one item among many name its position. */

import { FormatError, type Rejection, reject } from '@oppidum/formats/errors';

/** What `check` refuses, also by a FormatError, with `position` among its details. */
export function checkAt(position: number, check: () => Rejection | null): Rejection | null {
  try {
    const refused = check();
    return refused === null ? null : reject(refused.code, { ...refused.details, position });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return reject(error.code, { ...error.details, position });
  }
}
