/**
 * Colours of light and dark as two lists of variables, for a page that is one file: what `light-dark()` is written out to for older
 * browsers has two more variables in each colour, for elements that are lit otherwise than the page, of which these pages have none.
 */

const COLOR = /(--[a-z-]+):var\(--lightningcss-light,(#[0-9a-f]+)\)var\(--lightningcss-dark,(#[0-9a-f]+)\)/g;
const LIGHT_SWITCH = '--lightningcss-light:initial;--lightningcss-dark: ;';
const DARK_SWITCH = '--lightningcss-light: ;--lightningcss-dark:initial';

/** The same colours, the dark ones in the rule for those who prefer them. */
export function leanColors(style: string): string {
  const dark = Array.from(style.matchAll(COLOR), ([, name, , color]) => `${name}:${color}`);
  const lean = style.replace(LIGHT_SWITCH, '').replace(DARK_SWITCH, dark.join(';')).replaceAll(COLOR, '$1:$2');
  if (lean.includes('lightningcss')) throw new Error('a colour of the page is not a variable of both lists');
  return lean;
}
