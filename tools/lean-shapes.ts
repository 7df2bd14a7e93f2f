/**
 * Shapes of values and kinds of records for a page that is one file. It parses by shapes, and only `tools/cddl.ts` reads what they are
 * called in a specification: their CDDL goes. Kinds are declared by what their fields are, in one order, without the fields' names.
 */

import type { Plugin } from 'vite';

const FORMATS = /core[\\/]formats[\\/]src[\\/][a-z0-9-]+\.ts$/;
const LAYOUT = /state-layout\.ts$/;
const KIND_FIELDS = ['name', 'area', 'kind', 'value', 'segments'] as const;
/** The segments of most kinds, which go without saying. */
const USUAL_SEGMENTS = "['id']";
type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly key?: { readonly name?: string };
  readonly value?: Node;
  readonly properties?: readonly Node[];
  readonly callee?: { readonly name?: string };
  readonly arguments?: readonly Node[];
};
type Edit = { readonly start: number; readonly end: number; readonly text: string };

function* nodesOf(node: unknown): Generator<Node> {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node) yield node as Node;
  for (const part of Object.values(node)) yield* nodesOf(part);
}

/** Every field `cddl` that an object is given. */
function cddlEdits(code: string, nodes: readonly Node[]): Edit[] {
  const objects = nodes.filter(({ type }) => type === 'ObjectExpression');
  const fields = objects.flatMap(({ properties = [] }) => properties.filter(({ key }) => key?.name === 'cddl'));
  return fields.map(({ start, end }) => ({ start, end: code[end] === ',' ? end + 1 : end, text: '' }));
}

/** `defineKind({ name, area, … })` as `defineKind(name, area, …)`. */
function kindEdits(code: string, id: string, nodes: readonly Node[]): Edit[] {
  const calls = nodes.filter(({ type, callee }) => type === 'CallExpression' && callee?.name === 'defineKind');
  return calls.map(({ arguments: [given] = [] }) => {
    const fields = new Map(given?.properties?.map(({ key, value }) => [key?.name, value]));
    const values = KIND_FIELDS.map((name) => fields.get(name)).filter((value) => value !== undefined);
    if (given === undefined || values.length !== KIND_FIELDS.length || fields.size !== KIND_FIELDS.length)
      throw new Error(`${id} declares a kind with other fields than ${KIND_FIELDS.join()}`);
    const texts = values.map(({ start, end }) => code.slice(start, end));
    return { ...given, text: (texts.at(-1) === USUAL_SEGMENTS ? texts.slice(0, -1) : texts).join(', ') };
  });
}

/** The same function for both: the one that takes an object stays as it is. */
function takesFields(code: string): string {
  const lean = code.replace('export function defineKind', 'function kindOf');
  if (lean === code) throw new Error('the layout of the state declares no kinds');
  const names = KIND_FIELDS.join(', ');
  return `${lean}\nexport const defineKind = (${names} = ${USUAL_SEGMENTS}) => kindOf({ ${names} });\n`;
}

export function leanShapes(): Plugin {
  return {
    name: 'lean-shapes',
    enforce: 'pre',
    transform(code, id) {
      if (!FORMATS.test(id)) return null;
      const nodes = [...nodesOf(this.parse(code, { lang: 'ts' }))];
      const edits = [...cddlEdits(code, nodes), ...kindEdits(code, id, nodes)].sort((a, b) => b.start - a.start);
      const lean = edits.reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), code);
      return LAYOUT.test(id) ? takesFields(lean) : lean;
    },
    /** Whoever read it would get nothing. */
    generateBundle(_, files) {
      for (const file of Object.values(files))
        if (file.type === 'chunk' && /\bcddl\b/.test(file.code)) throw new Error(`${file.fileName} reads the CDDL of a shape`);
    },
  };
}
