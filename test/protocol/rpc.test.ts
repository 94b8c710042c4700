/** Calls between two ends without a network: what works, and each way the other side can misbehave. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Duplex, Receiver } from '../../protocol/duplex.ts'
import { type ErrorCode, isOppuError, OppuError } from '../../protocol/errors.ts'
import { RPC_LIMITS } from '../../protocol/limits.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { type Answer, call, encodeFrame, FrameReader, serve, within } from '../../protocol/rpc.ts'
import { duplexPair } from './pair.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)
const text = (value: string) => new TextEncoder().encode(value)
const reply = (properties: oppu.Reply.$Properties) => encodeFrame(oppu.Reply.encode(properties).finish())

/** A call against a handler; the server's own outcome beside the client's. */
function meet(
  handler: (request: Uint8Array) => Promise<Answer>,
  options: {
    maximumRequest?: number
    request?: Uint8Array
    maximumStream?: number
    sendMs?: number
    signal?: AbortSignal
    consume?: (piece: Uint8Array) => void
  } = {},
) {
  const [client, server] = duplexPair()
  const { request = text('question'), maximumRequest = 1000, sendMs, ...rest } = options
  const served = serve(server, handler, { maximumRequest, ...(sendMs === undefined ? {} : { sendMs }) })
  const called = call(client, request, { maximumReply: 1000, replyMs: 2000, ...rest })
  return { called, served, client, server }
}

/** A call against an end that does what `misbehave` says. */
function against(
  misbehave: (send: (bytes: Uint8Array) => Promise<void>, end: () => Promise<void>) => Promise<void>,
  options = {},
) {
  const [client, server] = duplexPair(64)
  server.receive({ data() {}, end() {} })
  void misbehave(
    bytes => server.send(bytes),
    () => server.end(),
  ).catch(() => {})
  return call(client, text('q'), {
    maximumReply: 100,
    maximumStream: 1000,
    replyMs: 200,
    windowMs: 100,
    windowBytes: 50,
    ...options,
  })
}

test('a question gets its answer', async () => {
  const { called, served } = meet(async request => ({ body: Buffer.concat([text('re: '), request]) }))
  assert.equal(Buffer.from(await called).toString(), 're: question')
  await served
})

test('a stream comes behind the reply, in order and whole', async () => {
  const parts = [text('one '), text('two '), text('three')]
  let got = ''
  const stream = {
    length: 13,
    parts: (async function* () {
      yield* parts
    })(),
  }
  const { called, served } = meet(async () => ({ body: text('b'), stream }), {
    maximumStream: 13,
    consume: piece => {
      got += Buffer.from(piece).toString()
    },
  })
  assert.equal(Buffer.from(await called).toString(), 'b')
  assert.equal(got, 'one two three')
  await served
})

test('a code crosses and its text does not; what has no code is UNAVAILABLE', async () => {
  const refused = meet(async () => {
    throw new OppuError('REFUSED', 'because of a secret')
  })
  await assert.rejects(refused.called, code('REFUSED'))
  await assert.rejects(refused.served, /secret/)
  assert.ok(!Buffer.concat(refused.server.sent).includes('secret'))
  const broken = meet(async () => {
    throw new Error('a bug')
  })
  await assert.rejects(broken.called, code('UNAVAILABLE'))
  await assert.rejects(broken.served, /a bug/)
  // A code that the caller does not know, and codes that would say something of the caller's own side.
  for (const error of ['FROM_THE_FUTURE', 'CLOSED', 'DISK_FULL', 'LICENCE_NOT_ACCEPTED'])
    await assert.rejects(
      against(send => send(reply({ error }))),
      code('UNAVAILABLE'),
    )
  const full = meet(async () => {
    throw new OppuError('DISK_FULL', 'no room for the log')
  })
  await assert.rejects(full.called, code('UNAVAILABLE'))
  await assert.rejects(full.served, code('DISK_FULL'))
  assert.ok(!Buffer.concat(full.server.sent).includes('DISK'))
})

test('a request over the cap is refused by its header, and bytes behind a request too', async () => {
  const large = meet(async () => ({ body: text('') }), { request: new Uint8Array(2000) })
  await assert.rejects(large.called, code('TOO_LARGE'))
  await assert.rejects(large.served, code('TOO_LARGE'))
  const [client, server] = duplexPair(64)
  const served = serve(server, async () => ({ body: text('') }), { maximumRequest: 100 })
  client.receive({ data() {}, end() {} })
  void client.send(Buffer.concat([encodeFrame(text('q')), text('more')])).catch(() => {})
  await assert.rejects(served, code('PROTOCOL_VIOLATION'))
})

test('a request that never ends is given up', async () => {
  const [client, server] = duplexPair()
  const served = serve(server, async () => ({ body: text('') }), { maximumRequest: 100, requestMs: 50 })
  client.receive({ data() {}, end() {} })
  void client.send(encodeFrame(text('question')).subarray(0, 6)).catch(() => {})
  await assert.rejects(served, code('TIMEOUT'))
  const [early, late] = duplexPair()
  const ended = serve(late, async () => ({ body: text('') }), { maximumRequest: 100 })
  early.receive({ data() {}, end() {} })
  void early.send(encodeFrame(text('question')).subarray(0, 6)).then(() => early.end())
  await assert.rejects(ended, code('CONNECTION_FAILED'))
})

