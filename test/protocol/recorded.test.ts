/**
 * Today's programs with those of the first released protocol versions, of which test/fixtures/recorded keeps the bytes:
 * today's provider and coordinator answer as they were answered then, and today's fetcher, client and node get what
 * they need from peers that say no more than was said then.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { PersonalNode } from '../../node/node.ts'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import type { Peer } from '../../node/swarm/peer.ts'
import { Provider } from '../../node/swarm/provider.ts'
import type { Duplex } from '../../protocol/duplex.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { type BaseId, idFromBytes } from '../../protocol/ids.ts'
import { PROTOCOLS } from '../../protocol/limits.ts'
import { chunkHash, decodeManifest, type ManifestV1 } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import { encodeFrame, FrameReader } from '../../protocol/rpc.ts'
import type { EvaluationTask, Report } from '../../protocol/task.ts'
import { LOOPBACK, MemoryChunks, openPeer, type TestBase } from '../swarm/fixtures.ts'

interface Recording {
  /** Milliseconds since 1970, by the coordinator's clock. */
  readonly time: number
  readonly seeds: Readonly<Record<'coordinator' | 'provider' | 'fetcher' | 'user', string>>
  readonly base: BaseId
  readonly manifest: string
  readonly licenceText: string
  readonly task: EvaluationTask
  readonly report: Report
  /** The provider's addresses. */
  readonly announced: readonly string[]
  /** In order; what the caller sent and what came back, whole. */
  readonly calls: readonly {
    readonly what: string
    readonly protocol: string
    readonly from: 'provider' | 'fetcher'
    readonly request: string
    readonly reply: string
  }[]
}

const recording = JSON.parse(
  readFileSync(new URL('../fixtures/recorded/version-1.json', import.meta.url), 'utf8'),
) as Recording
const seed = (who: keyof Recording['seeds']) => new Uint8Array(Buffer.from(recording.seeds[who], 'hex'))
const asking = { category: 'chunk-request' } as const
const UNKNOWN = 'a request of no known kind'

const callsOf = (protocol: string) => recording.calls.filter(call => call.protocol === protocol)
const replyTo = (what: string) =>
  Buffer.from(recording.calls.find(call => call.what === what)!.reply, 'base64')

/** The base that was pulled, out of the chunks that were sent. */
function recordedBase(): TestBase {
  const manifest = decodeManifest(Buffer.from(recording.manifest, 'base64')) as ManifestV1
  const files = manifest.files.map(({ size, chunks }, file) => {
    if (size === 0) return new Uint8Array()
    const whole = replyTo(`file ${file}, ${chunks.length} from 0`).subarray(-size)
    for (const [i, hash] of chunks.entries())
      assert.equal(
        chunkHash(whole.subarray(i * manifest.chunkSize, (i + 1) * manifest.chunkSize)),
        hash,
        'the recording is whole',
      )
    return new Uint8Array(whole)
  })
  return { manifest, files }
}

/** Sends what was sent, as it was sent, and returns all that comes back. */
async function replay(duplex: Duplex, request: Uint8Array): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const pieces: Buffer[] = []
  duplex.receive({ data: piece => void pieces.push(Buffer.from(piece)), end: resolve })
  await duplex.send(request)
  await duplex.end().catch(() => {}) // who refuses a request may be gone by then
  await promise
  return Buffer.concat(pieces)
}

/** A peer that answers a request with what was answered to it then, and any other as its time would have. */
async function replaying(
  t: TestContext,
  who: 'coordinator' | 'provider',
  protocol: string,
  answer: (request: Uint8Array, recorded: Buffer | undefined) => Uint8Array,
): Promise<{ readonly peer: Peer; readonly addresses: string[] }> {
  const peer = await openPeer({ seed: seed(who) })
  t.after(() => peer.close())
  await peer.handle(protocol, { category: 'chunk', maximumStreams: 8 }, async duplex => {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()
    const frame = new FrameReader(10_000)
    duplex.receive({
      data(piece) {
        const read = frame.push(piece)
        if (read !== undefined) resolve(read.payload)
      },
      end() {},
    })
    const request = await promise
    const framed = Buffer.from(encodeFrame(request)).toString('base64')
    const known = callsOf(protocol).find(call => call.request === framed)
    await duplex.send(answer(request, known && Buffer.from(known.reply, 'base64')))
    await duplex.end()
  })
  return { peer, addresses: peer.addresses() }
}

test("today's provider answers an old fetcher with the bytes of old", async t => {
  const base = recordedBase()
  await using peer = await openPeer({ seed: seed('provider') })
  await using _provider = await Provider.open(peer, [new MemoryChunks(base, true)])
  await using fetcher = await openPeer({ seed: seed('fetcher'), listen: [] })
  const calls = callsOf(PROTOCOLS.chunks)
  assert.ok(calls.length > 10)
  for (const { what, request, reply } of calls) {
    const duplex = await fetcher.dial(peer.addresses() as [string], PROTOCOLS.chunks, asking)
    const answer = await replay(duplex, Buffer.from(request, 'base64'))
    assert.equal(answer.toString('base64'), reply, what)
  }
  t.diagnostic(`${calls.length} calls`)
})

