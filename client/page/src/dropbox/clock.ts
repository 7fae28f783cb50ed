/** What time it is, and what to do later. Tests pass one of their own. */
export interface Clock {
  /** Milliseconds since some moment; it never goes back. */
  now(): number;
  /** Acts once, later. The answer calls it off. */
  after(milliseconds: number, act: () => void): () => void;
}

/** The clock of the machine. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Waits that end early when there is news: the line is back, or the source wants to go on. */
export class Waits {
  readonly #clock: Clock;
  readonly #sleepers = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends every wait at once. */
  wake(): void {
    for (const wake of [...this.#sleepers]) wake();
  }

  /** Waits; a signal ends it too, and says nothing. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        callOff();
        this.#sleepers.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const callOff = this.#clock.after(milliseconds, wake);
      this.#sleepers.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
