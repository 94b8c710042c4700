/** Pulling a base over real libp2p on loopback: from one and several peers, cut short, and from peers at fault. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import type { Peer } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { type ErrorCode, isOppuError, OppuError } from '../../protocol/errors.ts'
import { MIB, PROTOCOLS } from '../../protocol/limits.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeFrame, FrameReader, within } from '../../protocol/rpc.ts'
import { MemoryChunks, makeBase, openPeer, type TestBase } from './fixtures.ts'

const SIZES = [6 * MIB + 123, 3 * MIB, 0, 5]
const base = makeBase(SIZES)
const total = SIZES.reduce((sum, size) => sum + size, 0)
const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)

/** A peer that closes with the test, and provides `of` where given. */
async function member(t: TestContext, of?: TestBase): Promise<Peer & { readonly address: string }> {
  const peer = await openPeer()
  t.after(() => peer.close())
  if (of !== undefined) await Provider.open(peer, [new MemoryChunks(of, true)])
  return Object.assign(peer, { address: peer.addresses()[0]! })
}

/** A peer that answers chunk requests as `answer` pleases, given the bytes that would be right. */
async function rogue(t: TestContext, answer: (duplex: Duplex, right: Uint8Array) => Promise<void>) {
  const peer = await member(t)
  await peer.handle(
    PROTOCOLS.chunks,
    { category: 'chunk', maximumStreams: 8 },
    async (duplex, { signal }) => {
      const frame = new FrameReader(1000)
      const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
      duplex.receive({
        data(piece) {
          const read = frame.push(piece)
          if (read !== undefined) resolve(read.payload)
        },
        end: () => reject(new Error('gone before it asked')),
      })
      const { file, firstChunk, chunkCount } = oppu.ChunkRequest.decode(await promise)
      // What it sends may never be taken; that must not keep it from closing.
      await within(
        10_000,
        answer(duplex, base.files[file]!.subarray(firstChunk * MIB, (firstChunk + chunkCount) * MIB)),
        signal,
        'not taken',
      )
    },
  )
  return peer
}

const replyOf = (streamBytes: number) => encodeFrame(oppu.Reply.encode({ streamBytes }).finish())

/** Same sizes, one bit wrong in the middle of file 0's second chunk, or in every chunk. */
function damaged(all = false): TestBase {
  const files = base.files.map(bytes => bytes.slice())
  for (const file of files) if (all) for (let at = 0; at < file.length; at += MIB) file[at]! ^= 1
  files[0]![MIB + 1000]! ^= 1
  return { manifest: base.manifest, files }
}

