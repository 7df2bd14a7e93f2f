/** What failed, each with its cause: whoever is sent only the end of the output reads it there. */

import { relative, resolve } from 'node:path';
import { inspect } from 'node:util';

/** Characters of an error's message that a summary shows. */
const MESSAGE_KEPT_LENGTH = 300;

/** `said` are the diagnostics of the test and of those around it, such as the seed by which it fails again. */
export type Failure = { readonly place: string; readonly cause: string; readonly said: readonly string[] };
type Found = Failure & { readonly file: string | undefined; readonly said: string[]; nesting: number };

export type Ended = {
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  readonly nesting: number;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: { readonly type?: string; readonly error?: { readonly cause?: unknown; readonly failureType?: string } };
};

export class Failures {
  readonly #root: string;
  readonly #found: Found[] = [];
  /** By file: the failures in the test that ended last. Its diagnostics come next. */
  readonly #last = new Map<string | undefined, readonly Found[]>();

  constructor(root: string) {
    this.#root = root;
  }

  all(): readonly Failure[] {
    return this.#found;
  }

  passed(event: Ended): void {
    this.#last.set(event.file, []);
  }

  failed(event: Ended, text = placeOf(event, this.#root)): void {
    const found: Found = { place: text, cause: this.#causeOf(event), said: [], file: event.file, nesting: event.nesting };
    this.#found.push(found);
    this.#last.set(event.file, [found]);
  }

  /** A parent ended as failed because of what was found within it. */
  within(event: Ended): void {
    const inner = this.#found.filter(({ file, nesting }) => file === event.file && nesting > event.nesting);
    for (const found of inner) found.nesting = event.nesting;
    this.#last.set(event.file, inner);
  }

  said(file: string | undefined, message: string): void {
    for (const found of this.#last.get(file) ?? []) found.said.push(message);
  }

  /** In one line: the message, and the first line of ours that its stack names. */
  #causeOf(event: Ended): string {
    const error = errorOf(event);
    if (error === undefined) return '';
    const message = (error instanceof Error ? `${error.name}: ${error.message}` : stringOf(error))
      .trim()
      .replaceAll(/\s*\n\s*/g, ' ⏎ ');
    const kept = message.length > MESSAGE_KEPT_LENGTH ? `${message.slice(0, MESSAGE_KEPT_LENGTH)} …` : message;
    const frame =
      error instanceof Error
        ? /^\s+at .*?\(?(?:file:\/\/)?(\/(?!.*node_modules)[^():]+:\d+):\d+\)?$/m.exec(error.stack ?? '')?.[1]
        : undefined;
    return frame === undefined ? kept : `${kept} (${relative(this.#root, frame)})`;
  }
}

export function placeOf(event: Ended, root: string): string {
  if (event.file === undefined || resolve(root, event.name) === event.file) return relative(root, resolve(root, event.name));
  const line = event.line === undefined ? '' : `:${event.line}`;
  return `${relative(root, event.file)}${line}: ${event.name}`;
}

/** What the test threw, or what the runner says of it. */
export function errorOf({ details }: Ended): unknown {
  return details.error?.cause ?? details.error;
}

export function stringOf(thrown: unknown): string {
  return typeof thrown === 'string' ? thrown : inspect(thrown);
}

/** Lines of the summary. */
export function failureLines({ place, cause, said }: Failure): string[] {
  return [`  failed: ${place}`, ...[cause, ...said].filter((text) => text !== '').map((text) => `    ${text}`)];
}
