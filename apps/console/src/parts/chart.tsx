/** Values over time. Every chart has its table beside it; this picture is for those who see it. */

import { type ReactNode, useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useLanguage } from '../language.ts';
import { formatAxisTimes, widthOfNumbers } from './axis-times.ts';
import { colorAt, useIsDark } from './colors.ts';
import { formatMeasured, unitText } from './format.ts';

const HEIGHT_PX = 220;
/** Between two times: "06:32:30 AM" is the widest. */
const TIME_WIDTH_PX = 96;

const toMs = (seconds: number): number => seconds * 1_000;

export type Point = { readonly timeMs: number; readonly value: number };

/** One series, oldest first. */
export function Chart({
  name,
  unit,
  points,
}: {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly Point[];
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const { tag, direction } = useLanguage();
  const isDark = useIsDark();
  useEffect(() => {
    const place = box.current;
    if (place === null) return undefined;
    const axis = { stroke: colorAt(place, '--ink', isDark), grid: { stroke: colorAt(place, '--line', isDark), width: 1 } };
    const plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT_PX,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: true, dir: direction === 'rtl' ? -1 : 1 } },
        axes: [
          {
            ...axis,
            space: TIME_WIDTH_PX,
            values: (_plot, times, _axis, _space, stepS) => [...formatAxisTimes(times.map(toMs), toMs(stepS), tag)],
          },
          {
            ...axis,
            size: (_plot, numbers) => widthOfNumbers(numbers ?? []),
            values: (_plot, values) => values.map((value) => formatMeasured(value, unit, tag)),
          },
        ],
        series: [{}, { stroke: colorAt(place, '--accent', isDark), width: 2, points: { size: 4 } }],
      },
      [points.map(({ timeMs }) => timeMs / 1_000), points.map(({ value }) => value)],
      place,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [points, unit, tag, direction, isDark]);
  return (
    <figure className="chart">
      <figcaption>
        <bdi>{name}</bdi> {unitText(unit) !== '' && <bdi>({unitText(unit)})</bdi>}
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}
