import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { denialsIn } from '../../bin/local/enforced-iam/authorisations';
import { LOCAL } from '../../bin/local/run';

/** What any role was denied in the suites that have just run; those of the mutation, in `iam`, are denied much. */
const records = readdirSync(LOCAL)
  .filter((name) => name !== 'iam')
  .map((name) => join(LOCAL, name, 'iam.jsonl'))
  .filter((file) => existsSync(file));
if (records.length === 0) throw new Error(`no suite has left a record of what roles asked for in ${LOCAL}`);
const denials = records.flatMap(denialsIn);
for (const denial of denials) console.error(`✘ ${denial}`);
console.log(`${records.length} suites, ${denials.length} denials.`);
process.exitCode = denials.length > 0 ? 1 : 0;