test("today's coordinator answers an old client with the bytes of old", async t => {
  const home = await mkdtemp(join(tmpdir(), 'oppu-recorded-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  const { time, task, licenceText } = recording
  await using coordinator = await Coordinator.open({
    home,
    seed: seed('coordinator'),
    listen: LOOPBACK,
    now: () => time,
  })
  assert.equal(await coordinator.publishManifest(recordedBase().manifest, { licenceText }), recording.base)
  await coordinator.publishTask(task)
  await using provider = await openPeer({ seed: seed('provider'), listen: [] })
  await using fetcher = await openPeer({ seed: seed('fetcher'), listen: [] })
  const callers = { provider, fetcher }
  const calls = callsOf(PROTOCOLS.coordinator)
  assert.ok(calls.length > 10)
  for (const { what, from, request, reply } of calls) {
    const duplex = await callers[from].dial(
      coordinator.addresses() as [string],
      PROTOCOLS.coordinator,
      asking,
    )
    const answer = await replay(duplex, Buffer.from(request, 'base64'))
    assert.equal(answer.toString('base64'), reply, what)
  }
  assert.equal((await coordinator.reports()).length, 1)
})

test("today's fetcher pulls from an old provider, in requests that it understands", async t => {
  const base = recordedBase()
  let asked = 0
  const { peer, addresses } = await replaying(t, 'provider', PROTOCOLS.chunks, (request, recorded) => {
    asked++
    assert.ok(recorded, `a range that can be asked for: ${Buffer.from(request).toString('hex')}`)
    return recorded
  })
  await using puller = await openPeer({ listen: [] })
  const into = new MemoryChunks(base, false)
  const { bytes, from, dropped } = await fetchBase({ peer: puller, providers: addresses, into })
  assert.deepEqual(into.files, base.files)
  assert.equal(into.finished, 1)
  assert.deepEqual([from, dropped], [{ [peer.id]: bytes }, []])
  assert.ok(asked >= 2)
})

/** What an old coordinator says to whatever it does not know. */
const asOld = (_: Uint8Array, recorded: Buffer | undefined) => recorded ?? replyTo(UNKNOWN)

test("today's client reads what an old coordinator says, and asks with the bytes of old", async t => {
  const requests = new Set<string>()
  const { addresses } = await replaying(t, 'coordinator', PROTOCOLS.coordinator, (request, recorded) => {
    requests.add(Buffer.from(encodeFrame(request)).toString('base64'))
    return asOld(request, recorded)
  })
  await using peer = await openPeer({ seed: seed('fetcher'), listen: [] })
  const { base, task, report, announced, time, licenceText } = recording
  const client = new CoordinatorClient({ peer, address: addresses[0]!, now: () => time })
  const [published] = await client.manifests()
  assert.deepEqual([published?.id, published?.licenceText], [base, licenceText])
  assert.deepEqual(published?.manifest, recordedBase().manifest)
  const [handed] = await client.tasks()
  assert.deepEqual([handed?.id, handed?.task], [report.taskId, task])
  assert.ok((await client.announce([base], { addresses: announced })) > 0)
  await client.providers(base)
  await client.report(report, task, seed('user'))
  const unknown = idFromBytes<BaseId>(new Uint8Array(32))
  await assert.rejects(client.manifest(unknown), error => isOppuError(error, 'NOT_FOUND'))
  for (const what of ['manifest', 'tasks', 'announce', 'providers', 'report', 'manifest, unknown'])
    assert.ok(requests.has(recording.calls.find(call => call.what === what)!.request), what)
})

test('a node of today joins an old coordinator and pulls from an old provider', async t => {
  const provider = await replaying(t, 'provider', PROTOCOLS.chunks, (_, recorded) => recorded!)
  const listed = oppu.ProviderList.encode({ providers: [{ addresses: provider.addresses }] }).finish()
  const providers = encodeFrame(oppu.Reply.encode({ body: listed }).finish())
  const coordinator = await replaying(t, 'coordinator', PROTOCOLS.coordinator, (request, recorded) =>
    oppu.CoordinatorRequest.decode(request).listProviders == null ? asOld(request, recorded) : providers,
  )
  const folder = await mkdtemp(join(tmpdir(), 'oppu-recorded-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const home = join(folder, 'node')
  const passphrase = 'correct horse'
  await PersonalNode.init({ home, passphrase })
  await using node = await PersonalNode.open({ home, passphrase: async () => passphrase })
  const peering = await node.peering()
  const joined = await peering.join(coordinator.addresses[0]!)
  assert.deepEqual(joined.bases, [recording.base])
  const { id } = await peering.pull(undefined, { acceptLicence: async () => true })
  const base = recordedBase()
  for (const [file, { path }] of base.manifest.files.entries()) {
    const stored = await readFile(join(node.bases.folder, id, 'files', path))
    assert.ok(stored.equals(base.files[file]!), path)
  }
})
