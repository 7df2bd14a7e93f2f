/** How challenges go up and orders come down; `MqttLink` and `HttpOrderLink` are two ways. */

import type { Bytes } from '@oppidum/formats/bytes';

/** How a machine keeps up with its zone (specs/orders.md §4.4). Nothing that comes is verified here. */
export type ZoneLink = {
  /** Tells the city what we have as soon as it can be reached, and again with every connection, until another takes its place. */
  tellHave(message: Bytes): void;
  /** Calls with every signed statement as it came; the answer ends that. */
  onNews(listener: (news: Bytes) => void): () => void;
};

/** What an actuator asks of a link. Nothing that comes is verified here, and each order comes again until its answer has a receipt. */
export type OrderLink = {
  /** Sends this signed challenge (specs/doors.md §9) as soon as the city can be reached, and again with every connection, until another takes its place. */
  sendChallenge(message: Bytes): void;
  /** Calls with every order as it came; the answer ends that. */
  onOrder(listener: (order: Bytes) => void): () => void;
};
