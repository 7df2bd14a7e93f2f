/** Colours for what draws by itself and reads no `light-dark()`: as the page has them now, and anew when it turns dark or light. */

import { useSyncExternalStore } from 'react';

const DARK = '(prefers-color-scheme: dark)';

/** The colour of a variable of base.css as an element of the page has it in the dark or the light: the browser resolves it there. */
export function colorAt(element: HTMLElement, variable: string, isDark: boolean): string {
  const before = element.style.color;
  element.style.colorScheme = isDark ? 'dark' : 'light';
  element.style.color = `var(${variable})`;
  const color = getComputedStyle(element).color;
  element.style.color = before;
  return color;
}

/** True while the page is dark: whoever drew with other colours draws again. */
export function useIsDark(): boolean {
  return useSyncExternalStore(listen, () => matchMedia(DARK).matches);
}

function listen(tell: () => void): () => void {
  const query = matchMedia(DARK);
  query.addEventListener('change', tell);
  return () => query.removeEventListener('change', tell);
}
