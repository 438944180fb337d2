import { LogOutbox } from '../../../lambda/handlers/event-log-outbox/outbox';
import { storedOf } from '../../../lambda/runtime/event-log/stored';
import { publisherOn } from '../../../lambda/runtime/producer/sender';
import { LOG, REPLAYS, SNAPSHOTS } from '../../lambda/event-log/fake-table';
import { history, ReplayWorld, START } from '../../lambda/event-log/replay-world';
import { streamOf } from '../../lambda/event-log/stream';
import { added, World } from '../../lambda/event-log/world';
import { FakeService } from '../../lambda/producer/fake-service';
import { SILENT } from './common';

export const sum = {
  name: 'Sum',
  snapshotEvery: 1,
  initial: { cents: 0 },
  reducer: (state: { cents: number }, event: { data: any }) => ({ cents: state.cents + event.data.cents }),
};

export const HISTORY = history('a', START, 5);

/** A replay that was asked for, one that is under way, and one that is over. */
async function replays() {
  const world = new ReplayWorld();
  world.record(HISTORY);
  world.time += 3_600_000;
  const rows = () => [...world.dynamodb.table(REPLAYS).values()].map((row) => structuredClone(row));
  await world.ask({ subscriber: 'Audit', from: '2026-11-24T10:00:00Z', types: ['Placed', 'Added'], rate: 0.5 });
  const asked = rows();
  // Long enough for some steps, and not for all.
  world.runs = 36_000;
  await world.tick();
  const begun = rows();
  world.runs = 600_000;
  await world.tick();
  return { asked, begun, done: rows(), archive: [...world.objects], sent: world.service.accepted };
}

/** Rows of the log and its snapshots, what its outbox publishes and its archiver keeps, and replays. */
export async function eventLog() {
  const world = new World();
  const log = world.open();
  const options = { appendId: 'append-1', correlationId: 'c-1', causationId: 'm-0' };
  await log.append('a', [added(1), added(2)], { expectedVersion: 'none', ...options });
  await log.append('a', [added(3, 'mine')], { expectedVersion: 2 });
  await log.aggregate(sum as never).load('a');
  const rows = [...world.dynamodb.table(LOG).values()];
  const service = new FakeService();
  const outbox = new LogOutbox({
    name: 'Stack/Log',
    publisher: publisherOn(service, { topicArn: 'arn:aws:sns:eu-west-1:1:events.fifo' }),
    log: SILENT,
    now: () => 0,
    write: () => {},
  });
  await outbox.handle(streamOf(...rows.filter(({ type }) => type).map(storedOf)));
  return {
    rows,
    snapshots: [...world.dynamodb.table(SNAPSHOTS).values()],
    published: service.published,
    replays: await replays(),
  };
}
