/**
 * Every place where a city makes something durable, by name: which files of the data folder it writes. In the code the place has the
 * comment `// DURABLE: name` before it. Tests cut the power at each of them (test/faults/disk.test.ts), and a file that a running city
 * writes under no name fails them.
 */

/** `writer`: the process of a city, a node of several validators alone, or a command of its operator. Paths are relative to the data folder, without `.new`. */
export type DurablePoint = { readonly name: string; readonly path: RegExp; readonly writer: 'city' | 'cluster' | 'command' };

/** In the order of `specs/data-folder.md` §1. */
export const DURABLE_POINTS: readonly DurablePoint[] = [
  { name: 'marker', path: /^oppidum\.json$/, writer: 'city' },
  { name: 'genesis', path: /^genesis\.cbor$/, writer: 'city' },
  { name: 'policy', path: /^city\.policy$/, writer: 'city' },
  { name: 'former policy', path: /^policies\/\d+\.evidence$/, writer: 'city' },
  { name: 'key', path: /^(keys|shards\/\d+\/keys)\/[a-z-]+\.seed$/, writer: 'city' },
  { name: 'accounts', path: /^keys\/accounts\.json$/, writer: 'city' },
  { name: 'certificate', path: /^keys\/mqtt-tls\.pem$/, writer: 'city' },
  { name: 'block', path: /^node\/data\.mdb$/, writer: 'city' },
  { name: 'tile', path: /^(log|shards\/\d+\/log)\/tile\//, writer: 'city' },
  { name: 'frontier', path: /^(log|shards\/\d+\/log)\/frontier$/, writer: 'city' },
  { name: 'last signed', path: /^(log|shards\/\d+\/log)\/last-signed$/, writer: 'city' },
  { name: 'checkpoint', path: /^(log|shards\/\d+\/log)\/checkpoint$/, writer: 'city' },
  // Groups, and with them the tables that are written late, anchors, erasures and what retention removes.
  { name: 'group', path: /^shards\/\d+\/vault\/data\.mdb$/, writer: 'city' },
  { name: 'subject key', path: /^shards\/\d+\/subject-keys\/[0-9a-f]{64}\.key(\.[a-z]+)?$/, writer: 'city' },
  { name: 'access', path: /^access\/access\.sqlite(-wal|-journal)?$/, writer: 'city' },
  { name: 'snapshot', path: /^snapshots\/\d+(\.part)?\/(\d+|manifest\.cbor)$/, writer: 'cluster' },
  { name: 'restored log', path: /^restored-log\/\d+$/, writer: 'cluster' },
  { name: 'node settings', path: /^node\.json$/, writer: 'command' },
  { name: 'retention', path: /^retention\.json$/, writer: 'command' },
  { name: 'erasure register', path: /^erasure-register\.ndjson$/, writer: 'command' },
];

/** What a running city writes and may lose: locks of processes, and what is made anew from the rest. */
export const PASSING_FILES = /^(lock(\.[0-9a-f.]+)?|gateway\/.+|demo\/.+|.+\/lock\.mdb|.+\.sqlite-shm)$/;
