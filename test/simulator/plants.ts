/** Faults put in on purpose, to see that a simulation finds them and that its seed finds them again. */

/**
 * `swapped`: one application executes the transactions of each block in another order.
 * `early-answer`: clients believe an answer that left before its block was durable.
 * `early-receipt`: a meter believes a receipt that left before its reading was durable.
 * `lying-disk`: disks say "synced" and are not.
 */
export const PLANTS = ['swapped', 'early-answer', 'early-receipt', 'lying-disk'] as const;
export type Plant = (typeof PLANTS)[number];

/**
 * For intersections. `deafMonitor`: a conflict monitor with a matrix in which nothing conflicts. `hastyController`: a controller with a
 * matrix in which everything is compatible.
 */
export const SIGNAL_PLANTS = ['deafMonitor', 'hastyController'] as const;
export type SignalPlant = (typeof SIGNAL_PLANTS)[number];

/**
 * For machines that take orders. `keys`: one signature is enough. `quorum`: one validator is. `challenges`: none is ever void. `time`: no
 * lifetime ends. `veto`: the local monitor is not asked.
 */
export const ORDER_PLANTS = ['keys', 'quorum', 'challenges', 'time', 'veto'] as const;
export type OrderPlant = (typeof ORDER_PLANTS)[number];
