/** Text as UTF-8 has it. */

export function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

/** Half of a pair of code units is no letter: U+FFFD stands in its place. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
