/** Manifest and outline from peers, proved by the base's id; and what a peer that answers wrongly comes to. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { fetchBase } from '../../node/swarm/fetcher.ts'
import { Found } from '../../node/swarm/found.ts'
import { fetchManifest, fetchOutline } from '../../node/swarm/introduction.ts'
import { Provider } from '../../node/swarm/provider.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import { decodeBaseRequest, encodeManifestAnswer, encodeOutlineAnswer } from '../../protocol/exchange.ts'
import type { BaseId, TreeRoot } from '../../protocol/ids.ts'
import { idFromBytes } from '../../protocol/ids.ts'
import { PROTOCOLS, SWARM_LIMITS } from '../../protocol/limits.ts'
import { chunkHash, encodeManifest, type ManifestV2 } from '../../protocol/manifest.ts'
import { type ChunkList, Outline, rootOf } from '../../protocol/outline.ts'
import { serve } from '../../protocol/rpc.ts'
import { MemoryChunks, noise, openPeer } from './fixtures.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)

/** A version-2 base with chunks of unequal lengths. */
function makeOutline(chunkCounts: readonly number[]): { outline: Outline; files: Uint8Array[] } {
  const files: Uint8Array[] = []
  const lists: ChunkList[] = chunkCounts.map((count, file) => {
    const lengths = Uint32Array.from({ length: count }, (_, i) => 4096 + 128 * (i % 7))
    const bytes = noise(
      lengths.reduce((sum, length) => sum + length, 0),
      40 + file,
    )
    files.push(bytes)
    let at = 0
    const hashes = Buffer.concat(
      Array.from(lengths, length => {
        at += length
        return Buffer.from(chunkHash(bytes.subarray(at - length, at)), 'hex')
      }),
    )
    return { lengths, hashes: new Uint8Array(hashes) }
  })
  const manifest: ManifestV2 = {
    version: 2,
    name: 'a base with trees',
    format: 'huggingface',
    architecture: 'LlamaForCausalLM',
    licence: 'Apache-2.0',
    files: lists.map((list, file) => {
      const root = rootOf(list)
      return {
        path: `file-${file}.bin`,
        size: files[file]!.length,
        chunkCount: list.lengths.length,
        root: root === undefined ? undefined : idFromBytes<TreeRoot>(root),
      }
    }),
  }
  return { outline: Outline.of(manifest, lists), files }
}

const { outline, files } = makeOutline([300, 0, SWARM_LIMITS.outlineChunks + 500])

class Held extends MemoryChunks {
  constructor(full: boolean) {
    super({ outline, files }, full)
  }
}

async function member(t: TestContext, full = false) {
  const peer = await openPeer()
  t.after(() => peer.close())
  if (full) await Provider.open(peer, [new Held(true)])
  return Object.assign(peer, { address: peer.addresses()[0]! })
}

test('64 digits and an address are enough for a whole base', async t => {
  const [seeder, puller] = [await member(t, true), await member(t)]
  const providers = [seeder.address]
  const { manifest, keys, published } = await fetchManifest({ peer: puller, providers, id: outline.id })
  assert.deepEqual([manifest, keys, published], [outline.manifest, [], undefined])
  const got = await fetchOutline({ peer: puller, providers, manifest })
  assert.deepEqual(got.list(2), outline.list(2))
  const into = new Held(false)
  await fetchBase({ peer: puller, providers, into })
  assert.deepEqual(into.files, files)
})

test('a peer without the base, and one that does not exist, are passed over', async t => {
  const [other, seeder, puller] = [await member(t), await member(t, true), await member(t)]
  await Provider.open(other)
  const gone = seeder.address.replace(/tcp\/\d+/, 'tcp/1').replace(seeder.id, (await member(t)).id)
  const providers = [puller.address, other.address, gone, seeder.address]
  const { manifest } = await fetchManifest({ peer: puller, providers, id: outline.id })
  assert.deepEqual(manifest, outline.manifest)
  await assert.rejects(
    fetchManifest({ peer: puller, providers: [other.address], id: outline.id }),
    (error: unknown) => isOppuError(error, 'NO_PROVIDER') && isOppuError(error.cause, 'NOT_FOUND'),
  )
  await assert.rejects(fetchManifest({ peer: puller, providers: [], id: outline.id }), code('NO_PROVIDER'))
  await assert.rejects(
    fetchManifest({ peer: puller, providers: ['/ip4/127.0.0.1/tcp/1'], id: outline.id }),
    code('INVALID_ARGUMENT'),
  )
})

test("another base's manifest and a changed outline are refused, and the next peer is asked", async t => {
  const [wrong, seeder, puller] = [await member(t), await member(t, true), await member(t)]
  const other = makeOutline([3]).outline
  await wrong.handle(PROTOCOLS.swarm, { category: 'chunk', maximumStreams: 8 }, async duplex => {
    await serve(
      duplex,
      async request => {
        const { ask } = decodeBaseRequest(request)
        if (ask.kind !== 'outline')
          return { body: encodeManifestAnswer({ manifest: encodeManifest(other.manifest), keys: [] }) }
        const part = outline.part(ask.file, ask.first, ask.count)
        const hashes = part.hashes.slice()
        if (ask.first > 0) hashes[77]! ^= 1
        return { body: encodeOutlineAnswer({ ...part, hashes }) }
      },
      { maximumRequest: SWARM_LIMITS.request },
    )
  })
  const only = { peer: puller, providers: [wrong.address] }
  await assert.rejects(
    fetchManifest({ ...only, id: outline.id }),
    (error: unknown) => isOppuError(error, 'NO_PROVIDER') && isOppuError(error.cause, 'HASH_MISMATCH'),
  )
  await assert.rejects(
    fetchOutline({ ...only, manifest: outline.manifest }),
    (error: unknown) => isOppuError(error, 'NO_PROVIDER') && isOppuError(error.cause, 'HASH_MISMATCH'),
  )
  const both = { peer: puller, providers: [wrong.address, seeder.address] }
  const { manifest } = await fetchManifest({ ...both, id: outline.id })
  assert.deepEqual((await fetchOutline({ ...both, manifest })).list(2), outline.list(2))
})

test('a base that nobody has heard of', async t => {
  const [seeder, puller] = [await member(t, true), await member(t)]
  const id = randomBytes(32).toString('hex') as BaseId
  await assert.rejects(
    fetchManifest({ peer: puller, providers: [seeder.address], id }),
    (error: unknown) => isOppuError(error, 'NO_PROVIDER') && isOppuError(error.cause, 'NOT_FOUND'),
  )
})

test('one search serves several users, each from its start', async () => {
  async function* search() {
    for (const address of ['a', 'b', 'c']) {
      await new Promise(resolve => setTimeout(resolve, 5))
      yield address
    }
  }
  const found = new Found(search(), new AbortController().signal)
  const read = async () => {
    const seen: string[] = []
    for await (const address of found) seen.push(address)
    return seen
  }
  assert.deepEqual(await Promise.all([read(), read()]), [
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ])
  assert.deepEqual(await read(), ['a', 'b', 'c'])
})
