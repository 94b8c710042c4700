/**
 * Peers at fault, as those who pull by `/oppu/chunks/2.0.0` meet them: each gets its verdict, an honest one makes up for
 * it, nothing wrong is kept, and the pull ends. (What 1.0.0 allows is in fetch.test.ts.)
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type FetchOptions, fetchBase } from '../../node/swarm/fetcher.ts'
import type { Peer } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { ChunkSet } from '../../protocol/chunk-set.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import {
  type BaseAsk,
  decodeBaseRequest,
  encodeChunksAnswer,
  encodeHoldings,
} from '../../protocol/exchange.ts'
import { PROTOCOLS } from '../../protocol/limits.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeFrame, FrameReader } from '../../protocol/rpc.ts'
import { MemoryChunks, makeBase, openPeer } from './fixtures.ts'

const CHUNK = 64 << 10
const base = makeBase([20 * CHUNK + 123, 3 * CHUNK, 0, 5], { chunkSize: CHUNK })
const whole = new MemoryChunks(base, true)
const { outline } = whole

type ChunksAsk = Extract<BaseAsk, { kind: 'chunks' }>

/** How a peer at fault answers; where it says nothing of one, as an honest one would. */
interface Fault {
  readonly holdings?: (duplex: Duplex) => Promise<void>
  readonly chunks?: (duplex: Duplex, ask: ChunksAsk) => Promise<void>
}

const frameOf = (body: Uint8Array, streamBytes = 0) =>
  encodeFrame(oppu.Reply.encode({ body, streamBytes }).finish())
const refusal = (error: ErrorCode) => encodeFrame(oppu.Reply.encode({ error }).finish())
const everything = frameOf(encodeHoldings({ revision: 1, held: ChunkSet.full(outline.count) }))

async function say(duplex: Duplex, ...pieces: readonly Uint8Array[]): Promise<void> {
  for (const piece of pieces) await duplex.send(piece)
  await duplex.end()
}

const bytesOf = async (chunks: readonly number[]) =>
  Buffer.concat(await Promise.all(chunks.map(chunk => whole.read(chunk))))

async function member(t: TestContext): Promise<Peer & { readonly address: string }> {
  const peer = await openPeer()
  t.after(() => peer.close())
  return Object.assign(peer, { address: peer.addresses()[0]! })
}

async function honest(t: TestContext, of = whole, options: { readonly uploadLimit?: number } = {}) {
  const peer = await member(t)
  await Provider.open(peer, [of], options)
  return peer
}

async function rogue(t: TestContext, fault: Fault) {
  const peer = await member(t)
  await peer.handle(PROTOCOLS.swarm, { category: 'chunk', maximumStreams: 32 }, async duplex => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()
    const frame = new FrameReader(10_000)
    duplex.receive({
      data(piece) {
        const read = frame.push(piece)
        if (read !== undefined) resolve(read.payload)
      },
      end() {},
    })
    const { ask } = decodeBaseRequest(await promise)
    if (ask.kind === 'holdings') return await (fault.holdings ?? (duplex => say(duplex, everything)))(duplex)
    assert.equal(ask.kind, 'chunks')
    await (fault.chunks ?? sendAsked)(duplex, ask as ChunksAsk)
  })
  return peer
}

async function sendAsked(duplex: Duplex, { candidates, count }: ChunksAsk): Promise<void> {
  const chunks = candidates.slice(0, count)
  const bytes = await bytesOf(chunks)
  await say(duplex, frameOf(encodeChunksAnswer(chunks), bytes.length), bytes)
}

/** Until the other side has long given up. */
const forever = () => sleep(3000)

/** Only what is right is there, and it can be read as such. */
function demandRight(into: MemoryChunks): void {
  for (const [file, bytes] of into.files.entries()) {
    const right = base.files[file]!
    for (let at = 0; at < bytes.length; at += CHUNK) {
      const chunk = outline.firstOf(file) + at / CHUNK
      const wanted = into.has(chunk) ? right.subarray(at, at + CHUNK) : new Uint8Array(CHUNK)
      assert.equal(Buffer.compare(bytes.subarray(at, at + CHUNK), wanted.subarray(0, bytes.length - at)), 0)
    }
  }
}

