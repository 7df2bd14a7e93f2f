/**
 * The texts of a page that is one file, in all its languages, with each name written once: English keeps its object, of every other
 * language only the sentences stand in the page, in the order of the English ones, and are put under the same names when it opens. A
 * sentence that stands several times is written once, and then by its place.
 */

import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'vite';

/** Files of texts by language, each beside the English one. */
const TEXTS = /[\\/](texts|words)[\\/](et|zh|ar)\.ts$/;
const SHARED = '\0shared-names';
/** Between two sentences: no text has a line break. */
const BETWEEN = '\n';
type Texts = { readonly [name: string]: string | Texts };

/** Of a module that gives one object of texts. */
async function textsOf(file: string): Promise<{ readonly name: string; readonly texts: Texts }> {
  const [only, ...others] = Object.entries((await import(pathToFileURL(file).href)) as Record<string, Texts>);
  if (only === undefined || others.length > 0) throw new Error(`${file} has to give one object of texts`);
  return { name: only[0], texts: only[1] };
}

/** The sentences under the names of `english`, in its order; a name that one of both lacks ends the build. */
export function sentencesOf(english: Texts, other: Texts, path = ''): string[] {
  // The colour of a verdict is no word: it is the catalogue's, which English takes as it is.
  const names = Object.keys(english).filter((name) => name !== 'color');
  const strange = Object.keys(other).find((name) => !names.includes(name));
  if (strange !== undefined) throw new Error(`English has no ${path}${strange}`);
  return names.flatMap((name) => {
    const [inEnglish, found] = [english[name], other[name]];
    if (typeof inEnglish === 'object' && typeof found === 'object') return sentencesOf(inEnglish, found, `${path}${name}.`);
    if (typeof inEnglish !== 'string' || typeof found !== 'string') throw new Error(`${path}${name} is no text in one language`);
    if (found.includes(BETWEEN)) throw new Error(`${path}${name} has a line break`);
    return [found];
  });
}

/** The sentences as one text; where one comes again, the place at which it came first. */
export function packSentences(sentences: readonly string[]): string {
  const strange = sentences.find((sentence) => /^\d+$/.test(sentence) || sentence in Array.prototype);
  if (strange !== undefined) throw new Error(`"${strange}" would be read as a place in a list`);
  const packed = sentences.map((sentence, place) => {
    const first = sentences.indexOf(sentence);
    return first === place || String(first).length >= sentence.length ? sentence : String(first);
  });
  return packed.join(BETWEEN);
}

/** The sentences of such a text. It stands in the page too, as its own source. */
export function unpackSentences(text: string): string[] {
  const byPlace = (sentence: string, _: number, all: readonly string[]): string => all[sentence as unknown as number] ?? sentence;
  return text.split('\n').map(byPlace);
}

/** Puts sentences under the names of `english` again. It stands in the page too, as its own source. */
export function underNames(english: Texts, sentences: string[]): Texts {
  const named = ([name, value]: [string, string | Texts]): [string, string | Texts] => [
    name,
    typeof value === 'object' ? underNames(value, sentences) : name === 'color' ? value : (sentences.shift() as string),
  ];
  return Object.fromEntries(Object.entries(english).map(named));
}

/** Texts in other languages than English without their names. */
export function leanTexts(): Plugin {
  return {
    name: 'lean-texts',
    enforce: 'pre',
    resolveId: (id) => (id === SHARED ? id : null),
    async load(id) {
      if (id === SHARED) return `export ${underNames}\nexport ${unpackSentences}`;
      if (!TEXTS.test(id)) return null;
      const [english, other] = [await textsOf(join(dirname(id), 'en.ts')), await textsOf(id)];
      const sentences = JSON.stringify(packSentences(sentencesOf(english.texts, other.texts)));
      return [
        `import { ${english.name} } from './en.ts';`,
        `import { underNames, unpackSentences } from '${SHARED}';`,
        `export const ${other.name} = underNames(${english.name}, unpackSentences(${sentences}));`,
      ].join('\n');
    },
  };
}
