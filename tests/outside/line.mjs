// The way between browser and drop-box: an HTTP proxy that leads every name to the one server on this machine, and does
// to requests what a state of the page needs. So the page has an onion's address, and nothing leaves this machine.
import { createServer, request as ask } from 'node:http'

export class Line {
  #server
  #port
  #rules = []
  #waiting = []
  /** Names that were asked for and are no drop-box of the tests. */
  strangers = new Set()
  #hosts

  static async to(port, hosts) {
    const line = new Line()
    line.#port = port
    line.#hosts = hosts
    line.#server = createServer((request, response) => void line.#carry(request, response))
    line.#server.on('connect', (request, socket) => {
      // Firefox runs errands of its own; they end here.
      if (!/\.mozilla\.(com|org|net):443$/.test(request.url)) line.strangers.add(request.url)
      socket.destroy()
    })
    await new Promise((resolve) => line.#server.listen(0, '127.0.0.1', resolve))
    return line
  }

  get port() {
    return this.#server.address().port
  }

  /**
   * Does this to the requests that it fits, the newest rule first: `GET /charter`, or `PATCH /drops/`, where an end with a
   * stroke or a dash stands for all that begins so. `what` is
   *   { answer: { status, headers, body } }  an answer in place of the drop-box's
   *   { hold: true }                         nothing, until it is released
   *   { cut: true }                          a line that breaks
   *   { tell: (headers) => headers }         other headers than the drop-box's
   * With `first: n` the first n of them pass.
   */
  when(what, rule, { first = 0 } = {}) {
    const [method, path] = what.split(' ')
    this.#rules.unshift({ what, method, path, rule, passing: first })
  }

  /** No rule any more; what was held goes on. */
  clear() {
    this.#rules = []
    this.release()
  }

  /** What is held goes on, as the newer rules say; that of one rule alone, which is none any more, or all of it. */
  release(what) {
    const freed = this.#waiting.filter((one) => what === undefined || one.what === what)
    this.#waiting = this.#waiting.filter((one) => !freed.includes(one))
    this.#rules = this.#rules.filter((rule) => rule.what !== what)
    for (const { go } of freed) go()
  }

  close() {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  async #carry(request, response) {
    const url = new URL(request.url, 'http://nowhere')
    if (!this.#hosts.includes(url.hostname)) {
      this.strangers.add(url.host)
      response.writeHead(502).end()
      return
    }
    let { what, rule } = this.#ruleFor(request.method, url.pathname)
    if (rule?.hold === true) {
      await new Promise((go) => this.#waiting.push({ what, go }))
      rule = this.#ruleFor(request.method, url.pathname).rule
      if (rule?.hold === true) rule = undefined
    }
    if (response.destroyed) return
    if (rule?.cut === true) return void request.socket.destroy()
    if (rule?.answer === undefined) return this.#forward(request, url, response, rule?.tell)
    const { status = 200, headers = {}, body = '' } = rule.answer
    // All of the request is taken first, as a server does that says no at its end.
    for await (const _ of request);
    response.writeHead(status, { 'access-control-allow-origin': '*', 'content-type': 'application/octet-stream', ...headers })
    response.end(body)
  }

  #ruleFor(method, path) {
    for (const one of this.#rules) {
      const fits = one.method === method && (/[/-]$/.test(one.path) ? path.startsWith(one.path) : path === one.path)
      if (!fits) continue
      if (one.passing === 0) return one
      one.passing -= 1
    }
    return {}
  }

  #forward(request, url, response, tell = (headers) => headers) {
    const { 'proxy-connection': _, ...headers } = request.headers
    const path = url.pathname + url.search
    const forward = ask({ host: '127.0.0.1', port: this.#port, method: request.method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, tell({ ...answer.headers }))
      answer.pipe(response)
    })
    forward.on('error', () => response.destroy())
    response.on('close', () => forward.destroy())
    request.pipe(forward)
  }
}
