import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../../bin/endscope', import.meta.url));

/** The sample endpoint of the demo and its deployments. */
export const endpoint = 'credit-default';

/** A running demo: server, agents, sample endpoint under load, with simulated GPUs. */
export class Demo {
  private process: ChildProcess | undefined;
  private output = '';

  private constructor(
    readonly url: string,
    private readonly listen: string,
    private readonly folder: string,
  ) {}

  /** Starts one on a free port of loopback and waits until requests have been measured. */
  static async start(): Promise<Demo> {
    const port = await freePort();
    const demo = new Demo(`http://127.0.0.1:${port}`, `127.0.0.1:${port}`, await mkdtemp(join(tmpdir(), 'endscope-e2e-')));
    await demo.up();
    return demo;
  }

  /** Starts what is down. */
  async up(): Promise<void> {
    this.process = spawn(program, ['demo', '--listen', this.listen, '--data-dir', this.folder, '--simulate-gpu'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const keep = (text: Buffer) => (this.output = (this.output + text.toString()).slice(-20_000));
    this.process.stdout?.on('data', keep);
    this.process.stderr?.on('data', keep);
    const ended = once(this.process, 'exit');
    for (let i = 0; i < 240; i++) {
      if (await this.serves()) return;
      await Promise.race([sleep(250), ended]);
      if (this.process.exitCode !== null) break;
    }
    throw new Error(`the demo (${program}) did not come up:\n${this.output}`);
  }

  /** Ends the programs and keeps their data. */
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

  private async serves(): Promise<boolean> {
    try {
      const query = new URLSearchParams({ scope: `${endpoint}/*`, metric: 'RequestsPerMinute', timespan: 'PT5M' });
      const answer = await fetch(`${this.url}/api/v1/metrics?${query}`);
      const text = await answer.text();
      return answer.ok && text.includes('blue') && text.includes('green');
    } catch {
      return false; // not listening yet
    }
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
