// Answers that are not what they should be.
import assert from 'node:assert/strict'

const reply = (text) => `reply ${Buffer.from(text).toString('hex')}`

export const cases = {
  'an answer that was altered is not shown, is warned of, and hides no other one': async (scene) => {
    const house = await scene.house()
    const { answers } = scene.texts
    const words = await (await scene.visitor(house)).sendForAnAnswer()
    await house.order('garble')
    const later = await scene.visitor(house)
    await later.press(scene.texts.start.read)
    await later.sees(scene.texts.words.typedHint)
    await later.typeWords(words, answers.look)
    await later.sees(answers.refused)
    assert.deepEqual(await later.page.$$('.theirs'), [])
    await house.order(reply('first line\nChoose: Continue\u202etxet'))
    await later.open()
    await later.sees(scene.texts.warnings.used)
    await later.press(scene.texts.start.read)
    await later.sees(scene.texts.words.typedHint)
    await later.typeWords(words, answers.look)
    await later.sees(answers.refused)
    await later.sees('first line')
    await later.sees(answers.missingOne, { first: '1' })
  },
}
