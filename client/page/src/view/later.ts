/** All that comes after the first screen. */
import { small } from '../dropbox/papers.ts';
import type { DropBox } from '../dropbox/wire.ts';
import { hex } from '../envelope/bytes.ts';
import { segmentHash } from '../envelope/tree.ts';
import { textsOf } from '../texts/languages.ts';
import { readLists } from '../words/list.ts';
import { answers } from './answers.ts';
import { compose } from './compose.ts';
import { type Newsroom, Stage } from './stage.ts';

export async function later(way: 'send' | 'read', box: DropBox, newsroom: Newsroom): Promise<void> {
  const place = document.querySelector('main');
  if (place === null) return;
  // Another language would begin again, and what was chosen would be lost.
  for (const languages of document.querySelectorAll<HTMLElement>('nav, header .field')) languages.hidden = true;
  const stage = new Stage(await textsOf(document.documentElement.lang), box, place, () => loadLists(box));
  // Both are asked for whatever comes: what is fetched must not tell whether there are files, or a way back.
  void stage.lists().catch(() => undefined);
  void import('../inspect/index.ts').catch(() => undefined);
  const { sheet } = newsroom;
  if (way === 'send' && sheet !== undefined) compose(stage, { ...newsroom, sheet });
  else answers(stage, newsroom);
}

/** In a saved page the lists are in the page itself. */
declare const SAVED_WORDS: string | undefined;
declare const WORDS_LENGTH: number;
/** In hexadecimal. */
declare const WORDS_SHA256: string;

/** All ten lists. Others than those that this page was built with would lead to words that no other program knows. */
async function loadLists(box: DropBox): Promise<ReturnType<typeof readLists>> {
  if (SAVED_WORDS !== undefined) return readLists(SAVED_WORDS);
  const { body } = await small(box, { method: 'GET', path: '/words.txt', most: WORDS_LENGTH }, 200);
  if (hex(await segmentHash(body)) !== WORDS_SHA256) throw new Error('other lists');
  return readLists(new TextDecoder().decode(body));
}
