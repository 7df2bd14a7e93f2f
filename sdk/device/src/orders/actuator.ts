/** What a maker writes for a machine that takes orders. The agent (`order-agent.ts`) decides whether an order is to be obeyed at all. */

import type { Command } from '@oppidum/formats/command';
import type { SensorValue } from '../reading-pack.ts';

/** A machine. Its own safety has the last word, and what it does by hand is told afterwards. */
export type Actuator = {
  /** Commands that need the zone's higher threshold, whatever its envelope says. */
  readonly dangerous: ReadonlySet<string>;
  /**
   * The local monitor: why this is not done now, as a code in capitals (`LAMP_TOO_HOT`), or null. It is asked last, after every proof,
   * and must not believe anything but its own sensors.
   */
  veto(command: Command): string | null;
  /** Does it; resolves when it is done. What it throws is told as ACTUATOR_FAILED. */
  act(command: Command): Promise<void>;
  /**
   * Goes to the safe state and stays there until the next order that is obeyed: the machine does not know whom to obey, or cannot note that it
   * did. Full light, flashing signals. Without it the machine goes on as it is.
   */
  hold?(): void;
  /** What the machine is doing now, as its own sensors tell it: signed with each answer. Where it throws, the answer is signed without it. */
  state(): readonly SensorValue[];
};
