import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

// What the build says is public, against the places that must know of it.
const ROOT = join(__dirname, '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const types: any[] = Object.values(JSON.parse(read('.jsii')).types);

test('API.md has every class, property and method: npm run docs:api', () => {
  const page = read('API.md');
  const entries = types.flatMap(({ name, methods = [], properties = [] }) => [
    `### ${name} <a`,
    ...methods.map((method: any) => `"cdk-async-patterns.${name}.${method.name}"`),
    ...properties.map((property: any) => `"cdk-async-patterns.${name}.property.${property.name}"`),
  ]);
  expect(entries.length).toBeGreaterThan(100);
  expect(entries.filter((entry) => !page.includes(entry))).toEqual([]);
});

test.each(['test/python/app.py', 'test/python/twin.ts'])('%s uses every class', (file) => {
  const text = read(file);
  const classes = types.filter(({ kind }) => kind === 'class').map(({ name }) => name);
  expect(classes.filter((name) => !new RegExp(`\\b${name}\\(|\\b${name}\\.`).test(text))).toEqual([]);
});

test('the index of the documentation has every page', () => {
  const index = read('docs/README.md');
  const pages = globSync('*.md', { cwd: join(ROOT, 'docs') }).filter((page) => page !== 'README.md');
  expect(pages.filter((page) => !index.includes(`](${page})`))).toEqual([]);
});
