/**
 * An explicit-state model checker: all states that a model can reach, breadth first, with every invariant checked on every step. What it
 * finds is the shortest way to a broken one. There is no sampling: a model that does not fit its bound is an error, not a pass.
 */

/** What happened, the state after it, and what the invariants are told of it besides. */
export type Step<S, F> = { readonly event: string; readonly next: S; readonly fact?: F };

/** States are plain data: equal when their JSON is. An invariant is true where it holds. */
export type Model<S, F> = {
  readonly initial: readonly S[];
  readonly steps: (state: S) => readonly Step<S, F>[];
  readonly invariants: Readonly<Record<string, (before: S, step: Step<S, F>) => boolean>>;
};

export type Explored = {
  readonly states: number;
  readonly transitions: number;
  /** Of the state that is furthest from the beginning. */
  readonly depth: number;
  readonly broken: { readonly invariant: string; readonly trace: readonly string[] } | null;
};

type Node = { readonly key: string; readonly from: Node | null; readonly event: string; readonly depth: number };

/** Explores until nothing new is found, or an invariant is broken. Throws beyond `stateCountMax` states. */
export function explore<S, F>(model: Model<S, F>, stateCountMax: number): Explored {
  const known = new Set<string>();
  let frontier: Node[] = [];
  for (const state of model.initial) {
    const key = JSON.stringify(state);
    known.add(key);
    frontier.push({ key, from: null, event: 'begin', depth: 0 });
  }
  const invariants = Object.entries(model.invariants);
  let [transitions, depth] = [0, 0];
  while (frontier.length > 0) {
    const found: Node[] = [];
    for (const node of frontier) {
      const before = JSON.parse(node.key) as S;
      for (const step of model.steps(before)) {
        transitions++;
        const broken = invariants.find(([, holds]) => !holds(before, step));
        if (broken !== undefined) {
          const trace = [...traceOf(node), step.event];
          return { states: known.size, transitions, depth: node.depth + 1, broken: { invariant: broken[0], trace } };
        }
        if (step.next === before) continue;
        const key = JSON.stringify(step.next);
        if (known.has(key)) continue;
        known.add(key);
        if (known.size > stateCountMax) throw new Error(`more than ${stateCountMax} states`);
        found.push({ key, from: node, event: step.event, depth: node.depth + 1 });
        depth = node.depth + 1;
      }
    }
    frontier = found;
  }
  return { states: known.size, transitions, depth, broken: null };
}

function traceOf(last: Node): string[] {
  const events: string[] = [];
  for (let node: Node | null = last; node !== null; node = node.from) events.push(node.event);
  return events.reverse();
}

/** The model with one of its invariants alone: whether that one finds what was planted. */
export function keepOnly<S, F>(model: Model<S, F>, invariant: string): Model<S, F> {
  const holds = model.invariants[invariant];
  if (holds === undefined) throw new Error(`no invariant ${invariant}`);
  return { ...model, invariants: { [invariant]: holds } };
}
