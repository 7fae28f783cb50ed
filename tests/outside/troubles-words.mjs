// Slips in the thirteen words, where they are typed back and where they lead to answers.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isolated } from './visitor.mjs'

/** The same words each time: what is wrong with which of them must not hang on chance. */
const ENTROPY = Uint8Array.from({ length: 16 }, (_, at) => at * 11 + 3)

/** Each: what is typed, of words in English and in Spanish, and what is said to it. */
function slips(english, spanish, says) {
  const changed = (place, word) => english.with(place, word).join(' ')
  return {
    'no words': ['  ', [says.emptyWords]],
    'eleven words': [english.slice(0, 11).join(' '), [says.count.replace('{n}', '11')]],
    'fourteen words': [[...english, english[0]].join(' '), [says.count.replace('{n}', '14')]],
    'twelve words': [english.slice(0, 12).join(' '), [says.thirteenth]],
    'a word of no list': [changed(4, 'qqqq'), [slip(says, 5, 'qqqq')]],
    'a word with a letter too many': [changed(0, `${english[0]}s`), [slip(says, 1, `${english[0]}s`), isolated(english[0])]],
    'two words exchanged': [[english[1], english[0], ...english.slice(2)].join(' '), [says.together]],
    'another word of the list': [changed(6, english[6] === 'zoo' ? 'abandon' : 'zoo'), [says.together]],
    'a wrong check word': [changed(12, english[12] === 'zoo' ? 'abandon' : 'zoo'), [says.together]],
    'words of two languages': [[...english.slice(0, 6), ...spanish.slice(6)].join(' '), [slip(says, 1, english[0]), slip(says, 6, english[5])]],
  }
}

const slip = (says, place, typed) => says.slip.replace('{n}', place).replace('{typed}', isolated(typed))

export const cases = {
  'every slip in the words of an answer is said in its own sentence, and the right ones lead on': async (scene) => {
    const [english, spanish] = await wordsOf(scene)
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    const { words, answers } = scene.texts
    await visitor.press(scene.texts.start.read)
    await visitor.sees(words.typedHint)
    for (const [what, [typed, sentences]] of Object.entries(slips(english, spanish, words))) {
      await visitor.typeWords(typed, answers.look)
      for (const text of sentences) await visitor.sees(text).catch((error) => assert.fail(`${what}: ${error.message}`))
      assert.equal(await visitor.heading(), answers.title, what)
    }
    // However they are spelled.
    await visitor.typeWords(english.map((word) => word.toUpperCase()).join(',\n'), answers.look)
    await visitor.sees(answers.none)
  },

  'words that are typed back wrong do not let anybody send, and the right ones reach the drop': async (scene) => {
    const [other] = await wordsOf(scene)
    const house = await scene.house()
    const visitor = await scene.visitor(house)
    const { words, common, start } = scene.texts
    await visitor.compose('answer me')
    const shown = await visitor.newWords()
    assert.equal(shown.length, 13)
    await visitor.press(words.written)
    await visitor.typeWords(shown.slice(0, 12).join(' '))
    await visitor.sees(words.thirteenth)
    await visitor.typeWords(other.join(' '))
    await visitor.sees(words.others)
    await visitor.press(words.again)
    assert.deepEqual(await visitor.page.$$eval('ol.words li', (items) => items.map((item) => item.textContent)), shown)
    await visitor.press(words.written)
    await visitor.typeWords(shown.join(' '))
    await visitor.sees(scene.texts.ready.back)
    await visitor.send()
    await visitor.sees(scene.texts.done.words)

    // A second drop in the same tab may have the same way back, without new words.
    await visitor.press(scene.texts.done.more)
    await visitor.write('and this')
    await visitor.press(common.next)
    await visitor.sees(words.same)
    assert.ok(await visitor.page.$eval('input[value=fresh]', (radio) => radio.checked), 'nobody is tied to another drop unasked')
    await visitor.page.click('input[value=same]')
    await visitor.press(common.next)
    await visitor.sees(scene.texts.ready.back)
    await visitor.send()
    await visitor.sees(scene.texts.done.words)
    const [first, second] = await house.drops()
    assert.deepEqual([first.message, second.message], ['answer me', 'and this'])
    assert.notEqual(first.mailbox, '-')
    assert.equal(second.mailbox, first.mailbox)

    // They lead to what is answered, and to nobody else's.
    await house.order(`reply ${Buffer.from('we hear you').toString('hex')}`)
    const later = await scene.visitor(house)
    await later.press(start.read)
    await later.sees(words.typedHint)
    await later.typeWords(shown.join(' '), scene.texts.answers.look)
    await later.sees('we hear you')
  },
}

/** The words of one codename in English and in Spanish. */
async function wordsOf(scene) {
  const { spelled } = await scene.bundled('src/words/codename.ts')
  const { readLists } = await scene.bundled('src/words/list.ts')
  const lists = readLists(readFileSync(join(scene.page, 'dist/words.txt'), 'utf8'))
  return ['english', 'spanish'].map((tongue) => spelled(ENTROPY, lists, tongue))
}