test('an answerer that misbehaves: each way has its code', async () => {
  await assert.rejects(
    against(async () => {}),
    code('TIMEOUT'),
    'silence',
  )
  await assert.rejects(
    against(async (_, end) => end()),
    code('CONNECTION_FAILED'),
    'an end at once',
  )
  await assert.rejects(
    against(async (send, end) => {
      await send(reply({ streamBytes: 10 }))
      await send(text('12345'))
      await end()
    }),
    code('CONNECTION_FAILED'),
    'a stream cut short',
  )
  await assert.rejects(
    against(send => send(Buffer.from('ffffffff', 'hex'))),
    code('TOO_LARGE'),
    'a frame of 4 GiB',
  )
  await assert.rejects(
    against(send => send(encodeFrame(Buffer.from('ffffff', 'hex')))),
    code('PROTOCOL_VIOLATION'),
    'garbage',
  )
  await assert.rejects(
    against(send => send(reply({ streamBytes: 1001 }))),
    code('TOO_LARGE'),
    'a stream over the cap',
  )
  await assert.rejects(
    against(async send => {
      await send(reply({ streamBytes: 3 }))
      await send(text('1234'))
    }),
    code('PROTOCOL_VIOLATION'),
    'more than announced',
  )
  await assert.rejects(
    against(async send => {
      await send(reply({ streamBytes: 1000 }))
      for (let i = 0; i < 100; i++) {
        await setTimeout(10)
        await send(text('.'))
      }
    }),
    code('TIMEOUT'),
    'a drip',
  )
})

test('a slow stream that keeps the pace is waited for', async () => {
  let got = 0
  const body = await against(
    async send => {
      await send(reply({ body: text('ok'), streamBytes: 900 }))
      for (let i = 0; i < 15; i++) {
        await setTimeout(20)
        await send(new Uint8Array(60))
      }
    },
    {
      windowMs: 1000,
      consume: (piece: Uint8Array) => {
        got += piece.length
      },
    },
  )
  assert.equal(got, 900)
  assert.equal(Buffer.from(body).toString(), 'ok')
})

test('what the consumer throws ends the call and reaches the caller', async () => {
  const stream = {
    length: 40,
    parts: (async function* () {
      for (let i = 0; i < 10; i++) yield text('bad!')
    })(),
  }
  const { called, served, client } = meet(async () => ({ body: text(''), stream }), {
    maximumStream: 40,
    consume: () => {
      throw new OppuError('HASH_MISMATCH', 'wrong')
    },
  })
  await assert.rejects(called, code('HASH_MISMATCH'))
  await assert.rejects(served, code('CONNECTION_FAILED'))
  assert.ok(isOppuError(client.aborted, 'HASH_MISMATCH'))
})

test("an abort throws the signal's own reason and drops the stream", async () => {
  const stop = new AbortController()
  const reason = new Error('enough')
  const { called, served, client } = meet(() => setTimeout(500, { body: text('') }, { ref: false }), {
    signal: stop.signal,
  })
  stop.abort(reason)
  await assert.rejects(called, error => error === reason)
  assert.equal(client.aborted, reason)
  await assert.rejects(served)
})

test('parts are made no faster than they are taken', async () => {
  const [client, server] = duplexPair(1000)
  let made = 0
  const parts = (async function* () {
    for (let i = 0; i < 100; i++) {
      made++
      yield new Uint8Array(10)
    }
  })()
  const served = serve(server, async () => ({ body: text(''), stream: { length: 1000, parts } }), {
    maximumRequest: 100,
    sendMs: 100,
  })
  void client.send(encodeFrame(text('q'))) // and never receives: the window stays closed
  await assert.rejects(served, code('TIMEOUT'))
  assert.ok(made <= 1, `${made} parts were made for no one`)
})

test('frames are read from pieces of any size, and a header alone allocates nothing', () => {
  const payload = Uint8Array.from({ length: 50 }, (_, i) => i)
  const frame = Buffer.concat([encodeFrame(payload), text('rest')])
  for (let size = 1; size <= frame.length; size++) {
    const reader = new FrameReader(50)
    let read: ReturnType<FrameReader['push']>
    let at = 0
    for (; read === undefined; at += size) read = reader.push(frame.subarray(at, at + size))
    assert.deepEqual(read.payload, payload)
    assert.equal(Buffer.concat([read.rest, frame.subarray(at)]).toString(), 'rest')
  }
  assert.equal(new FrameReader(2 ** 31).push(Buffer.from('7fffffff', 'hex')), undefined)
})

test('what fails after its signal has fired is no unhandled rejection', async () => {
  const signal = AbortSignal.abort(new Error('gone'))
  await assert.rejects(within(1000, Promise.reject(new Error('closed')), signal, 'nothing'), /gone/)
  await new Promise(resolve => setImmediate(resolve)) // the test runner fails on one
})

test('whoever goes on sending behind a whole reply, or does not end it, is cut off, and a call that is over before it began leaves no stream', async t => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const aborted: Error[] = []
  let receiver: Receiver | undefined
  const duplex: Duplex = {
    send: async () => {},
    end: async () => {},
    abort: reason => {
      aborted.push(reason)
    },
    receive: given => {
      receiver = given
    },
  }
  const calling = call(duplex, Uint8Array.of(1), { maximumReply: 100 })
  receiver?.data(reply({ body: Uint8Array.of(7) }))
  assert.deepEqual([...(await calling)], [7])
  assert.equal(aborted.length, 0)
  receiver?.data(Uint8Array.of(1))
  assert.equal(aborted.length, 1)
  for (const ends of [true, false]) {
    const again = call(duplex, Uint8Array.of(1), { maximumReply: 100 })
    receiver?.data(reply({}))
    await again
    if (ends) receiver?.end()
    t.mock.timers.tick(RPC_LIMITS.endMs)
    assert.equal(aborted.length, ends ? 2 : 3)
  }
  aborted.length = 1
  const over = AbortSignal.abort(new Error('over'))
  await assert.rejects(call(duplex, Uint8Array.of(1), { maximumReply: 100, signal: over }), /over/)
  assert.equal(aborted.length, 2)
})
