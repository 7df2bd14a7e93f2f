/** The town on a sheet of A4 for printing (SVG): its streets, and where which device stands, told apart by letters and shapes, not by colour. */

import type { Place } from './geometry.ts';
import type { KindName } from './kinds.ts';
import type { Plan } from './plan.ts';
import type { Post } from './town.ts';

/** Millimetres: ISO 216 A4, lying. */
const SHEET = { width: 297, height: 210 } as const;
const MAP = { x: 10, y: 16, width: 222, height: 184 } as const;
const LEGEND_X = 240;
const LINE = 7;
const MANY_STREETS = 150;

/** Letter of a kind on the sheet, whether its mark is square, and its name in the legend. */
const MARKS: Readonly<Record<Exclude<KindName, 'tram' | 'truck'>, readonly [letter: string, isSquare: boolean]>> = {
  'street-light': ['L', false],
  'traffic-signal': ['S', true],
  'traffic-detector': ['D', true],
  'bridge-gauge': ['G', true],
  'water-station': ['W', true],
  'electricity-meter': ['M', false],
  'solar-roof': ['R', false],
  'power-feeder': ['F', true],
  bench: ['B', false],
  'air-quality': ['A', false],
};

/** Draws the sheet. */
export function drawPlan(plan: Plan, posts: readonly Post[]): string {
  const onSheet = projectionOf([...plan.streets.flatMap(({ line }) => line), ...posts.map(({ place }) => place)]);
  const line = (places: readonly Place[], style: string): string =>
    `<polyline points="${places.map((place) => onSheet(place).join(',')).join(' ')}" ${style}/>`;
  // Where streets are many they lie close.
  const wide = plan.streets.length > MANY_STREETS ? 0.6 : 1.6;
  const streets = plan.streets.map(({ line: places, isDriven, isBridge }) =>
    line(places, `stroke="${isBridge ? '#888' : '#ccc'}" stroke-width="${isDriven ? wide : wide / 3}"`),
  );
  const marks = posts.flatMap((post) => markOf(post, onSheet(post.place)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SHEET.width}mm" height="${SHEET.height}mm" viewBox="0 0 ${SHEET.width} ${SHEET.height}" font-family="sans-serif">`,
    `<title>The simulated town: ${posts.length} devices, none of them real</title>`,
    '<rect width="100%" height="100%" fill="#fff"/>',
    `<text x="${MAP.x}" y="11" font-size="5">The simulated town: ${posts.length} devices, none of them real</text>`,
    `<g fill="none" stroke-linecap="round" stroke-linejoin="round">${streets.join('')}`,
    line(plan.round, 'stroke="#000" stroke-width="0.25" stroke-dasharray="0.4 1.2"'),
    `${line(plan.tramLine, 'stroke="#000" stroke-width="0.4" stroke-dasharray="3 1"')}</g>`,
    `<g font-size="1.7" text-anchor="middle" stroke-width="0.2">${marks.join('')}</g>`,
    legend(posts),
    plan.attribution === null ? '' : `<text x="${MAP.x}" y="206" font-size="2.6">${escaped(plan.attribution)}</text>`,
    '</svg>\n',
  ].join('\n');
}

/** Onto the map's part of the sheet, north up, as large as it fits. */
function projectionOf(places: readonly Place[]): (place: Place) => readonly [x: number, y: number] {
  const edge = (values: readonly number[]): readonly [number, number] =>
    values.reduce<readonly [number, number]>(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
  const [south, north] = edge(places.map(({ lat }) => lat));
  const [west, east] = edge(places.map(({ lon }) => lon));
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min(MAP.width / Math.max(1e-6, (east - west) * narrow), MAP.height / Math.max(1e-6, north - south));
  const round = (value: number): number => Math.round(100 * value) / 100;
  return ({ lat, lon }) => [round(MAP.x + (lon - west) * narrow * scale), round(MAP.y + (north - lat) * scale)];
}

/** Nothing for what moves. */
function markOf({ kind, number }: Post, [x, y]: readonly [number, number]): readonly string[] {
  const mark = Object.hasOwn(MARKS, kind.name) ? MARKS[kind.name as keyof typeof MARKS] : undefined;
  if (mark === undefined) return [];
  const [letter, isSquare] = mark;
  return [`${shape(isSquare, x, y)}<text x="${x}" y="${Math.round(100 * (y + 0.6)) / 100}">${letter}${number}</text>`];
}

function shape(isSquare: boolean, x: number, y: number): string {
  const style = 'fill="#fff" stroke="#000"';
  return isSquare
    ? `<rect x="${Math.round(100 * (x - 1.9)) / 100}" y="${Math.round(100 * (y - 1.5)) / 100}" width="3.8" height="3" ${style}/>`
    : `<circle cx="${x}" cy="${y}" r="1.9" ${style}/>`;
}

function legend(posts: readonly Post[]): string {
  const names = [...new Set(posts.map(({ kind }) => kind.name))];
  const rows = names.map((name, i) => {
    const y = MAP.y + 4 + i * LINE;
    const mark = Object.hasOwn(MARKS, name) ? MARKS[name as keyof typeof MARKS] : undefined;
    const dashes = name === 'tram' ? '3 1' : '0.4 1.2';
    const sign =
      mark === undefined
        ? `<line x1="${LEGEND_X - 2}" y1="${y}" x2="${LEGEND_X + 4}" y2="${y}" stroke="#000" stroke-width="0.4" stroke-dasharray="${dashes}"/>`
        : `${shape(mark[1], LEGEND_X, y)}<text x="${LEGEND_X}" y="${y + 0.6}" font-size="1.7" text-anchor="middle">${mark[0]}1</text>`;
    return `${sign}<text x="${LEGEND_X + 6}" y="${y + 1}" font-size="3">${name}${mark === undefined ? '' : '-01'}</text>`;
  });
  return `<g stroke-width="0.2">${rows.join('')}</g>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
