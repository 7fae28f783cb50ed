// The file that is looked at, read where it is asked for and never by more than is said here.
import { Gone, MOST_AT_ONCE, Region } from './bytes.ts';

/** So much of a file is read for looking at it, all together. */
export const MOST_READ = 64 << 20;
/** Small pieces that stand near each other are read at once. */
const NEAR = 4_096;

/** A file, read in pieces. */
export class Source {
  readonly length: number;
  readonly #file: Blob;
  #left: number;
  #near = new Region(new Uint8Array(0));

  constructor(file: Blob, most = MOST_READ) {
    this.#file = file;
    this.length = file.size;
    this.#left = most;
  }

  /** How much may still be read. */
  get left(): number {
    return this.#left;
  }

  /** So many bytes at this place; throws Gone when they are not there or too many. */
  async take(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (length > MOST_AT_ONCE) throw new Gone('too-large');
    // Thousands of small pieces would take long to be fetched one by one.
    if (length <= NEAR) return (await this.near(offset, length)).take(offset, length).slice();
    return this.#read(offset, length);
  }

  /** The stretch at this place, to be read as it stands in the file, and as large as may be read at all. */
  async region(offset: number, length: number): Promise<Region> {
    return new Region(await this.#read(offset, length), offset);
  }

  /** A few bytes at this place. */
  async near(offset: number, length: number): Promise<Region> {
    const held = offset >= this.#near.begin && offset + length <= this.#near.end;
    if (!held) {
      const most = Math.min(NEAR, this.length - offset);
      this.#near = await this.region(offset, Math.max(most, length));
    }
    return this.#near;
  }

  /** The first bytes, at most so many. */
  async head(most: number): Promise<Uint8Array<ArrayBuffer>> {
    return this.#read(0, Math.min(most, this.length));
  }

  /** A part of the file, unread. */
  slice(offset: number, end: number): Blob {
    return this.#file.slice(offset, end);
  }

  async #read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (offset < 0 || length < 0 || offset + length > this.length) throw new Gone();
    if (length > this.#left) throw new Gone('too-large');
    this.#left -= length;
    let bytes;
    try {
      bytes = new Uint8Array(await this.#file.slice(offset, offset + length).arrayBuffer());
    } catch {
      throw new Gone('unreadable');
    }
    // A file that shrank gives fewer bytes and no error.
    if (bytes.length !== length) throw new Gone('unreadable');
    return bytes;
  }
}
