/** The bridge for Modbus TCP: it asks each device for its registers, every interval, and signs what they say. Nothing is ever written to them. */

import { Socket } from 'node:net';
import type { SensorValue } from '@oppidum/device/reading-pack';
import { FormatError, formatError } from '@oppidum/formats/errors';
import { client as clients, UserRequestError } from 'jsmodbus';
import type { Bridge } from './bridge.ts';
import type { ModbusDevice, ModbusSettings, Register } from './modbus-settings.ts';
import { makeValue, NUMBER_TYPES, readNumber } from './values.ts';

const PORT = 502;
const TIMEOUT_MS = 3_000;
const REGISTER_SIZE = 2;
/** Modbus Messaging on TCP/IP V1.0b, §3.1.2 and §4.2.1: the longest message. */
const ANSWER_SIZE_MAX = 260;

/** Polls all devices until the answer is called. A device that does not answer is asked again at its next turn. */
export function startModbus(bridge: Bridge, settings: ModbusSettings): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const loops = settings.devices.map((device) => poll(bridge, device, settings, stopping.signal));
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
    },
  };
}

async function poll(bridge: Bridge, device: ModbusDevice, settings: ModbusSettings, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const begunMs = performance.now();
    try {
      const values = await readModbus(device, settings.timeoutMs ?? TIMEOUT_MS);
      if (values.length > 0) await bridge.device(device.name).measure(values);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      bridge.log('trouble', { device: device.name, code: error.code });
    }
    await sleep(Math.max(0, settings.intervalMs - (performance.now() - begunMs)), signal);
  }
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, durationMs);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
}

/** Asks one device for all its registers. Throws MODBUS_UNREACHABLE and MODBUS_REFUSED (an exception, or an answer of another size). */
export async function readModbus(device: ModbusDevice, timeoutMs: number): Promise<readonly SensorValue[]> {
  const { host, port = PORT, unit = 1, registers } = device;
  const socket = new Socket();
  try {
    // Before the connection: it listens for that itself.
    const client = new clients.TCP(socket, unit, timeoutMs);
    boundAnswers(socket, registers.length * ANSWER_SIZE_MAX);
    await connect(socket, host, port, timeoutMs);
    const values: (SensorValue | null)[] = [];
    for (const register of registers) values.push(makeValue(register, await readRegister(client, register, device)));
    return values.filter((value) => value !== null);
  } finally {
    socket.destroy();
  }
}

/**
 * A device says what it wants: at more than `sizeMax` bytes, and where the library throws out of its listener (an exception code that no
 * specification has), its connection ends, and not the bridge.
 */
function boundAnswers(socket: Socket, sizeMax: number): void {
  const listeners = socket.listeners('data') as ((chunk: Buffer) => void)[];
  socket.removeAllListeners('data');
  let size = 0;
  socket.on('data', (chunk: Buffer) => {
    size += chunk.length;
    try {
      if (size > sizeMax) throw new Error('more than was asked for');
      for (const listener of listeners) listener.call(socket, chunk);
    } catch {
      socket.destroy();
    }
  });
}

function connect(socket: Socket, host: string, port: number, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (reason: string): void => reject(formatError('MODBUS_UNREACHABLE', { host, port, reason }));
    const timer = setTimeout(() => failed('no answer'), timeoutMs);
    socket.on('error', (error) => failed((error as NodeJS.ErrnoException).code ?? error.message));
    socket.on('close', () => clearTimeout(timer));
    socket.connect(port, host, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

type Client = InstanceType<typeof clients.TCP>;

async function readRegister(client: Client, register: Register, device: ModbusDevice): Promise<number | boolean | null> {
  const { table, address, type, order } = register;
  const { host } = device;
  try {
    if (type === 'bit') {
      const { response } = await (table === 'coil' ? client.readCoils(address, 1) : client.readDiscreteInputs(address, 1));
      return (response.body.valuesAsBuffer[0] ?? 0) % 2 === 1;
    }
    const count = NUMBER_TYPES[type] / REGISTER_SIZE;
    const asked = table === 'holding' ? client.readHoldingRegisters(address, count) : client.readInputRegisters(address, count);
    const bytes = (await asked).response.body.valuesAsBuffer;
    if (bytes.length !== count * REGISTER_SIZE) throw formatError('MODBUS_REFUSED', { host, address, reason: 'another size' });
    return readNumber(order === 'little' ? swapRegisters(bytes) : bytes, 0, type);
  } catch (error) {
    if (!(error instanceof UserRequestError)) throw error;
    const code = error.err === 'ModbusException' || error.err === 'Protocol' ? 'MODBUS_REFUSED' : 'MODBUS_UNREACHABLE';
    throw formatError(code, { host, address, reason: error.err });
  }
}

/** The less significant register first: registers themselves are big-endian (Modbus Application Protocol V1.1b3, §4.2). */
function swapRegisters(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += REGISTER_SIZE)
    swapped.set(bytes.subarray(at, at + REGISTER_SIZE), bytes.length - REGISTER_SIZE - at);
  return swapped;
}
