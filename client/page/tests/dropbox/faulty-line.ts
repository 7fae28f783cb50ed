import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What happens to a connection, once so many bytes have gone up, or come down. */
export interface Fault {
  readonly kind: 'cut' | 'reset' | 'silence' | 'busy';
  readonly way: 'up' | 'down';
  readonly after: number;
}

/** What a test wants to know and decide. */
export interface Plan {
  /** The fate of the next connection. */
  next(): Fault | undefined;
  /** Bytes went up. */
  onUp(bytes: Buffer): void;
  /** Nothing moves any more on some connection: time may go on. */
  onSilence(): void;
}

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n';

/** A line between page and drop-box that breaks as planned. */
export class FaultyLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The port of the drop-box, as soon as it is there. */
  target: Promise<number>;
  /** The faults that came to pass. */
  readonly broken = new Set<string>();
  up = 0;

  private constructor(target: number, plan: Plan) {
    this.target = Promise.resolve(target);
    this.#server = createServer((near) => void this.#carry(near, plan));
  }

  static async to(target: number, plan: Plan): Promise<FaultyLine> {
    const line = new FaultyLine(target, plan);
    await new Promise<void>((resolve) => line.#server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  async #carry(near: Socket, plan: Plan): Promise<void> {
    this.#keep(near);
    const port = await this.target;
    if (near.destroyed) return;
    const fault = plan.next();
    if (fault?.kind === 'busy') {
      this.broken.add('busy');
      near.once('data', () => near.end(BUSY));
      return;
    }
    const far = this.#keep(connect(port, '127.0.0.1'));
    const passed = { up: 0, down: 0 };
    let silent = false;
    const pass = (to: Socket, way: 'up' | 'down') => (bytes: Buffer) => {
      if (silent) return;
      if (way === 'up') {
        this.up += bytes.length;
      }
      const room = fault?.way === way ? Math.max(0, fault.after - passed[way]) : bytes.length;
      passed[way] += bytes.length;
      if (room > 0) to.write(bytes.subarray(0, room));
      if (way === 'up') plan.onUp(bytes.subarray(0, room));
      if (room >= bytes.length) return;
      this.broken.add(`${fault?.kind} ${way}`);
      if (fault?.kind === 'silence') {
        silent = true;
        this.#untilClosed(near, plan);
      } else if (fault?.kind === 'cut') {
        near.end();
        far.end();
      } else {
        near.destroy();
        far.destroy();
      }
    };
    near.on('data', pass(far, 'up'));
    far.on('data', pass(near, 'down'));
    near.on('close', () => far.destroy());
    far.on('close', () => {
      if (!silent) near.destroy();
    });
  }

  #untilClosed(socket: Socket, plan: Plan): void {
    if (socket.destroyed) return;
    plan.onSilence();
    setTimeout(() => this.#untilClosed(socket, plan), 1);
  }

  #keep(socket: Socket): Socket {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    return socket;
  }
}
