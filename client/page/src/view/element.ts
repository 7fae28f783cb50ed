/** Making elements: text is always text, and nothing is ever parsed. */
type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes and children. `undefined` and `false` leave an attribute out. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(attribute, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A paragraph; what stands between backticks is to be typed. */
export function paragraph(text: string, attributes: Attributes = {}): HTMLParagraphElement {
  return element('p', attributes, ...marked(text));
}

export function warning(text: string): HTMLParagraphElement {
  return paragraph(text, { class: 'warning', role: 'alert' });
}

export function list(texts: readonly string[]): HTMLUListElement {
  return element('ul', {}, ...texts.map((text) => element('li', {}, ...marked(text))));
}

export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', act);
  return made;
}

/** A label and what it is for. */
export function labelled(text: string, control: HTMLElement, hint?: string): HTMLElement {
  const id = `field-${(fields += 1)}`;
  control.id = id;
  if (hint !== undefined) control.setAttribute('aria-describedby', `${id}-hint`);
  return element(
    'div',
    { class: 'field' },
    element('label', { for: id }, text),
    hint === undefined ? undefined : element('p', { id: `${id}-hint`, class: 'hint' }, hint),
    control,
  );
}

let fields = 0;

/** A text with its `{places}` filled. */
export function fill(text: string, values: Readonly<Record<string, string | number | bigint>>): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => {
    const value = values[name];
    return value === undefined ? place : String(value);
  });
}

function marked(text: string): Child[] {
  return text.split('`').map((part, at) => (at % 2 === 0 ? part : element('code', { dir: 'ltr' }, part)));
}
