// What was seen so far of a file.
import { MOST_FINDINGS, MOST_WORDS, WHATS, type Finding, type Kind, type Limit, type Note, type What, type Why } from './report.ts';

/** Collects what a look finds. */
export class Seen {
  readonly #findings = new Map<string, Finding>();
  readonly #limits = new Set<Limit>();
  /** Why it cannot be cleaned: what was seen first. */
  why: Why | undefined;
  /** What it is, when that is more than its first bytes tell. */
  kind: Kind | undefined;

  /** The file says this. */
  note(what: What, note?: Note): void {
    this.#add(note === undefined ? { what } : { what, note });
  }

  /** The file says this in these words, when there are words. */
  say(what: What, text: string, note?: Note): void {
    const value = shown(text);
    if (value.trim() === '') return;
    this.#add(note === undefined ? { what, value } : { what, note, value });
  }

  /** So many bytes stand behind its end. */
  tail(bytes: number): void {
    if (bytes > 0) this.#add({ what: 'tail', bytes });
  }

  add(finding: Finding): void {
    this.#add(finding);
  }

  /** There may be more, for this reason. */
  limit(limit: Limit): void {
    this.#limits.add(limit);
  }

  /** There is no cleaning it, for this reason. */
  cannot(why: Why): void {
    this.why ??= why;
  }

  /** In the order of what matters most; without words only where there are none with words. */
  findings(): Finding[] {
    const all = [...this.#findings.values()];
    const worded = new Set(all.filter(isWorded).map((finding) => finding.what));
    const told = all.filter((finding) => isWorded(finding) || finding.note !== undefined || !worded.has(finding.what));
    return told.sort((a, b) => WHATS.indexOf(a.what) - WHATS.indexOf(b.what));
  }

  limits(): Limit[] {
    return [...this.#limits];
  }

  #add(finding: Finding): void {
    const key = JSON.stringify([finding.what, finding.note, finding.value, finding.bytes]);
    if (this.#findings.has(key)) return;
    if (this.#findings.size >= MOST_FINDINGS) this.limit('too-large');
    else this.#findings.set(key, finding);
  }
}

/** Makes any text fit to be shown. */
export function shown(text: string): string {
  // More than is looked at is not even split into letters.
  const part = trimmed(text.slice(0, 16 * MOST_WORDS));
  const letters = Array.from(part);
  const out = letters.slice(0, MOST_WORDS).map((letter) => {
    if (BLANK.test(letter)) return ' ';
    return HIDDEN.test(letter) ? '\ufffd' : letter;
  });
  if (letters.length > MOST_WORDS) out.push('…');
  return out.join('');
}

const BLANK = /^[^\S\ufeff]$/u;
// Controls, what turns the writing around, hides or is not assigned; blanks that are letters; and what only changes the
// letter before.
const HIDDEN = /^[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u2800\u3164\uffa0\ufe00-\ufe0f\u{e0000}-\u{effff}]$/u;

function trimmed(text: string): string {
  let from = 0;
  let to = text.length;
  const blank = (at: number): boolean => text[at] === '\0' || BLANK.test(text[at] ?? '');
  while (from < to && blank(from)) from += 1;
  while (to > from && blank(to - 1)) to -= 1;
  return text.slice(from, to);
}

function isWorded(finding: Finding): boolean {
  return finding.value !== undefined || finding.bytes !== undefined;
}
