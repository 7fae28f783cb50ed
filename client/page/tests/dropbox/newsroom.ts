import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

declare const TESTS: string;
const ROOT = join(TESTS, '../../..');

/** The server of a newsroom that was made for the occasion: the example `test_newsroom` of knothole-intake. */
export class Newsroom {
  readonly #folder: string;
  readonly #program: string;
  readonly #size: number;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(program: string, size: number) {
    this.#program = program;
    this.#size = size;
    this.#folder = mkdtempSync(join(tmpdir(), 'knothole-newsroom-'));
  }

  /** A new one, whose sealed drop has a file of so many bytes. */
  static async open(size: number): Promise<Newsroom> {
    const newsroom = new Newsroom(program(), size);
    await newsroom.#start();
    return newsroom;
  }

  get port(): number {
    return this.#port;
  }

  get sealed(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(readFileSync(join(this.#folder, 'sealed')));
  }

  /** Kills it as a power cut would, and starts it again on the same store. */
  async restart(): Promise<void> {
    await this.#kill();
    await this.#start();
  }

  async close(): Promise<void> {
    await this.#kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** The names of the drops that it has. */
  get drops(): string[] {
    return readdirSync(join(this.#folder, 'store', 'drops'));
  }

  /** The bytes of a drop, lane by lane and segment by segment. */
  drop(name: string): Buffer {
    const folder = join(this.#folder, 'store', 'drops', name);
    const lanes = numbered(folder, 'l').map((lane) => join(folder, lane));
    const segments = (lanes.length > 0 ? lanes : [folder]).flatMap((lane) =>
      numbered(lane, 's').map((segment) => readFileSync(join(lane, segment))),
    );
    return Buffer.concat(segments);
  }

  async #start(): Promise<void> {
    const child = spawn(this.#program, [this.#folder, '127.0.0.1:0', String(this.#size)], {
      // Its store goes where the test removes it.
      env: { ...process.env, TMPDIR: this.#folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    const lines = createInterface({ input: child.stdout });
    this.#port = await new Promise<number>((resolve, reject) => {
      lines.once('line', (line) => resolve(Number(line.split(':').at(-1))));
      child.once('error', reject);
      child.once('exit', () => reject(new Error('the newsroom did not start')));
    });
  }

  async #kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }
}

function program(): string {
  const told = process.env['KNOTHOLE_TEST_NEWSROOM'];
  if (told !== undefined) return told;
  const build = ['build', '--locked', '-p', 'knothole-intake', '--example', 'test_newsroom'];
  execFileSync('cargo', build, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] });
  return join(process.env['CARGO_TARGET_DIR'] ?? join(ROOT, 'target'), 'debug/examples/test_newsroom');
}

function numbered(folder: string, letter: string): string[] {
  const names = readdirSync(folder).filter((name) => new RegExp(`^${letter}[0-9]+$`).test(name));
  return names.sort((one, other) => Number(one.slice(1)) - Number(other.slice(1)));
}
