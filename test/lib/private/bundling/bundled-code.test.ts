import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  App,
  Aspects,
  CliCredentialsStackSynthesizer,
  LegacyStackSynthesizer,
  NestedStack,
  Stack,
  Stage,
} from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { type CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { newApp, Project, temporary } from './project';

const ENTRY = 'lambda/orders.ts';
const FILES = { [ENTRY]: 'export const handler = () => "done";', 'lambda/b.ts': 'export const handler = () => "b";' };

interface Manifest {
  readonly files: Record<string, { source: { path: string; packaging: string } }>;
}

/** Directories of the zip assets in a stack's asset manifest. */
function zips(assembly: string, artifact: string): string[] {
  const { files }: Manifest = JSON.parse(readFileSync(join(assembly, `${artifact}.assets.json`), 'utf8'));
  return Object.values(files).flatMap(({ source }) =>
    source.packaging === 'zip' ? [join(assembly, source.path)] : [],
  );
}

const keyOf = (fn: LambdaFunction): string => Stack.of(fn).resolve((fn.node.defaultChild as CfnFunction).code).s3Key;

test('nothing is bundled for an app that is not synthesized', () => {
  const project = new Project(FILES);
  const calls = project.useLoggingEsbuild();
  project.function(new Stack(newApp()), 'Function', ENTRY);
  expect(calls()).toEqual([]);
});

describe('the asset is in the assembly of', () => {
  test('an app', () => {
    const app = newApp();
    new Project(FILES).function(new Stack(app, 'Stack'), 'Function', ENTRY);
    const { directory } = app.synth();
    expect(zips(directory, 'Stack').map((path) => readdirSync(path))).toEqual([['index.js', 'index.js.map']]);
  });

  test('an app with stages, once for them all', () => {
    const project = new Project(FILES);
    const calls = project.useLoggingEsbuild();
    const app = newApp();
    for (const id of ['Beta', 'Prod']) {
      const stack = new Stack(new Stage(app, id), 'Stack');
      project.function(stack, 'Function', ENTRY);
      project.function(stack, 'Other', 'lambda/b.ts');
    }
    const { directory, nestedAssemblies } = app.synth();
    const [beta, prod] = nestedAssemblies.map(({ nestedAssembly }) =>
      zips(nestedAssembly.directory, nestedAssembly.stacks[0]!.id),
    );
    expect(beta).toEqual(prod);
    expect(beta!.every((path) => path.startsWith(directory) && existsSync(join(path, 'index.js')))).toBe(true);
    expect(readdirSync(directory).filter((name) => name.startsWith('asset.'))).toHaveLength(2);
    expect(calls()).toEqual([[`./${ENTRY}`, './lambda/b.ts']]);
  });

  test('a stage that is synthesized alone', () => {
    const stack = new Stack(new Stage(newApp(), 'Beta'), 'Stack');
    new Project(FILES).function(stack, 'Function', ENTRY);
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Code: { S3Key: Match.stringLikeRegexp('^[0-9a-f]{64}\\.zip$') },
    });
  });

  test('the stack around a nested one', () => {
    const app = newApp();
    const stack = new Stack(app, 'Stack');
    const nested = new NestedStack(stack, 'Nested');
    new Project(FILES).function(nested, 'Function', ENTRY);
    const { directory } = app.synth();
    expect(zips(directory, 'Stack')).toHaveLength(1);
    Template.fromStack(nested).hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.handler' });
  });

  test('each of several stacks that share a handler', () => {
    const app = newApp();
    const handler = new Project(FILES).handler(ENTRY);
    for (const id of ['A', 'B']) new LambdaFunction(new Stack(app, id), 'Function', { ...handler._code! });
    const { directory } = app.synth();
    expect(zips(directory, 'A')).toHaveLength(1);
    expect(zips(directory, 'A')).toEqual(zips(directory, 'B'));
  });

  test('a stack with the credentials of the command line', () => {
    const app = newApp();
    const stack = new Stack(app, 'Stack', { synthesizer: new CliCredentialsStackSynthesizer() });
    new Project(FILES).function(stack, 'Function', ENTRY);
    expect(zips(app.synth().directory, 'Stack')).toHaveLength(1);
  });

  test('a stack of the legacy bootstrap, by parameters', () => {
    const app = newApp();
    const stack = new Stack(app, 'Stack', { synthesizer: new LegacyStackSynthesizer() });
    new Project(FILES).function(stack, 'Function', ENTRY);
    const artifact = app.synth().getStackByName('Stack');
    expect(Object.keys(artifact.template.Parameters)).toHaveLength(3);
    expect(artifact.assets).toMatchObject([{ packaging: 'zip', path: expect.stringMatching(/^asset\.[0-9a-f]{64}$/) }]);
    expect(existsSync(join(artifact.assembly.directory, artifact.assets[0]!.path, 'index.js'))).toBe(true);
  });
});

