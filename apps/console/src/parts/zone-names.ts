/**
 * Where names stand on the map: below, above or beside their place, whichever is free, and within the map. Where several want one place
 * the first of them has it; a name that finds none is left out, for the list beside the map has them all.
 */

/** A name to be set: its place and its size, in pixels of the map. */
export type NameBox = {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};
/** Which part of a name is at its place, as MapLibre says it: `top` stands below, `top-left` below and to the right. */
export type Anchor = (typeof ANCHORS)[number];
type Rectangle = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** The first that is free is taken. */
const ANCHORS = ['top', 'bottom', 'right', 'left', 'top-left', 'top-right', 'bottom-left', 'bottom-right'] as const;
/** From the place to the name, in pixels: past the mark of a device. */
const [ASIDE_PX, ALONG_PX] = [9, 6];

/** How each of them is set, the most important first; those that find no room are not in it. */
export function placeNames(
  names: readonly NameBox[],
  map: { readonly width: number; readonly height: number },
): ReadonlyMap<string, Anchor> {
  const taken: Rectangle[] = [];
  const placed = new Map<string, Anchor>();
  for (const name of names) {
    for (const anchor of ANCHORS) {
      const box = boxAt(name, anchor);
      const isWithin = box.left >= 0 && box.top >= 0 && box.right <= map.width && box.bottom <= map.height;
      if (!isWithin || taken.some((other) => isOver(box, other))) continue;
      taken.push(box);
      placed.set(name.id, anchor);
      break;
    }
  }
  return placed;
}

/** From the place to the anchor of the name, in pixels right and down. */
export function offsetOf(anchor: Anchor): readonly [right: number, down: number] {
  const [down, right] = [sign(anchor, 'top', 'bottom') * ALONG_PX, sign(anchor, 'left', 'right') * ASIDE_PX];
  return [right, down];
}

function boxAt({ x, y, width, height }: NameBox, anchor: Anchor): Rectangle {
  const [right, down] = offsetOf(anchor);
  const left = x + right - (width * (1 - sign(anchor, 'left', 'right'))) / 2;
  const top = y + down - (height * (1 - sign(anchor, 'top', 'bottom'))) / 2;
  return { left, top, right: left + width, bottom: top + height };
}

function sign(anchor: Anchor, after: string, before: string): -1 | 0 | 1 {
  return anchor.includes(after) ? 1 : anchor.includes(before) ? -1 : 0;
}

function isOver(a: Rectangle, b: Rectangle): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
