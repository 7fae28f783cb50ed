/** The page as one file, on the source's own disk: the address comes from the source, and no server can change the page. */
import { type Address, readAddress } from '../envelope/address.ts';
import { dropBox } from '../dropbox/fetching.ts';
import type { Texts } from '../texts/en.ts';
import { LANGUAGES, textsOf } from '../texts/languages.ts';
import { button, element, fill, labelled, list, paragraph, warning } from './element.ts';
import { later } from './later.ts';
import { leave, leaveByButtonAndKey, leaveTo } from './leave.ts';
import { day } from './numbers.ts';
import { endsSoon, PapersError, readNewsroom } from './papers.ts';
import type { Newsroom } from './stage.ts';
import { dangers } from './surroundings.ts';
import { isMarked } from './tab.ts';

leaveTo('');
leaveByButtonAndKey();
void show('en');

async function show(language: string): Promise<void> {
  const texts = await textsOf(language);
  const { saved, start } = texts;
  document.documentElement.lang = texts.language;
  document.documentElement.dir = texts.direction;
  const languages = element('select', {}, ...LANGUAGES.map(([name, own]) => element('option', { value: name }, own)));
  languages.value = texts.language;
  languages.addEventListener('change', () => void show(languages.value).then(() => document.querySelector('select')?.focus()));
  const typed = element('textarea', { rows: 4, dir: 'ltr', autocomplete: 'off', spellcheck: 'false' });
  const problems = element('div', { role: 'status' });
  const ask = (): void => {
    const asked = typed.value;
    const address = addressIn(asked);
    if (address === undefined) problems.replaceChildren(warning(saved.unreadable));
    else void open(texts, address, problems, () => typed.value === asked, asks);
  };
  const asks = button(saved.open, ask, { class: 'main' });
  // What was said is of another address then.
  typed.addEventListener('input', () => {
    problems.replaceChildren();
    asks.className = 'main';
  });
  const found = dangers();
  asks.hidden = found.includes('cannotSeal');
  document.querySelector('header')?.replaceChildren(
    button(texts.common.leave, leave, { class: 'leave', title: texts.common.leaveKey }),
    labelled(texts.common.languages, languages),
  );
  document.title = saved.title;
  document.querySelector('main')?.replaceChildren(
    element('h1', {}, saved.title),
    ...found.filter((danger) => danger !== 'gateway').map((danger) => warning(texts.warnings[danger])),
    ...(['unfinished', 'used'] as const).filter(isMarked).map((mark) => warning(texts.warnings[mark])),
    paragraph(saved.intro),
    labelled(saved.address, typed),
    element('p', { class: 'choices' }, asks),
    problems,
    element('h2', {}, start.cannot),
    // Its first sentence is of the page that a server gives.
    list(start.doesNot.slice(1)),
    element('h2', {}, start.safely),
    list(start.advice),
  );
}

async function open(
  texts: Texts,
  { onion, fingerprint }: Address,
  problems: HTMLElement,
  isStillAsked: () => boolean,
  asks: HTMLButtonElement,
): Promise<void> {
  const { trouble, saved, start, warnings } = texts;
  const box = dropBox(`http://${onion}`);
  problems.replaceChildren(paragraph(start.loading));
  try {
    const newsroom: Newsroom = await readNewsroom(box, fingerprint);
    if (!isStillAsked()) return;
    const { chain, sheet } = newsroom;
    // Now another button is the one that goes on, if anything can be sent.
    asks.className = sheet === undefined ? 'main' : '';
    problems.replaceChildren(
      paragraph(saved.same, { class: 'good' }),
      ...(chain.isRecovered ? [warning(warnings.recovered)] : []),
      ...(sheet === undefined ? [warning(trouble['no-keys'])] : []),
      ...(sheet !== undefined && endsSoon(sheet) ? [warning(fill(warnings.epoch, { day: day(texts.language, sheet.last) }))] : []),
      element(
        'p',
        { class: 'choices' },
        sheet === undefined ? undefined : button(start.send, () => void later('send', box, newsroom), { class: 'main' }),
        button(start.read, () => void later('read', box, newsroom)),
      ),
    );
  } catch (error) {
    if (!(error instanceof PapersError)) throw error;
    if (!isStillAsked()) return;
    problems.replaceChildren(warning(error.trouble === 'untrusted' ? saved.wrong : trouble[error.trouble]));
  }
}

/** Typed off a poster, where it stands in four rows. */
function addressIn(text: string): Address | undefined {
  try {
    return readAddress(text.replace(/\s/g, ''));
  } catch {
    return undefined;
  }
}
