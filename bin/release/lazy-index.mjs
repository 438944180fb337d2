// Makes lib/index.js, as jsii has compiled it, load a file when one of its names is first used: an app that has a worker need
// not load what an API or an event log needs. aws-cdk-lib does the same with its own.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'lib', 'index.js');
const eager = readFileSync(file, 'utf8');
const lazy = eager
  .replace(/^(?:var|const) (\w+) = require\("(\.\/[\w-]+)"\);$/gm, 'const $1 = () => require("$2");')
  .replace(/\breturn (\w+)\.(\w+);/g, 'return $1().$2;');

const count = (pattern) => lazy.match(pattern)?.length ?? 0;
const [files, names] = [count(/\(\) => require\(/g), count(/\breturn \w+\(\)\.\w+;/g)];
const exported = count(/^Object\.defineProperty\(exports, "(?!__esModule)/gm);
if (files === 0 || names !== exported || count(/require\(/g) !== files) {
  throw new Error(`lib/index.js: got ${files} files and ${names} of ${exported} names made lazy, expected all of them`);
}
writeFileSync(file, lazy);
