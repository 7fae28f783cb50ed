/** What is to be sent: words and files. */
import { MOST_FILES, MOST_MESSAGE } from '../envelope/manifest.ts';
import { byteLength } from '../envelope/text.ts';
import { button, element, fill, labelled, paragraph, warning } from './element.ts';
import { lacksCopy } from './copies.ts';
import { fileItem } from './file.ts';
import { warnBeforeLeaving } from './leave.ts';
import { size } from './numbers.ts';
import { isolated } from './shown.ts';
import { chosen, type Chosen, MOST_BYTES, type Order, sealedLength, weight } from './parcelling.ts';
import type { OpenNewsroom, Stage } from './stage.ts';
import { wordsChoice } from './words.ts';

export function compose(stage: Stage, newsroom: OpenNewsroom, order: Order = { message: '', files: [], leftOut: false, way: undefined }): void {
  const { texts } = stage;
  const says = texts.compose;
  const message = element('textarea', { rows: 8, dir: 'auto', autocomplete: 'off' });
  message.value = order.message;
  const room = element('p', { class: 'hint', role: 'status' });
  const picker = element('input', { type: 'file', multiple: true });
  const items = element('ul', { class: 'files' });
  const total = element('p', { role: 'status' });
  const problems = element('div');
  const next = button(texts.common.next, () => go(), { class: 'main' });

  const show = (): void => {
    // A copy may be ready when another screen is there, with another message.
    if (!message.isConnected) return;
    order.message = message.value;
    const left = MOST_MESSAGE - byteLength(order.message);
    room.textContent = fill(left < 0 ? says.messageTooLong : says.messageLeft, { n: size(texts, Math.abs(left)) });
    room.className = left < 0 ? 'warning' : 'hint';
    const isEmpty = order.message === '' && order.files.length === 0;
    const sealed = (): string => size(texts, sealedLength({ ...order, message: '' }, newsroom.sheet) + byteLength(order.message));
    total.textContent = isEmpty || left < 0 ? '' : fill(says.total, { size: size(texts, weight(order) + byteLength(order.message)), sealed: sealed() });
    const tooMany = order.leftOut ? [warning(says.tooManyFiles)] : [];
    problems.replaceChildren(...tooMany, ...(weight(order) > MOST_BYTES ? [warning(says.tooMuch)] : []));
    warnBeforeLeaving(!isEmpty);
  };
  const addAll = (files: readonly File[]): void => {
    const room = MOST_FILES - order.files.length;
    order.leftOut = files.length > room;
    for (const file of files.slice(0, room)) {
      const one = chosen(file);
      order.files.push(one);
      items.append(item(one));
    }
    show();
  };
  const item = (one: Order['files'][number]): HTMLLIElement => {
    const made = fileItem(stage, one, show, () => {
      order.files.splice(order.files.indexOf(one), 1);
      one.isRemoved = true;
      order.leftOut = false;
      made.remove();
      picker.focus();
      show();
    });
    return made;
  };
  const go = (): void => {
    show();
    if (order.message === '' && order.files.length === 0) problems.replaceChildren(warning(says.nothing));
    else if (byteLength(order.message) > MOST_MESSAGE) message.focus();
    else if (weight(order) <= MOST_BYTES) void whenLooked(stage, order, problems).then((isFine) => isFine && wordsChoice(stage, newsroom, order));
  };

  message.addEventListener('input', show);
  picker.addEventListener('change', () => {
    addAll([...(picker.files ?? [])]);
    picker.value = '';
  });
  items.append(...order.files.map(item));
  stage.show(
    says.title,
    labelled(says.message, message, says.messageHint),
    room,
    labelled(says.choose, picker, says.chooseHint),
    items,
    paragraph(says.names, { class: 'hint' }),
    paragraph(texts.inspect.keep, { class: 'hint' }),
    total,
    problems,
    element('p', { class: 'choices' }, next),
  );
  show();
}

/**
 * Nobody goes on before every file was looked at, and every copy that is wanted was made. Says whether all can be read,
 * none lacks its copy, and this screen is still there.
 */
async function whenLooked(stage: Stage, order: Order, problems: HTMLElement): Promise<boolean> {
  problems.replaceChildren(paragraph(stage.texts.inspect.looking, { role: 'status' }));
  await Promise.all(order.files.map(({ looked }) => looked));
  const tried = new Set<Chosen>();
  const untried = (): Chosen | undefined => order.files.find((one) => lacksCopy(one) && !tried.has(one));
  for (let one = untried(); one !== undefined; one = untried()) {
    tried.add(one);
    await one.copied();
  }
  if (!problems.isConnected) return false;
  const unreadable = order.files.find(({ glimpse }) => glimpse === undefined);
  const stays = unreadable ?? order.files.find(lacksCopy);
  const { compose, inspect } = stage.texts;
  const why = unreadable === undefined ? inspect.noCopy : compose.unreadable;
  problems.replaceChildren(...(stays === undefined ? [] : [warning(fill(why, { name: isolated(stays.name) }))]));
  return stays === undefined;
}
