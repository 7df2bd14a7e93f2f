/** Command lines to copy: every word that somebody chose is quoted, so that a shell takes it for a word and nothing else. */

const COMMAND = 'npx --no-install oppidum';
/** As apps/cli/src/cli.ts has it. */
const API_DEFAULT = 'http://127.0.0.1:8420';
const PLAIN = /^[A-Za-z0-9_./:=@%+,-]+$/;

/** The line for a POSIX shell (and PowerShell, for words without an apostrophe); null where a word has controls that no line holds. */
export function commandLine(words: readonly string[]): string | null {
  const quoted = words.map(quoteWord);
  return quoted.includes(null) ? null : `${COMMAND} ${quoted.join(' ')}`;
}

/** Options that name this city where it is not at the default address of the command line: the page's own origin answers its API. */
export function atCity(origin: string): readonly string[] {
  return origin === API_DEFAULT || origin === API_DEFAULT.replace('127.0.0.1', 'localhost') ? [] : ['--api', origin];
}

/** One word, in apostrophes where it needs them (POSIX.1-2024, Shell Command Language §2.2.2). */
export function quoteWord(word: string): string | null {
  for (let i = 0; i < word.length; i++) {
    const unit = word.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f) return null;
  }
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
