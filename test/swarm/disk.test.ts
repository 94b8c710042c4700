/** From one home's disk to another's: the store's folders as source and sink of a pull, interrupted and resumed. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bases } from '../../node/store/bases.ts'
import { ChunkFolder } from '../../node/store/chunks.ts'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { Outline } from '../../protocol/outline.ts'
import { makeBase, openPeer } from './fixtures.ts'

test('a pull that was cut short goes on from disk and ends with the same files', async t => {
  const base = makeBase([3_000_000, 0, 70_000], { chunkSize: 65_536 })
  const home = await mkdtemp(join(tmpdir(), 'oppu-disk-'))
  t.after(() => rm(home, { recursive: true, force: true }))
  const [here, there] = [join(home, 'here'), join(home, 'there')]

  const outline = Outline.ofVersion1(base.manifest)
  await using full = await ChunkFolder.open(there, outline)
  for (let index = 0; index < outline.count; index++) {
    const { file, offset, length } = outline.chunk(index)
    await full.take(index, base.files[file]!.subarray(offset, offset + length))
  }
  await full.finish()
  await using chunks = await Bases.open(there).source(full.id)
  await using seeder = await openPeer()
  await using _provider = await Provider.open(seeder, [chunks])
  await using peer = await openPeer({ listen: [] })
  const pull = { peer, providers: seeder.addresses() }

  const stop = new AbortController()
  const cut = await ChunkFolder.open(here, outline)
  let writes = 0
  cut.onArrival(() => {
    if (++writes === 10) stop.abort(new Error('cut'))
  })
  await assert.rejects(fetchBase({ ...pull, into: cut, signal: stop.signal }), /cut/)
  await cut.close()
  assert.deepEqual(await Bases.open(here).list(), [], 'an unfinished base is not listed')

  await using into = await ChunkFolder.open(here, outline)
  assert.ok(into.resumedChunks >= 10)
  const had = into.verifiedBytes
  const result = await fetchBase({ ...pull, into })
  assert.equal(result.from[seeder.id], 3_070_000 - had)
  const [stored] = await Bases.open(here).list()
  for (const [file, { path }] of base.manifest.files.entries()) {
    assert.deepEqual(
      await readFile(join(stored!.folder, 'files', path)),
      Buffer.from(base.files[file]!),
      path,
    )
  }
})