const pull = (peer: Peer, providers: FetchOptions['providers'], more: Partial<FetchOptions> = {}) => {
  const into = new MemoryChunks(base, false)
  const result = fetchBase({ peer, providers, into, windowMs: 500, stallMs: 5000, ...more })
  return { into, result }
}

const FAULTS: Readonly<Record<string, readonly [expected: readonly ErrorCode[], fault: Fault]>> = {
  'does not say what it holds': [['TIMEOUT'], { holdings: forever }],
  'says nonsense of what it holds': [
    ['PROTOCOL_VIOLATION'],
    { holdings: duplex => say(duplex, frameOf(Buffer.from('fefefefe', 'hex'))) },
  ],
  'holds chunks that do not exist': [
    ['PROTOCOL_VIOLATION'],
    {
      holdings: duplex =>
        say(
          duplex,
          frameOf(encodeHoldings({ revision: 1, held: ChunkSet.from(new Uint8Array(90).fill(254), 719) })),
        ),
    },
  ],
  'holds nothing, and never will': [
    ['NO_PROVIDER'],
    {
      holdings: duplex =>
        say(duplex, frameOf(encodeHoldings({ revision: 1, held: new ChunkSet(outline.count) }))),
    },
  ],
  'does not have the base after all': [
    ['NOT_FOUND'],
    { chunks: duplex => say(duplex, refusal('NOT_FOUND')) },
  ],
  'claims chunks that it does not send': [
    ['UNAVAILABLE'],
    { chunks: duplex => say(duplex, frameOf(encodeChunksAnswer([]))) },
  ],
  'claims chunks, and says late that there are none': [
    ['NO_PROVIDER'],
    {
      chunks: async (duplex, { waitMs }) => {
        await sleep(0.8 * waitMs)
        await say(duplex, frameOf(encodeChunksAnswer([])))
      },
    },
  ],
  'says that the puller is closed': [['UNAVAILABLE'], { chunks: duplex => say(duplex, refusal('CLOSED')) }],
  'is always too busy': [['UNAVAILABLE'], { chunks: duplex => say(duplex, refusal('UNAVAILABLE')) }],
  'says nothing when asked for chunks': [['TIMEOUT'], { chunks: forever }],
  'sends wrong bytes': [
    ['HASH_MISMATCH'],
    {
      chunks: async (duplex, { candidates, count }) => {
        const chunks = candidates.slice(0, count)
        const bytes = await bytesOf(chunks)
        bytes[bytes.length >> 1]! ^= 1
        await say(duplex, frameOf(encodeChunksAnswer(chunks), bytes.length), bytes)
      },
    },
  ],
  'sends right chunks under wrong numbers': [
    ['HASH_MISMATCH', 'PROTOCOL_VIOLATION'],
    {
      chunks: async (duplex, { candidates, count }) => {
        const chunks = candidates.slice(0, Math.max(2, count))
        const bytes = await bytesOf(chunks)
        const named = chunks.toReversed()
        await say(duplex, frameOf(encodeChunksAnswer(named), bytes.length), bytes)
      },
    },
  ],
  'sends what was not asked for': [
    ['PROTOCOL_VIOLATION'],
    {
      chunks: duplex =>
        say(duplex, frameOf(encodeChunksAnswer([outline.count]), CHUNK), new Uint8Array(CHUNK)),
    },
  ],
  'sends a chunk twice': [
    ['PROTOCOL_VIOLATION'],
    {
      chunks: async (duplex, { candidates: [first] }) => {
        const bytes = await bytesOf([first!, first!])
        await say(duplex, frameOf(encodeChunksAnswer([first!, first!]), bytes.length), bytes)
      },
    },
  ],
  'announces another length': [
    ['PROTOCOL_VIOLATION'],
    {
      chunks: async (duplex, { candidates: [first] }) =>
        say(duplex, frameOf(encodeChunksAnswer([first!]), 17), new Uint8Array(17)),
    },
  ],
  'announces more than anyone may': [
    ['TOO_LARGE'],
    {
      chunks: async (duplex, { candidates: [first] }) =>
        say(duplex, frameOf(encodeChunksAnswer([first!]), 2 ** 40)),
    },
  ],
  'sends too many bytes': [
    ['PROTOCOL_VIOLATION'],
    {
      chunks: async (duplex, { candidates: [first] }) => {
        const bytes = await bytesOf([first!])
        const reply = frameOf(encodeChunksAnswer([first!]), bytes.length)
        await say(duplex, Buffer.concat([reply, bytes, new Uint8Array(5000)]))
      },
    },
  ],
  'announces bytes and sends none': [
    ['TIMEOUT'],
    {
      chunks: async (duplex, { candidates: [first] }) => {
        await duplex.send(frameOf(encodeChunksAnswer([first!]), outline.length(first!)))
        await forever()
      },
    },
  ],
  'sends a byte at a time, slowly': [
    ['TIMEOUT'],
    {
      chunks: async (duplex, { candidates: [first] }) => {
        await duplex.send(frameOf(encodeChunksAnswer([first!]), outline.length(first!)))
        for (;;) {
          await sleep(100, undefined, { ref: false })
          await duplex.send(new Uint8Array(1))
        }
      },
    },
  ],
  'hangs up in the middle of a chunk': [
    ['CONNECTION_FAILED'],
    {
      chunks: async (duplex, { candidates: [first] }) => {
        const bytes = await bytesOf([first!])
        await duplex.send(frameOf(encodeChunksAnswer([first!]), bytes.length))
        await duplex.send(bytes.subarray(0, bytes.length >> 1))
        duplex.abort(new Error('bye'))
      },
    },
  ],
  'ends in the middle of a chunk': [
    ['CONNECTION_FAILED'],
    {
      chunks: async (duplex, { candidates: [first] }) => {
        const bytes = await bytesOf([first!])
        await say(
          duplex,
          frameOf(encodeChunksAnswer([first!]), bytes.length),
          bytes.subarray(0, bytes.length >> 1),
        )
      },
    },
  ],
  'promises a frame of 4 GiB': [
    ['TOO_LARGE'],
    { chunks: duplex => duplex.send(Buffer.from('ffffffff', 'hex')) },
  ],
}

