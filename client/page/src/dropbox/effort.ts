import type { Waits } from './clock.ts';
import { Patience } from './pace.ts';
import { Halt, Later, Unknown, type Waiting } from './trouble.ts';
import type { Terms } from './tus.ts';
import type { DropBox } from './wire.ts';

/** A 404 may pass: a server whose disk failed finds an upload again at its next start. */
const MOST_MISSES = 10;

/** One line of work that goes on after whatever may pass, and never gives up by itself. */
export class Effort {
  /** Why it rests at the moment, and for how long. */
  waiting: { readonly why: Waiting; readonly milliseconds: number } | undefined;
  readonly #patience: Patience;
  readonly #waits: Waits;
  readonly #changed: () => void;
  #misses = 0;

  constructor(box: DropBox, waits: Waits, changed: () => void) {
    this.#patience = new Patience(box.random);
    this.#waits = waits;
    this.#changed = changed;
  }

  /** The terms of a request that usually takes so long at most. */
  terms(usual: number, signal: AbortSignal): Terms {
    return { patience: usual * this.#patience.stretch, signal };
  }

  /** Rests after what may pass, and throws the rest. */
  async rest(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new Halt();
    if (error instanceof Unknown) {
      this.#misses += 1;
      if (this.#misses >= MOST_MISSES) throw error;
    } else if (!(error instanceof Later)) {
      throw error;
    }
    const why = error instanceof Later ? error.why : 'busy';
    if (why === 'silence') this.#patience.tooShort();
    this.waiting = { why, milliseconds: this.#patience.pause() };
    this.#changed();
    await this.#waits.wait(this.waiting.milliseconds, signal);
    this.waiting = undefined;
    if (signal.aborted) throw new Halt();
    this.#changed();
  }

  /** The drop-box knows what it was asked for. */
  found(): void {
    this.#misses = 0;
  }

  /** Something went well. */
  renew(): void {
    this.#patience.renew();
  }
}
