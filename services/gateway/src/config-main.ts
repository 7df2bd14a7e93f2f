/**
 * `oppidum config`: `config-main.ts [flags of a city]` reads settings as a start would and says where each comes from, as one line of JSON
 * on standard output, {"settings":[{"name","value","from"}]}; `config-main.ts --schema` prints the JSON Schema of the YAML file.
 */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import { FormatError } from '@oppidum/formats/errors';
import { configSchema, explainConfig } from './config.ts';

const args = process.argv.slice(2);
try {
  const answer = args[0] === '--schema' ? configSchema() : { settings: explainConfig(args, process.env) };
  process.stdout.write(`${JSON.stringify(answer)}\n`);
} catch (error) {
  if (!(error instanceof FormatError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = ERRORS[error.code].exitCode;
}
