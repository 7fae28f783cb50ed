// A newsroom that is made for one case: the example test_newsroom, and the orders that it takes.
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endNewsroom, startNewsroom } from './newsroom.mjs'
import { Wire } from './wire.mjs'

/** Days since 1970-01-01, in UTC. */
export const today = () => Math.floor(Date.now() / 86_400_000)

export class House {
  /** Where a browser goes: a line that can be broken, and then the server. */
  line
  #program
  #folder
  #process
  #answers
  #size

  static async open(program, { first = today(), most, size = 1_000 } = {}) {
    const house = new House()
    house.#program = program
    house.#size = size
    house.#folder = mkdtempSync(join(tmpdir(), 'knothole-troubles-'))
    house.line = await Wire.open()
    await house.#start(first, most)
    return house
  }

  get origin() {
    return this.line.origin
  }

  /** A sealed file of its own. */
  get sealed() {
    return join(this.#folder, 'sealed')
  }

  /** What the newsroom can open, in the order in which it came: { message, mailbox, files: [{ name, size, hash }] }. */
  async drops() {
    const lines = await this.order('drops')
    return lines.map((line) => {
      const [, message, mailbox, ...files] = line.split(' ')
      return { message: text(message), mailbox, files: files.map(file) }
    })
  }

  /** How many uploads are begun and not finished. */
  get unfinished() {
    return readdirSync(join(this.#folder, 'store', 'incoming')).length
  }

  /** What is there of uploads that are not finished: [name, bytes] of each file. */
  get incoming() {
    const folder = join(this.#folder, 'store', 'incoming')
    const names = readdirSync(folder, { recursive: true }).sort()
    return names.map((name) => [name, statSync(join(folder, name))]).filter(([, about]) => about.isFile()).map(([name, { size }]) => [name, size])
  }

  /** The lines that it answers with. */
  async order(order) {
    const lines = []
    this.#process.stdin.write(`${order}\n`)
    for (;;) {
      const { value, done } = await this.#answers.next()
      if (done) throw new Error(`the newsroom ended at: ${order}`)
      if (value === 'done') return lines
      lines.push(value)
    }
  }

  /** Kills it as a power cut would, and opens the same store again. Nobody takes orders then. */
  async restart({ first = today(), most } = {}) {
    await this.kill()
    await this.#start(first, most)
  }

  /** It takes connections, and does nothing with them. */
  freeze() {
    this.#process.kill('SIGSTOP')
  }

  /** It goes on. */
  thaw() {
    this.#process.kill('SIGCONT')
  }

  async kill() {
    await endNewsroom(this.#process)
  }

  async close() {
    await this.kill()
    await this.line.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #start(first, most) {
    const told = [this.#size, first, ...(most === undefined ? [] : [most])]
    const { child, lines, port } = await startNewsroom(this.#program, this.#folder, ...told)
    this.#process = child
    this.#answers = lines
    this.line.port = port
  }
}

const text = (digits) => (digits === '-' ? '' : Buffer.from(digits, 'hex').toString())

function file(told) {
  const [name, size, hash] = told.split(':')
  return { name: text(name), size: Number(size), hash }
}
