import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../../bin/endscope', import.meta.url));

interface Options {
  /** The command and its flags, without address and folder of data. */
  args: readonly string[];
  /** The path prefix that the flags say. */
  prefix?: string;
  /** Whether the server has what the tests need. */
  ready: (url: string) => Promise<boolean>;
}

/** A running endscope on a free port of loopback, with data of its own. */
export class Program {
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(
    private readonly options: Options,
    private readonly listen: string,
    private readonly folder: string,
  ) {}

  static async start(options: Options): Promise<Program> {
    const started = new Program(options, `127.0.0.1:${await freePort()}`, await mkdtemp(join(tmpdir(), 'endscope-e2e-')));
    await started.up();
    return started;
  }

  get url(): string {
    return `http://${this.listen}${this.options.prefix ?? ''}`;
  }

  /** Starts what is down. */
  async up(): Promise<void> {
    const { args, ready } = this.options;
    this.process = spawn(program, [...args, '--data-dir', this.folder, '--listen', this.listen], { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text: Buffer) => (this.output = (this.output + text.toString()).slice(-20_000));
    this.process.stdout?.on('data', keep);
    this.process.stderr?.on('data', keep);
    const ended = once(this.process, 'exit');
    for (let i = 0; i < 360; i++) {
      if (await ready(this.url).catch(() => false)) return; // not listening yet
      await Promise.race([sleep(250), ended]);
      if (this.process.exitCode !== null) break;
    }
    throw new Error(`${program} ${args.join(' ')} did not come up:\n${this.output}`);
  }

  /** Ends the program and keeps its data. */
  async down(): Promise<void> {
    const running = this.process;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    const late = setTimeout(() => running.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(late);
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port of loopback is free');
  return address.port;
}
