/** Readers of what peers say about a base: what is taken is of that base, and what is answered is what was asked. */
import assert from 'node:assert/strict'
import { ChunkSet } from '../../protocol/chunk-set.ts'
import { isOppuError } from '../../protocol/errors.ts'
import {
  type BaseAsk,
  decodeBaseRequest,
  decodeChunksAnswer,
  decodeHoldings,
  decodeManifestAnswer,
  decodeOutlineAnswer,
  encodeBaseRequest,
  encodeChunksAnswer,
  encodeHoldings,
  encodeManifestAnswer,
  encodeOutlineAnswer,
} from '../../protocol/exchange.ts'
import { idFromBytes, type TreeRoot } from '../../protocol/ids.ts'
import { CHUNK_LIMITS, PROTOCOLS, SWARM_LIMITS } from '../../protocol/limits.ts'
import { encodeManifest, type FileOfRoot, type ManifestV2, signBytes } from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import {
  type ChunkList,
  decodeOutline,
  encodeOutline,
  Outline,
  rootOf,
  verifyPart,
} from '../../protocol/outline.ts'
import { call, encodeFrame, FrameReader } from '../../protocol/rpc.ts'
import { manifestV2 } from '../protocol/samples.ts'
import { noise } from '../swarm/fixtures.ts'
import type { Subject } from './fuzz.ts'
import { Line } from './line.ts'
import { recorded } from './recorded.ts'

const lists: readonly ChunkList[] = [11, 1, 0].map((count, file) => ({
  lengths: Uint32Array.from({ length: count }, (_, i) => 4096 + 100 * i),
  hashes: noise(32 * count, file + 1),
}))
const files: readonly FileOfRoot[] = lists.map((list, file) => {
  const root = rootOf(list)
  return {
    path: `file-${file}`,
    size: list.lengths.reduce((sum, length) => sum + length, 0),
    root: root === undefined ? undefined : idFromBytes<TreeRoot>(root),
    chunkCount: list.lengths.length,
  }
})
const manifest: ManifestV2 = { ...manifestV2, files }
const outline = Outline.of(manifest, lists)
const { id, count } = outline

const asks: readonly BaseAsk[] = [
  { kind: 'manifest' },
  { kind: 'outline', file: 0, first: 3, count: 5 },
  { kind: 'holdings', revision: 12, waitMs: 1000 },
  { kind: 'chunks', candidates: [0, 300, 7, 11], count: 2, waitMs: 20_000 },
]
const asked = { candidates: [0, 3, 7, 11], count: 3 }
const half = new ChunkSet(count)
for (const chunk of [0, 4, 11]) half.add(chunk)
const [FIRST, COUNT] = [3, 5]
const seed = new Uint8Array(32)

