// A copy of a file without what it says: ranges of the file, and small pieces that take the place of others. Nothing is
// copied, so a video of any size needs no room.
import { joined } from './bytes.ts';

/** A plan has at most so many pieces. */
export const MOST_PIECES = 1 << 18;
/** All new bytes of a plan together are at most so many. */
const MOST_NEW = 1 << 20;
/** Zeros come in blocks of so many, each the same one. */
const ZEROS = 1 << 20;

type Piece =
  | { readonly kind: 'kept'; readonly offset: number; length: number }
  | { readonly kind: 'new'; readonly parts: Uint8Array<ArrayBuffer>[] }
  | { readonly kind: 'zeros'; length: number };

/** Makes a copy from the beginning to the end of a file. */
export class Plan {
  readonly #pieces: Piece[] = [];
  #new = 0;

  /** Keeps a range; one that goes on where the last ended joins it. */
  keep(offset: number, length: number): void {
    if (length === 0) return;
    const last = this.#pieces.at(-1);
    if (last?.kind === 'kept' && last.offset + last.length === offset) last.length += length;
    else this.#pieces.push({ kind: 'kept', offset, length });
  }

  /** Puts new bytes. */
  put(bytes: Uint8Array<ArrayBuffer>): void {
    if (bytes.length === 0) return;
    this.#new += bytes.length;
    const last = this.#pieces.at(-1);
    if (last?.kind === 'new') last.parts.push(bytes);
    else this.#pieces.push({ kind: 'new', parts: [bytes] });
  }

  /** Puts zeros. */
  zeros(length: number): void {
    if (length === 0) return;
    const last = this.#pieces.at(-1);
    if (last?.kind === 'zeros') last.length += length;
    else this.#pieces.push({ kind: 'zeros', length });
  }

  /** Goes on with what another has. */
  append(other: Plan): void {
    for (const piece of other.#pieces) {
      if (piece.kind === 'kept') this.keep(piece.offset, piece.length);
      else if (piece.kind === 'zeros') this.zeros(piece.length);
      else for (const part of piece.parts) this.put(part);
    }
  }

  /** Why the plan cannot be carried out, if it cannot. */
  fault(original: number): 'damaged' | 'scattered' | undefined {
    if (this.#pieces.length > MOST_PIECES || this.#new > MOST_NEW) return 'scattered';
    let read = 0;
    let end = 0;
    for (const piece of this.#pieces) {
      if (piece.kind === 'kept') {
        // Forwards only, so that no byte stands twice.
        if (piece.length < 0 || piece.offset < read || piece.offset + piece.length > original) return 'damaged';
        read = piece.offset + piece.length;
      }
      if (piece.kind === 'zeros' && piece.length < 0) return 'damaged';
      if (piece.kind !== 'new') end += piece.length;
    }
    return end > original ? 'damaged' : undefined;
  }

  /** The copy. */
  blob(file: Blob): Blob {
    const block = new Blob([new Uint8Array(ZEROS)]);
    const parts: BlobPart[] = [];
    for (const piece of this.#pieces) {
      if (piece.kind === 'kept') parts.push(file.slice(piece.offset, piece.offset + piece.length));
      else if (piece.kind === 'new') parts.push(joined(piece.parts));
      else {
        for (let left = piece.length; left > 0; left -= ZEROS) {
          if (left >= ZEROS) parts.push(block);
          else parts.push(block.slice(0, left));
        }
      }
    }
    return new Blob(parts);
  }
}
