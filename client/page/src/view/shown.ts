/**
 * What moves the writing around or hides becomes U+FFFD, and only the beginning is shown. The joiners U+200C and U+200D are
 * part of Persian and Indic spelling.
 */
export function shown(text: string, most = 120): string {
  const visible = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu, '\ufffd');
  const letters = [...visible];
  return letters.length <= most ? visible : `${letters.slice(0, most - 1).join('')}…`;
}
