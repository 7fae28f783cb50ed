/**
 * What moves the writing around or hides. The joiners U+200C and U+200D are not in it: they are part of Persian and Indic
 * spelling.
 */
const HIDDEN = /[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;

/** What stands in the place of each. */
export const UNSEEN = '\ufffd';

/** A text of somebody else, harmless, and only its beginning. */
export function shown(text: string, most = 120): string {
  const visible = text.replace(HIDDEN, UNSEEN);
  const letters = [...visible];
  return letters.length <= most ? visible : `${letters.slice(0, most - 1).join('')}…`;
}

export function hidesLetters(text: string): boolean {
  return text.search(HIDDEN) >= 0;
}

/** The same within a sentence: letters of another direction do not turn the sentence around (U+2068 and U+2069). */
export function isolated(text: string, most?: number): string {
  return `\u2068${shown(text, most)}\u2069`;
}
