import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, parseMetrics } from './counters.ts';

const look = (http: number, mqtt: number): string => `# HELP oppidum_readings_total Readings
# TYPE oppidum_readings_total counter
oppidum_readings_total{door="http",outcome="kept"} ${http}
oppidum_readings_total{door="mqtt",outcome="kept"} ${mqtt}
oppidum_readings_total{door="mqtt",outcome="refused"} 3
oppidum_readings_total{door="http",outcome="passing"} 2
oppidum_requests_refused_total{code="RATE_LIMITED"} 1
oppidum_requests_refused_total{code="TOPIC_FOREIGN"} 7
oppidum_mqtt_connections 12
oppidum_mqtt_broker_connected{broker="broker.example:8883"} 1
oppidum_readings_erased_total 4
process_resident_memory_bytes 1.5e8
`;

test('counters are what two looks at the metrics say', () => {
  assert.deepEqual(count(parseMetrics(look(10, 20)), parseMetrics(look(60, 120)), 2), {
    ...{ perSecond: 75, kept: 180, refused: 3, passing: 2, memorySize: 1.5e8, connections: 12, broker: true, erased: 4 },
    refusedByCode: [
      ['TOPIC_FOREIGN', 7],
      ['RATE_LIMITED', 1],
    ],
  });
});

test('a city that began anew between two looks has no negative rate; nothing is nothing', () => {
  assert.equal(count(parseMetrics(look(10, 20)), parseMetrics(look(0, 0)), 1).perSecond, 0);
  assert.equal(count([], [], 1).kept, 0);
  assert.equal(count([], [], 1).broker, null);
  assert.deepEqual(parseMetrics('# only a comment\n\n'), []);
});
