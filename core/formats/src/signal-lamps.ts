/** How a signal head is wired: the lamps that are lit at one moment, as bits. A crossing has don't walk on red and walk on green. */

export const LAMP_RED = 1;
export const LAMP_YELLOW = 2;
export const LAMP_GREEN = 4;
