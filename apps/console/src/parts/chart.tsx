/** Values over time. Every chart has its table beside it; this picture is for those who see it. */

import { type ReactNode, useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useLanguage } from '../language.ts';
import { constantRange, formatAxisTimes, widthOfNumbers } from './axis-times.ts';
import { colorAt, useIsDark } from './colors.ts';
import { formatMeasured, unitText } from './format.ts';

const HEIGHT_PX = 220;
/** Between two times: "06:32:30 AM" is the widest. Half of the last one stands behind its moment. */
const TIME_WIDTH_PX = 96;
/** Share of its range that is left free above and below a series. */
const PADDING = 0.1;

const toMs = (seconds: number): number => seconds * 1_000;

export type Point = { readonly timeMs: number; readonly value: number };

/** What a series is held against: a value for each of its points, drawn in dashes. */
export type Against = { readonly name: string; readonly values: readonly number[] };

type Props = { readonly name: string; readonly unit: string; readonly points: readonly Point[]; readonly against?: Against };

/** One series, oldest first. */
export function Chart({ name, unit, points, against }: Props): ReactNode {
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
        padding: [null, TIME_WIDTH_PX / 2, null, null],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: true, dir: direction === 'rtl' ? -1 : 1 },
          y: { range: (_plot, least, most) => [...(constantRange(least, most) ?? uPlot.rangeNum(least, most, PADDING, true))] },
        },
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
        series: [
          {},
          { stroke: colorAt(place, '--accent', isDark), width: 2, points: { size: 4 } },
          ...(against === undefined
            ? []
            : [{ stroke: colorAt(place, '--ink', isDark), width: 1.5, dash: [6, 4], points: { show: false } }]),
        ],
      },
      [
        points.map(({ timeMs }) => timeMs / 1_000),
        points.map(({ value }) => value),
        ...(against === undefined ? [] : [[...against.values]]),
      ],
      place,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [points, against, unit, tag, direction, isDark]);
  return (
    <figure className="chart">
      <figcaption>
        <span aria-hidden="true">{against !== undefined && '— '}</span>
        <bdi>{name}</bdi> {unitText(unit) !== '' && <bdi>({unitText(unit)})</bdi>}
        {against !== undefined && (
          <>
            {' '}
            <span aria-hidden="true">┄ </span>
            <bdi>{against.name}</bdi>
          </>
        )}
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}
