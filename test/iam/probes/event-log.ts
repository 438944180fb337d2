import { broken, inTurn, once, type Unit } from '../world';

const RATE = 100;

export const eventLog: Unit = {
  stack: 'EventLog',
  fixture: 'event-log',
  start: async (world) => async (run) => {
    const placed = { type: 'OrderPlaced', data: { customer: run } };
    const added = { type: 'ItemAdded', data: { cents: 5 } };
    const api = (order: object) => world.invoke('ApiFunction', order);
    const replayer = (order: object) => world.invoke('Replayer', order);
    const audited = async (how: string) => (await world.row('AuditTable', run))?.[how]?.L?.length ?? 0;
    const archived = () => world.objects('Archive');
    const before = (await archived()).length;

    // What a run before has left behind: it would go before those of this one.
    for (const { id, state } of await replayer({ action: 'list' }).catch(() => [])) {
      if (state === 'open') await replayer({ action: 'cancel', id }).catch(() => {});
    }

    /** Asks for a replay, and sees to it that it begins: its schedule would begin within a minute. */
    const replayed = (promise: string, subscriber: string) => async () => {
      let id = '';
      const cameBefore = await audited('replayed');
      const asked = await broken(
        {
          'a replay is asked for': async () => {
            ({ id } = await api({ replay: subscriber, rate: RATE }));
            return true;
          },
        },
        3,
      );
      if (asked.length > 0) return asked;
      await world.invoke('Replayer', { action: 'resume' }, 'Event');
      return broken(
        {
          [promise]: async () => (await audited('replayed')) > cameBefore,
          'a replay is done': async () => (await world.row('ReplayTable', id, 'id'))?.state?.S === 'done',
          'the progress of a replay is told': async () => (await api({ progress: id })).passed > 0,
          'operators see replays': async () => JSON.stringify(await replayer({ action: 'list' })).includes(id),
        },
        15,
      );
    };

    return inTurn(
      () =>
        broken(
          {
            'events are appended': once(
              async () => (await api({ append: run, events: [placed, added], expectedVersion: 0 })).version === 2,
            ),
          },
          1,
        ),
      () =>
        broken(
          {
            'events are appended to what another process has begun': once(
              async () => (await api({ append: run, events: [added], expectedVersion: 2, fresh: true })).version === 3,
            ),
          },
          1,
        ),
      () =>
        broken(
          {
            'an aggregate knows what has happened': once(async () => (await api({ add: run, cents: 7 })).state === 17),
          },
          1,
        ),
      () =>
        broken(
          {
            'an aggregate goes on from its snapshot': once(
              async () => (await api({ add: run, cents: 1 })).folded === 2,
            ),
          },
          1,
        ),
      () =>
        broken({
          'events reach a projection': async () => (await world.row('BalancesTable', run))?.version?.N === '5',
          'events reach who wants their type': () => audited('live'),
          'events are archived': async () => (await archived()).length > before,
        }),
      replayed('events are delivered again from the archive', 'Audit'),
      async () => {
        // As if the archiver were behind: the hour is not whole.
        const [last] = (await archived()).slice(-1);
        const putBack = await world.takeObject('Archive', last!);
        const failed = await replayed('events are delivered again from the table', 'Audit')();
        await putBack();
        return failed;
      },
      () =>
        broken(
          {
            'an operator asks for a replay': once(async () => {
              const { id } = await replayer({ action: 'replay', subscriber: 'Histories', rate: 1 });
              await replayer({ action: 'cancel', id });
              return (await replayer({ action: 'status', id })).state === 'cancelled';
            }),
            'a replay is cancelled': once(async () => {
              const { id } = await api({ replay: 'Histories', rate: 1 });
              await api({ cancel: id });
              return (await api({ progress: id })).state === 'cancelled';
            }),
          },
          5,
        ),
      replayed('events are delivered again to everybody', '*'),
    );
  },
};