for (const [what, [expected, fault]] of Object.entries(FAULTS)) {
  test(`a peer that ${what}: alone, the pull ends and says why; beside an honest one it succeeds`, async t => {
    const [wrong, right, puller] = [await rogue(t, fault), await honest(t), await member(t)]
    const alone = pull(puller, [wrong.address], { stallMs: 700 })
    await assert.rejects(alone.result, (error: unknown) => {
      const found = isOppuError(error) && isOppuError(error.cause) ? error.cause : error
      assert.ok(isOppuError(found) && expected.includes(found.code), `${String(error)}, for ${String(found)}`)
      assert.ok(isOppuError(error) && ['NO_PROVIDER', 'TIMEOUT', 'HASH_MISMATCH'].includes(error.code))
      return true
    })
    assert.equal(alone.into.finished, 0)
    demandRight(alone.into)
    const both = pull(puller, [wrong.address, right.address], { windowMs: 2000 })
    await both.result
    assert.deepEqual(both.into.files, base.files)
    assert.equal(both.into.finished, 1)
    assert.equal(new Set(both.into.writes).size, both.into.writes.length, 'each chunk is written once')
  })
}

test('a peer that is quick until it has large requests, and then barely moves, does not keep others from being asked', async t => {
  const large = makeBase([40 << 20], { chunkSize: 1 << 20 })
  const held = new MemoryChunks(large, true)
  let served = 0
  let hogged = 0
  const stop = new AbortController()
  t.after(() => stop.abort())
  const hog = await rogue(t, {
    holdings: duplex =>
      say(duplex, frameOf(encodeHoldings({ revision: 1, held: ChunkSet.full(held.outline.count) }))),
    chunks: async (duplex, { candidates, count }) => {
      const chunks = candidates.slice(0, count)
      const bytes = Buffer.concat(await Promise.all(chunks.map(chunk => held.read(chunk))))
      const reply = frameOf(encodeChunksAnswer(chunks), bytes.length)
      if (served++ < 3) return await say(duplex, reply, bytes)
      hogged += bytes.length
      await duplex.send(reply)
      for (let at = 0; !stop.signal.aborted; at += 70_000) {
        await duplex.send(bytes.subarray(at, at + 70_000))
        await sleep(500, undefined, { signal: stop.signal }).catch(() => {})
      }
    },
  })
  const into = new MemoryChunks(large, false)
  const puller = await member(t)
  const addresses = async function* () {
    yield hog.address
    while (hogged < 16 << 20) await sleep(50)
    yield (await honest(t, held)).address
  }
  const signal = AbortSignal.timeout(15_000) // what the hog keeps is taken from it later than that
  const { from } = await fetchBase({ peer: puller, providers: addresses(), into, windowMs: 1000, signal })
  assert.deepEqual(into.files, large.files)
  t.diagnostic(`${hogged >> 20} MiB were kept back; ${JSON.stringify(Object.values(from))}`)
})

