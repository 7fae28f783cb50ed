import { Effort } from './effort.ts';
import { ANSWER_PATIENCE } from './papers.ts';
import { Halt, Later, Never, Unknown } from './trouble.ts';
import { head, join, made, patch, type Stand, type UploadPath } from './tus.ts';
import type { DropBox } from './wire.ts';

/** A commit that takes longer than so many questions is asked for once more. */
const PATIENT_QUESTIONS = 3;

/** The end of an upload: all bytes are there, and the drop-box makes a drop of them. */
export class Arrival {
  readonly effort: Effort;
  readonly #box: DropBox;
  readonly #length: number;
  /** Whether a request that makes a drop of it may have been heard. */
  #asked = false;

  constructor(box: DropBox, length: number, effort: Effort) {
    this.#box = box;
    this.#length = length;
    this.effort = effort;
  }

  /** Whether the drop may be there although nobody has said so. */
  get mayBeThere(): boolean {
    return this.#asked;
  }

  /** The tree hash of an upload in one lane. Throws `Unknown`. */
  async ofOne(path: UploadPath, signal: AbortSignal): Promise<string> {
    this.#asked = true;
    // Whatever came between the last byte and the commit, a server commits when it is given the rest: nothing.
    const rest = () => patch(this.#box, path, this.#length, new Uint8Array(), this.#terms(signal));
    return this.#tree(path, signal, rest);
  }

  /** The tree hash of lanes, once they are put together at the first one's address. Throws `Unknown`. */
  async ofLanes(lanes: readonly UploadPath[], signal: AbortSignal): Promise<string> {
    const [first] = lanes;
    if (first === undefined) throw new Unknown();
    // Whoever asks once more is answered as the first time; and a crash may have left lanes as they were.
    for (;;) {
      try {
        const stand = await this.#join(lanes, signal);
        // An older drop-box gives what it has made an address of its own: a drop may be there.
        if (stand === undefined) break;
        const tree = this.#believe(stand);
        if (tree !== undefined) return tree;
        this.effort.found();
        throw new Later('busy');
      } catch (error) {
        await this.effort.rest(error, signal);
      }
    }
    throw new Unknown();
  }

  /** How far they are at the first one's address; nothing when they are said to be at another. */
  async #join(lanes: readonly UploadPath[], signal: AbortSignal): Promise<Stand | undefined> {
    try {
      const answer = await join(this.#box, lanes, this.#terms(signal));
      this.#asked = true;
      return answer.header('location') === lanes[0] ? made(answer)[1] : undefined;
    } catch (error) {
      // Without an answer it may have been done all the same.
      if (error instanceof Later || error instanceof Halt) this.#asked = true;
      throw error;
    }
  }

  async #tree(path: UploadPath, signal: AbortSignal, nudge: () => Promise<Stand>): Promise<string> {
    for (let questions = 1; ; questions += 1) {
      try {
        const patient = questions % PATIENT_QUESTIONS > 0;
        const stand = patient ? await head(this.#box, path, this.#terms(signal)) : await nudge();
        const tree = this.#believe(stand);
        if (tree !== undefined) return tree;
        this.effort.found();
        throw new Later('busy');
      } catch (error) {
        await this.effort.rest(error, signal);
      }
    }
  }

  #believe(stand: Stand): string | undefined {
    if (stand.length !== undefined && stand.length !== this.#length) throw new Never('nonsense');
    if (stand.offset > this.#length) throw new Never('nonsense');
    if (stand.offset < this.#length) throw new Never('lost-bytes');
    return stand.tree;
  }

  #terms(signal: AbortSignal) {
    return this.effort.terms(ANSWER_PATIENCE, signal);
  }
}
