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
  const entries = given.map(([code, { message, action }]) => `${code}: ${JSON.stringify({ message, action })}`);
  const other = "const OTHER = { message: 'Another code of Oppidum', action: 'See docs/errors.md' };";
  return {
    name: 'lean-catalogue',
    enforce: 'pre',
    load: (id) =>
      CATALOGUE.test(id)
        ? `${other}\nexport const ERRORS = new Proxy({${entries.join(',')}}, { get: (given, code) => given[code] ?? OTHER });`
        : null,
  };
}