test('a location that is asked for early is the one in the template, and later entries are bundled later', () => {
  const project = new Project(FILES);
  const calls = project.useLoggingEsbuild();
  const stack = new Stack(newApp());
  const first = project.function(stack, 'First', ENTRY);
  const early = keyOf(first);
  const second = project.function(stack, 'Second', 'lambda/b.ts');
  const template = Template.fromStack(stack);
  template.hasResourceProperties('AWS::Lambda::Function', { Code: { S3Key: early } });
  template.hasResourceProperties('AWS::Lambda::Function', { Code: { S3Key: keyOf(second) } });
  expect(calls()).toEqual([[`./${ENTRY}`], ['./lambda/b.ts']]);
});

test('a second synth of an app gives the same assembly', () => {
  const app = newApp();
  new Project(FILES).function(new Stack(app, 'Stack'), 'Function', ENTRY);
  const once = zips(app.synth().directory, 'Stack');
  expect(zips(app.synth({ force: true }).directory, 'Stack')).toEqual(once);
});

test('a function added by an aspect is bundled too', () => {
  const project = new Project(FILES);
  const stack = new Stack(newApp());
  let added = false;
  Aspects.of(stack).add({
    visit: () => {
      if (!added) project.function(stack, 'Late', ENTRY);
      added = true;
    },
  });
  Template.fromStack(stack).resourceCountIs('AWS::Lambda::Function', 1);
});

test('a new version is published when the bundle changes, and only then', () => {
  const project = new Project(FILES);
  const version = () => {
    const stack = new Stack(newApp());
    project.function(stack, 'Function', ENTRY).addAlias('live');
    return Object.keys(Template.fromStack(stack).findResources('AWS::Lambda::Version'));
  };
  const before = version();
  expect(version()).toEqual(before);
  project.write({ [ENTRY]: 'export const handler = () => "changed";' });
  expect(version()).not.toEqual(before);
});

test('local tools find the asset by its metadata when they ask for it', () => {
  const stack = new Stack(newApp({ 'aws:cdk:enable-asset-metadata': true }));
  new Project(FILES).function(stack, 'Function', ENTRY);
  Template.fromStack(stack).hasResource('AWS::Lambda::Function', {
    Metadata: {
      'aws:asset:path': Match.stringLikeRegexp('^asset\\.[0-9a-f]{64}$'),
      'aws:asset:is-bundled': true,
      'aws:asset:property': 'Code',
    },
  });
});

test('a warning of the bundler is one of the construct, from the cache too', () => {
  const project = new Project({ [ENTRY]: 'export const handler = () => import.meta.url;' });
  for (const _synth of ['cold', 'warm']) {
    const stack = new Stack(newApp());
    project.function(stack, 'Function', ENTRY);
    Template.fromStack(stack);
    Annotations.fromStack(stack).hasWarning(
      '/Default/Function',
      Match.stringLikeRegexp('orders.ts:1:30: "import.meta"'),
    );
  }
});

describe('when the command line asks for no bundles of a stack', () => {
  test('broken code does not stop it', () => {
    const app = newApp({ 'aws:cdk:bundling-stacks': ['Other'] });
    new Project({ [ENTRY]: 'import "./nope";' }).function(new Stack(app, 'Stack'), 'Function', ENTRY);
    expect(app.synth().stacks).toHaveLength(1);
  });

  test('the nested stacks of one that it does ask for are bundled', () => {
    const app = newApp({ 'aws:cdk:bundling-stacks': ['Stack'] });
    const nested = new NestedStack(new Stack(app, 'Stack'), 'Nested');
    new Project(FILES).function(nested, 'Function', ENTRY);
    const [zip] = zips(app.synth().directory, 'Stack');
    expect(readdirSync(zip!)).toContain('index.js');
  });
});

test('the assembly may be where the assets of an earlier synth are', () => {
  const [outdir, project] = [temporary(), new Project(FILES)];
  for (const _synth of [1, 2]) {
    const app = new App({ outdir, analyticsReporting: false });
    project.function(new Stack(app, 'Stack'), 'Function', ENTRY);
    app.synth();
  }
  expect(readdirSync(outdir).filter((name) => name.startsWith('asset.'))).toHaveLength(1);
});
