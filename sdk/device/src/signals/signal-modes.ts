/**
 * How a controller comes to flash and leaves it (specs/signals.md §6), every mode with every event.
 * 1. From `running` the way to `flash` leads through `stopping`: yellow, red clearance, everything red.
 * 2. From `flash` the way to `running` leads through `allRed`.
 * 3. Green is shown in `running` and, until it may end, in `stopping`; nowhere else.
 */

export type SignalMode = 'starting' | 'allRed' | 'running' | 'stopping' | 'flash';

/** `cleared`: everything is red and the last clearance is over. `elapsed`: the mode has lasted as long as it must. */
export type SignalEvent = 'flashWanted' | 'normalWanted' | 'cleared' | 'elapsed';

export const SIGNAL_MODES: Readonly<Record<SignalMode, Readonly<Record<SignalEvent, SignalMode>>>> = {
  starting: { flashWanted: 'flash', normalWanted: 'starting', cleared: 'starting', elapsed: 'allRed' },
  allRed: { flashWanted: 'flash', normalWanted: 'allRed', cleared: 'allRed', elapsed: 'running' },
  running: { flashWanted: 'stopping', normalWanted: 'running', cleared: 'running', elapsed: 'running' },
  stopping: { flashWanted: 'stopping', normalWanted: 'stopping', cleared: 'flash', elapsed: 'stopping' },
  flash: { flashWanted: 'flash', normalWanted: 'allRed', cleared: 'flash', elapsed: 'flash' },
};
