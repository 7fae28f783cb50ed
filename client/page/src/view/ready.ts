/** A last look before it goes. */
import { button, element, fill, paragraph, warning } from './element.ts';
import { count, size } from './numbers.ts';
import { type Order, sealedLength } from './parcelling.ts';
import { sending } from './sending.ts';
import type { OpenNewsroom, Stage } from './stage.ts';
import { wordsChoice } from './words.ts';

export function ready(stage: Stage, newsroom: OpenNewsroom, order: Order): void {
  const { texts } = stage;
  const says = texts.ready;
  const { message, files, leftOut, way } = order;
  const cleaned = files.filter(({ wantsClean }) => wantsClean).length;
  stage.show(
    says.title,
    element(
      'ul',
      {},
      element('li', {}, message === '' ? says.noMessage : says.message),
      element('li', {}, fill(says.filesCount, { n: count(texts, files.length) })),
      cleaned === 0 ? undefined : element('li', {}, fill(says.cleaned, { n: count(texts, cleaned) })),
      element('li', {}, fill(says.sealed, { size: size(texts, sealedLength(order, newsroom.sheet)) })),
      element('li', {}, way === undefined ? says.noBack : says.back),
    ),
    leftOut ? warning(texts.compose.tooManyFiles) : undefined,
    paragraph(says.stay),
    element(
      'p',
      { class: 'choices' },
      button(texts.common.back, () => wordsChoice(stage, newsroom, order)),
      button(says.send, () => void sending(stage, newsroom, order), { class: 'main' }),
    ),
  );
}
