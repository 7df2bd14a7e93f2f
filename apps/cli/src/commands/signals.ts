/** `oppidum signals matrix|plans`: drafts of an intersection in JSON, checked and made into the documents that engineers sign. */

import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { type Bytes, parseUtf8, toHex } from '@oppidum/formats/bytes';
import { checkPlans } from '@oppidum/formats/check-plans';
import { encodeBy } from '@oppidum/formats/common-schemas';
import { formatError, type Rejection } from '@oppidum/formats/errors';
import { parseJsonText } from '@oppidum/formats/json-text';
import type { Json } from '@oppidum/formats/schema';
import {
  checkMatrix,
  compatibleMasks,
  parseSignalMatrix,
  phaseBit,
  type SignalMatrix,
  type SignalPhase,
  signalMatrixSchema,
} from '@oppidum/formats/signal-matrix';
import { type SignalPlan, type SignalPlans, signalPlansSchema } from '@oppidum/formats/signal-plan';
import { crossingNeeded, GREEN_MINIMUM_MS, redClearanceNeeded, yellowNeeded } from '@oppidum/formats/signal-timing';
import type { Command } from 'commander';
import { addExamples, type Cli, COMMAND, counted, openCli, readInput } from '../cli.ts';
import { writeNew } from '../new-file.ts';
import type { Column } from '../output.ts';

type OutOptions = { readonly out?: string };
type PlansOptions = OutOptions & { readonly matrix: string };

/** `{` */
const BRACE = 0x7b;

const seconds = (ms: number): string => `${ms / 1_000} s`;

/** Adds subcommands and their work to the command. */
export function buildSignals(command: Command): void {
  const matrix = command
    .command('matrix')
    .description('check a matrix: phases, which may be green together, and what each needs')
    .argument('<file>', 'the draft in JSON, or - for standard input')
    .option('--out <file>', 'write the body of the document, to be signed by two engineers')
    .action(async (file: string, { out }: OutOptions, self: Command) => {
      const cli = openCli(self);
      const value = signalMatrixSchema.fromJson(await readJson(file), '');
      refuse(checkMatrix(value));
      const body = encodeBy(signalMatrixSchema, value);
      printMatrix(cli, value, body);
      save(cli, body, 'matrix', out);
    });
  addExamples(matrix, [['check, and write what is signed', 'signals matrix matrix.json --out matrix.cbor']]);
  const plans = command
    .command('plans')
    .description('check plans against a matrix: every time, every pair of phases of every stage')
    .argument('<file>', 'the draft in JSON, or - for standard input; without `matrix` it is for the one named here')
    .requiredOption('--matrix <file>', 'body of the matrix document, as `signals matrix --out` wrote it, or its draft')
    .option('--out <file>', 'write the body of the document, to be signed by two engineers')
    .action(async (file: string, { matrix: matrixFile, out }: PlansOptions, self: Command) => {
      const cli = openCli(self);
      const matrixBody = readMatrixBody(await readInput(matrixFile));
      const digest = nativeCrypto.sha256(matrixBody);
      const of = parseSignalMatrix(matrixBody);
      const value = signalPlansSchema.fromJson(withMatrix(await readJson(file), digest), '');
      refuse(checkMatrix(of) ?? checkPlans(of, digest, value));
      const body = encodeBy(signalPlansSchema, value);
      printPlans(cli, of, value, body);
      save(cli, body, 'plans', out);
    });
  addExamples(plans, [['check, and write what is signed', 'signals plans plans.json --matrix matrix.cbor --out plans.cbor']]);
}

async function readJson(file: string): Promise<Json> {
  return parseJsonText(parseUtf8(await readInput(file)));
}

/** The body itself, or the one of a draft in JSON: no body begins with a brace. */
function readMatrixBody(bytes: Bytes): Bytes {
  if (bytes[0] !== BRACE) return bytes;
  return encodeBy(signalMatrixSchema, signalMatrixSchema.fromJson(parseJsonText(parseUtf8(bytes)), ''));
}

