import { hasLeft, unlessLeft } from '../left.ts';
import { machineClock } from './clock.ts';
import { TooLong } from './trouble.ts';
import type { Answer, Ask, DropBox, Transport } from './wire.ts';

/** The drop-box of this page's own origin, or of another one. */
export function dropBox(origin = ''): DropBox {
  return {
    transport: new Fetching(origin),
    clock: machineClock,
    random: (bytes) => void crypto.getRandomValues(bytes),
    line: typeof window === 'undefined' ? undefined : window,
  };
}

/**
 * Requests by `fetch`, as browsers and Node have it.
 *
 * Not by XMLHttpRequest, although that tells how much of a body is gone: it tells what the machine's
 * own socket has swallowed, which at the first hop of Tor is megabytes more than what arrived. It also
 * follows redirections, and cannot leave cookies out. Whether a circuit is alive an upload asks the
 * drop-box itself.
 */
export class Fetching implements Transport {
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  send(ask: Ask, signal: AbortSignal): Promise<Answer> {
    return unlessLeft(this.#send(ask, signal));
  }

  async #send(ask: Ask, signal: AbortSignal): Promise<Answer> {
    // The line is for the harmless page.
    if (hasLeft()) throw new Error('left');
    const response = await fetch(this.#origin + ask.path, {
      method: ask.method,
      headers: { ...ask.headers },
      body: ask.body ?? null,
      signal,
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
    });
    const body = response.status === 200 && ask.most > 0 ? await read(response, ask.most) : await leave(response);
    return { status: response.status, header: (name) => response.headers.get(name), body };
  }
}

/** What a refusal says is nobody's business: a server can write anything. */
async function leave(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  await response.body?.cancel().catch(() => undefined);
  return new Uint8Array();
}

async function read(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  if (response.body === null) return new Uint8Array();
  const reader = response.body.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel().catch(() => undefined);
      throw new TooLong();
    }
    pieces.push(value);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
