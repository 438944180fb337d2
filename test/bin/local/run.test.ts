import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnv, ROOT, run } from '../../../bin/local/run';

describe('cleanEnv', () => {
  const before = process.env;

  beforeEach(() => {
    process.env = { PATH: '/usr/bin', HOME: '/home/someone' };
  });

  afterAll(() => {
    process.env = before;
  });

  it.each([
    'AWS_PROFILE',
    'AWS_ENDPOINT_URL_SQS',
    'CDK_DEFAULT_ACCOUNT',
    'https_proxy',
    'HTTP_PROXY',
    'LAMBDA_EXECUTOR',
    'AUTH',
  ])('keeps %s of the user away from the demo', (name) => {
    process.env[name] = 'theirs';
    expect(cleanEnv()).not.toHaveProperty(name);
  });

  it('keeps what has nothing to do with AWS', () => {
    expect(cleanEnv()).toHaveProperty('HOME', '/home/someone');
  });

  it('lets what it is given win', () => {
    process.env.AWS_REGION = 'theirs';
    expect(cleanEnv({ AWS_REGION: 'ours' })).toHaveProperty('AWS_REGION', 'ours');
  });

  it("puts the project's programs, Node.js among them, first on the path", () => {
    expect(cleanEnv().PATH).toBe(`${join(ROOT, 'node_modules', '.bin')}:/usr/bin`);
  });
});

describe('run', () => {
  const directory = mkdtempSync(join(tmpdir(), 'run-test-'));
  const log = join(directory, 'deep', 'log');

  afterAll(() => rmSync(directory, { recursive: true }));

  const node = (script: string) => run(process.execPath, ['-e', script], { log, env: process.env });

  it('writes what the program says to the log', async () => {
    await node('console.log("out"); console.error("err")');
    expect(readFileSync(log, 'utf8')).toBe('out\nerr\n');
  });

  it('shows the end of the log when the program fails', async () => {
    await expect(node('console.log("it broke"); process.exit(3)')).rejects.toThrow(
      /ended with 3; the end of .*:\nit broke/,
    );
  });

  it('names the signal that ended the program', async () => {
    await expect(node('process.kill(process.pid, "SIGKILL")')).rejects.toThrow('ended with SIGKILL');
  });

  it('fails when there is no such program', async () => {
    await expect(run('no-such-program', [], { log, env: process.env })).rejects.toThrow('ENOENT');
  });
});