/** A draft may leave out which matrix it is for. */
function withMatrix(draft: Json, digest: Bytes): Json {
  if (typeof draft !== 'object' || draft === null || Array.isArray(draft))
    throw formatError('WRONG_TYPE', { at: '', want: 'an object' });
  return { matrix: toHex(digest), ...(draft as { readonly [name: string]: Json }) };
}

function refuse(rejection: Rejection | null): void {
  if (rejection !== null) throw formatError(rejection.code, rejection.details);
}

function printMatrix(cli: Cli, matrix: SignalMatrix, body: Bytes): void {
  if (cli.json) return cli.output.json({ digest: toHex(nativeCrypto.sha256(body)), matrix: signalMatrixSchema.toJson(matrix) });
  cli.output.line(
    `${matrix.name}: ${counted(matrix.phases.length, 'phase')}, ${counted(matrix.compatible.length, 'pair')} may be green together`,
  );
  cli.output.table(matrix.phases, phaseColumns(matrix));
}

function phaseColumns(matrix: SignalMatrix): readonly Column<SignalPhase>[] {
  const masks = compatibleMasks(matrix);
  const friends = (a: number): string =>
    matrix.phases
      .filter(({ number: b }) => b !== a && ((masks[a] ?? 0) & phaseBit(b)) !== 0)
      .map(({ number }) => number)
      .join(' ');
  return [
    { heading: 'phase', text: ({ number }) => `${number}` },
    { heading: 'name', text: ({ name }) => name },
    { heading: 'road', text: ({ vehicle }) => vehicle?.road ?? 'on foot' },
    { heading: 'yellow or clearance', text: (phase) => `at least ${seconds(stopOf(phase))}` },
    { heading: 'red or buffer', text: (phase) => `at least ${seconds(clearOf(phase))}` },
    { heading: 'green or walk', text: ({ vehicle }) => (vehicle === undefined ? 'at least 7 s' : greenOf(vehicle.road)) },
    { heading: 'flash', text: ({ vehicle }) => vehicle?.flash ?? 'dark' },
    { heading: 'green beside', text: ({ number }) => friends(number) },
  ];
}

function stopOf({ widthFt, vehicle }: SignalPhase): number {
  return vehicle === undefined ? crossingNeeded(widthFt) : yellowNeeded(vehicle.speedMph, vehicle.gradePercent);
}

function clearOf({ widthFt, vehicle }: SignalPhase): number {
  return vehicle === undefined ? 3_000 : redClearanceNeeded(widthFt, vehicle.speedMph);
}

function greenOf(road: keyof typeof GREEN_MINIMUM_MS): string {
  const [least, most] = GREEN_MINIMUM_MS[road];
  return `minimum ${least / 1_000} to ${seconds(most)}`;
}

function printPlans(cli: Cli, matrix: SignalMatrix, plans: SignalPlans, body: Bytes): void {
  if (cli.json) return cli.output.json({ digest: toHex(nativeCrypto.sha256(body)), plans: signalPlansSchema.toJson(plans) });
  cli.output.line(
    `${matrix.name}: ${counted(plans.plans.length, 'plan')}; plan ${plans.local} runs while no word of the city comes`,
  );
  const columns: readonly Column<SignalPlan>[] = [
    { heading: 'plan', text: ({ number }) => `${number}` },
    { heading: 'name', text: ({ name }) => name },
    { heading: 'purpose', text: ({ purpose }) => purpose },
    { heading: 'control', text: ({ control }) => control },
    { heading: 'cycle', text: ({ cycleMs }) => seconds(cycleMs) },
    { heading: 'offset', text: ({ offsetMs }) => seconds(offsetMs) },
    {
      heading: 'stages',
      text: ({ stages }) => stages.map(({ phases, durationMs }) => `${phases.join('+')} ${seconds(durationMs)}`).join(', '),
    },
  ];
  cli.output.table(plans.plans, columns);
}

function save(cli: Cli, body: Bytes, name: string, out: string | undefined): void {
  if (out === undefined) return;
  writeNew(out, body);
  cli.output.note(`For two engineers to sign: ${COMMAND} zone document draft <zone> ${name} ${out} --out ${name}.draft`);
}
