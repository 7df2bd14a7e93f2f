/**
 * The catalogue of errors for a page that is one file: the sentences of those codes that its own code can give. A page that reads which
 * names there are, as a ledger does, has to carry all of them, and is not built by it.
 */

import { ERRORS } from '@oppidum/formats/error-catalogue';
import type { Plugin, Rolldown } from 'vite';

const CATALOGUE = /core[\\/]formats[\\/]src[\\/]error-catalogue\.ts$/;
/** Files that only list codes: that a code is in them does not mean that it is given. */
const LISTS = /core[\\/]formats[\\/]src[\\/](error-catalogue|[a-z-]+-errors)\.ts$/;
/** Whether there is a code of this name. */
const READS_NAMES = /(hasOwn|keys|entries)\(ERRORS\b/;

/** Codes that stand as texts in what was built, the catalogue aside. */
export function givenCodes(built: Rolldown.RolldownOutput): ReadonlySet<string> {
  const codes = new Set<string>();
  for (const file of built.output) {
    if (file.type !== 'chunk') continue;
    for (const [id, { code }] of Object.entries(file.modules)) {
      if (LISTS.test(id) || code === null) continue;
      if (READS_NAMES.test(code)) throw new Error(`${id} reads the names of codes, of which a lean catalogue has few`);
      for (const [, text = ''] of code.matchAll(/["'`]([A-Z][A-Z0-9_]+)["'`]/g)) if (Object.hasOwn(ERRORS, text)) codes.add(text);
    }
  }
  return codes;
}

/** Puts the smaller catalogue in the place of the whole one. */
export function leanCatalogue(codes: ReadonlySet<string>): Plugin {
  const given = Object.entries(ERRORS).filter(([code]) => codes.has(code));
  // One text, of which each line is a code with its sentences: names of fields would be a sixth of the page's catalogue.
  const lines = given.map(([code, { message, action }]) => [code, message, action].join('|'));
  if (lines.some((line) => line.split(/[|\n]/).length !== 3))
    throw new Error('a sentence of the catalogue has a | or a line break');
  const parsed = `${JSON.stringify(lines.join('\n'))}.split('\\n').map((line) => line.split('|'))`;
  const entries = `${parsed}.map(([code, message, action]) => [code, { message, action }])`;
  const other = "const OTHER = { message: 'Another code of Oppidum', action: 'See docs/errors.md' };";
  return {
    name: 'lean-catalogue',
    enforce: 'pre',
    load: (id) =>
      CATALOGUE.test(id)
        ? `${other}\nexport const ERRORS = new Proxy(Object.fromEntries(${entries}), { get: (given, code) => given[code] ?? OTHER });`
        : null,
  };
}
