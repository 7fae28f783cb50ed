/** Numbers that look random and are the same each time. */
export class Seed {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2_654_435_761) % 4_294_967_296 || 1;
  }

  /** A whole number below the bound. */
  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }

  oneIn(number: number): boolean {
    return this.below(number) === 0;
  }

  readonly fill = (bytes: Uint8Array): void => {
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = this.below(256);
  };
}
