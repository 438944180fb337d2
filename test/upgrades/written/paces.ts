import { Controller } from '../../../lambda/handlers/pace-controller/controller';
import { Pacer } from '../../../lambda/runtime/pace/pacer';
import { type LevelingSpec, PACE_TABLE } from '../../../lib/private/contract';
import { FakeTable, type Item, TABLE } from '../../lambda/pace/fake-table';
import { NOW, SILENT } from './common';

export const LEVELING: LevelingSpec = {
  table: TABLE,
  pace: { kind: 'rate', count: 10, per: 1, burst: 1 },
  lookahead: 900,
  batchSize: 10,
};

const HORIZON = (NOW + 900_000) * 1_000;
export const WANTED = { returning: 1, horizon: HORIZON, fresh: 4, freshHorizon: HORIZON };

export const pacerOn = (table: FakeTable, spec: Partial<LevelingSpec> = {}, now = NOW): Pacer =>
  new Pacer({
    spec: { ...LEVELING, ...spec },
    calls: table,
    edge: { now: () => now, write: () => {}, random: () => 0.5 },
    log: SILENT,
    worker: 'Test/Mails',
    queueSize: async () => 100,
  });

export const controllerOn = (table: FakeTable, now = NOW): Controller =>
  new Controller({
    worker: 'Test/Mails',
    spec: LEVELING,
    mapping: 'mapping-1',
    rowCalls: table,
    mappingCalls: { get: async () => ({ state: 'Enabled', provisioned: false }), update: async () => true },
    log: SILENT,
    queueSize: async () => 100,
    now: () => now,
    write: () => {},
  });

export const tableOf = (...items: Item[]): FakeTable => {
  const table = new FakeTable();
  for (const item of items) table.items.set(item[PACE_TABLE.key]!.S!, item);
  return table;
};

/** The rows of paces: slots that were taken, a pace that was changed, a tenant's, an owner's, and what is forgiven. */
export async function paces() {
  const taken = tableOf();
  const pacer = pacerOn(taken);
  await pacer.open();
  await pacer.reserve('', WANTED);
  await pacer.forgive(['m-1'], NOW + 10_000);
  await pacer.finish(NOW + 10_000);

  const changed = tableOf();
  const controller = controllerOn(changed);
  await controller.handle({ action: 'reconcile' });
  await controller.handle({ action: 'pace', pace: { kind: 'rate', count: 2, per: 1 } });
  const slower = structuredClone(changed.row);
  await controller.handle({ action: 'pace', pace: { kind: 'closed' } });

  const tenants = tableOf();
  const each = pacerOn(tenants, { perTenant: true });
  await each.open();
  await each.reserve('acme', WANTED);

  const alone = tableOf();
  const single = pacerOn(alone, { pace: { kind: 'concurrency', limit: 1 } });
  await single.open();
  await single.enter('owner', NOW + 60_000, NOW + 1_000);
  return {
    taken: [...taken.items.values()],
    slower: [slower],
    closed: [changed.row],
    tenants: [...tenants.items.values()],
    alone: [alone.row],
  };
}