test('peers come without end, and none ever sends a chunk to its end: the pull ends and says why', async t => {
  const puller = await member(t)
  const stop = new AbortController()
  t.after(() => stop.abort())
  async function* addresses() {
    while (!stop.signal.aborted) {
      const { address } = await rogue(t, {
        chunks: async (duplex, { candidates: [first] }) => {
          const bytes = await bytesOf([first!])
          await duplex.send(frameOf(encodeChunksAnswer([first!]), bytes.length))
          await duplex.send(bytes.subarray(1))
          await duplex.end()
        },
      })
      yield address
      await sleep(150)
    }
  }
  const { into, result } = pull(puller, addresses(), { stallMs: 100 })
  await assert.rejects(
    result,
    (error: unknown) => isOppuError(error, 'NO_PROVIDER') && /last 25 chunks/.test(error.message),
  )
  assert.equal(into.writes.length, 0)
})

test('a third of the peers leave every half second, others come: the pull succeeds', async t => {
  const large = makeBase([64 * CHUNK], { chunkSize: CHUNK })
  const options = { uploadLimit: 60_000 } // a chunk in 1.1 s of the 1.5 s that a peer stays
  const open = () => honest(t, new MemoryChunks(large, true), options)
  const seats = await Promise.all(Array.from({ length: 9 }, open))
  const puller = await member(t)
  const newcomers: string[] = []
  let came = Promise.withResolvers<void>()
  const stop = new AbortController()
  async function* addresses() {
    for (const { address } of seats) yield address
    while (!stop.signal.aborted) {
      await came.promise
      came = Promise.withResolvers<void>()
      yield* newcomers.splice(0)
    }
  }
  let left = 0
  const churn = async () => {
    for (let next = 0; !stop.signal.aborted; ) {
      await sleep(500)
      for (let i = 0; i < 3; i++, left++, next = (next + 1) % seats.length) {
        await seats[next]!.close()
        seats[next] = await open()
        newcomers.push(seats[next]!.address)
      }
      came.resolve()
    }
  }
  const churning = churn()
  const into = new MemoryChunks(large, false)
  const { from } = await fetchBase({ peer: puller, providers: addresses(), into, windowMs: 3000 }).finally(
    () => {
      stop.abort()
      came.resolve()
    },
  )
  await churning
  assert.deepEqual(into.files, large.files)
  assert.ok(left >= 6, `${left} left`)
  assert.ok(Object.keys(from).length >= 6, 'many brought something')
  t.diagnostic(`${left} peers left, ${Object.keys(from).length} brought something`)
})
