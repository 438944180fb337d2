import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { ACKNOWLEDGED } from './scan/acknowledged';
import { markdown } from './scan/report';

const ROOT = join(__dirname, '..');
const PAGES = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...globSync('docs/*.md', { cwd: ROOT })];

const read = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

/** The TypeScript snippets of a page as files below the root, where the package can import itself by name as a user would. */
const snippets = (page: string): Map<string, string> =>
  new Map(
    [...read(page).matchAll(/^```ts(?: file=(\S+))?\n(.*?)^```/gms)].map(([, file, code], i) => [
      join(ROOT, '.snippets', page, file ?? `snippet-${i}.ts`),
      // A file of its own scope, so that two snippets may use the same names.
      `${code}\nexport {};\n`,
    ]),
  );

function problems(files: Map<string, string>): string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, ROOT);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => files.get(file) ?? readFile(file);
  host.getSourceFile = (file, ...rest) => {
    const text = files.get(file);
    return text === undefined ? getSourceFile(file, ...rest) : ts.createSourceFile(file, text, rest[0]);
  };
  // Module resolution asks for directories before files.
  host.directoryExists = (directory) =>
    [...files.keys()].some((file) => file.startsWith(`${directory}/`)) || ts.sys.directoryExists(directory);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([...files.keys()], options, host))
    .map(({ file, start, messageText }) => {
      const where = file
        ? `${relative(ROOT, file.fileName)}:${file.getLineAndCharacterOfPosition(start ?? 0).line + 1}: `
        : '';
      return where + ts.flattenDiagnosticMessageText(messageText, '\n');
    });
}

describe('TypeScript snippets, against what the build made', () => {
  const wrong = join(ROOT, '.snippets', 'wrong.ts');
  const files = new Map(PAGES.flatMap((page) => [...snippets(page)]));
  const count = files.size;
  files.set(
    wrong,
    `import { AsyncWorker } from 'cdk-async-patterns';
    new AsyncWorker(1);
    import { worker } from 'cdk-async-patterns/runtime';
    import { z } from 'zod';
    worker({ schema: z.object({ id: z.string() }), process: (message) => message.name });`,
  );
  let found: string[];
  beforeAll(() => {
    found = problems(files);
  }, 120_000);

  test('all compile', () => {
    expect(count).toBeGreaterThanOrEqual(4);
    expect(found.filter((problem) => !problem.includes('wrong.ts'))).toEqual([]);
  });

  test('one that does not is noticed', () => {
    expect(found).toContainEqual(expect.stringMatching(/wrong\.ts:2: Expected 3 arguments/));
  });

  test('a handler’s message has the type that its schema gives it', () => {
    expect(found).toContainEqual(
      expect.stringMatching(/wrong\.ts:5: Property 'name' does not exist on type '\{ id: string; \}'/),
    );
  });
});

test.each(PAGES)('%s links to files that exist', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target]) => target!);
  expect(links.filter((target) => !existsSync(join(ROOT, dirname(page), target)))).toEqual([]);
});

test('the table of scanner findings is the one that the scan goes by', () => {
  expect(read('docs/scanners.md')).toContain(markdown(ACKNOWLEDGED));
});
