/** The file with the API key of this command line: is it there, is it a key, and can nobody else read it? */

import { FormatError } from '@oppidum/formats/errors';
import { apiKey } from '../api-key.ts';
import { describeFailure } from '../failure.ts';
import { type CheckResult, failed, passed, skipped } from './check.ts';

/** Reads the file and shows nothing of it but the id of the key. */
export function checkKeyFile(): CheckResult {
  const name = 'api-key';
  try {
    const key = apiKey();
    if (key === null) return skipped(name, 'no key file is named');
    return passed(name, `key ${key.split('_')[1]}, for its owner only`);
  } catch (error) {
    const { text } = describeFailure(error);
    const isOpen = error instanceof FormatError && error.code === 'KEY_FILE_PERMISSIONS';
    const action = isOpen
      ? 'Set the file to mode 600; revoke the key if somebody may have read it'
      : 'Name the right file with --key-file or OPPIDUM_API_KEY_FILE';
    return failed(name, text, action);
  }
}
