import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** What became of a mutant. */
export interface Verdict {
  readonly kind: string;
  /** What failed without the permission; nothing, if nobody noticed. */
  readonly broken: readonly string[];
  /** Whether its role was refused for want of it. */
  readonly refused: boolean;
}

interface Deployed {
  readonly unit: Unit;
  readonly world: World;
  readonly roles: Roles;
  readonly permissions: readonly Permission[];
  readonly probe: Probe;
}

async function start(emulator: Emulator, unit: Unit): Promise<Deployed> {
  const directory = join(LOCAL, 'iam', unit.fixture);
  Object.assign(process.env, await unit.environment?.());
  const outputs = await deploy(emulator, {
    stack: unit.stack,
    app: `tsx test/e2e/fixtures/${unit.fixture}/app.ts`,
    directory,
  });
  const roles = await Roles.of(emulator, unit.stack);
  const world = new World(emulator, outputs);
  const permissions = permissionsOf(inAssembly(join(directory, 'cdk.out'), unit.stack));
  return { unit, world, roles, permissions, probe: await unit.start(world) };
}

let runs = 0;
/** An id that no other run's begins with. */
const nextRun = (): string => `run${String(++runs).padStart(4, '0')}`;

/** Takes one permission of each of several apps away, and sees what of it fails. */
async function round(mutants: readonly (readonly [Deployed, Permission])[]): Promise<Verdict[]> {
  await Promise.all(mutants.map(([{ roles }, permission]) => roles.without(permission)));
  const since = Date.now();
  const failures = await Promise.all(mutants.map(([{ probe }]) => probe(nextRun())));
  const verdicts = await Promise.all(
    mutants.map(async ([{ roles }, permission], i) => ({
      kind: kindOf(permission),
      broken: failures[i]!,
      refused: await roles.wasAsked(permission, { since, allowed: false }),
    })),
  );
  await Promise.all(mutants.map(([{ roles }, permission]) => roles.restore(permission)));
  return verdicts;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true } } });
  const units = UNITS.filter(({ fixture }) => values.only === undefined || values.only.includes(fixture));
  const directory = join(LOCAL, 'iam');
  mkdirSync(directory, { recursive: true });
  const emulator = await startEmulator({ directory, enforceIam: true });
  const began = Date.now();
  const say = (text: string) => console.log(`${((Date.now() - began) / 1000).toFixed(0).padStart(4)} s  ${text}`);
  try {
    await bootstrap(emulator, directory);
    const deployed: Deployed[] = [];
    for (const unit of units) {
      deployed.push(await start(emulator, unit));
      say(`deployed ${unit.stack}`);
    }
    // Nothing may fail with all permissions, or what fails without one proves nothing. The first run is a cold one.
    let unwell = deployed;
    for (let attempt = 1; attempt <= 3 && unwell.length > 0; attempt++) {
      const failures = await Promise.all(unwell.map(({ probe }) => probe(nextRun())));
      unwell.forEach(({ unit }, i) => {
        say(`${unit.stack} with all permissions: ${failures[i]!.join('; ') || 'all promises kept'}`);
      });
      unwell = unwell.filter((_, i) => failures[i]!.length > 0);
    }
    if (unwell.length > 0)
      throw new Error(`promises are broken with all permissions: ${unwell.map(({ unit }) => unit.stack)}`);

    // One of a kind is enough, of a role that uses it.
    const queues = new Map<Deployed, Permission[]>();
    const unasked = new Set<string>();
    const taken = new Set<string>();
    for (const each of deployed) {
      for (const permission of each.permissions) {
        const kind = kindOf(permission);
        if (!(await each.roles.wasAsked(permission))) unasked.add(kind);
        else if (!taken.has(kind)) {
          taken.add(kind);
          queues.set(each, [...(queues.get(each) ?? []), permission]);
        }
      }
    }
    say(
      `${taken.size} permissions are used, ${[...unasked].filter((kind) => !taken.has(kind)).length} are never asked for`,
    );

    const verdicts = new Map<string, Verdict>();
    while ([...queues.values()].some((queue) => queue.length > 0)) {
      const mutants = [...queues].flatMap(([each, queue]) =>
        queue.length > 0 ? [[each, queue.shift()!] as const] : [],
      );
      for (const verdict of await round(mutants)) {
        verdicts.set(verdict.kind, verdict);
        say(
          `${verdict.kind}: ${verdict.refused ? 'refused' : 'NOT ASKED'}, ${verdict.broken.join('; ') || 'SURVIVES'}`,
        );
      }
    }
    const report = {
      verdicts: [...verdicts.values()],
      unasked: [...unasked].filter((kind) => !taken.has(kind)),
    };
    writeFileSync(
      join(directory, `verdicts${values.only ? `-${values.only.join('-')}` : ''}.json`),
      JSON.stringify(report, undefined, 1),
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
