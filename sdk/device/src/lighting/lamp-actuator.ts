/** A lamp as a machine that takes orders (specs/orders.md): what the order agent of a device asks of whatever it drives. */

import type { Command } from '@oppidum/formats/command';
import { FormatError } from '@oppidum/formats/errors';
import { lampPowerMw, type PowerCurve } from '@oppidum/formats/lighting-power';
import type { Actuator } from '../orders/actuator.ts';
import type { SensorValue } from '../reading-pack.ts';
import type { Lamp, LampSenses } from './lamp.ts';

/** `curve`: of the lamp's model; `sense`: what the lamp knows at this moment. */
export type LampParts = { readonly lamp: Lamp; readonly curve: PowerCurve; readonly sense: () => LampSenses };

/** No command to a lamp is dangerous. `veto` asks the lamp's monitor; `act` asks it again and throws FormatError with its code. */
export function lampActuator({ lamp, curve, sense }: LampParts): Actuator {
  return {
    dangerous: new Set<string>(),
    veto: (command: Command): string | null => lamp.veto(command, sense())?.code ?? null,
    async act(command: Command): Promise<void> {
      const refused = lamp.obey(command, sense());
      if (refused !== null) throw new FormatError(refused.code, refused.details);
    },
    hold: () => lamp.hold(),
    /** The level as a ratio and the power that the lamp takes at it. */
    state(): readonly SensorValue[] {
      const { level } = lamp.step(sense());
      return [
        { sensor: 'dimming', unit: '/', value: level / 1_000 },
        { sensor: 'power', unit: 'W', value: lampPowerMw(curve, level) / 1_000 },
      ];
    },
  };
}
