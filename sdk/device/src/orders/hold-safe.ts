/**
 * What a machine does that lost what it must know to be ordered (its pins, its journal, room on its disk): it goes to its safe state, which asks
 * nobody, and says why, signed, as long as it can say anything.
 */

import type { Device } from '../device.ts';
import type { SensorValue } from '../reading-pack.ts';
import type { Actuator } from './actuator.ts';

type Holding = {
  readonly actuator: Pick<Actuator, 'hold' | 'state'>;
  readonly device: Pick<Device, 'measure'>;
  readonly onTrouble: (trouble: { readonly code: string }) => void;
};

/** Told by the system or by a decoder, not by a mistake of ours. */
export function isOutside(error: unknown): error is { readonly code: string } {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

/** `code`: why. Nothing that fails on the way ends the process: the machine is held first. */
export async function holdSafe({ actuator, device, onTrouble }: Holding, code: string): Promise<void> {
  onTrouble({ code });
  const told = { sensor: 'order/alarm', value: code };
  try {
    actuator.hold?.();
  } catch (error) {
    onTrouble({ code: isOutside(error) ? error.code : 'ACTUATOR_FAILED' });
  }
  await device.measure([told, ...stateOf(actuator)]).catch((error: unknown) => {
    if (!isOutside(error)) throw error;
    onTrouble({ code: error.code });
  });
}

function stateOf(actuator: Pick<Actuator, 'state'>): readonly SensorValue[] {
  try {
    return actuator.state();
  } catch {
    return [];
  }
}
