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

describe('the pages of the patterns', () => {
  const PATTERNS = [
    ...['async-worker', 'async-api', 'async-function', 'idempotency', 'circuit-breaker', 'event-log'],
    ...['fan-out', 'load-leveling', 'streams', 'producer'],
  ];
  const pages = PATTERNS.map((name) => [name, read(`docs/${name}.md`)] as const);

  test.each(pages)('%s says when to use it and when not, what it costs, and what its alarms mean', (_, page) => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(expect.arrayContaining(['When', 'When not', 'What it costs', 'Alarms']));
  });

  test('every alarm of the constructs has a runbook, and a page that leads to it', () => {
    const sources = globSync('lib/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.d.ts'));
    const runbooks = new Set(
      sources.flatMap((file) => [...read(file).matchAll(/runbook: '([\w-]+)'/g)].map(([, id]) => id!)),
    );
    expect(runbooks.size).toBeGreaterThan(15);
    const written = [...read('docs/operations.md').matchAll(/^## Alarm: (.*)$/gm)].map(([, name]) =>
      name!.toLowerCase().replaceAll(' ', '-'),
    );
    expect([...runbooks].filter((id) => !written.includes(id))).toEqual([]);
    const all = pages.map(([, page]) => page).join();
    expect([...runbooks].filter((id) => !all.includes(`operations.md#alarm-${id})`))).toEqual([]);
  });
});
