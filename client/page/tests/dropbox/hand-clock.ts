import type { Clock } from '../../src/dropbox/clock.ts';

/** A clock that stands still until it is turned on. */
export class HandClock implements Clock {
  #time = 0;
  #timers: { at: number; act: () => void }[] = [];

  now(): number {
    return this.#time;
  }

  after(milliseconds: number, act: () => void): () => void {
    const timer = { at: this.#time + milliseconds, act };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** What is due on the way happens in its order. */
  turnOn(milliseconds: number): void {
    const end = this.#time + milliseconds;
    for (;;) {
      const [next] = this.#timers.filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#time = Math.max(this.#time, next.at);
      next.act();
    }
    this.#time = end;
  }
}

/** One turn of the event loop: everything that could happen without the network has happened. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