/** A provider in its own process. */
async function seedProcess(t: TestContext, wait: number) {
  const script = fileURLToPath(new URL('./seeder.ts', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(SIZES), String(wait)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, address: line.toString().trim() }
}

test('from one peer, with progress', async t => {
  const [seeder, puller] = [await member(t, base), await member(t)]
  const into = new MemoryChunks(base, false)
  const seen: number[] = []
  const result = await fetchBase({
    peer: puller,
    providers: [seeder.address],
    into,
    onProgress: ({ bytes }) => seen.push(bytes),
  })
  assert.deepEqual(into.files, base.files)
  assert.equal(into.finished, 1)
  assert.deepEqual(result.from, { [seeder.id]: total })
  assert.deepEqual([result.refetchedChunks, result.dropped.length], [0, 0])
  assert.ok(result.bytesPerSecond > 0)
  assert.equal(seen.at(-1), total)
  assert.deepEqual(
    seen,
    seen.toSorted((a, b) => a - b),
  )
  const overhead = puller.received.get(seeder.id)! - total
  assert.ok(overhead > 0 && overhead < 1000, `${overhead} bytes beside the base`)
})

test('from two peers at once, each chunk once', async t => {
  const [one, two, puller] = [await member(t, base), await member(t, base), await member(t)]
  const into = new MemoryChunks(base, false)
  const { from } = await fetchBase({
    peer: puller,
    providers: [one.address, two.address, puller.address],
    into,
  })
  assert.deepEqual(into.files, base.files)
  assert.equal(new Set(into.writes).size, into.writes.length)
  assert.ok(from[one.id]! > 0 && from[two.id]! > 0)
  assert.equal(from[one.id]! + from[two.id]!, total)
})

test('two addresses of one peer are alternatives', async t => {
  const [seeder, puller] = [await member(t, base), await member(t)]
  const into = new MemoryChunks(base, false)
  const dead = seeder.address.replace(/tcp\/\d+/, 'tcp/1')
  const { from } = await fetchBase({
    peer: puller,
    providers: [dead, seeder.address],
    into,
  })
  assert.deepEqual(from, { [seeder.id]: total })
})

test('a wrong chunk is not stored: its peer is dropped and the chunk comes from another', async t => {
  const [wrong, right, puller] = [await member(t, damaged(true)), await member(t, base), await member(t)]
  const into = new MemoryChunks(base, false)
  const result = await fetchBase({
    peer: puller,
    providers: [wrong.address, right.address],
    into,
  })
  assert.deepEqual(into.files, base.files)
  assert.ok(result.refetchedChunks >= 1)
  assert.deepEqual(
    result.dropped.map(({ peer, error }) => [peer, error.code]),
    [[wrong.id, 'HASH_MISMATCH']],
  )
})

test('when only wrong bytes are to be had, the pull fails and keeps what was right', async t => {
  const [wrong, right, puller] = [await member(t, damaged()), await member(t, base), await member(t)]
  const into = new MemoryChunks(base, false)
  const seed = 1 // with which a right chunk is asked for before the wrong one
  await assert.rejects(
    fetchBase({ peer: puller, providers: [wrong.address], into, seed }),
    code('HASH_MISMATCH'),
  )
  assert.equal(into.finished, 0)
  assert.ok(!into.has(1), 'the wrong chunk was not stored')
  const { from } = await fetchBase({
    peer: puller,
    providers: [right.address],
    into,
  })
  assert.deepEqual(into.files, base.files)
  assert.ok(from[right.id]! < total, 'what was right was not fetched again')
})

test('what is there is not asked for again', async t => {
  const [seeder, puller] = [await member(t, base), await member(t)]
  const into = new MemoryChunks(base, false)
  for (const chunk of [0, 2, 3])
    await into.take(chunk, base.files[0]!.subarray(chunk * MIB, (chunk + 1) * MIB))
  into.writes.length = 0
  const { bytes, from } = await fetchBase({
    peer: puller,
    providers: [seeder.address],
    into,
  })
  assert.deepEqual([bytes, from], [total, { [seeder.id]: total - 3 * MIB }])
  assert.ok(!into.writes.some(write => ['0/0', '0/2', '0/3'].includes(write)))
  const again = await fetchBase({ peer: puller, providers: [], into })
  assert.deepEqual([again.bytes, again.from], [total, {}])
})

test('peers at fault each get their verdict, and an honest one makes up for them', async t => {
  const right = await member(t, base)
  const faults: Record<string, [ErrorCode, (duplex: Duplex, right: Uint8Array) => Promise<void>]> = {
    'no reply': ['TIMEOUT', async () => new Promise(resolve => setTimeout(resolve, 600))],
    'no bytes behind the reply': [
      'TIMEOUT',
      async (duplex, right) => {
        await duplex.send(replyOf(right.length))
        await new Promise(resolve => setTimeout(resolve, 1000))
      },
    ],
    'another length': ['PROTOCOL_VIOLATION', duplex => duplex.send(replyOf(17))],
    'a length past all bounds': ['TOO_LARGE', duplex => duplex.send(replyOf(2 ** 40))],
    'too many bytes': [
      'PROTOCOL_VIOLATION',
      async (duplex, right) => {
        await duplex.send(Buffer.concat([replyOf(right.length), right, new Uint8Array(5000)]))
      },
    ],
    'a huge frame': ['TOO_LARGE', duplex => duplex.send(Buffer.from('ffffffff', 'hex'))],
    garbage: ['PROTOCOL_VIOLATION', duplex => duplex.send(encodeFrame(Buffer.from('fefefefefe', 'hex')))],
    'a base it lacks': [
      'NOT_FOUND',
      duplex => duplex.send(encodeFrame(oppu.Reply.encode({ error: 'NOT_FOUND' }).finish())),
    ],
    'a stream cut short': [
      'CONNECTION_FAILED',
      async (duplex, right) => {
        await duplex.send(replyOf(right.length))
        await duplex.send(new Uint8Array(1))
        await duplex.end()
      },
    ],
    'a reset': ['CONNECTION_FAILED', async duplex => duplex.abort(new Error('bye'))],
  }
  await Promise.all(
    Object.entries(faults).map(async ([what, [expected, answer]]) => {
      const [wrong, puller] = [await rogue(t, answer), await member(t)]
      const only = fetchBase({
        peer: puller,
        providers: [wrong.address],
        into: new MemoryChunks(base, false),
        windowMs: expected === 'TIMEOUT' ? 400 : 5000,
      })
      const overall = expected === 'TIMEOUT' ? 'TIMEOUT' : 'NO_PROVIDER'
      await assert.rejects(
        only,
        (error: unknown) => isOppuError(error, overall) && isOppuError(error.cause, expected),
        what,
      )
      const into = new MemoryChunks(base, false)
      const { from } = await fetchBase({
        peer: puller,
        providers: [wrong.address, right.address],
        into,
        windowMs: 2500,
      })
      const fromWrong = from[wrong.id] ?? 0
      assert.equal(from[right.id]! + fromWrong, total, what)
      assert.ok(fromWrong === 0 || what === 'too many bytes', what)
      assert.deepEqual(into.files, base.files, what)
      await puller.close()
    }),
  )
})

test('no peer, a peer that is not there, a peer that speaks no chunks, an address that is none', async t => {
  const puller = await member(t)
  const pull = (providers: string[]) =>
    fetchBase({ peer: puller, providers, into: new MemoryChunks(base, false) })
  await assert.rejects(pull([]), code('NO_PROVIDER'))
  const gone = await member(t, base)
  await gone.close()
  await assert.rejects(pull([gone.address]), code('NO_PROVIDER'))
  await assert.rejects(pull([(await member(t)).address]), code('NO_PROVIDER'))
  await assert.rejects(pull(['/ip4/127.0.0.1/tcp/4001']), code('INVALID_ARGUMENT'))
  await assert.rejects(pull(['localhost:4001']), code('INVALID_ARGUMENT'))
})

test('a peer killed in the middle: another goes on; alone, the pull fails and a later one continues', async t => {
  const [victim, puller, right] = [await seedProcess(t, 30), await member(t), await member(t, base)]
  const into = new MemoryChunks(base, false)
  const killed = fetchBase({
    peer: puller,
    providers: [victim.address],
    into,
    onProgress: () => victim.child.kill('SIGKILL'),
  })
  await assert.rejects(killed, code('NO_PROVIDER'))
  assert.equal(into.finished, 0)
  const before = into.writes.length
  assert.ok(before >= 1 && before < 11, `${before} chunks came before the kill`)
  const { from } = await fetchBase({
    peer: puller,
    providers: [victim.address, right.address],
    into,
  })
  assert.ok(from[right.id]! <= total - (before - 1) * MIB)
  assert.deepEqual(into.files, base.files)
  assert.equal(new Set(into.writes).size, into.writes.length, 'nothing was fetched twice')
})

test('a frozen peer is given up in time, and its requests go to another', async t => {
  const [frozen, puller, right] = [await seedProcess(t, 0), await member(t), await member(t, base)]
  const warm = new MemoryChunks(base, false)
  await fetchBase({ peer: puller, providers: [frozen.address], into: warm })
  frozen.child.kill('SIGSTOP')
  const into = new MemoryChunks(base, false)
  const { from } = await fetchBase({
    peer: puller,
    providers: [frozen.address, right.address],
    into,
    windowMs: 700,
  })
  assert.deepEqual(from, { [right.id]: total })
  await assert.rejects(
    fetchBase({
      peer: puller,
      providers: [frozen.address],
      into: new MemoryChunks(base, false),
      windowMs: 700,
    }),
    code('TIMEOUT'),
  )
})

test('a full disk ends the pull with its own error, at once', async t => {
  const [seeder, puller] = [await member(t, base), await member(t)]
  const full = new OppuError('DISK_FULL', 'no space')
  const into = Object.assign(new MemoryChunks(base, false), { take: () => Promise.reject(full) })
  await assert.rejects(
    fetchBase({ peer: puller, providers: [seeder.address], into }),
    error => error === full,
  )
  assert.equal(into.finished, 0)
})

test("an abort throws the signal's reason and leaves the peer usable", async t => {
  const [seeder, puller] = [await member(t, base), await member(t)]
  const stop = new AbortController()
  const reason = new Error('Ctrl-C')
  const into = new MemoryChunks(base, false)
  const pull = fetchBase({
    peer: puller,
    providers: [seeder.address],
    into,
    signal: stop.signal,
    onProgress: () => stop.abort(reason),
  })
  await assert.rejects(pull, error => error === reason)
  assert.equal(into.finished, 0)
  await fetchBase({ peer: puller, providers: [seeder.address], into })
  assert.deepEqual(into.files, base.files)
})

test('small chunks and many files', async t => {
  const many = makeBase(
    Array.from({ length: 60 }, (_, i) => i * 300),
    { chunkSize: 4096 },
  )
  const [seeder, puller] = [await member(t, many), await member(t)]
  const into = new MemoryChunks(many, false)
  await fetchBase({ peer: puller, providers: [seeder.address], into })
  assert.deepEqual(into.files, many.files)
})
