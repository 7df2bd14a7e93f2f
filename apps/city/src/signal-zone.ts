/** A junction of the town as a zone: one device has the controller, the independent monitor and both streets' heads. */

import { join } from 'node:path';
import { nativeCrypto } from '@oppidum/crypto/native-crypto';
import { ConflictMonitor } from '@oppidum/device/monitor/conflict-monitor';
import { latchFile } from '@oppidum/device/monitor/latch-file';
import { readMonitorProgram } from '@oppidum/device/monitor/monitor-program';
import { Intersection } from '@oppidum/device/signals/intersection';
import { SignalActuator } from '@oppidum/device/signals/signal-actuator';
import { SignalDocumentKeeper } from '@oppidum/device/signals/signal-document-keeper';
import { SignalShelf } from '@oppidum/device/signals/signal-documents';
import { compileSignals, type SignalProgram } from '@oppidum/device/signals/signal-program';
import { equalBytes } from '@oppidum/formats/bytes';
import { DrivenJunction } from './driven-junction.ts';
import type { Machine, MachineZone, ZoneTools } from './machine-zone.ts';
import { labelOf } from './town.ts';
import { readSigned } from './zone-file.ts';

/** One junction. */
export class SignalZone implements MachineZone {
  readonly machines: readonly Machine[];
  readonly #tools: ZoneTools;
  readonly #shelf: SignalShelf;
  readonly #intersection: Intersection;
  readonly #junction: DrivenJunction;

  private constructor(tools: ZoneTools, shelf: SignalShelf, intersection: Intersection, junction: DrivenJunction) {
    const [head] = tools.members;
    if (head === undefined) throw new Error('a junction has a controller');
    this.#tools = tools;
    this.#shelf = shelf;
    this.#intersection = intersection;
    this.#junction = junction;
    const documents = new SignalDocumentKeeper(shelf, () => this.#renew());
    this.machines = [{ member: head, actuator: new SignalActuator(intersection), documents }];
  }

  /** `tools.members`: the controlling head and the other one. Null while matrix and plans are not signed by two engineers. */
  static async open(tools: ZoneTools): Promise<SignalZone | null> {
    const [head, other] = tools.members;
    const [ns, ew] = [head?.post.approach ?? null, other?.post.approach ?? null];
    if (head === undefined || ns === null || ew === null) return null;
    const base = join(tools.folder, 'signals', labelOf(head.post));
    const shelf = await SignalShelf.open(nativeCrypto, `${base}.cbor`);
    // What was kept begins without asking anybody: signals do not wait for the city.
    if (shelf.documents === null) await offer(tools, shelf);
    const programs = programsOf(shelf);
    if (programs === null) return null;
    const monitor = new ConflictMonitor(programs.guard, latchFile(`${base}.latch`));
    const intersection = new Intersection({ program: programs.program, monitor });
    const junction = new DrivenJunction({
      ...{ intersection, approaches: { ns, ew }, seed: ns.options.junction, fromMs: tools.townMs() },
      isLinked: () => tools.isLinked(head),
    });
    return new SignalZone(tools, shelf, intersection, junction);
  }

  /** Asks the city for newer documents; they begin through flash and all red. Throws as `ProvenRecords` does. */
  async follow(): Promise<void> {
    const before = this.#shelf.documents;
    await offer(this.#tools, this.#shelf);
    const after = this.#shelf.documents;
    const isSame =
      before !== null && after !== null && equalBytes(before.matrix, after.matrix) && equalBytes(before.plans, after.plans);
    if (!isSame) this.#renew();
  }

  #renew(): void {
    const programs = programsOf(this.#shelf);
    if (programs !== null) this.#intersection.renew(programs);
  }

  advance(townMs: number): void {
    this.#junction.advance(townMs);
  }
}

/** Offers both documents to the shelf, which believes two signatures and nobody else. */
async function offer({ records, pins }: ZoneTools, shelf: SignalShelf): Promise<void> {
  const matrix = await readSigned(records, pins, 'matrix');
  const plans = await readSigned(records, pins, 'plans');
  if (matrix === null || plans === null) return;
  const signed = (document: typeof matrix) => ({ statement: document.statement, signatures: [...document.signatures] });
  // While plans for a new matrix are not signed yet, both are refused and the junction keeps what it runs.
  await shelf.offer(plans.keys, { matrix: signed(matrix), plans: signed(plans) });
}

function programsOf({
  documents,
}: SignalShelf): { readonly program: SignalProgram; readonly guard: ReturnType<typeof readMonitorProgram> } | null {
  if (documents === null) return null;
  const program = compileSignals(nativeCrypto, documents);
  return 'code' in program ? null : { program, guard: readMonitorProgram(documents.matrix) };
}
