import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Architecture, Code, Function as LambdaFunction, Runtime, RuntimeFamily } from 'aws-cdk-lib/aws-lambda';
import { Handler } from '../../lib/handler';
import { newApp, Project, synthAll } from './private/bundling/project';

const HANDLER = 'export const handler = () => "done";';

describe('fromEntry', () => {
  test('makes a function for arm64 and the newest Node.js that runs the bundled code', () => {
    const stack = new Stack(newApp());
    const project = new Project({ 'lambda/orders.ts': HANDLER });
    project.function(stack, 'Function', 'lambda/orders.ts');
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
    });
    expect(project.synth('lambda/orders.ts')[0]!.run()).toBe('done');
  });

  test('takes runtime, architecture and the name of the export', () => {
    const { _code: code } = new Project({ 'a.ts': 'export const main = () => 1;' }).handler('a.ts', {
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.X86_64,
      exportName: 'main',
    });
    expect(code).toMatchObject({
      handler: 'index.main',
      runtime: Runtime.NODEJS_22_X,
      architecture: Architecture.X86_64,
    });
  });

  test('takes a path relative to the working directory', () => {
    const project = new Project({ 'lambda/orders.ts': HANDLER });
    jest.spyOn(process, 'cwd').mockReturnValue(join(project.root, 'lambda'));
    const [asset] = synthAll([Handler.fromEntry('orders.ts')]);
    expect(asset!.run()).toBe('done');
  });

  test('lowers the syntax to what the runtime understands', () => {
    const project = new Project({ 'a.ts': 'export const handler = (x?: { y: number }) => x?.y;' });
    const old = new Runtime('nodejs12.x', RuntimeFamily.NODEJS);
    const [on12, on24] = synthAll([project.handler('a.ts', { runtime: old }), project.handler('a.ts')]);
    expect(on12!.code).not.toContain('x?.y');
    expect(on24!.code).toContain('x?.y');
  });

  test('minifies when asked, with a source map all the same', () => {
    const project = new Project({ 'a.ts': HANDLER });
    const [plain, minified] = synthAll([project.handler('a.ts'), project.handler('a.ts', { minify: true })]);
    expect(minified!.code.length).toBeLessThan(plain!.code.length);
    expect(Object.keys(minified!.files)).toEqual(['index.js', 'index.js.map']);
    expect(minified!.run()).toBe('done');
  });

  test('leaves external modules out', () => {
    const project = new Project({
      'a.ts': 'import { a } from "layer"; import { b } from "@in/a-layer"; export const handler = () => a + b;',
    });
    const [asset] = synthAll([project.handler('a.ts', { externalModules: ['layer', '@in/*'] })]);
    expect(asset!.code).toContain('require("layer")');
    expect(asset!.code).toContain('require("@in/a-layer")');
  });

  test.each(['ts', 'mts', 'cts', 'tsx', 'js', 'mjs', 'cjs', 'jsx'])('bundles .%s', (extension) => {
    const source = /^c/.test(extension) ? 'exports.handler = () => "done";' : HANDLER;
    const [asset] = new Project({ [`entry.${extension}`]: source }).synth(`entry.${extension}`);
    expect(asset!.run()).toBe('done');
  });

  describe('refuses at once', () => {
    test('a file that is not there', () => {
      expect(() => Handler.fromEntry('lambda/nope.ts')).toThrow(
        `entry not found: got lambda/nope.ts (resolved to ${join(process.cwd(), 'lambda/nope.ts')}), expected a file. ` +
          `Pass an absolute path, or one relative to ${process.cwd()}.`,
      );
    });

    test('a directory', () => {
      const project = new Project();
      mkdirSync(join(project.root, 'orders.ts'));
      expect(() => project.handler('orders.ts')).toThrow(/entry is not a file: got .*orders.ts, expected a TypeScript/);
    });

    test('another language', () => {
      expect(() => new Project({ 'main.py': '' }).handler('main.py')).toThrow(
        /got .*main\.py, expected a file that ends in \.ts, .*Handler\.fromFunction/,
      );
    });

    test.each([Runtime.PYTHON_3_13, Runtime.PROVIDED_AL2023])('the runtime $name', (runtime) => {
      expect(() => new Project({ 'a.ts': HANDLER }).handler('a.ts', { runtime })).toThrow(
        `got runtime ${runtime.name}`,
      );
    });
  });
});

test('fromFunction keeps the function as it is', () => {
  const fn = new LambdaFunction(new Stack(), 'Function', {
    code: Code.fromInline('def handler(event, context): pass'),
    handler: 'index.handler',
    runtime: Runtime.PYTHON_3_13,
  });
  const handler = Handler.fromFunction(fn);
  expect(handler._function).toBe(fn);
  expect(handler._code).toBeUndefined();
});

test('a handler of a file names no function', () => {
  const project = new Project({ 'a.ts': HANDLER });
  expect(Handler.fromEntry(relative(process.cwd(), join(project.root, 'a.ts')))._function).toBeUndefined();
});
