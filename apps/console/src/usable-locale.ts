/**
 * A browser may name its language by a POSIX locale (`en-US@posix`, Chromium without a language of the system), which ECMA-402 refuses
 * with a RangeError; uPlot asks for numbers in it as soon as it is loaded. Imported before everything else.
 */

/** The tag itself where `Intl` takes it, else English. */
export function usableTag(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? 'en';
  } catch {
    return 'en';
  }
}

if (typeof navigator !== 'undefined' && usableTag(navigator.language) !== navigator.language)
  Object.defineProperty(navigator, 'language', { value: usableTag(navigator.language), configurable: true });
