import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

const readyTriesMax = 100;
const readyPauseMs = 100;

/** A server of a test's own: started, stopped for a while, killed. */
export class ServerProcess {
  private stderr = '';
  private over = false;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr = (this.stderr + bytes.toString('utf8')).slice(-4000);
    });
    const ended = (): void => {
      this.over = true;
    };
    child.on('error', ended);
    child.on('exit', ended);
  }

  /** Resolves when `ready` no longer throws. */
  static async start(
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
    ready: () => void,
  ): Promise<ServerProcess> {
    const [program = '', ...options] = command;
    const child = spawn(program, options, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const server = new ServerProcess(program, child);
    for (let tries = 1; !server.over; tries += 1) {
      try {
        ready();
        return server;
      } catch (error) {
        if (tries === readyTriesMax) {
          server.kill();
          throw error;
        }
        await sleep(readyPauseMs);
      }
    }
    throw new Error(`${program} ended: ${server.stderr}`);
  }

  /** It keeps its connections and answers nothing. */
  stall(): void {
    this.child.kill('SIGSTOP');
  }

  goOn(): void {
    this.child.kill('SIGCONT');
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** SIGKILL; resolves when it is gone. */
  async killed(): Promise<void> {
    if (this.over) return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.kill();
    await gone;
  }
}
