/** All that comes after the first screen. */
import type { DropBox } from '../dropbox/wire.ts';
import { textsOf } from '../texts/languages.ts';
import { readLists } from '../words/list.ts';
import { answers } from './answers.ts';
import { compose } from './compose.ts';
import { type Newsroom, Stage } from './stage.ts';

export async function later(way: 'send' | 'read', box: DropBox, newsroom: Newsroom): Promise<void> {
  const place = document.querySelector('main');
  if (place === null) return;
  // Another language would begin again, and what was chosen would be lost.
  for (const languages of document.querySelectorAll('nav')) languages.hidden = true;
  const stage = new Stage(await textsOf(document.documentElement.lang), box, place, loadLists);
  if (way === 'send') compose(stage, newsroom);
  else answers(stage, newsroom);
}

/** All ten lists: in a saved page, or beside this one. */
declare const SAVED_WORDS: string | undefined;

async function loadLists(): Promise<ReturnType<typeof readLists>> {
  if (SAVED_WORDS !== undefined) return readLists(SAVED_WORDS);
  const answer = await fetch('/words.txt', { credentials: 'omit', cache: 'no-store', redirect: 'error' });
  if (!answer.ok) throw new Error('no lists');
  return readLists(await answer.text());
}
