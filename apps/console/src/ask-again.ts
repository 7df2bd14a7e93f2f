/** Asking again and again while somebody looks: a page that is hidden asks nobody. */

/** Whose page it is: `document` in a browser. */
export type Looked = { readonly hidden: boolean };

/**
 * Asks at once, and again so many milliseconds after each answer; while the page is hidden only the first time. Returns what ends it.
 * `ask` takes what goes wrong upon itself.
 */
export function askAgain(ask: () => Promise<void>, everyMs: number, page: Looked): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFirst = true;
  let isOver = false;
  const turn = async (): Promise<void> => {
    if (isFirst || !page.hidden) {
      isFirst = false;
      await ask();
    }
    if (!isOver) timer = setTimeout(() => void turn(), everyMs);
  };
  void turn();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
