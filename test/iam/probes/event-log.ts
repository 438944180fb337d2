import { broken, type Unit } from '../world';

const RATE = 100;

export const eventLog: Unit = {
  stack: 'EventLog',
  fixture: 'event-log',
  start: async (world) => async (run) => {
    const placed = { type: 'OrderPlaced', data: { customer: run } };
    const added = { type: 'ItemAdded', data: { cents: 5 } };
    const api = (order: object) => world.invoke('ApiFunction', order);
    const audited = async (how: string) => (await world.row('AuditTable', run))?.[how];
    // Each once: what is asked again may be answered by what is remembered.
    const once = (look: () => Promise<unknown>) => {
      const first = look().then(Boolean, () => false);
      return () => first;
    };
    const appended = await broken(
      {
        'events are appended': once(
          async () => (await api({ append: run, events: [placed, added], expectedVersion: 0 })).version === 2,
        ),
      },
      1,
    );
    const more = await broken(
      {
        'events are appended to what another process has begun': once(
          async () => (await api({ append: run, events: [added], expectedVersion: 2, fresh: true })).version === 3,
        ),
      },
      1,
    );
    const summed = await broken(
      { 'an aggregate knows what has happened': once(async () => (await api({ add: run, cents: 7 })).state === 17) },
      1,
    );
    const again = await broken(
      { 'an aggregate goes on from its snapshot': once(async () => (await api({ add: run, cents: 1 })).folded === 2) },
      1,
    );
    const came = await broken(
      {
        'events reach a projection': async () => (await world.row('BalancesTable', run))?.version?.N === '5',
        'events reach who wants their type': () => audited('live'),
      },
      15,
    );
    let id = '';
    const replayed = await broken(
      {
        'a replay is asked for': async () => {
          ({ id } = await api({ replay: 'Audit', rate: RATE }));
          return true;
        },
      },
      3,
    );
    // Its schedule would begin within a minute.
    const resume = () => world.invoke('Replayer', { action: 'resume' }, 'Event').then(() => true);
    const rebuilt = await broken(
      {
        'the replayer is set going': resume,
        'events are delivered again': () => audited('replayed'),
        'the progress of a replay is told': async () => (await api({ progress: id })).sent > 0,
        'operators see replays': async () =>
          JSON.stringify(await world.invoke('Replayer', { action: 'list' })).includes(id),
      },
      25,
    );
    const operated = await broken(
      {
        'an operator asks for a replay': once(async () => {
          const { id: another } = await world.invoke('Replayer', {
            action: 'replay',
            subscriber: 'Histories',
            rate: 1,
          });
          await world.invoke('Replayer', { action: 'cancel', id: another });
          return (await world.invoke('Replayer', { action: 'status', id: another })).state === 'cancelled';
        }),
        'a replay is cancelled': once(async () => {
          const { id: another } = await api({ replay: 'Histories', rate: 1 });
          await api({ cancel: another });
          return (await api({ progress: another })).state === 'cancelled';
        }),
      },
      5,
    );
    return [...appended, ...more, ...summed, ...again, ...came, ...replayed, ...rebuilt, ...operated];
  },
};
