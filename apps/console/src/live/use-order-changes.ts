/** When to ask for orders or alarms again: the stream says that one changed, or that some of what it said was missed. */

import { useEffect, useState } from 'react';
import { openLive } from './live-source.ts';

/** However many come, lists are asked for no more often than this. */
const AGAIN_MIN_MS = 1_000;

/** A number that grows after changes of orders, for as long as the view is there. */
export function useOrderChanges(): number {
  return useChanges('orders');
}

/** The same of alarms. */
export function useAlarmChanges(): number {
  return useChanges('alarms');
}

function useChanges(topic: 'orders' | 'alarms'): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const note = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        setCount((before) => before + 1);
      }, AGAIN_MIN_MS);
    };
    const end = openLive([topic], '', { onBatch: note, onState: () => undefined });
    return () => {
      clearTimeout(timer);
      end();
    };
  }, [topic]);
  return count;
}