export const chunkSubjects: readonly Subject[] = [
  {
    name: 'request about a base',
    corpus: asks.map(ask => encodeBaseRequest({ id, ask })),
    read: bytes => {
      const request = decodeBaseRequest(bytes)
      const { ask } = request
      if ('waitMs' in ask) assert.ok(ask.waitMs <= SWARM_LIMITS.waitMs)
      if (ask.kind === 'chunks')
        assert.ok(ask.candidates.length <= SWARM_LIMITS.candidates && ask.count <= SWARM_LIMITS.chunks)
      if (ask.kind === 'outline') assert.ok(ask.count >= 1 && ask.count <= SWARM_LIMITS.outlineChunks)
      assert.deepEqual(decodeBaseRequest(encodeBaseRequest(request)), request)
    },
  },
  {
    name: 'manifest from a peer',
    corpus: [
      encodeManifestAnswer({ manifest: encodeManifest(manifest), keys: [] }),
      encodeManifestAnswer({
        manifest: encodeManifest(manifest),
        published: signBytes('manifest', encodeManifest(manifest), seed),
        licence: signBytes('licence', noise(40, 3), seed),
        keys: [signBytes('key-change', noise(40, 3), seed)],
      }),
    ],
    read: decodeManifestAnswer,
  },
  {
    name: 'part of an outline, with its proof',
    corpus: [outline.part(0, FIRST, COUNT)].map(encodeOutlineAnswer),
    read: bytes => {
      const part = decodeOutlineAnswer(bytes)
      verifyPart(files[0]!, FIRST, part)
      const right = outline.part(0, FIRST, part.lengths.length)
      assert.deepEqual([...part.lengths], [...right.lengths], 'wrong lengths were proven')
      assert.ok(Buffer.from(part.hashes).equals(right.hashes), 'wrong hashes were proven')
      assert.equal(part.offset, right.offset)
    },
  },
  {
    name: 'kept outline',
    corpus: [encodeOutline(outline)],
    read: bytes => {
      decodeOutline(manifest, bytes)
      assert.ok(Buffer.from(encodeOutline(outline)).equals(bytes), 'another outline was taken')
    },
  },
  {
    name: 'holdings',
    corpus: [half, ChunkSet.full(count)].map(held => encodeHoldings({ revision: 5, held })),
    read: bytes => {
      const { revision, held } = decodeHoldings(bytes, count)
      let size = 0
      for (let chunk = 0; chunk < held.count; chunk++) if (held.has(chunk)) size++
      assert.deepEqual([held.count, held.size, held.has(count)], [count, size, false])
      assert.deepEqual(decodeHoldings(encodeHoldings({ revision, held }), count).held.bytes(), held.bytes())
    },
  },
  {
    name: 'answer with chunks',
    corpus: [[3], [0, 11, 7], []].map(encodeChunksAnswer),
    read: bytes => {
      const chunks = decodeChunksAnswer(bytes, asked)
      assert.ok(chunks.length <= asked.count && new Set(chunks).size === chunks.length)
      assert.ok(chunks.every(chunk => asked.candidates.includes(chunk)))
    },
  },
  {
    name: 'frame',
    corpus: recorded(PROTOCOLS.coordinator, 'request'),
    read: bytes => {
      const frame = new FrameReader(4096)
      for (let at = 0; at <= bytes.length; at += 5) {
        const read = frame.push(bytes.subarray(at, at + 5))
        if (read === undefined) continue
        const whole = Buffer.concat([encodeFrame(read.payload), read.rest])
        assert.ok(whole.equals(bytes.subarray(0, whole.length)))
        assert.ok(read.payload.length <= 4096 && read.rest.length <= 5)
        return
      }
      assert.ok(bytes.length < 4 || bytes.length < 4 + new DataView(bytes.buffer).getUint32(0))
    },
  },
  {
    name: 'reply with a stream',
    corpus: recorded(PROTOCOLS.chunks, 'reply').filter(({ length }) => length < 4500 && length > 100),
    read: async bytes => {
      let [announced, came] = [0, 0]
      const line = new Line(bytes)
      const consume = (piece: Uint8Array) => {
        came += piece.length
        assert.ok(came <= announced, 'more than was announced')
      }
      await call(line, new Uint8Array(10), {
        maximumReply: CHUNK_LIMITS.reply,
        maximumStream: 5000,
        onReply: length => {
          announced = length
        },
        consume,
      })
      assert.equal(came, announced)
      assert.ok(announced <= 5000)
      assert.ok(Buffer.from(line.sent[0]!).equals(encodeFrame(new Uint8Array(10))))
    },
  },
  {
    name: 'reply, by its text',
    corpus: ['NOT_FOUND', 'TOO_LARGE', 'nonsense'].map(error =>
      encodeFrame(oppu.Reply.encode({ error }).finish()),
    ),
    read: async bytes => {
      await call(new Line(bytes, 3), new Uint8Array(), { maximumReply: 100 }).catch(error => {
        assert.ok(isOppuError(error))
        if (!/answered/.test(error.message)) throw error
      })
    },
  },
]
