/** Colours of kinds of devices on the map. They only repeat what the list says in words. */

/** Degrees between neighbours on the circle of hues: the golden angle keeps any number of them apart. */
const STEP_DEGREES = 137.508;

/** A colour for each kind, the same for the same kinds. */
export function colorsOf(kinds: readonly string[]): ReadonlyMap<string, string> {
  const sorted = [...new Set(kinds)].sort();
  return new Map(sorted.map((kind, i) => [kind, `hsl(${Math.round((i * STEP_DEGREES) % 360)}, 65%, ${i % 2 === 0 ? 45 : 58}%)`]));
}
