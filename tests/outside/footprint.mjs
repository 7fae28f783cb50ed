// What processes use of a machine while something happens, read from Linux's /proc.
import { readdirSync, readFileSync } from 'node:fs'

/** Linux tells processor time to every program in hundredths of a second. */
const TICKS_A_SECOND = 100
/** Between two looks at the memory. */
const LOOK = 500

/** Processes with all that they start: their processor time from one moment to another, and their peak memory. */
export class Footprint {
  #roots
  #before
  #peak = 0
  #looks

  constructor(roots) {
    this.#roots = roots
    this.#before = this.#ticks()
    this.#look()
    this.#looks = setInterval(() => this.#look(), LOOK)
  }

  end() {
    clearInterval(this.#looks)
    this.#look()
    return { cpu: (this.#ticks() - this.#before) / TICKS_A_SECOND, memory: this.#peak }
  }

  /** A process that ended is counted by the one that waited for it. */
  #ticks() {
    return family(this.#roots).reduce((sum, { ticks }) => sum + ticks, 0)
  }

  #look() {
    const memory = family(this.#roots).reduce((sum, { id }) => sum + share(id), 0)
    this.#peak = Math.max(this.#peak, memory)
  }
}

/** The processes of these ids and all that descend from them. */
function family(roots) {
  const all = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name)).map(process).filter((one) => one !== undefined)
  const found = all.filter(({ id }) => roots.includes(id))
  if (found.length !== roots.length) throw new Error('what is measured does not run')
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.id))
  return found
}

function process(id) {
  const text = unlessGone(`/proc/${id}/stat`)
  if (text === undefined) return undefined
  // The name before the last bracket may have anything in it. See proc(5) for what follows.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { id: Number(id), parent: Number(fields[1]), ticks }
}

/** Bytes in memory, where each page that several processes have counts once among them. */
function share(id) {
  const text = unlessGone(`/proc/${id}/smaps_rollup`) ?? ''
  return Number(/^Pss: +([0-9]+) kB$/m.exec(text)?.[1] ?? 0) * 1024
}

/** A process may end between two looks. */
function unlessGone(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return undefined
    throw error
  }
}
