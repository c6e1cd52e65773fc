// Does what it is told with Node's own fetch (undici) or with axios, as the third argument says.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'

const [block, , library, folder] = [readFileSync(process.argv[2]), ...process.argv.slice(3)]
const SHORT = 65536
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const tell = (told) => process.stdout.write(JSON.stringify(told) + '\n')

class Left extends Error {}

async function * body (size) {
  for (; size > 0; size -= block.length) yield block.subarray(0, Math.min(size, block.length))
}

const sendingOf = { fetch: fetchSending, axios: axiosSending }

function fetchSending (send) {
  if (!send.chunked && send.bytes <= 1 << 26) return { body: Buffer.concat([...whole(send.bytes)]) }
  return { body: ReadableStream.from(body(send.bytes)), duplex: 'half' }
}

function axiosSending (send) {
  return { data: send.bytes || send.chunked ? Readable.from(body(send.bytes)) : Buffer.alloc(0) }
}

function * whole (size) {
  for (; size > 0; size -= block.length) yield block.subarray(0, Math.min(size, block.length))
}

function fieldsOf (order) {
  const fields = [...order.headers]
  if (order.send && !order.send.chunked && !(library === 'fetch' && order.send.bytes <= 1 << 26)) {
    fields.push(['Content-Length', String(order.send.bytes)])
  }
  return fields
}

const askers = {
  async fetch (order, control) {
    const sending = order.send ? fetchSending(order.send) : {}
    const answer = await fetch(order.url, { method: order.method, headers: fieldsOf(order), redirect: 'manual', signal: control.signal, ...sending })
    return { status: answer.status, headers: [...answer.headers], parts: answer.body ?? [] }
  },
  async axios (order, control) {
    const axios = createRequire(folder + '/')('axios')
    const sending = order.send ? sendingOf.axios(order.send) : {}
    const answer = await axios({
      url: order.url,
      method: order.method,
      headers: Object.fromEntries(fieldsOf(order)),
      responseType: 'stream',
      maxRedirects: 0,
      maxBodyLength: Infinity,
      maxContentLength: Infinity,
      validateStatus: () => true,
      proxy: false,
      signal: control.signal,
      ...sending
    })
    const raw = answer.request.res.rawHeaders
    const headers = []
    for (let at = 0; at < raw.length; at += 2) headers.push([raw[at], raw[at + 1]])
    return { status: answer.status, headers, parts: answer.data, message: answer.request.res }
  }
}

async function run (order) {
  const digest = createHash('sha256')
  const control = new AbortController()
  const first = []
  let [status, headers, size, error, trailers] = [0, [], 0, null, []]
  try {
    const answer = await askers[library](order, control)
    status = answer.status
    headers = answer.headers
    if (order.hold) {
      tell({ event: 'head' })
      await lines.next()
    }
    for await (const part of answer.parts) {
      size += part.length
      digest.update(part)
      if (size <= SHORT) first.push(Buffer.from(part))
      if (order.parts) tell({ event: 'part', text: Buffer.from(part).toString('latin1') })
      if (order.leave !== undefined && size >= order.leave) throw new Left()
    }
    trailers = answer.message?.rawTrailers ?? []
  } catch (failure) {
    error = failure.constructor.name
    control.abort()
  }
  const text = size <= SHORT ? Buffer.concat(first).toString('latin1') : null
  tell({ event: 'end', status, headers, bytes: size, sha256: digest.digest('hex'), text, error, trailers })
}

for (let line = await lines.next(); !line.done; line = await lines.next()) await run(JSON.parse(line.value))
process.exit(0)
