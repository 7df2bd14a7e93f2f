/** Tells what begins and ends in the town, for people who watch. */

import { labelOf, type Post } from './town.ts';

/** The posts at which something is wrong, told as lines once it begins and once it is over. */
export class Chronicle {
  readonly #posts: readonly Post[];
  readonly #known = new Map<Post, string>();

  constructor(posts: readonly Post[]) {
    this.#posts = posts;
  }

  /** What changed since it was asked last: one line each. */
  news(timeMs: number): readonly string[] {
    return this.#posts.flatMap((post) => {
      const [before, now] = [this.#known.get(post) ?? null, post.trouble(timeMs)];
      if (before === now) return [];
      if (now === null) this.#known.delete(post);
      else this.#known.set(post, now);
      return [`${new Date(timeMs).toISOString().slice(0, 16)} ${labelOf(post)}: ${now ?? 'all is well again'}`];
    });
  }
}
