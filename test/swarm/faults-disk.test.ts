/**
 * Pulls onto a real disk that something ends in the middle of a chunk: a peer that is killed or frozen, a disk that is
 * full; and clocks that jump meanwhile. Nothing wrong is kept as right, and what was right is not fetched again.
 */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { BaseSource, Bases } from '../../node/store/bases.ts'
import { ChunkFolder, partialFolder } from '../../node/store/chunks.ts'
import { CoordinatorClient } from '../../node/swarm/coordinator-client.ts'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { isOppuError } from '../../protocol/errors.ts'
import { MIB } from '../../protocol/limits.ts'
import { Outline } from '../../protocol/outline.ts'
import { MemoryChunks, makeBase, openCoordinator, openPeer } from './fixtures.ts'

const SIZES = [5 * MIB + 77, MIB]
const base = makeBase(SIZES)
const outline = Outline.ofVersion1(base.manifest)

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'oppu-faults-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A provider in a process of its own that sends 1 MiB a second. */
async function slowSeeder(t: TestContext) {
  const script = fileURLToPath(new URL('./seeder.ts', import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify(SIZES), '0', String(MIB)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, address: line.toString().trim() }
}

async function honest(t: TestContext) {
  const peer = await openPeer()
  t.after(() => peer.close())
  await Provider.open(peer, [new MemoryChunks(base, true)])
  return peer
}

/** What the unfinished folder counts as there has the right bytes. Returns how many chunks that are. */
async function demandRight(bases: string): Promise<number> {
  await using kept = await ChunkFolder.open(bases, outline)
  for (let chunk = 0; chunk < outline.count; chunk++)
    if (kept.has(chunk)) assert.ok(outline.matches(chunk, await kept.read(chunk)), `chunk ${chunk}`)
  return kept.resumedChunks
}

async function demandWhole(bases: string): Promise<void> {
  const stored = await Bases.open(bases).get(outline.id)
  assert.ok(stored)
  await using source = await BaseSource.open(stored)
  assert.deepEqual(await source.damaged({}), [])
}

for (const signal of ['SIGKILL', 'SIGSTOP'] as const) {
  test(`a peer that gets ${signal} in the middle of a chunk`, async t => {
    const [seeder, bases] = [await slowSeeder(t), await folder(t)]
    await using puller = await openPeer({ listen: [] })
    const into = await ChunkFolder.open(bases, outline)
    const id = seeder.address.replace(/.*\//, '')
    const pull = fetchBase({ peer: puller, providers: [seeder.address], into, windowMs: 1500 })
    const ended = assert.rejects(
      pull,
      error => isOppuError(error, 'NO_PROVIDER') || isOppuError(error, 'TIMEOUT'),
    )
    while ((puller.received.get(id) ?? 0) < 2.5 * MIB) await sleep(10)
    seeder.child.kill(signal)
    await ended
    await into.close()
    const before = await demandRight(bases)
    assert.ok(before < outline.count)
    await using again = await ChunkFolder.open(bases, outline)
    const had = again.verifiedBytes
    const right = await honest(t)
    const { from } = await fetchBase({ peer: puller, providers: right.addresses(), into: again })
    assert.deepEqual(from, { [right.id]: outline.bytes - had })
    await demandWhole(bases)
    t.diagnostic(`${before} of ${outline.count} chunks came before`)
  })
}

test('a disk that is full in the middle: the pull says so, and goes on once there is space', async t => {
  const bases = await folder(t)
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', bases])
  } catch (error) {
    t.skip(`no disk of its own can be made here: ${(error as Error).message.trim()}`)
    return
  }
  await using mounted = new AsyncDisposableStack()
  mounted.defer(async () => void (await promisify(execFile)('umount', [bases])))
  const right = await honest(t)
  await using puller = await openPeer({ listen: [] })
  const providers = right.addresses()

  const into = await ChunkFolder.open(bases, outline)
  const { bavail, bsize } = await statfs(bases)
  const other = join(bases, 'other')
  await writeFile(other, new Uint8Array(bavail * bsize - 2.5 * MIB)) // room for two chunks of six
  await assert.rejects(fetchBase({ peer: puller, providers, into }), error => isOppuError(error, 'DISK_FULL'))
  await into.close().catch(error => assert.ok(isOppuError(error, 'DISK_FULL')))
  await assert.rejects(
    ChunkFolder.open(bases, outline),
    error => isOppuError(error, 'DISK_FULL'),
    'said before',
  )

  await rm(other)
  const before = await demandRight(bases)
  await using again = await ChunkFolder.open(bases, outline)
  const had = again.verifiedBytes
  const { from } = await fetchBase({ peer: puller, providers, into: again })
  assert.deepEqual(from, { [right.id]: outline.bytes - had })
  await demandWhole(bases)
  t.diagnostic(`${before} of ${outline.count} chunks were kept`)
})

test('too little disk is said before the first byte, and what was made for it is gone', async t => {
  const bases = await folder(t)
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', bases])
  } catch (error) {
    t.skip(`no disk of its own can be made here: ${(error as Error).message.trim()}`)
    return
  }
  await using mounted = new AsyncDisposableStack()
  mounted.defer(async () => void (await promisify(execFile)('umount', [bases])))
  await assert.rejects(ChunkFolder.open(bases, outline), error => isOppuError(error, 'DISK_FULL'))
  assert.deepEqual(await Bases.open(bases).list(), [])
  assert.ok(
    (await statfs(bases)).bfree * (await statfs(bases)).bsize > 15.9 * MIB,
    partialFolder(bases, outline.id),
  )
})

test('a clock that jumps by a year, forth and back, during a pull', async t => {
  const right = await honest(t)
  await using puller = await openPeer({ listen: [] })
  const real = Date.now
  let jump = 0
  t.mock.method(Date, 'now', () => real() + jump)
  const into = new MemoryChunks(base, false)
  const YEAR = 366 * 24 * 3600 * 1000
  let jumps = 0
  await fetchBase({
    peer: puller,
    providers: right.addresses(),
    into,
    downloadLimit: 8 * MIB,
    onProgress: () => {
      jump = jumps++ % 2 === 0 ? YEAR : -YEAR
    },
  })
  assert.ok(jumps > 1)
  assert.deepEqual(into.files, base.files)
})

test("a coordinator's clock that jumps: announcements are forgotten or kept, and can always be made anew", async t => {
  let time = Date.now()
  await using host = await openCoordinator({ now: () => time })
  const id = await host.coordinator.publishManifest(base.manifest)
  const right = await honest(t)
  const client = new CoordinatorClient({ peer: right, address: host.address })
  const listed = async () => (await client.providers(id)).length > 0
  const DAY = 24 * 3600 * 1000
  for (const jump of [0, DAY, 1000 * DAY, -2000 * DAY, 1, -10 * DAY, 5000 * DAY]) {
    time += jump
    if (jump > 600_000) assert.equal(await listed(), false, `forgotten after ${jump} ms`)
    assert.ok((await client.announce([id])) > 0)
    assert.equal(await listed(), true)
  }
  for (let i = 0; i < 300; i++, time += 60_000) await client.bases() // the minute is the clock's, and 240 are allowed in one
})
