/** What can be wrong with a row of a maker's file. Pages say it in their languages; the English of it is here, for programs and files. */

/** `{name}` stands for a value. */
export const PROBLEM_WORDS = {
  quote: 'a quote is opened here and never closed, so nothing behind it was read',
  unreadable: 'this line is no CSV',
  cells: 'it has {got} cells, the header has {want}',
  keyMissing: 'it has no public key',
  key: 'its public key is no Ed25519 key in hex or base64',
  labelLong: 'its label has {got} bytes, and may have {max}',
  labelControl: 'its label has control characters',
  grade: 'its grade is "{got}", and none of device, bridge, imported',
  modelMissing: 'no model is named',
  model: 'its model "{got}" is not on the ledger, or revoked, or several have this name',
  twice: 'the same key stands in line {line}',
  otherModel: 'this device is registered already, with another model or revoked',
  refused: 'the ledger would refuse it: {code}',
} as const;

export type ProblemKind = keyof typeof PROBLEM_WORDS;

export type RowProblem = {
  readonly kind: ProblemKind;
  readonly values: Readonly<Record<string, string | number>>;
};

/** Makes a problem. */
export function rowProblem(kind: ProblemKind, values: RowProblem['values'] = {}): RowProblem {
  return { kind, values };
}

/** The problem in words; of other languages than English by their own. */
export function describeProblem(
  { kind, values }: RowProblem,
  words: Readonly<Record<ProblemKind, string>> = PROBLEM_WORDS,
): string {
  return words[kind].replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? String(values[name]) : whole,
  );
}
