import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL, ROOT } from '../../bin/local/run';
import * as lib from '../../lib';
import { fullest } from '../upgrades/fullest';
import { kindsIn } from './permissions';
import { report } from './report';
import { readVerdicts } from './verdicts';

/** Writes the page of what the last run has seen. */
const { verdicts, unasked } = readVerdicts(join(LOCAL, 'iam', 'verdicts.json'));
const stacks = fullest().map(([, stack]) => stack);
const all = [...kindsIn(stacks, new Set(Object.keys(lib))), ...unasked];
writeFileSync(join(ROOT, 'docs', 'permissions.md'), report(verdicts, all));
