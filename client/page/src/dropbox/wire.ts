import type { Clock } from './clock.ts';
import { Halt, Later, Never, TooLong } from './trouble.ts';

/** A request to the drop-box. */
export interface Ask {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'DELETE';
  /** From the first slash on. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Bytes of the answer's body that are read at most; 0 when nobody wants it. */
  readonly most: number;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  header(name: string): string | null;
  /** Empty unless the status is 200. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** How requests travel. It rejects when no whole answer comes, and with `TooLong` when one never ends. */
export interface Transport {
  send(ask: Ask, signal: AbortSignal): Promise<Answer>;
}

/** A drop-box, and the world that it is spoken to from. */
export interface DropBox {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Fills with random bytes. */
  readonly random: (bytes: Uint8Array<ArrayBuffer>) => void;
  /** Where the browser tells that the line may be back: its window. */
  readonly line?: EventTarget | undefined;
}

/** Asks, and waits for so many milliseconds at most. */
export async function ask(box: DropBox, request: Ask, patience: number, outer: AbortSignal): Promise<Answer> {
  const inner = new AbortController();
  let late = false;
  const end = () => inner.abort();
  const callOff = box.clock.after(patience, () => {
    late = true;
    end();
  });
  outer.addEventListener('abort', end);
  try {
    if (outer.aborted) throw new Halt();
    return await orElse(inner.signal, box.transport.send(request, inner.signal));
  } catch (error) {
    if (outer.aborted) throw new Halt();
    if (error instanceof TooLong) throw new Never('nonsense');
    throw new Later(late ? 'silence' : 'no-line');
  } finally {
    callOff();
    outer.removeEventListener('abort', end);
  }
}

/** A promise, or `Halt` as soon as the signal comes, whatever becomes of the promise. */
export function orElse<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const halt = () => reject(new Halt());
    if (signal.aborted) halt();
    signal.addEventListener('abort', halt);
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', halt));
  });
}
