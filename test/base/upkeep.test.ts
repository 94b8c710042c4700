/** Damage of every kind is found, and put right from other bases and from helpers, without harm to a linked base. */
import assert from 'node:assert/strict'
import { appendFile, link, mkdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { examine, type Helpers, repair } from '../../node/base/upkeep.ts'
import { Bases, type StoredBase } from '../../node/store/bases.ts'
import type { ChunkSink } from '../../node/store/chunks.ts'
import { isOppuError, OppuError } from '../../protocol/errors.ts'
import { KIB } from '../../protocol/limits.ts'
import { encodeOutline, type Outline } from '../../protocol/outline.ts'
import { bytesOf, scratch, storeBase } from '../store/fixtures.ts'
import { noise } from '../swarm/fixtures.ts'

const SMALL = { least: 4 * KIB, mean: 16 * KIB, most: 64 * KIB }
const FILES = { 'a.bin': noise(400_000, 1), 'b.bin': noise(300_000, 3), 'c.json': bytesOf('c', 500) }

async function setting(t: TestContext) {
  const folder = join(await scratch(t), 'bases')
  await mkdir(folder)
  const bases = Bases.open(folder)
  const outline = await storeBase(folder, FILES, { name: 'one', lengths: SMALL })
  const base = (await bases.get(outline.id))!
  const path = (name: string) => join(base.folder, 'files', name)
  return { bases, outline, base, path }
}

/** A peer that has everything, and counts what it is asked for. */
function helping(outline: Outline): Helpers & { readonly sent: number[] } {
  const sent: number[] = []
  const fetch = async (sink: ChunkSink) => {
    for (let index = 0; index < outline.count; index++) {
      if (sink.has(index)) continue
      const { file, offset, length } = outline.chunk(index)
      sent.push(index)
      await sink.take(index, Object.values(FILES)[file]!.subarray(offset, offset + length))
    }
    await sink.finish()
  }
  return { sent, fetch, outline: async () => outline }
}

const alone: Helpers = {
  fetch: () => Promise.reject(new OppuError('NO_PROVIDER', 'nobody')),
  outline: () => Promise.reject(new OppuError('NO_PROVIDER', 'nobody')),
}

async function flip(path: string, ...places: readonly number[]): Promise<void> {
  const bytes = await readFile(path)
  for (const place of places) bytes[place]! ^= 1
  await writeFile(path, bytes)
}

async function demandWhole(base: StoredBase): Promise<void> {
  assert.deepEqual((await examine(base)).damaged, [])
  for (const [name, bytes] of Object.entries(FILES))
    assert.ok(Buffer.from(bytes).equals(await readFile(join(base.folder, 'files', name))), name)
}

test('one flipped bit is found, and its chunk alone is fetched', async t => {
  const { bases, outline, base, path } = await setting(t)
  let seen = 0
  const whole = await examine(base, { onProgress: bytes => (seen = bytes) })
  assert.deepEqual([whole.damaged, whole.chunks, seen], [[], outline.count, outline.bytes])
  await flip(path('b.bin'), 123_456)
  const wrong = await examine(base)
  assert.deepEqual(
    wrong.damaged.map(({ path, chunks }) => [path, chunks]),
    [['b.bin', 1]],
  )
  const helper = helping(outline)
  const { ino } = await stat(path('b.bin'))
  const result = await repair(bases, base, helper)
  assert.deepEqual(result, { shared: 0, fetched: wrong.damaged[0]!.bytes })
  assert.equal(helper.sent.length, 1)
  const { offset, length } = outline.chunk(helper.sent[0]!)
  assert.ok(offset <= 123_456 && 123_456 < offset + length)
  assert.equal((await stat(path('b.bin'))).ino, ino, 'put right in place: no second copy of the file')
  await demandWhole(base)
  assert.deepEqual(await repair(bases, base, alone), { shared: 0, fetched: 0 })
})

test('files that are gone, cut short or too long are put right too', async t => {
  const { bases, outline, base, path } = await setting(t)
  for (const harm of [
    () => rm(path('a.bin')),
    () => truncate(path('a.bin'), 200_000),
    () => truncate(path('c.json'), 0),
    () => rm(join(base.folder, 'files'), { recursive: true }),
    async () => {
      await flip(path('a.bin'), 5)
      await appendFile(path('a.bin'), 'more')
    },
  ]) {
    await harm()
    assert.ok((await examine(base)).damaged.length > 0)
    await repair(bases, base, helping(outline))
    await demandWhole(base)
  }
})

test('what another base has needs no peer, and a linked file is replaced, not written to', async t => {
  const { bases, base, path } = await setting(t)
  const other = await storeBase(bases.folder, { 'x.bin': FILES['a.bin'] }, { name: 'two', lengths: SMALL })
  const elsewhere = join(bases.folder, 'another name')
  await flip(path('a.bin'), 1000, 300_000)
  await link(path('a.bin'), elsewhere)
  const before = await readFile(elsewhere)
  const result = await repair(bases, base, alone)
  assert.ok(result.shared > 0 && result.fetched === 0)
  await demandWhole(base)
  assert.deepEqual(await readFile(elsewhere), before, 'the other name still has what it had')
  assert.equal((await stat(elsewhere)).nlink, 1)
  assert.deepEqual((await examine((await bases.get(other.id))!)).damaged, [])
})

test('cut short, what was put right stays right; without anyone who has the rest, an error says so', async t => {
  const { bases, outline, base, path } = await setting(t)
  await storeBase(bases.folder, { 'x.bin': FILES['a.bin'] }, { name: 'two', lengths: SMALL })
  await flip(path('a.bin'), 1000)
  await flip(path('b.bin'), 1000)
  await assert.rejects(repair(bases, base, alone), { code: 'NO_PROVIDER' })
  assert.deepEqual(
    (await examine(base)).damaged.map(({ path }) => path),
    ['b.bin'],
  )
  const wrong: Helpers = {
    ...alone,
    fetch: async sink => {
      for (let index = 0; index < outline.count; index++)
        if (!sink.has(index))
          assert.equal(await sink.take(index, new Uint8Array(outline.length(index))), false)
      await sink.finish()
    },
  }
  await assert.rejects(repair(bases, base, wrong), { code: 'INVALID_DATA' })
  const stop = AbortSignal.abort(new Error('enough'))
  await assert.rejects(repair(bases, base, helping(outline), { signal: stop }), /enough/)
  await repair(bases, base, helping(outline))
  await demandWhole(base)
})

test('a list of chunks that is gone or damaged comes again from the files, else from a peer', async t => {
  const { bases, outline, base, path } = await setting(t)
  await writeFile(join(base.folder, 'outline'), encodeOutline(outline).fill(7, 40, 50))
  assert.equal(
    (await examine(base)).outline,
    false,
    'cut otherwise than importers do, it cannot be made again',
  )
  await assert.rejects(repair(bases, base, alone), { code: 'NO_PROVIDER' })
  await flip(path('b.bin'), 1000)
  assert.ok((await repair(bases, base, helping(outline))).fetched > 0)
  await demandWhole(base)

  const usual = await storeBase(bases.folder, FILES, { name: 'usual' })
  const stored = (await bases.get(usual.id))!
  await rm(join(stored.folder, 'outline'))
  const { outline: known, damaged } = await examine(stored)
  assert.deepEqual([known, damaged], [true, []])
  await repair(bases, stored, alone)
  assert.deepEqual(await readFile(join(stored.folder, 'outline')), Buffer.from(encodeOutline(usual)))
  const foreign: Helpers = { ...alone, outline: async () => outline }
  await rm(join(stored.folder, 'outline'))
  await flip(join(stored.folder, 'files', 'a.bin'), 1)
  await assert.rejects(repair(bases, stored, foreign), error => isOppuError(error, 'INVALID_DATA'))
})
