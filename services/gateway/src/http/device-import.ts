/**
 * POST /api/v1/devices:import?dryRun=true: what the ledger would say of each device of a maker's file, before anybody signs. The import
 * itself is a transaction that the maker signs, and no server holds that key: so there is the dry run only. The checks are the ledger's own.
 */

import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkMade, readMake } from '@oppidum/contracts/devices/makers';
import { checkNewDevice } from '@oppidum/contracts/devices/registrations';
import { newDeviceFields } from '@oppidum/formats/action-fields';
import { parseHex, toHex } from '@oppidum/formats/bytes';
import { type ErrorCode, FormatError, formatError } from '@oppidum/formats/errors';
import { deviceIdOf, EDDSA } from '@oppidum/formats/ids';
import { LIMITS } from '@oppidum/formats/limits';
import { deviceKind } from '@oppidum/formats/state-devices';
import { at, type StateRef } from '@oppidum/formats/state-layout';
import { parse as parseSecurely } from 'secure-json-parse';
import { z } from 'zod';
import { grade } from '../api/common.ts';
import type { GatewayContext } from '../gateway-context.ts';
import type { App } from './app.ts';
import { binaryAnswers, hexId, signedBytes } from './parameters.ts';

const NDJSON_TYPE = 'application/x-ndjson';
/** A row with the longest label, each of its bytes escaped. */
const ROW_SIZE_MAX = 768;
const BODY_SIZE_MAX = LIMITS.bulkRegisterCountMax * ROW_SIZE_MAX;
/** Rows of one turn of the event loop: others are not kept waiting by a long file. */
const ROWS_PER_TURN = 100;

const importQuery = z.strictObject({
  dryRun: z.literal('true', 'true: the import itself is a transaction that the maker signs, POST /api/v1/transactions'),
});
const rowBody = z.strictObject({ publicKey: hexId, model: hexId, grade, label: z.string().max(64).optional() });

/** `row`: from 0. `state`: `new`, it can be registered; `registered`, it is, with this model; `refused`, by the code. */
type RowAnswer = {
  readonly row: number;
  readonly device: string | null;
  readonly state: 'new' | 'registered' | 'refused';
  readonly code: ErrorCode | null;
};

/** Adds the route. */
export function addDeviceImportRoutes(app: App, context: GatewayContext): void {
  app.register(async (scope: App) => {
    scope.addContentTypeParser(NDJSON_TYPE, { parseAs: 'buffer', bodyLimit: BODY_SIZE_MAX }, (_request, body, done) =>
      done(null, body),
    );
    scope.post(
      '/api/v1/devices::import',
      {
        bodyLimit: BODY_SIZE_MAX,
        schema: {
          tags: ['devices'],
          summary: 'Whether the ledger would take these devices: a dry run, row by row',
          description: `${NDJSON_TYPE}, up to ${LIMITS.bulkRegisterCountMax} rows: {"publicKey", "model", "grade", "label"?}. One line each in their order: {"row", "device", "state": "new" | "registered" | "refused", "code"}. Nothing is changed.`,
          consumes: [NDJSON_TYPE],
          querystring: importQuery,
          body: signedBytes,
          response: binaryAnswers('A line of JSON for each row', NDJSON_TYPE),
        },
      },
      async (request, reply) => {
        const answers = await checkAll(context, readLines(request.body));
        return reply
          .type(NDJSON_TYPE)
          .header('cache-control', 'no-store')
          .send(Buffer.from(answers.map((answer) => `${JSON.stringify(answer)}\n`).join('')));
      },
    );
  });
}

function readLines(body: unknown): readonly string[] {
  if (!(body instanceof Uint8Array) || body.length === 0) throw formatError('REQUEST_INVALID', { want: 'a body' });
  if (!isUtf8(body)) throw formatError('REQUEST_INVALID', { want: 'UTF-8' });
  const lines = new TextDecoder()
    .decode(body)
    .split('\n')
    .filter((line) => line.trim() !== '');
  if (lines.length > LIMITS.bulkRegisterCountMax)
    throw formatError('TOO_LARGE', { rows: lines.length, countMax: LIMITS.bulkRegisterCountMax });
  return lines;
}

async function checkAll(context: GatewayContext, lines: readonly string[]): Promise<readonly RowAnswer[]> {
  const seen = new Set<string>();
  const answers: RowAnswer[] = [];
  for (const [row, line] of lines.entries()) {
    answers.push(answerOf(context, seen, line, row));
    if (answers.length % ROWS_PER_TURN === 0) await nextTurn();
  }
  return answers;
}

/** Of one row; `seen`: the devices of those before. */
function answerOf(context: GatewayContext, seen: Set<string>, line: string, row: number): RowAnswer {
  try {
    const answer = checkOne(context, line);
    const isTwice = seen.has(answer.device);
    seen.add(answer.device);
    return isTwice ? { row, device: answer.device, state: 'refused', code: 'DEVICE_EXISTS' } : { row, ...answer };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { row, device: null, state: 'refused', code: error.code };
  }
}

/** The order of the ledger: the model, its maker, the key, the device. */
function checkOne({ crypto, node }: GatewayContext, line: string): Omit<RowAnswer, 'row'> & { readonly device: string } {
  const { publicKey, model, grade: signs, label } = readRow(line);
  const key = { algorithm: EDDSA, publicKey: parseHex(publicKey) } as const;
  const id = deviceIdOf(crypto, key.publicKey);
  const device = toHex(id);
  if (label !== undefined) newDeviceFields.label.parse(label, '/label');
  const read = <V>(ref: StateRef<V>): V | null => node.read(ref);
  const state = { crypto, read, get: <V>(ref: StateRef<V>): V => assertThere(read(ref)) };
  const make = readMake(state, parseHex(model));
  const refused = 'code' in make ? make : (checkMade(make) ?? checkNewDevice(state, { id, key, grade: signs }));
  if (refused === null) return { device, state: 'new', code: null };
  const known = refused.code === 'DEVICE_EXISTS' ? node.read(at(deviceKind, id)) : null;
  const isSame = known !== null && known.to === undefined && toHex(known.model) === model;
  return isSame ? { device, state: 'registered', code: null } : { device, state: 'refused', code: refused.code };
}

function assertThere<V>(value: V | null): V {
  if (value === null) throw new Error('every model has its manufacturer');
  return value;
}

/** Throws REQUEST_INVALID. */
function readRow(line: string): z.infer<typeof rowBody> {
  let value: unknown;
  try {
    value = parseSecurely(line, null, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    throw formatError('REQUEST_INVALID', { want: 'JSON' });
  }
  const parsed = rowBody.safeParse(value);
  if (!parsed.success) throw formatError('REQUEST_INVALID', { at: String(parsed.error.issues[0]?.path.join('/') ?? '') });
  return parsed.data;
}
