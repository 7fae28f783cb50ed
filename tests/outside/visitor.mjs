// A source in one tab: what it does, and the sentences that it sees.
import assert from 'node:assert/strict'
import { strangersOf } from './browser.mjs'

/** Long: only what is wrong takes it. */
const PATIENCE = 120_000

export class Visitor {
  page
  /** English, as the page has it. */
  texts
  /** Where it goes when it leaves, if it does: the one other place that may be asked for anything. */
  harmless
  #origin
  #strangers

  /** Opens the first screen in a tab of its own. */
  static async come(browser, texts, origin, path = '/') {
    const visitor = new Visitor()
    visitor.page = await browser.newPage()
    visitor.page.setDefaultTimeout(PATIENCE)
    visitor.texts = texts
    visitor.#origin = origin
    visitor.#strangers = strangersOf(visitor.page, origin)
    await visitor.open(path)
    return visitor
  }

  async open(path = '/') {
    await this.page.goto(this.#origin + path)
  }

  /** Waits for a sentence that can be seen. */
  async sees(text, values) {
    const wanted = sentence(text, values)
    try {
      await this.page.waitForFunction((text) => document.body.innerText.includes(text), { polling: 50 }, wanted)
    } catch (error) {
      throw new Error(`nobody says “${wanted}” in:\n${await this.words()}`, { cause: error })
    }
  }

  async doesNotSee(text, values) {
    const words = await this.words()
    assert.ok(!words.includes(sentence(text, values)), words)
  }

  words() {
    return this.page.evaluate(() => document.body.innerText)
  }

  heading() {
    return this.page.$eval('h1', (heading) => heading.textContent)
  }

  /** Presses a button that can be seen, as a finger does. */
  async press(label) {
    const find = (label) =>
      [...document.querySelectorAll('button, a')].find((one) => one.textContent === label && one.checkVisibility())
    await this.page.waitForFunction(`(${find})(${JSON.stringify(label)}) !== undefined`, { polling: 50 })
    const button = await this.page.evaluateHandle(find, label)
    await button.click()
    await button.dispose()
  }

  /** From the first screen to what is to be sent. */
  async compose(message = '') {
    await this.press(this.texts.start.send)
    await this.page.waitForSelector('textarea')
    if (message !== '') await this.write(message)
  }

  async write(text) {
    await this.page.type('textarea', text)
  }

  /** Chooses files of the disk. */
  async choose(...paths) {
    const picker = await this.page.$('input[type=file]')
    await picker.uploadFile(...paths)
    await picker.dispose()
  }

  /** Chooses files that no disk could hold: [name, text] each. */
  async chooseMade(files) {
    await this.page.$eval(
      'input[type=file]',
      (picker, files) => {
        const chosen = new DataTransfer()
        for (const [name, text] of files) chosen.items.add(new File([text], name))
        picker.files = chosen.files
        picker.dispatchEvent(new Event('change', { bubbles: true }))
      },
      files,
    )
  }

  /** What stands about each file, with what is not seen. */
  items() {
    return this.page.$$eval('.files > li', (items) => items.map((item) => item.textContent))
  }

  async next() {
    await this.press(this.texts.common.next)
  }

  /** From what is to be sent to the last look, without a way back. */
  async toReady() {
    await this.next()
    await this.page.waitForSelector('input[value=none]')
    await this.page.click('input[value=none]')
    await this.next()
    await this.sees(this.texts.ready.title)
  }

  /** The words of a new way back, as they are shown. */
  async newWords() {
    await this.next()
    await this.page.waitForSelector('input[value=fresh]')
    await this.page.click('input[value=fresh]')
    await this.next()
    await this.page.waitForSelector('ol.words')
    return await this.page.$$eval('ol.words li', (items) => items.map((item) => item.textContent))
  }

  /** Sends a message that can be answered, and gives the words that lead to the answer. */
  async sendForAnAnswer() {
    await this.compose('answer me')
    const words = (await this.newWords()).join(' ')
    await this.press(this.texts.words.written)
    await this.typeWords(words)
    await this.send()
    await this.sees(this.texts.done.words)
    return words
  }

  /** Types into the one field for words, in the place of what stands there, and has it checked. */
  async typeWords(words, action = this.texts.words.check) {
    await this.page.$eval('textarea', (field, text) => (field.value = text), words)
    await this.press(action)
  }

  async send() {
    await this.press(this.texts.ready.send)
  }

  /** All of it at once, as nothing is wrong. */
  async sendNow() {
    await this.toReady()
    await this.send()
    await this.sees(this.texts.done.text)
  }

  /** How many bytes the drop-box has acknowledged. */
  stored() {
    return this.page.$eval('progress', (bar) => bar.value)
  }

  async waitForStored(least) {
    await this.page.waitForFunction((least) => document.querySelector('progress')?.value >= least, { polling: 20 }, least)
  }

  /** Closes the tab, which has asked nobody else for anything. */
  async close() {
    await this.page.close()
    const left = (url) => this.harmless !== undefined && new URL(url).origin === new URL(this.harmless).origin
    assert.deepEqual(this.#strangers.filter((url) => !left(url)), [], 'the page asked others')
  }
}

/** As the page shows it: what is to be typed without its marks. The browser gives no isolates (U+2066 to U+2069) either. */
function sentence(text, values = {}) {
  const filled = text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place)
  return filled.replace(/[`\u2066-\u2069]/g, '')
}

/** Waits for what the browser tells this program, and no script of a page could wait for. */
export async function until(isSo, otherwise) {
  const end = Date.now() + PATIENCE
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(otherwise)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export const isolated = (name) => `\u2068${name}\u2069`
