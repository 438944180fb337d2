import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { bootstrap, deploy } from '../../bin/local/deploy';
import { type Emulator, startEmulator } from '../../bin/local/emulator';
import { LOCAL } from '../../bin/local/run';
import { inAssembly, kindOf, type Permission, permissionsOf } from './permissions';
import { asyncApi } from './probes/async-api';
import { asyncFunctions } from './probes/async-function';
import { breaker } from './probes/breaker';
import { eventLog } from './probes/event-log';
import { fanOut } from './probes/fan-out';
import { idempotency } from './probes/idempotency';
import { leveling } from './probes/leveling';
import { payloads } from './probes/payloads';
import { streams } from './probes/streams';
import { Roles } from './roles';
import { type Verdict, Verdicts } from './verdicts';
import { type Probe, type Unit, World } from './world';

const UNITS: readonly Unit[] = [
  fanOut,
  idempotency,
  payloads,
  asyncFunctions,
  asyncApi,
  eventLog,
  streams,
  breaker,
  leveling,
];
/** The first run is a cold one. */
const BASE_RUNS = 2;

interface Deployed {
  readonly unit: Unit;
  readonly world: World;
  readonly roles: Roles;
  readonly permissions: readonly Permission[];
  readonly probe: Probe;
}

const began = Date.now();
const secondsSince = (): number => (Date.now() - began) / 1000;
const say = (text: string): void => console.log(`${secondsSince().toFixed(0).padStart(5)} s  ${text}`);

async function start(emulator: Emulator, unit: Unit): Promise<Deployed> {
  const directory = join(LOCAL, 'iam', unit.fixture);
  Object.assign(process.env, await unit.environment?.());
  const app = `tsx test/e2e/fixtures/${unit.fixture}/app.ts`;
  const outputs = await deploy(emulator, { stack: unit.stack, app, directory });
  const roles = await Roles.of(emulator, unit.stack);
  const world = new World(emulator, outputs);
  const permissions = permissionsOf(inAssembly(join(directory, 'cdk.out'), unit.stack));
  const deployed = { unit, world, roles, permissions, probe: await unit.start(world) };
  say(`deployed ${unit.stack}`);
  return deployed;
}

let runs = 0;
/** An id with which no other run's begins. */
const nextRun = (): string => `run-${String(++runs).padStart(4, '0')}`;

const ask = ({ probe }: Deployed): Promise<string[]> =>
  probe(nextRun()).catch((error: Error) => [`it can be asked: ${error.message}`]);

/** Which promises an app does not keep with all permissions: what fails without one of them proves nothing there. */
async function baseOf(each: Deployed): Promise<ReadonlySet<string>> {
  let failures: string[] = [];
  for (let i = 0; i < BASE_RUNS; i++) {
    failures = await ask(each);
    say(`${each.unit.stack}, nothing taken away: ${failures.join('; ') || 'all promises kept'}`);
    if (failures.length === 0) break;
  }
  if (failures.length > 0) process.exitCode = 1;
  return new Set(failures);
}

/** Takes one permission away, sees what fails, and gives it back. */
async function tryWithout(each: Deployed, permission: Permission, base: ReadonlySet<string>): Promise<Verdict> {
  const { roles } = each;
  await roles.without(permission);
  const since = Date.now();
  const broken = (await ask(each)).filter((promise) => !base.has(promise));
  const refused = await roles.wasAsked(permission, { since, allowed: false });
  await roles.restore(permission);
  const kind = kindOf(permission);
  say(`without ${kind}: ${refused ? broken.join('; ') || 'SURVIVES' : `NOT ASKED; ${broken.join('; ')}`}`);
  return { kind, refused, broken };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', multiple: true },
      resume: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '3600' },
    },
  });
  const units = UNITS.filter(({ fixture }) => values.only === undefined || values.only.includes(fixture));
  const directory = join(LOCAL, 'iam');
  const verdicts = new Verdicts(join(directory, 'verdicts.json'), values.resume);
  const emulator = await startEmulator({ directory, enforceIam: true });
  try {
    await bootstrap(emulator, directory);
    const deployed: Deployed[] = [];
    for (const unit of units) deployed.push(await start(emulator, unit));
    const bases = await Promise.all(deployed.map(baseOf));
    const queues = new Map<Deployed, Permission[]>();
    for (const each of deployed) {
      const queue: Permission[] = [];
      for (const permission of each.permissions) {
        const isAsked = await each.roles.wasAsked(permission);
        verdicts.note(kindOf(permission), isAsked);
        if (isAsked) queue.push(permission);
      }
      queues.set(each, queue);
    }
    say([...queues].map(([{ unit }, queue]) => `${unit.stack}: ${queue.length} to take away`).join(', '));
    // The apps share nothing but the machine. One of a kind is enough, where a promise fails without it.
    const onTrial = new Set<string>();
    await Promise.all(
      deployed.map(async (each, i) => {
        for (let queue = queues.get(each)!; queue.length > 0; ) {
          if (secondsSince() > Number(values.seconds)) return;
          queue = queue.filter((permission) => verdicts.isOpen(kindOf(permission)));
          const at = queue.findIndex((permission) => !onTrial.has(kindOf(permission)));
          if (at < 0) {
            await sleep(1000);
            continue;
          }
          const [permission] = queue.splice(at, 1) as [Permission];
          const kind = kindOf(permission);
          onTrial.add(kind);
          await tryWithout(each, permission, bases[i]!).then(
            (verdict) => verdicts.add(verdict),
            (error: Error) => say(`${kind} was not tried: ${error.message}`),
          );
          onTrial.delete(kind);
        }
      }),
    );
    for (const { world } of deployed) world.close();
  } finally {
    for (const unit of units) await unit.stop?.();
    await emulator.stop();
  }
}

main().catch((error: Error) => {
  console.error(error);
  process.exitCode = 1;
});
